//! What the company's own systems are told: of every event that came from outside, and of every change of an item.
//!
//! Messages are small: what happened, when, and the ids of whom it is about. Whoever needs more asks the API, which has
//! what is true by then. They hold no personal text and no code of WeCom's.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use crate::callback::event::contact::{Addition, ChangeExternalContact};
use crate::callback::event::member::ChangeContact;
use crate::callback::event::own::OwnEvent;
use crate::callback::event::{Body, Event};
use crate::decide::input::Input;
use crate::model::delivery::{Delivery, ItemId, Lane, Source, Subject};
use crate::model::effect::Effect;
use crate::model::grant::{Grant, GrantState};
use crate::model::ids::{CorpId, ExternalUserId, UserId};
use crate::model::item::{Actor, Item, ItemRef};
use crate::model::outgoing::{Call, Outgoing};
use crate::model::thread::Comment;
use crate::model::time::Timestamp;
use crate::model::webhook::{Subscription, Webhook};

/// So many messages to one system are under way at once. A system that is slow holds up its own alone.
const LANES: u64 = 4;

/// What the effects come from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Whose.
    pub corp: &'a CorpId,
    /// The delivery that is decided about, if it is one.
    pub delivery: Option<(&'a ItemId, &'a Delivery)>,
}

#[derive(Serialize)]
struct Message<'a> {
    /// What it tells of, in words that nothing else has that is told of the corp.
    #[serde(skip)]
    about: String,
    #[serde(rename = "type")]
    message_type: Cow<'static, str>,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    corp: &'a CorpId,
    /// The event, for `/api/v1/events/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a ItemId>,
    /// What the event is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a Subject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    userid: Option<&'a UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_userid: Option<&'a ExternalUserId>,
    /// The item, as `kind:id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<ItemRef>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a Actor>,
}

/// The calls that are owed to the company's systems by what was decided.
pub fn owed(
    subscriptions: &[Subscription],
    origin: &Origin<'_>,
    input: &Input<'_>,
    effects: &[Effect],
    now: Timestamp,
) -> Vec<Effect> {
    if subscriptions.is_empty() {
        return Vec::new();
    }
    let mut messages: Vec<Message<'_>> = Vec::new();
    if let (Input::Event(event, _), Some((id, delivery))) = (input, origin.delivery)
        && delivery.source != Source::Service
    {
        messages.push(of_event(origin.corp, id, event, delivery));
    }
    let changes = effects.iter();
    messages.extend(changes.filter_map(|effect| of_change(origin.corp, effect, now)));
    let mut owed = Vec::new();
    for message in &messages {
        let wanted = subscriptions.iter();
        let mut wanted = wanted
            .filter(|it| it.wants(&message.message_type))
            .peekable();
        if wanted.peek().is_none() {
            continue;
        }
        let body = serde_json::to_string(message).expect("a plain struct with text keys");
        let id = message_id(origin.corp, &message.about);
        owed.extend(wanted.map(|to| send(to, id.clone(), body.clone(), &message.data)));
    }
    owed
}

fn of_event<'a>(
    corp: &'a CorpId,
    id: &'a ItemId,
    event: &'a Event,
    delivery: &'a Delivery,
) -> Message<'a> {
    let (userid, external_userid) = people(event);
    Message {
        about: format!("event\n{}", id.place()),
        message_type: delivery.kind.as_str().replace('/', ".").into(),
        timestamp: event.header.create_time.unwrap_or(delivery.received_at),
        data: Data {
            event: Some(id),
            subject: Some(&delivery.subject),
            userid,
            external_userid,
            ..Data::of(corp)
        },
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most changes are nobody's business outside, and new ones begin so"
)]
fn of_change<'a>(corp: &'a CorpId, effect: &'a Effect, now: Timestamp) -> Option<Message<'a>> {
    match effect {
        Effect::PutItem(item) => of_item(corp, item, now),
        Effect::PutComment(comment) => Some(of_comment(corp, comment)),
        Effect::PutGrant(grant) => of_grant(corp, grant),
        _ => None,
    }
}

/// Every change of an item has a time of its own, which may lie a little ahead of the clock. One that lies behind it
/// is not new: an item may be kept anew for what is nobody's business.
fn of_item<'a>(corp: &'a CorpId, item: &'a Item, now: Timestamp) -> Option<Message<'a>> {
    let head = item.head();
    if head.changed_at < now {
        return None;
    }
    let message_type = match head.created_at == head.changed_at {
        true => "item.created",
        false => "item.changed",
    };
    let own = item.item_ref();
    Some(Message {
        about: format!("item\n{own}\n{}", head.changed_at.millis()),
        message_type: message_type.into(),
        timestamp: head.changed_at,
        data: Data {
            item: Some(own),
            external_userid: item.contact(),
            by: Some(&head.changed_by),
            ..Data::of(corp)
        },
    })
}

