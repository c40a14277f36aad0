//! `user/update` (path/90197) with the external profile (对外名片, path/92230).

use serde_json::{Map, Value, json};

use crate::model::ids::UserId;
use crate::sim::api::request::{Answer, Refused, Request, array, text};
use crate::sim::console::{Console, ProfileMode};
use crate::sim::corp::Corp;
use crate::sim::ledger::{ProfileWrite, Sent};
use crate::sim::person::{Member, MemberStatus};

/// Limits in characters.
const MAX_NAME: usize = 64;
const MAX_POSITION: usize = 128;
const MAX_EXTERNAL_POSITION: usize = 12;
const MAX_ATTR_TEXT: usize = 32;
const MAX_ATTR_TITLE: usize = 12;

/// Fields that are left out stay untouched. Changes made here are not called back.
pub(crate) fn update(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let userid = text(&request.json, "userid");
    if userid.is_empty() {
        return Err(Refused(41009, "userid missing"));
    }
    let not_found = Refused(60111, "userid not found");
    let userid = UserId::parse(userid).map_err(|_| not_found)?;
    let mut member = corp.member(&userid).ok_or(not_found)?.clone();
    plain_fields(&mut member, &request.json)?;
    if let Some(profile) = request.json.get("external_profile") {
        let profile = profile
            .as_object()
            .ok_or(Refused(40058, "an object is required"))?;
        write_profile(&mut member, &corp.console, profile, request)?;
        corp.ledger.arrived(Sent::Profile(ProfileWrite {
            at: request.now,
            userid: member.userid.clone(),
            external_profile: profile.clone(),
        }));
    }
    corp.add_member(member);
    Ok(json!({}))
}

fn plain_fields(member: &mut Member, json: &Value) -> Result<(), Refused> {
    if json.get("new_userid").is_some() {
        return Err(Refused(301_036, "userid may not be changed"));
    }
    if json.get("name").is_some() {
        let name = text(json, "name");
        if name.is_empty() || name.chars().count() > MAX_NAME {
            return Err(Refused(60112, "invalid name"));
        }
        member.name = name.into();
    }
    for (field, limit, code) in [
        ("position", MAX_POSITION, 301_012),
        ("external_position", MAX_EXTERNAL_POSITION, 40058),
    ] {
        if json.get(field).is_some() && text(json, field).chars().count() > limit {
            return Err(Refused(code, "invalid position"));
        }
    }
    if json.get("position").is_some() {
        member.position = text(json, "position").into();
    }
    if json.get("external_position").is_some() {
        member.external_position = text(json, "external_position").into();
    }
    match json.get("enable").map(Value::as_i64) {
        None => {}
        Some(Some(0)) => member.status = MemberStatus::Disabled,
        Some(Some(1)) if member.status == MemberStatus::Disabled => {
            member.status = MemberStatus::Active;
        }
        Some(Some(1)) => {}
        Some(_) => return Err(Refused(40058, "enable is 0 or 1")),
    }
    if json.get("department").is_some() {
        let ids: Option<Vec<i64>> = array(json, "department")?
            .iter()
            .map(Value::as_i64)
            .collect();
        let ids = ids.filter(|ids| ids.len() <= 100 && ids.iter().all(|id| *id > 0));
        member.department = ids.ok_or(Refused(40066, "invalid department list"))?;
    }
    Ok(())
}

fn write_profile(
    member: &mut Member,
    console: &Console,
    profile: &Map<String, Value>,
    request: &Request<'_>,
) -> Result<(), Refused> {
    if let Some(name) = profile.get("external_corp_name") {
        let name = name.as_str().unwrap_or_default();
        if !name.is_empty() && !console.short_names.contains(name) {
            return Err(Refused(41036, "not a certified short name"));
        }
        member
            .external_profile
            .insert("external_corp_name".into(), json!(name));
    }
    if let Some(channels) = profile.get("wechat_channels") {
        member
            .external_profile
            .insert("wechat_channels".into(), channels.clone());
    }
    let entries = match profile.get("external_attr") {
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(Refused(40035, "an array is required")),
        None => return Err(Refused(40063, "external_attr missing")),
    };
    entries.iter().try_for_each(check_attr)?;
    let known = |entry: &&Value| console.attributes.contains(text(entry, "name"));
    let kept: Vec<&Value> = match request.ignores_attributes() {
        true => Vec::new(),
        false => entries.iter().filter(known).collect(),
    };
    let old = member.external_profile.get("external_attr");
    let mut attrs: Vec<Value> = match console.profile_mode {
        ProfileMode::Merge => old.and_then(Value::as_array).cloned().unwrap_or_default(),
        // With everything ignored, nothing is replaced either.
        ProfileMode::Replace if request.ignores_attributes() => {
            old.and_then(Value::as_array).cloned().unwrap_or_default()
        }
        ProfileMode::Replace => Vec::new(),
    };
    for entry in kept {
        put(&mut attrs, entry);
    }
    member
        .external_profile
        .insert("external_attr".into(), Value::Array(attrs));
    Ok(())
}

