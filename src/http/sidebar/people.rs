//! Whom to choose where the client does not tell one customer: in a group chat, and outside of a chat.

use std::ops::ControlFlow;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::http::people::look_through;
use crate::http::sidebar::access::Toolbar;
use crate::http::sidebar::show::fragment;
use crate::http::sidebar::texts::Texts;
use crate::http::sidebar::turned::Turned;
use crate::model::chat::{Chat, ChatPerson};
use crate::model::contact::Contact;
use crate::model::ids::{ChatId, ExternalUserId};
use crate::store::record::{Key, Record, Table};

/// So many customers are shown of a member who has more; a search finds the others.
const SHOWN: usize = 30;

/// So many people of a group are looked at; WeCom takes 500 into one.
const GROUP_MAX: usize = 1000;

#[derive(Template)]
#[template(path = "sidebar/people.html")]
struct PeoplePart<'a> {
    t: &'static Texts,
    /// The group's name, of a group.
    group: Option<&'a str>,
    q: &'a str,
    rows: Vec<PersonRow>,
}

struct PersonRow {
    id: ExternalUserId,
    name: String,
    remark: String,
}

/// Whom to look for.
#[derive(Deserialize)]
pub(in crate::http::sidebar) struct Sought {
    #[serde(default)]
    q: String,
}

/// The customers of this member, by name or remark.
pub(in crate::http::sidebar) async fn of_member(
    toolbar: Toolbar,
    sought: web::Query<Sought>,
) -> Result<HttpResponse, Turned> {
    let (t, q) = (toolbar.t, sought.q.trim());
    let lower = q.to_lowercase();
    let mut rows = Vec::new();
    let see = |contact: Contact| {
        rows.extend(row(contact, &toolbar).filter(|row| {
            let has = |text: &str| text.to_lowercase().contains(&lower);
            has(&row.name) || has(&row.remark)
        }));
        match rows.len() == SHOWN {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let store = &toolbar.doors.store;
    look_through(store, &toolbar.corp, Table::Contacts, see).await?;
    let group = None;
    fragment(&PeoplePart { t, group, q, rows })
}

/// The people of a group who are customers of this member.
pub(in crate::http::sidebar) async fn of_group(
    toolbar: Toolbar,
    chat_id: web::Path<String>,
) -> Result<HttpResponse, Turned> {
    let t = toolbar.t;
    let id = ChatId::parse(&chat_id).map_err(|_| Turned::Malformed)?;
    let chat = read(&toolbar, &id).await?;
    let outside = chat.members.iter().filter_map(|member| match &member.who {
        ChatPerson::Outside(id) => Some(Key::contact(id)),
        ChatPerson::Member(_) => None,
    });
    let keys: Vec<Key> = outside.take(GROUP_MAX).collect();
    let mut rows = Vec::new();
    for record in toolbar.read(&keys).await? {
        rows.extend(record.parse()?.and_then(|contact| row(contact, &toolbar)));
    }
    let part = PeoplePart {
        t,
        group: Some(&chat.name),
        q: "",
        rows,
    };
    fragment(&part)
}

/// The group as it is kept, or else as WeCom has it: events about groups get lost, and not every installation hears of
/// them. Only for those who are in it.
async fn read(toolbar: &Toolbar, id: &ChatId) -> Result<Chat, Turned> {
    let me = ChatPerson::Member(toolbar.userid.clone());
    let is_mine = |chat: &Chat| chat.members.iter().any(|member| member.who == me);
    let records = toolbar.read(&[Key::chat(id)]).await?;
    let kept = records.first().map(Record::parse::<Chat>).transpose()?;
    if let Some(kept) = kept.flatten().filter(is_mine) {
        return Ok(kept);
    }
    let corp = toolbar.doors.corps.get(&toolbar.corp);
    let corp = corp.ok_or(Turned::Missing)?;
    let fresh = corp.client.chat(id, toolbar.now()).await?;
    let fresh = fresh.ok_or(Turned::Missing)?;
    match is_mine(&fresh) {
        true => Ok(fresh),
        false => Err(Turned::NotYourGroup),
    }
}

/// The contact, if it is this member's.
fn row(contact: Contact, toolbar: &Toolbar) -> Option<PersonRow> {
    let remark = contact.follow_of(&toolbar.userid)?.remark.clone();
    Some(PersonRow {
        id: contact.external_userid,
        name: contact.name,
        remark,
    })
}