fn of_comment<'a>(corp: &'a CorpId, comment: &'a Comment) -> Message<'a> {
    let Comment {
        id,
        item,
        contact,
        by,
        at,
        text: _,
    } = comment;
    Message {
        about: format!("comment\n{item}\n{contact}\n{id}"),
        message_type: "item.commented".into(),
        timestamp: *at,
        data: Data {
            item: Some(item.clone()),
            external_userid: Some(contact),
            by: Some(by),
            ..Data::of(corp)
        },
    }
}

fn of_grant<'a>(corp: &'a CorpId, grant: &'a Grant) -> Option<Message<'a>> {
    let Grant {
        contact,
        item,
        by,
        state,
        given_at,
        changed_at,
    } = grant;
    let message_type = match state {
        // Given once more: the customer sees it as before.
        _ if given_at > changed_at => return None,
        GrantState::Revoked => "item.revoked",
        GrantState::Confirmed if given_at < changed_at => "item.share_confirmed",
        GrantState::Pending | GrantState::Confirmed => "item.shared",
    };
    Some(Message {
        about: format!("grant\n{item}\n{contact}\n{}", changed_at.millis()),
        message_type: message_type.into(),
        timestamp: *changed_at,
        data: Data {
            item: Some(item.clone()),
            external_userid: Some(contact),
            by: Some(by),
            ..Data::of(corp)
        },
    })
}

impl<'a> Data<'a> {
    const fn of(corp: &'a CorpId) -> Self {
        Self {
            corp,
            event: None,
            subject: None,
            userid: None,
            external_userid: None,
            item: None,
            by: None,
        }
    }
}

/// The member who acted and the customer whom an event is about, where it names them.
fn people(event: &Event) -> (Option<&UserId>, Option<&ExternalUserId>) {
    match &event.body {
        Body::ChangeExternalContact(change) => match change {
            ChangeExternalContact::Add(Addition {
                userid,
                external_userid,
                ..
            })
            | ChangeExternalContact::AddHalf(Addition {
                userid,
                external_userid,
                ..
            })
            | ChangeExternalContact::MsgAuditApproved(Addition {
                userid,
                external_userid,
                ..
            })
            | ChangeExternalContact::Edit {
                userid,
                external_userid,
            }
            | ChangeExternalContact::DelExternalContact {
                userid,
                external_userid,
                ..
            }
            | ChangeExternalContact::DelFollowUser {
                userid,
                external_userid,
            }
            | ChangeExternalContact::TransferFail {
                userid,
                external_userid,
                ..
            } => (Some(userid), Some(external_userid)),
            ChangeExternalContact::Other {
                external_userid, ..
            } => (None, external_userid.as_ref()),
        },
        Body::ChangeContact(
            ChangeContact::CreateUser(change) | ChangeContact::UpdateUser(change),
        ) => (Some(&change.userid), None),
        Body::ChangeContact(ChangeContact::DeleteUser { userid })
        | Body::Subscribe { userid }
        | Body::Unsubscribe { userid }
        | Body::EnterAgent { userid }
        | Body::View { userid, .. }
        | Body::Click { userid, .. } => (Some(userid), None),
        Body::TemplateCardEvent(pressed) | Body::TemplateCardMenuEvent(pressed) => {
            (Some(&pressed.userid), None)
        }
        Body::Own(OwnEvent::SidebarOpened(opened)) => {
            (Some(&opened.userid), Some(&opened.external_userid))
        }
        Body::ChangeContact(_)
        | Body::ChangeExternalChat(_)
        | Body::ChangeExternalTag(_)
        | Body::BatchJobResult(_)
        | Body::AppLifeCycle(_)
        | Body::Message(_)
        | Body::Weixin(_)
        | Body::Own(_)
        | Body::Known { .. }
        | Body::Unknown { .. } => (None, None),
    }
}

/// The same for every system and every attempt, and for nothing else. It holds no full stop, which the signature has
/// between its parts.
fn message_id(corp: &CorpId, about: &str) -> String {
    let hash = blake3::hash(format!("{corp}\n{about}").as_bytes());
    format!("msg_{}", &hash.to_hex()[..32])
}

/// What happens to one customer, item or member reaches a system in its order, unless an attempt fails.
fn send(to: &Subscription, id: String, body: String, data: &Data<'_>) -> Effect {
    let mut hasher = DefaultHasher::new();
    data.subject.hash(&mut hasher);
    data.item.hash(&mut hasher);
    let lane = hasher.finish() % LANES;
    Effect::Send(Outgoing {
        subject: Subject::new("webhook", &format!("{}/{lane}", to.target)),
        lane: Lane::Normal,
        deadline: None,
        cause: None,
        call: Call::Webhook(Webhook {
            target: to.target.clone(),
            id,
            body,
        }),
    })
}
