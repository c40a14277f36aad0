//! A contact's WeChat: the service account's conversation, with the template messages that arrived.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;

use crate::model::ids::ExternalUserId;
use crate::sim::Sim;
use crate::sim::corp::Corp;
use crate::sim::grants::Visitor;
use crate::sim::ledger::Sent;
use crate::sim::pages::{link_as, missing, render, time_of_day};
use crate::sim::weixin::{Account, Snapshots, TemplateMessage};

/// How many messages are shown.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "weixin.html")]
struct Page {
    id: String,
    name: String,
    openid: String,
    follows: bool,
    snapshots: bool,
    messages: Vec<Message>,
}

struct Message {
    at: String,
    values: Vec<(String, String)>,
    href: Option<String>,
}

pub(crate) async fn page(sim: Data<Sim>, id: Path<ExternalUserId>) -> HttpResponse {
    let corp = sim.corp();
    let Some((contact, account)) = corp.contact(&id).zip(corp.account.as_ref()) else {
        return missing("没有这个人或服务号");
    };
    render(&Page {
        id: id.to_string(),
        name: contact.name.clone(),
        openid: Account::openid(&id),
        follows: account.follows(&id),
        snapshots: account.snapshots == Snapshots::Always,
        messages: messages(&corp, &id),
    })
}

fn messages(corp: &Corp, id: &ExternalUserId) -> Vec<Message> {
    let newest = corp.ledger.sent.iter().rev();
    let own = newest.filter_map(|sent| match sent {
        Sent::Template(message) => Some(message).filter(|it| it.external_userid == *id),
        Sent::Welcome(_)
        | Sent::Message(_)
        | Sent::CardUpdate(_)
        | Sent::Profile(_)
        | Sent::Chat(_) => None,
    });
    own.take(SHOWN).map(|message| shown(message, id)).collect()
}

fn shown(message: &TemplateMessage, id: &ExternalUserId) -> Message {
    let open = |to: &String| link_as(&Visitor::Contact(id.clone()), to);
    Message {
        at: time_of_day(message.at),
        values: message.values.clone(),
        href: message.url.as_ref().map(open),
    }
}
