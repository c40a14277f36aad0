//! A customer is reminded of what the company has done; where that cannot be, a member is asked to tell them.

use std::time::Duration;

use crate::decide::facts::{Facts, Need};
use crate::decide::input::Refusal;
use crate::decide::item::access::seen_by_contact;
use crate::decide::item::tell::begun;
use crate::decide::wording;
use crate::decide::wording::reminders::Nudge;
use crate::model::delivery::{Lane, Subject};
use crate::model::effect::Effect;
use crate::model::ids::ExternalUserId;
use crate::model::item::{Item, ItemRef};
use crate::model::outgoing::{Answer, Call, Outcome, Outgoing};
use crate::model::reminder::Reminder;
use crate::model::thread::{News, Reminded, Thread};
use crate::model::time::Timestamp;

/// A reminder that is a day late is none (own choice).
const REMINDER_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// What reminding a customer needs to know.
pub(in crate::decide) fn needs(item: &ItemRef, contact: &ExternalUserId) -> Vec<Need> {
    vec![
        Need::Item(item.kept()),
        Need::Grant(contact.clone(), item.clone()),
        Need::Thread(contact.clone(), item.clone()),
        Need::Seen(contact.clone(), item.clone()),
        Need::Contact(contact.clone()),
        Need::FollowerOf(contact.clone()),
        Need::PeopleOf(item.clone()),
    ]
}

/// Owes the customer a reminder, or a member a card, unless the customer has seen it meanwhile.
pub(in crate::decide) fn remind(
    item: &ItemRef,
    contact: &ExternalUserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    let Some(thread) = begun(facts, item, contact).filter(|thread| !thread.for_contact.is_none())
    else {
        return Ok(Vec::new());
    };
    let told = Thread {
        for_contact: News::default(),
        ..thread.clone()
    };
    let shown = seen_by_contact(contact, item, facts);
    let Some(shown) = shown.ok().filter(|_| !is_seen(thread, facts)) else {
        return Ok(vec![Effect::PutThread(told)]);
    };
    let told = Thread {
        contact_told_at: Some(now),
        ..told
    };
    let follower = facts.follower.as_ref().filter(|it| it.following);
    let Some((reminders, follower)) = facts.corp.reminders.zip(follower) else {
        wait(thread, facts.corp.bundle, now)?;
        let thread = Thread {
            reminder: Some(Reminded::NoChannel),
            ..told
        };
        let why = match facts.corp.reminders {
            Some(_) => Nudge::NotFollowing,
            None => Nudge::NoAccount,
        };
        let nudge = nudge(&thread, shown, why, facts, now);
        return Ok(vec![nudge, Effect::PutThread(thread)]);
    };
    wait(thread, reminders.bundle, now)?;
    if let Some(end) = reminders.quiet.and_then(|quiet| quiet.end(now)) {
        return Err(Refusal::Later(end.since(now)));
    }
    let member = thread.company_by.as_ref();
    let reminder = Reminder {
        about: (item.clone(), contact.clone()),
        openid: follower.openid.clone(),
        title: shown.head().title.clone(),
        text: wording::reminders::replied(&thread.for_contact),
        member: member.map_or_else(String::new, |userid| wording::items::name(userid, facts)),
        at: thread.company_at.unwrap_or(now),
        url: wording::items::page_for_contact(item, &facts.corp.home),
        client_msg_id: wording::message_id(&[
            &item.to_string(),
            contact.as_str(),
            &now.millis().to_string(),
        ]),
    };
    let send = Effect::Send(Outgoing {
        subject: Subject::new("remind", contact.as_str()),
        lane: Lane::Normal,
        deadline: Some(now.plus(REMINDER_LIFE)),
        cause: None,
        call: Call::Remind(reminder),
    });
    Ok(vec![send, Effect::PutThread(told)])
}

/// Whether the customer has had the item open since the company did something.
fn is_seen(thread: &Thread, facts: &Facts<'_>) -> bool {
    let seen = facts.seen.as_ref().map(|seen| seen.at);
    seen.is_some_and(|seen| thread.company_at.is_some_and(|at| seen > at))
}

/// Nobody is told again so soon.
fn wait(thread: &Thread, bundle: Duration, now: Timestamp) -> Result<(), Refusal> {
    let next = thread.contact_told_at.map(|at| at.plus(bundle));
    match next.filter(|next| *next > now) {
        Some(next) => Err(Refusal::Later(next.since(now))),
        None => Ok(()),
    }
}

/// A card for whoever answered, else for the owner.
fn nudge(thread: &Thread, item: &Item, why: Nudge, facts: &Facts<'_>, now: Timestamp) -> Effect {
    let touser = thread.company_by.as_ref().unwrap_or(&item.head().owner);
    let card = wording::reminders::nudge(thread, item, why, touser, facts, now);
    wording::send_naming(touser, card, &thread.contact)
}

/// What the receipt of a reminder needs to know.
pub(in crate::decide) fn reminded_needs(reminder: &Reminder) -> Vec<Need> {
    let (item, contact) = &reminder.about;
    vec![
        Need::Item(item.kept()),
        Need::Thread(contact.clone(), item.clone()),
        Need::Contact(contact.clone()),
    ]
}

/// Keeps how the reminder ended. Where it did not reach the customer, a member is asked to tell them.
pub(in crate::decide) fn reminded(
    reminder: &Reminder,
    outcome: &Outcome,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let (item, contact) = &reminder.about;
    let Some(thread) = begun(facts, item, contact) else {
        return Vec::new();
    };
    let (ended, why) = match outcome {
        Outcome::Done(Answer::NotFollowing) => (Reminded::NoChannel, Some(Nudge::NotFollowing)),
        Outcome::Done(_) => (Reminded::Sent, None),
        Outcome::TooLate | Outcome::Failed { .. } => (Reminded::Failed, Some(Nudge::Failed)),
    };
    let thread = Thread {
        reminder: Some(ended),
        ..thread.clone()
    };
    let kept = facts.items.first();
    let nudge = why
        .zip(kept)
        .map(|(why, kept)| nudge(&thread, kept, why, facts, now));
    nudge
        .into_iter()
        .chain([Effect::PutThread(thread)])
        .collect()
}
