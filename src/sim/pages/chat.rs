//! A chat of a member with a contact, with the toolbar page beside it.

use std::collections::HashMap;

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::Value;

use crate::model::chat::ChatPerson;
use crate::model::ids::{ExternalUserId, UserId};
use crate::sim::Sim;
use crate::sim::console::CustomerApi;
use crate::sim::corp::Corp;
use crate::sim::grants::Visitor;
use crate::sim::ledger::Sent;
use crate::sim::pages::{link_as, log_in, missing, render};

/// Where the client can open a toolbar page (path/94315), and what that is called here. The first one is usual.
const ENTRIES: &[(&str, &str)] = &[
    ("single_chat_tools", "单聊的聊天工具栏"),
    ("contact_profile", "客户的资料页"),
    ("group_chat_tools", "群聊的聊天工具栏"),
    ("normal", "其他入口"),
];

#[derive(Template)]
#[template(path = "chat.html")]
struct Page {
    userid: String,
    member: String,
    external_userid: String,
    contact: String,
    /// Whether the toolbar's calls are allowed: the app listed, the member in both ranges.
    permitted: bool,
    toolbar_url: Option<String>,
    entries: &'static [(&'static str, &'static str)],
    /// What `getContext` answers.
    entry: &'static str,
    /// A group of both, which `getCurExternalChat` answers; empty when there is none.
    chat_id: String,
    said: Vec<Said>,
}

struct Said {
    /// `member` or `contact`.
    by: &'static str,
    title: String,
    text: String,
    picture: Option<String>,
    /// Opens as the contact.
    href: Option<String>,
}

pub(crate) async fn page(
    sim: Data<Sim>,
    request: HttpRequest,
    path: Path<(UserId, ExternalUserId)>,
    query: Query<HashMap<String, String>>,
) -> HttpResponse {
    let (userid, id) = path.into_inner();
    let entry = query.get("entry").map_or("", String::as_str);
    let Some(page) = Page::of(&sim.corp(), &userid, &id, entry) else {
        return missing("没有这个聊天");
    };
    // The toolbar page logs in as the member who looks at this chat.
    log_in(&Visitor::Member(userid), &request, render(&page))
}

impl Page {
    fn of(corp: &Corp, userid: &UserId, id: &ExternalUserId, entry: &str) -> Option<Self> {
        let known = ENTRIES.iter().find(|(known, _)| *known == entry);
        let (entry, _) = known.unwrap_or(&ENTRIES[0]);
        let (member, contact) = (corp.member(userid)?, corp.contact(id)?);
        let chat = corp.ledger.chats.get(&(userid.key(), id.clone()));
        let said = chat
            .into_iter()
            .flatten()
            .rev()
            .take(100)
            .collect::<Vec<_>>();
        let listed = corp.console.customer_api == CustomerApi::Listed;
        Some(Self {
            userid: member.userid.to_string(),
            member: member.name.clone(),
            external_userid: id.to_string(),
            contact: contact.name.clone(),
            permitted: listed && member.serves(),
            toolbar_url: corp.console.toolbar_url.as_ref().map(ToString::to_string),
            entries: ENTRIES,
            entry,
            chat_id: group_of_both(corp, userid, id),
            said: said
                .into_iter()
                .rev()
                .flat_map(|sent| lines(sent, id))
                .collect(),
        })
    }
}

/// The first group that the member and the contact are both in.
fn group_of_both(corp: &Corp, userid: &UserId, id: &ExternalUserId) -> String {
    let both = [
        ChatPerson::Member(userid.clone()),
        ChatPerson::Outside(id.clone()),
    ];
    let mut groups = corp.groups.values();
    let group = groups.find(|group| {
        let state = group.state();
        !state.dismissed && both.iter().all(|who| state.people.contains_key(who))
    });
    group.map_or_else(String::new, |group| group.chat_id.to_string())
}

/// What people see of one message: a text, and a bubble for each link.
fn lines(sent: &Sent, id: &ExternalUserId) -> Vec<Said> {
    let bubble = |by, part: &Value, href: &str, desc: &str| {
        let to = part[href].as_str();
        Said {
            by,
            title: part["title"].as_str().unwrap_or_default().to_owned(),
            text: part[desc].as_str().unwrap_or_default().to_owned(),
            picture: part["imgUrl"].as_str().map(str::to_owned),
            href: to.map(|to| link_as(&Visitor::Contact(id.clone()), to)),
        }
    };
    let text = |by, text: &str| Said {
        by,
        title: String::new(),
        text: text.to_owned(),
        picture: None,
        href: None,
    };
    match sent {
        Sent::Welcome(welcome) => {
            let links = welcome.attachments.iter();
            let links = links.map(|part| bubble("member", &part["link"], "url", "desc"));
            let greeting = Some(&welcome.text).filter(|text| !text.is_empty());
            greeting
                .map(|greeting| text("member", greeting))
                .into_iter()
                .chain(links)
                .collect()
        }
        Sent::Chat(chat) => {
            let by = if chat.content["from"] == "contact" {
                "contact"
            } else {
                "member"
            };
            match chat.content["msgtype"].as_str() {
                Some("news") => vec![bubble(by, &chat.content["news"], "link", "desc")],
                _ => vec![text(
                    by,
                    chat.content["text"]["content"].as_str().unwrap_or("[消息]"),
                )],
            }
        }
        Sent::Message(_) | Sent::CardUpdate(_) | Sent::Profile(_) | Sent::Template(_) => Vec::new(),
    }
}
