//! What becomes of what is kept when a customer is to be forgotten.
//!
//! The rule looks at stored texts, not at types: whatever is kept under an id of theirs or speaks of them goes, and what
//! belongs to others stays without them. So it holds for tables that are still to be made. Ids alone decide, as whole
//! words in keys and in the values of JSON: a name may be anybody's, so cards that say one carry the id as well.

use serde_json::Value;

use crate::callback::event::own::OwnEvent;
use crate::callback::event::{Body, parse};
use crate::model::delivery::Delivery;
use crate::model::forgetting::{Forgetting, Place};
use crate::model::time::Timestamp;

/// What stands in what others have, in place of an id.
const NOBODY: &str = "forgotten";

/// After so many rounds it ends, whatever comes in meanwhile: then it is new.
const ROUNDS_MAX: u32 = 100;

/// Whose a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Theirs, if it speaks of them.
    WhoItSpeaksOf,
    /// Theirs, if it stands under an id of theirs.
    ItsKey,
    /// Theirs, if it is an item with them for its customer.
    ItsContact,
}

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It has nothing to do with them.
    Stays,
    /// It goes.
    Goes,
    /// It stays with this JSON.
    Becomes(String),
}

/// What an event has to do with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// Nothing.
    None,
    /// It is about them: it goes.
    Theirs,
    /// It is about others and names them, as a page of a walk or a change of a group does: it goes when it is settled or
    /// given up.
    InPassing,
}

/// What becomes of a record.
pub fn record(whose: Whose, key: &str, json: &str, place: &Place) -> Fate {
    let goes = match whose {
        Whose::WhoItSpeaksOf => {
            let words = words(place);
            names(key, &words) || speaks_of(json, &words)
        }
        Whose::ItsKey => names(key, &ids(place)),
        Whose::ItsContact => is_theirs(json, place),
    };
    match goes {
        true => Fate::Goes,
        false if whose != Whose::WhoItSpeaksOf && speaks_of(json, &ids(place)) => {
            cleared(json, place)
        }
        false => Fate::Stays,
    }
}

/// What an event has to do with them.
pub fn event(text: &str, place: &Place) -> Tie {
    let (head, body) = text.split_once('\n').unwrap_or((text, ""));
    let words = words(place);
    if !names(head, &words) && !speaks_of(body, &words) {
        return Tie::None;
    }
    let delivery = Delivery::shown(text);
    match parse(delivery.source, &delivery.xml) {
        Ok(event) if is_about_others(&event.body) => Tie::InPassing,
        Ok(_) | Err(_) => Tie::Theirs,
    }
}

/// Whether a call goes.
pub fn call(text: &str, place: &Place) -> bool {
    let (head, body) = text.split_once('\n').unwrap_or((text, ""));
    let words = words(place);
    if !has_any(text, &words) {
        return false;
    }
    let Ok(mut call) = serde_json::from_str::<Value>(body) else {
        return names(text, &words);
    };
    if let Some(told) = call.get_mut("body")
        && let Ok(json) = serde_json::from_str(told.as_str().unwrap_or_default())
    {
        // What a system is told is JSON within the JSON.
        *told = json;
    }
    names(head, &words) || says(&call, &words)
}

fn is_about_others(body: &Body) -> bool {
    match body {
        Body::ChangeExternalContact(_)
        | Body::TemplateCardEvent(_)
        | Body::TemplateCardMenuEvent(_)
        | Body::Weixin(_)
        | Body::Known { .. }
        | Body::Unknown { .. } => false,
        Body::ChangeExternalChat(_)
        | Body::ChangeExternalTag(_)
        | Body::ChangeContact(_)
        | Body::Subscribe { .. }
        | Body::Unsubscribe { .. }
        | Body::EnterAgent { .. }
        | Body::View { .. }
        | Body::Click { .. }
        | Body::BatchJobResult(_)
        | Body::AppLifeCycle(_)
        | Body::Message(_) => true,
        Body::Own(event) => match event {
            OwnEvent::SidebarOpened(_)
            | OwnEvent::RefreshContact { .. }
            | OwnEvent::RefreshFollower { .. }
            | OwnEvent::ItemChanged { .. }
            | OwnEvent::TellMembers { .. }
            | OwnEvent::RemindContact { .. } => false,
            OwnEvent::RefreshMember { .. }
            | OwnEvent::RefreshChat { .. }
            | OwnEvent::RefreshTags
            | OwnEvent::RefreshContactsOf { .. }
            | OwnEvent::RefreshMembersOf { .. }
            | OwnEvent::RenameMember(_)
            | OwnEvent::StartSync(_)
            | OwnEvent::SyncStep { .. }
            | OwnEvent::SwitchAutoSync { .. }
            | OwnEvent::HomeChanged { .. }
            | OwnEvent::HandOver { .. }
            | OwnEvent::SendLink { .. } => true,
        },
    }
}

