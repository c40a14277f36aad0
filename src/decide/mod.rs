//! What should happen: an input and the facts it needs, turned into effects.
//!
//! Pure. No I/O, no clock, no store, no API: [`needs`] says what must be known, the caller gathers it, [`decide`] gives
//! the changes. An event is a hint: it makes its subject due for a refresh, and only the refresh writes what WeCom says.
//! What an event alone can give (a welcome code, a pressed button) becomes an outgoing call at once.

pub mod facts;
pub mod found;
pub mod input;
pub mod rejection;
pub mod request;

pub mod chat;
pub mod fan_out;
pub mod forget;
pub mod item;
pub mod old;
pub mod sync;
pub mod wording;

mod card;
mod contact;
mod directory;
mod follower;
mod home;
mod link;
mod member;
mod sidebar;
mod tag;

use crate::callback::event::own::OwnEvent;
use crate::callback::event::{Body, Event};
use crate::decide::facts::{Facts, Need};
use crate::decide::input::{Input, Refusal};
use crate::model::effect::Effect;
use crate::model::outgoing::Call;
use crate::model::time::Timestamp;

/// What must be known to decide about this input.
pub fn needs(input: &Input<'_>) -> Vec<Need> {
    match input {
        Input::Event(event, _) => event_needs(event),
        Input::Receipt(receipt) => match &receipt.call {
            Call::Welcome(welcome) => contact::welcome_needs(welcome),
            Call::Card(message) => card::sent_needs(message),
            Call::UpdateCard(_) | Call::Webhook(_) => Vec::new(),
            Call::WriteLink(write) => link::needs(write),
            Call::Remind(reminder) => item::tell::contact::reminded_needs(reminder),
        },
        Input::StepDied(died) => sync::died_needs(died),
        Input::Request(request) => item::needs(request),
    }
}

/// What follows from this input. Order of arrival and repetition make no difference to the state that is reached.
///
/// # Errors
/// [`Refusal`] when nothing can follow, or not yet.
pub fn decide(
    input: &Input<'_>,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    match input {
        Input::Event(event, received_at) => event_effects(event, *received_at, facts, now),
        Input::Receipt(receipt) => Ok(match &receipt.call {
            Call::Welcome(welcome) => contact::welcomed(welcome, &receipt.outcome, facts, now),
            Call::Card(message) => card::sent(message, &receipt.outcome, facts, now),
            Call::UpdateCard(_) | Call::Webhook(_) => Vec::new(),
            Call::WriteLink(write) => link::written(write, &receipt.outcome, facts, now),
            Call::Remind(reminder) => {
                item::tell::contact::reminded(reminder, &receipt.outcome, facts, now)
            }
        }),
        Input::StepDied(died) => Ok(sync::died(died, facts, now)),
        Input::Request(request) => Ok(item::asked(request, facts, now)?),
    }
}

fn event_needs(event: &Event) -> Vec<Need> {
    match &event.body {
        Body::ChangeExternalContact(change) => contact::needs(change),
        Body::ChangeExternalChat(change) => chat::needs(change),
        Body::TemplateCardEvent(pressed) => card::needs(pressed),
        Body::Own(OwnEvent::SidebarOpened(opened)) => sidebar::needs(opened),
        Body::Own(OwnEvent::RefreshContact { external_userid }) => {
            contact::refresh_needs(external_userid)
        }
        Body::Own(OwnEvent::RefreshMember { userid }) => member::refresh_needs(userid),
        Body::Own(OwnEvent::StartSync(_) | OwnEvent::SwitchAutoSync { .. }) => sync::start_needs(),
        Body::Own(OwnEvent::SyncStep { run }) => vec![Need::Step(run.clone())],
        Body::Own(OwnEvent::RefreshChat { chat_id }) => chat::refresh_needs(chat_id),
        Body::Own(OwnEvent::RefreshTags) => tag::refresh_needs(),
        Body::Own(OwnEvent::RefreshContactsOf { after, .. }) => {
            vec![Need::ContactPage(after.clone()), Need::Switches]
        }
        Body::Own(OwnEvent::RefreshMembersOf { after, .. }) => {
            vec![Need::MemberPage(after.clone())]
        }
        Body::Own(OwnEvent::RenameMember(rename)) => directory::rename_needs(rename),
        Body::Own(OwnEvent::HomeChanged { .. }) => home::needs(),
        Body::Own(OwnEvent::SendLink { userid }) => link::send_needs(userid),
        Body::Own(OwnEvent::HandOver { from, after, .. }) => item::change::page_needs(from, after),
        Body::Own(OwnEvent::ItemChanged { item }) => item::tell::cards::needs(item),
        Body::Own(OwnEvent::TellMembers {
            item,
            external_userid,
        }) => item::tell::members::needs(item, external_userid),
        Body::Own(OwnEvent::RemindContact {
            item,
            external_userid,
        }) => item::tell::contact::needs(item, external_userid),
        Body::Weixin(event) => follower::needs(event),
        Body::Own(OwnEvent::RefreshFollower { openid, .. }) => follower::refresh_needs(openid),
        Body::ChangeContact(_)
        | Body::Subscribe { .. }
        | Body::Unsubscribe { .. }
        | Body::ChangeExternalTag(_)
        | Body::EnterAgent { .. }
        | Body::View { .. }
        | Body::Click { .. }
        | Body::TemplateCardMenuEvent(_)
        | Body::BatchJobResult(_)
        | Body::AppLifeCycle(_)
        | Body::Message(_)
        | Body::Known { .. }
        | Body::Unknown { .. } => Vec::new(),
    }
}