/// One entry by its name: replaced in place, appended, or removed when it is empty.
fn put(attrs: &mut Vec<Value>, entry: &Value) {
    let place = attrs
        .iter()
        .position(|old| text(old, "name") == text(entry, "name"));
    match (place, is_empty(entry)) {
        (Some(place), true) => drop(attrs.remove(place)),
        (Some(place), false) => attrs[place] = entry.clone(),
        (None, true) => {}
        (None, false) => attrs.push(entry.clone()),
    }
}

fn is_empty(entry: &Value) -> bool {
    let part = |key: &str, field: &str| entry.get(key).map_or("", |part| text(part, field));
    match entry.get("type").and_then(Value::as_i64) {
        Some(0) => part("text", "value").is_empty(),
        Some(1) => part("web", "url").is_empty() && part("web", "title").is_empty(),
        _ => part("miniprogram", "appid").is_empty() && part("miniprogram", "title").is_empty(),
    }
}

fn check_attr(entry: &Value) -> Result<(), Refused> {
    let part = |key: &str, field: &str| entry.get(key).map_or("", |part| text(part, field));
    let long = |text: &str, limit: usize| text.chars().count() > limit;
    match entry.get("type").and_then(Value::as_i64) {
        Some(0) if long(part("text", "value"), MAX_ATTR_TEXT) => {
            Err(Refused(90101, "attribute text too long"))
        }
        Some(0) => Ok(()),
        Some(1 | 2) if is_empty(entry) => Ok(()),
        Some(1)
            if long(part("web", "title"), MAX_ATTR_TITLE) || part("web", "title").is_empty() =>
        {
            Err(Refused(90102, "invalid attribute title"))
        }
        Some(1) => {
            let url = part("web", "url");
            if url.starts_with("http://") || url.starts_with("https://") {
                return Ok(());
            }
            Err(Refused(90103, "invalid attribute url"))
        }
        Some(2) if long(part("miniprogram", "title"), MAX_ATTR_TITLE) => {
            Err(Refused(90104, "mini program title too long"))
        }
        Some(2) if part("miniprogram", "appid").is_empty() => {
            Err(Refused(90106, "mini program parameters missing"))
        }
        Some(2) => Ok(()),
        _ => Err(Refused(90100, "invalid attribute type")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(name: &str, title: &str, url: &str) -> Value {
        json!({"type": 1, "name": name, "web": {"title": title, "url": url}})
    }

    #[test]
    fn attributes_are_checked_at_their_limits() {
        let table = [
            (web("a", &"题".repeat(12), "https://a.example/"), 0),
            (web("a", &"题".repeat(13), "https://a.example/"), 90102),
            (web("a", "", "https://a.example/"), 90102),
            (web("a", "t", "a.example"), 90103),
            (web("a", "", ""), 0),
            (
                json!({"type": 0, "name": "a", "text": {"value": "字".repeat(32)}}),
                0,
            ),
            (
                json!({"type": 0, "name": "a", "text": {"value": "字".repeat(33)}}),
                90101,
            ),
            (
                json!({"type": 2, "name": "a", "miniprogram": {"title": "t"}}),
                90106,
            ),
            (json!({"type": 3, "name": "a"}), 90100),
            (json!({"name": "a"}), 90100),
        ];
        for (entry, code) in table {
            let checked = check_attr(&entry).map_or_else(|refused| refused.0, |()| 0);
            assert_eq!(checked, code, "{entry}");
        }
    }

    #[test]
    fn entries_are_put_by_name() {
        let (first, second) = (web("a", "t", "https://1"), web("b", "t", "https://2"));
        let mut attrs = vec![first.clone(), second.clone()];
        let changed = web("a", "t", "https://3");
        put(&mut attrs, &changed);
        assert_eq!(attrs, [changed, second.clone()]);
        put(&mut attrs, &web("a", "", ""));
        put(&mut attrs, &first);
        assert_eq!(attrs, [second, first]);
    }
}