/// How far it is after a step that has removed so much: `next` is where the part goes on, `parts` how many there are.
pub fn moved(
    forgetting: &Forgetting,
    place: Place,
    next: Option<String>,
    removed: u64,
    parts: usize,
    now: Timestamp,
) -> Forgetting {
    let removed = forgetting.removed + removed;
    let moved = |place| Forgetting {
        removed,
        place: Some(place),
        ..forgetting.clone()
    };
    if next.is_some() {
        return moved(Place {
            after: next,
            ..place
        });
    }
    let part = place.part + 1;
    if part < parts {
        let after = None;
        return moved(Place {
            part,
            after,
            ..place
        });
    }
    // What was in work while it was looked for may have written since.
    if removed > place.removed_before && place.round < ROUNDS_MAX {
        return moved(Place {
            round: place.round + 1,
            removed_before: removed,
            part: 0,
            after: None,
            ..place
        });
    }
    Forgetting {
        removed,
        done_at: Some(now),
        place: None,
        ..forgetting.clone()
    }
}

/// Their ids.
fn ids(place: &Place) -> Vec<&str> {
    let others = place.ids.iter().map(String::as_str);
    [place.contact.as_str()].into_iter().chain(others).collect()
}

/// Their ids, and those of items of theirs.
fn words(place: &Place) -> Vec<&str> {
    let mut words = ids(place);
    words.extend(place.items.iter().map(String::as_str));
    words
}

fn is_theirs(json: &str, place: &Place) -> bool {
    let item: Value = serde_json::from_str(json).unwrap_or_default();
    item["contact"] == place.contact.as_str()
}

/// Whether one of the words stands in a text: as a value, where that is JSON. What fields are called says nothing.
fn speaks_of(text: &str, words: &[&str]) -> bool {
    if !has_any(text, words) {
        return false;
    }
    match serde_json::from_str(text) {
        Ok(value) => says(&value, words),
        Err(_) => names(text, words),
    }
}

/// Whether a text has a word in any way: most have not, and need not be read.
fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

