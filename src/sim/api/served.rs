//! Everybody who is served, customer or not (path/99434), and the names of the corp's tags (path/92117).

use std::ops::Bound;

use serde_json::{Value, json};

use crate::model::ids::ExternalUserId;
use crate::sim::api::request::{Answer, Refused, Request, text};
use crate::sim::corp::Corp;
use crate::sim::person::Contact;

/// Rows of a page when nothing is asked for. The reference gives no largest number; more than this is refused here.
const ROWS: u64 = 1000;

/// One row for each outside person and member, whether or not that makes a customer. The cursor names the last row.
pub(crate) fn contact_list(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let limit = match request.json.get("limit").map(Value::as_u64) {
        None => ROWS,
        Some(Some(limit)) if (1..=ROWS).contains(&limit) => limit,
        Some(_) => return Err(Refused(40058, "limit is a number from 1 to 1000")),
    };
    let limit = usize::try_from(limit).unwrap_or(1);
    let (first, after) = cursor(text(&request.json, "cursor"))?;
    let corp = &*corp;
    let begin = first.as_ref().map_or(Bound::Unbounded, Bound::Included);
    let mut rows: Vec<(&Contact, &str, Value)> = corp
        .contacts()
        .range((begin, Bound::Unbounded))
        .flat_map(|(id, contact)| {
            let after = after.as_deref().filter(|_| first.as_ref() == Some(id));
            let follows = contact.follows().iter();
            follows
                .filter(move |(key, _)| after.is_none_or(|after| key.as_str() > after))
                .filter_map(move |(key, follow)| {
                    let member = corp.members().get(key).filter(|member| member.visible())?;
                    let mut row = json!({
                        "is_customer": follow.shown() && member.serves() && corp.is_customer(contact),
                        "tmp_openid": format!("tmp-{}", contact.openid),
                        "name": "*",
                        "follow_userid": member.userid.as_str(),
                        "add_time": follow.created_at.secs(),
                    });
                    if row["is_customer"] == true {
                        row["external_userid"] = json!(contact.external_userid.as_str());
                    }
                    Some((contact, key.as_str(), row))
                })
        })
        .take(limit + 1)
        .collect();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some((contact, key, _)) if more => format!("O:{}:{key}", contact.external_userid),
        _ => String::new(),
    };
    let list: Vec<Value> = rows.into_iter().map(|(_, _, row)| row).collect();
    Ok(json!({"info_list": list, "next_cursor": next}))
}

fn cursor(cursor: &str) -> Result<(Option<ExternalUserId>, Option<String>), Refused> {
    let bad = Refused(60268, "invalid cursor");
    if cursor.is_empty() {
        return Ok((None, None));
    }
    let parts = cursor
        .strip_prefix("O:")
        .and_then(|rest| rest.split_once(':'));
    let (id, key) = parts.ok_or(bad)?;
    let id = ExternalUserId::parse(id).map_err(|_| bad)?;
    Ok((Some(id), Some(key.to_owned())))
}