fn event_effects(
    event: &Event,
    received_at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    let at = event.header.create_time.unwrap_or(received_at);
    match &event.body {
        Body::ChangeExternalContact(change) => {
            Ok(contact::changed(change, at, received_at, facts, now))
        }
        Body::ChangeContact(change) => Ok(member::changed(change, now)),
        Body::ChangeExternalChat(change) => Ok(chat::changed(change, at, facts, now)),
        Body::ChangeExternalTag(_) => Ok(tag::changed(now)),
        Body::Subscribe { userid } | Body::Unsubscribe { userid } => {
            Ok(vec![member::refresh(userid, now)])
        }
        Body::TemplateCardEvent(pressed) => Ok(card::pressed(pressed, at, facts, now)),
        Body::Own(OwnEvent::SidebarOpened(opened)) => Ok(sidebar::opened(opened, at, facts, now)),
        Body::Own(OwnEvent::RefreshContact { external_userid }) => {
            contact::refreshed(external_userid, facts, now)
        }
        Body::Own(OwnEvent::RefreshMember { userid }) => Ok(member::refreshed(userid, facts, now)),
        Body::Own(OwnEvent::StartSync(request)) => {
            Ok(sync::started(*request, received_at, facts, now))
        }
        Body::Own(OwnEvent::SyncStep { .. }) => Ok(sync::stepped(facts, now)),
        Body::Own(OwnEvent::SwitchAutoSync { on }) => {
            Ok(sync::switched(*on, received_at, facts, now))
        }
        Body::Own(OwnEvent::RefreshChat { .. }) => chat::refreshed(facts, now),
        Body::Own(OwnEvent::RefreshTags) => Ok(tag::refreshed(facts, now)),
        Body::Own(OwnEvent::RefreshContactsOf { userid, .. }) => {
            Ok(directory::contacts_step(userid, facts, now))
        }
        Body::Own(OwnEvent::RefreshMembersOf { department, .. }) => {
            Ok(directory::members_step(*department, facts, now))
        }
        Body::Own(OwnEvent::RenameMember(rename)) => Ok(directory::rename_step(rename, facts, now)),
        Body::Own(OwnEvent::HomeChanged { former, home }) => {
            Ok(home::changed(former, home, received_at, facts, now))
        }
        Body::Own(OwnEvent::SendLink { userid }) => Ok(link::sent(userid, facts, now)),
        Body::Own(OwnEvent::HandOver { from, to, by, .. }) => {
            Ok(item::change::page_given(from, to, by, facts, now))
        }
        Body::Own(OwnEvent::ItemChanged { item }) => {
            item::tell::cards::changed(item, received_at, facts, now)
        }
        Body::Own(OwnEvent::TellMembers {
            item,
            external_userid,
        }) => item::tell::members::tell(item, external_userid, facts, now),
        Body::Own(OwnEvent::RemindContact {
            item,
            external_userid,
        }) => item::tell::contact::remind(item, external_userid, facts, now),
        Body::Weixin(event) => Ok(follower::changed(event, at, facts, now)),
        Body::Own(OwnEvent::RefreshFollower { openid, unionid }) => {
            Ok(follower::refreshed(openid, unionid.as_ref(), facts, now))
        }
        // Kept and shown, without a change of state: they say nothing that the service keeps.
        Body::EnterAgent { .. }
        | Body::View { .. }
        | Body::Click { .. }
        | Body::TemplateCardMenuEvent(_)
        | Body::BatchJobResult(_)
        | Body::AppLifeCycle(_)
        | Body::Message(_)
        | Body::Known { .. }
        | Body::Unknown { .. } => Ok(Vec::new()),
    }
}
