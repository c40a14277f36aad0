//! Choosing members and customers: by name or id, as they are typed.

use std::ops::ControlFlow;

use crate::decide::rejection::Wrong;
use crate::http::items::access::Reader;
use crate::http::items::names::written;
use crate::http::items::turned::Turned;
use crate::http::people::look_through;
use crate::model::contact::Contact;
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::member::Member;
use crate::store::record::{Key, Record, Table};

/// So many members are offered in a field; others are typed.
const OFFERED_MAX: usize = 200;

/// So many customers are shown of a search.
const FOUND_MAX: usize = 30;

/// A customer to choose.
pub(in crate::http::items) struct Choice {
    pub(in crate::http::items) id: String,
    pub(in crate::http::items) name: String,
    pub(in crate::http::items) remark: String,
}

/// What a search for customers has found.
pub(in crate::http::items) struct Found {
    pub(in crate::http::items) choices: Vec<Choice>,
    /// There may be others.
    pub(in crate::http::items) more: bool,
}

/// The members that fields offer, as they write them.
pub(in crate::http::items) async fn offered(reader: &Reader) -> Result<Vec<String>, Turned> {
    let store = &reader.doors.store;
    let records = store
        .list(&reader.corp, Table::Members, None, OFFERED_MAX)
        .await?;
    let mut offered = Vec::with_capacity(records.len());
    for record in records {
        let member = record.parse::<Member>()?;
        let member = member.filter(|member| member.visible);
        offered.extend(member.map(|member| written(&member.name, &member.userid)));
    }
    Ok(offered)
}

/// The member that a field names: `name (userid)`, a userid, or a name that only one member has. `None`: it is empty.
/// Those of `kept` stand there already and may stay, even if nobody knows them any more.
pub(in crate::http::items) async fn member(
    reader: &Reader,
    text: &str,
    kept: &[&UserId],
) -> Result<Result<Option<UserId>, Wrong>, Turned> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Ok(None));
    }
    let inside = text
        .strip_suffix([')', '）'])
        .and_then(|text| text.rsplit_once(['(', '（']));
    let candidates = [inside.map(|(_, id)| id.trim()), Some(text)];
    for id in candidates.into_iter().flatten() {
        let Ok(userid) = UserId::parse(id) else {
            continue;
        };
        if kept.contains(&&userid) {
            return Ok(Ok(Some(userid)));
        }
        let records = reader.read(&[Key::member(&userid)]).await?;
        let found = records.first().map(Record::parse::<Member>).transpose()?;
        if let Some(member) = found.flatten() {
            return Ok(Ok(Some(member.userid)));
        }
    }
    let named = named(reader, text).await?;
    Ok(match &named[..] {
        [userid] => Ok(Some(userid.clone())),
        _ => Err(Wrong::NotAMember),
    })
}

/// The members of this name, at most two.
async fn named(reader: &Reader, name: &str) -> Result<Vec<UserId>, Turned> {
    let mut found = Vec::new();
    let see = |member: Member| {
        if member.name == name && member.visible {
            found.push(member.userid);
        }
        match found.len() == 2 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let store = &reader.doors.store;
    look_through(store, &reader.corp, Table::Members, see).await?;
    Ok(found)
}

/// Customers by name, remark or id: a member's own, an administrator's all.
pub(in crate::http::items) async fn search(reader: &Reader, q: &str) -> Result<Found, Turned> {
    let sought = q.to_lowercase();
    let mut choices = Vec::new();
    let see = |contact: Contact| {
        choices.extend(choice(reader, &contact, &sought));
        match choices.len() == FOUND_MAX {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let store = &reader.doors.store;
    let more = look_through(store, &reader.corp, Table::Contacts, see).await?;
    Ok(Found { choices, more })
}

fn choice(reader: &Reader, contact: &Contact, sought: &str) -> Option<Choice> {
    let follow = match reader.member() {
        Some(userid) => Some(contact.follow_of(userid)?),
        None => contact.follow_users.first(),
    };
    let remark = follow.map_or("", |follow| follow.remark.as_str());
    let has = |text: &str| text.to_lowercase().contains(sought);
    let fits = has(&contact.name) || has(remark) || has(contact.external_userid.as_str());
    fits.then(|| Choice {
        id: contact.external_userid.to_string(),
        name: contact.name.clone(),
        remark: remark.to_owned(),
    })
}

/// The customer of this id, if the reader may deal with them.
pub(in crate::http::items) async fn customer(
    reader: &Reader,
    id: &str,
) -> Result<Option<Contact>, Turned> {
    let Ok(id) = ExternalUserId::parse(id) else {
        return Ok(None);
    };
    let records = reader.read(&[Key::contact(&id)]).await?;
    let found = records.first().map(Record::parse::<Contact>).transpose()?;
    Ok(found.flatten().filter(|contact| match reader.member() {
        Some(userid) => contact.follow_of(userid).is_some(),
        None => true,
    }))
}