fn says(value: &Value, words: &[&str]) -> bool {
    match value {
        Value::String(text) => names(text, words),
        Value::Array(values) => values.iter().any(|value| says(value, words)),
        Value::Object(fields) => fields.values().any(|value| says(value, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn names(text: &str, words: &[&str]) -> bool {
    let mut words = words.iter();
    words.any(|word| found(text, word).next().is_some())
}

/// Where an id stands by itself, and not as a part of a longer one.
fn found<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let (before, after) = (&text[..*at], &text[at + word.len()..]);
            !before.ends_with(is_part) && !after.starts_with(is_part)
        })
}

fn cleared(json: &str, place: &Place) -> Fate {
    match serde_json::from_str(json) {
        Ok(mut value) => {
            clear(&mut value, place);
            Fate::Becomes(value.to_string())
        }
        Err(_) => Fate::Goes,
    }
}

/// Takes them out of a list, and their id out of any other text.
fn clear(value: &mut Value, place: &Place) {
    match value {
        Value::Array(values) => {
            values.retain(|value| !is_about(value, place));
            values.iter_mut().for_each(|value| clear(value, place));
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| clear(value, place)),
        Value::String(text) => {
            for id in ids(place) {
                let at: Vec<usize> = found(text, id).collect();
                for at in at.into_iter().rev() {
                    text.replace_range(at..at + id.len(), NOBODY);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether an entry of a list is their id, or has it in a field, or was made by them.
fn is_about(entry: &Value, place: &Place) -> bool {
    let is_id = |value: &Value| ids(place).iter().any(|id| value == id);
    let Value::Object(fields) = entry else {
        return is_id(entry);
    };
    fields
        .values()
        .any(|value| is_id(value) || is_id(&value["contact"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{ExternalUserId, UserId};
    use crate::model::item::{Actor, ItemRef};
    use crate::model::relation::Rename;

    fn place() -> Place {
        Place {
            ids: vec!["uWang".into()],
            items: vec!["record:0a".into()],
            ..Place::of(ExternalUserId::parse("wm1").unwrap())
        }
    }

    #[test]
    fn what_speaks_of_them_goes_and_what_is_alike_stays() {
        use Whose::{ItsContact, ItsKey, WhoItSpeaksOf};
        for (whose, key, json, goes) in [
            (WhoItSpeaksOf, "wm1 zhang", "{}", true),
            (WhoItSpeaksOf, "wm10 zhang", "{}", false),
            (WhoItSpeaksOf, "x-wm1", "{}", false),
            (WhoItSpeaksOf, "contact uWang", "\"wm2\"", true),
            (WhoItSpeaksOf, "a", r#"{"by":{"contact":"wm1"}}"#, true),
            (WhoItSpeaksOf, "record:0a wm2", "\"wm2\"", true),
            (WhoItSpeaksOf, "record:0ab wm2", "\"wm2\"", false),
            (ItsKey, "wm1", "{}", true),
            (ItsContact, "record:0a", r#"{"contact":"wm1"}"#, true),
            (ItsContact, "record:0b", r#"{"contact":"wm2"}"#, false),
        ] {
            let fate = record(whose, key, json, &place());
            assert_eq!(fate == Fate::Goes, goes, "{key} {json}");
        }
    }

    #[test]
    fn what_is_anothers_stays_without_them() {
        let cases = [
            (
                r#"{"members":[{"external_userid":"wm1","name":"王女士"},{"userid":"zhang"}]}"#,
                r#"{"members":[{"userid":"zhang"}]}"#,
            ),
            (
                r#"{"by":{"contact":"wm1"},"says":["wm1 left wm10","a"],"list":["wm1"]}"#,
                r#"{"by":{"contact":"forgotten"},"list":[],"says":["forgotten left wm10","a"]}"#,
            ),
            (
                r#"{"follow_ups":[{"by":{"contact":"wm1"},"text":"t"}]}"#,
                r#"{"follow_ups":[]}"#,
            ),
        ];
        for (json, expected) in cases {
            let Fate::Becomes(cleared) = record(Whose::ItsContact, "x", json, &place()) else {
                panic!("{json}")
            };
            let value = |text| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(value(&cleared), value(expected));
        }
        let other = r#"{"members":["wm10"]}"#;
        assert_eq!(record(Whose::ItsKey, "wr1", other, &place()), Fate::Stays);
    }

    #[test]
    fn what_others_are_sent_stays() {
        let head = "1\tservice\t-\tcard\tcard-to:wm1\tn";
        assert!(call(&format!("{head}\n{{}}"), &place()));
        for (json, goes) in [
            (r#"{"call":"card","contact":"wm1","touser":"li"}"#, true),
            (
                r#"{"call":"card","card":{"url":"https://a.example/?c=wm1"}}"#,
                true,
            ),
            (r#"{"call":"card","about":["record:0a","wm2"]}"#, true),
            (r#"{"call":"card","about":["record:0ab","wm2"]}"#, false),
            (r#"{"call":"card","wm1":"wm2"}"#, false),
            (r#"{"call":"card","title":"a\nwm1"}"#, true),
            (r#"{"call":"webhook","body":"{\"data\":\"\\nwm1\"}"}"#, true),
            (r#"{"call":"webhook","body":"{\"wm1\":\"wm2\"}"}"#, false),
        ] {
            let text = format!("1\tservice\t-\tcard\tcard-to:li\tn\n{json}");
            assert_eq!(call(&text, &place()), goes, "{json}");
        }
    }

    #[test]
    fn fields_are_no_values() {
        let json = r#"{"uWang":"\twm10","list":[{"wm1":1}]}"#;
        assert_eq!(record(Whose::ItsKey, "x", json, &place()), Fate::Stays);
        let json = r#"{"text":"\twm1"}"#;
        assert_ne!(record(Whose::ItsKey, "x", json, &place()), Fate::Stays);
    }

    #[test]
    fn a_walk_that_passes_them_goes_on() {
        let (wm1, li) = (
            ExternalUserId::parse("wm1").unwrap(),
            UserId::parse("li").unwrap(),
        );
        let item: ItemRef = "record:0a".parse().unwrap();
        let external_userid = wm1.clone();
        let rename = Rename {
            from: li.clone(),
            to: UserId::parse("wang").unwrap(),
            kind: None,
            after: Some("wm1".into()),
        };
        for (event, expected) in [
            (OwnEvent::RefreshContact { external_userid }, Tie::Theirs),
            (OwnEvent::ItemChanged { item: item.clone() }, Tie::Theirs),
            (
                OwnEvent::RefreshContactsOf {
                    userid: li.clone(),
                    after: Some(wm1),
                },
                Tie::InPassing,
            ),
            (OwnEvent::RenameMember(rename), Tie::InPassing),
            (
                OwnEvent::HandOver {
                    from: li.clone(),
                    to: li.clone(),
                    by: Actor::Admin,
                    after: Some(item),
                },
                Tie::InPassing,
            ),
            (OwnEvent::RefreshMember { userid: li }, Tie::None),
        ] {
            let text = event.delivery(Timestamp::from_secs(1)).1.encode();
            assert_eq!(super::event(&text, &place()), expected, "{event:?}");
        }
        let chat = "<xml><Event>change_external_chat</Event><ChangeType>update</ChangeType>\
                    <ChatId>wr1</ChatId><MemChangeList><Item>wm1</Item></MemChangeList></xml>";
        let text = format!("1\tcallback\tr\tchange_external_chat/update\tchat:wr1\tn\n{chat}");
        assert_eq!(super::event(&text, &place()), Tie::InPassing);
        let text = "1\tcallback\tr\tx\tcontact:y\tn\n{\"text\":\"\\nwm1\"}";
        assert_eq!(super::event(text, &place()), Tie::Theirs);
    }

    #[test]
    fn it_goes_round_until_nothing_is_left() {
        let now = Timestamp::from_secs(1);
        let mut forgetting = Forgetting::asked(place().contact, Actor::Admin, now);
        let (mut steps, mut removed) = (Vec::new(), 2);
        for next in ["k", "", "k", "", "", ""] {
            let place = forgetting.place.clone().unwrap();
            let after = place.after.as_deref().unwrap_or_default();
            steps.push(format!("{}.{}{after}", place.round, place.part));
            let next = Some(next.to_owned()).filter(|next| !next.is_empty());
            forgetting = moved(&forgetting, place, next, removed, 2, now);
            removed = 0;
        }
        assert_eq!(steps, ["0.0", "0.0k", "0.1", "0.1k", "1.0", "1.1"]);
        assert_eq!((forgetting.removed, forgetting.place), (2, None));
        assert_eq!(forgetting.done_at, Some(now));
    }

    #[test]
    fn it_ends_whatever_comes_in_meanwhile() {
        let now = Timestamp::from_secs(1);
        let mut forgetting = Forgetting::asked(place().contact, Actor::Admin, now);
        while let Some(place) = forgetting.place.clone() {
            forgetting = moved(&forgetting, place, None, 1, 1, now);
        }
        // One each time: the first, and so many more.
        assert_eq!(forgetting.removed, u64::from(ROUNDS_MAX) + 1);
    }
}
