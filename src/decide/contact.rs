//! A contact was added, changed or lost (客户联系, path/92130).

use std::time::Duration;

use crate::callback::event::contact::{Addition, ChangeExternalContact};
use crate::callback::event::own::OwnEvent;
use crate::decide::facts::{AutoSync, Facts, Need};
use crate::decide::input::Refusal;
use crate::decide::wording;
use crate::model::contact::{
    Contact, EndedBy, Ending, FollowUser, Greeting, GreetingStep, TransferFailure,
};
use crate::model::delivery::{Lane, Subject};
use crate::model::effect::Effect;
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::outgoing::{Call, OneTimeCode, Outcome, Outgoing, Welcome};
use crate::model::time::Timestamp;

/// How long a welcome code is good for (path/92137).
const WELCOME_CODE_LIFE: Duration = Duration::from_secs(20);

/// What an event about a contact needs to know.
pub(in crate::decide) fn needs(change: &ChangeExternalContact) -> Vec<Need> {
    let (external_userid, userid) = match change {
        ChangeExternalContact::Add(added)
        | ChangeExternalContact::AddHalf(added)
        | ChangeExternalContact::MsgAuditApproved(added) => (&added.external_userid, &added.userid),
        ChangeExternalContact::DelExternalContact {
            userid,
            external_userid,
            ..
        }
        | ChangeExternalContact::DelFollowUser {
            userid,
            external_userid,
        } => (external_userid, userid),
        ChangeExternalContact::TransferFail {
            userid,
            external_userid,
            ..
        } => {
            let (contact, member) = (external_userid.clone(), userid.clone());
            return vec![Need::TransferFailure(contact, member), Need::Switches];
        }
        ChangeExternalContact::Edit { .. } | ChangeExternalContact::Other { .. } => {
            return vec![Need::Switches];
        }
    };
    vec![
        Need::Switches,
        Need::Greeting(external_userid.clone(), userid.clone()),
        Need::Ending(external_userid.clone(), userid.clone()),
    ]
}

/// What follows from an event about a contact that happened at `at`.
pub(in crate::decide) fn changed(
    change: &ChangeExternalContact,
    at: Timestamp,
    received_at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    match change {
        ChangeExternalContact::Add(added)
        | ChangeExternalContact::AddHalf(added)
        | ChangeExternalContact::MsgAuditApproved(added) => {
            let mut effects = greet(added, at, received_at, facts, now);
            effects.extend(refresh(&added.external_userid, facts, now));
            effects
        }
        ChangeExternalContact::Edit {
            external_userid, ..
        } => refresh(external_userid, facts, now).into_iter().collect(),
        ChangeExternalContact::TransferFail {
            userid,
            external_userid,
            fail_reason,
        } => {
            let failure = TransferFailure {
                external_userid: external_userid.clone(),
                userid: userid.clone(),
                reason: fail_reason.clone(),
                at,
            };
            not_transferred(failure, facts, now)
        }
        ChangeExternalContact::DelExternalContact {
            userid,
            external_userid,
            source,
        } => {
            let by = match source.as_deref() {
                Some("DELETE_BY_TRANSFER") => EndedBy::Transfer,
                _ => EndedBy::Member,
            };
            ended(external_userid, userid, by, at, facts, now)
        }
        ChangeExternalContact::DelFollowUser {
            userid,
            external_userid,
        } => ended(external_userid, userid, EndedBy::Contact, at, facts, now),
        // A change that is not known yet is a hint all the same.
        ChangeExternalContact::Other {
            external_userid, ..
        } => external_userid
            .iter()
            .filter_map(|id| refresh(id, facts, now))
            .collect(),
    }
}

/// With a welcome code the contact is welcomed at once, whatever else has to be read; without one the member is owed a
/// card, unless the contact was greeted before (a half-added contact brings its code before it is added in full). An
/// event that was overtaken by a later one, or comes once more, finds the greeting under way and adds none.
fn greet(
    added: &Addition,
    at: Timestamp,
    received_at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let Addition {
        userid,
        external_userid,
        welcome_code,
        ..
    } = added;
    let known_at = facts.greetings.iter().map(|known| known.added_at).max();
    let greeting = |step| {
        Effect::PutGreeting(Greeting {
            external_userid: external_userid.clone(),
            userid: userid.clone(),
            step,
            added_at: known_at.map_or(at, |known| known.max(at)),
        })
    };
    // A card that is only owed gives way to a welcome, but not to one that comes too late.
    let good = now < received_at.plus(WELCOME_CODE_LIFE);
    let under_way =
        |known: &Greeting| known.added_at >= at && !(good && known.step == GreetingStep::CardOwed);
    let over = facts.endings.iter().any(|ending| ending.at >= at);
    match welcome_code {
        Some(_) if facts.greetings.iter().any(under_way) || (over && !good) => Vec::new(),
        Some(code) => {
            vec![
                greeting(GreetingStep::Sending),
                welcome(code, userid, external_userid, received_at, facts),
            ]
        }
        // The card goes out with the contact's name, once the contact has been read.
        None => {
            let greeted = !facts.greetings.is_empty();
            let owed = !greeted && !over && facts.auto_sync() == AutoSync::On;
            owed.then(|| greeting(GreetingStep::CardOwed))
                .into_iter()
                .collect()
        }
    }
}

fn welcome(
    code: &OneTimeCode,
    userid: &UserId,
    external_userid: &ExternalUserId,
    received_at: Timestamp,
    facts: &Facts<'_>,
) -> Effect {
    Effect::Send(Outgoing {
        // Of its own subject, so that nothing about the contact or the member stands in its way.
        subject: Subject::new("welcome", &format!("{external_userid} {}", userid.key())),
        lane: Lane::Urgent,
        // Counted from our receipt: WeCom decides what is too late, and its clock and ours may differ.
        deadline: Some(received_at.plus(WELCOME_CODE_LIFE)),
        cause: None,
        call: Call::Welcome(Welcome {
            welcome_code: code.clone(),
            userid: userid.clone(),
            external_userid: external_userid.clone(),
            text: wording::WELCOME_TEXT.into(),
            title: wording::HOME_TITLE.into(),
            desc: wording::HOME_DESC.into(),
            url: facts.corp.home.to_string(),
        }),
    })
}

fn ended(
    external_userid: &ExternalUserId,
    userid: &UserId,
    by: EndedBy,
    at: Timestamp,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    if facts.auto_sync() == AutoSync::Off {
        return Vec::new();
    }
    let mut effects = Vec::new();
    if facts.endings.iter().all(|known| known.at < at) {
        let (external_userid, userid) = (external_userid.clone(), userid.clone());
        effects.push(Effect::PutEnding(Ending {
            external_userid,
            userid,
            by,
            at,
        }));
    }
    if facts
        .greetings
        .iter()
        .any(|greeting| greeting.added_at <= at)
    {
        effects.push(Effect::DropGreeting(
            external_userid.clone(),
            userid.clone(),
        ));
    }
    effects.extend(refresh(external_userid, facts, now));
    effects
}

/// The contact could not be handed over: the last reason is kept.
fn not_transferred(failure: TransferFailure, facts: &Facts<'_>, now: Timestamp) -> Vec<Effect> {
    if facts.auto_sync() == AutoSync::Off {
        return Vec::new();
    }
    let refresh = refresh(&failure.external_userid, facts, now);
    let known = facts.transfer_failure.as_ref();
    let newer = known.is_none_or(|known| known.at < failure.at);
    let put = newer.then_some(Effect::PutTransferFailure(failure));
    put.into_iter().chain(refresh).collect()
}

/// Makes the contact due for a refresh, where events may change contacts.
pub(in crate::decide) fn refresh(
    id: &ExternalUserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Option<Effect> {
    (facts.auto_sync() == AutoSync::On).then(|| {
        let event = OwnEvent::RefreshContact {
            external_userid: id.clone(),
        };
        Effect::Refresh(event.delivery(now).1)
    })
}

/// What a refresh needs to know.
pub(in crate::decide) fn refresh_needs(id: &ExternalUserId) -> Vec<Need> {
    vec![
        Need::Contact(id.clone()),
        Need::Relations(id.clone()),
        Need::ContactAtWecom(id.clone()),
    ]
}

/// Brings the contact up to date with what WeCom says now.
pub(in crate::decide) fn refreshed(
    id: &ExternalUserId,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    let Some(mut fresh) = facts.contact_at_wecom.clone() else {
        return match &facts.contact {
            None => Err(Refusal::NotACustomer),
            Some(kept) if kept.follow_users.is_empty() => Ok(Vec::new()),
            // The last member has left: the customer stays, without anybody who has it.
            Some(kept) => {
                let contact = Contact {
                    follow_users: Vec::new(),
                    changed_at: now,
                    ..kept.clone()
                };
                Ok(vec![Effect::PutContact(contact)])
            }
        };
    };
    debug_assert_eq!(&fresh.external_userid, id);
    for follow in &mut fresh.follow_users {
        follow.deleted_by_contact_at = deleted_by_contact_at(follow, &facts.endings);
    }
    Ok(kept(fresh, facts, now))
}

/// WeCom goes on listing a member whom the contact has deleted: only the ending tells.
pub(in crate::decide) fn deleted_by_contact_at(
    follow: &FollowUser,
    endings: &[Ending],
) -> Option<Timestamp> {
    endings
        .iter()
        .find(|ending| ending.userid == follow.userid && ending.by == EndedBy::Contact)
        .map(|ending| ending.at)
        .filter(|at| *at >= follow.createtime)
}

/// Keeps the contact as it is now, if that is different, and sends the cards that wait for it.
pub(in crate::decide) fn kept(
    mut fresh: Contact,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let mut effects = owed_cards(&fresh, facts);
    let unchanged = facts.contact.as_ref().is_some_and(|kept| {
        fresh.changed_at = kept.changed_at;
        *kept == fresh && spelled(kept) == spelled(&fresh)
    });
    if !unchanged {
        effects.push(Effect::PutContact(Contact {
            changed_at: now,
            ..fresh
        }));
    }
    effects
}

/// Ids are equal in every spelling; WeCom's is kept.
fn spelled(contact: &Contact) -> Vec<&str> {
    let follows = contact.follow_users.iter();
    follows.map(|follow| follow.userid.as_str()).collect()
}

/// The members who are owed a card about this contact get it.
fn owed_cards(contact: &Contact, facts: &Facts<'_>) -> Vec<Effect> {
    let follows = |greeting: &&Greeting| {
        greeting.step == GreetingStep::CardOwed && contact.follow_of(&greeting.userid).is_some()
    };
    let card = |greeting: &Greeting| {
        let carded = Greeting {
            step: GreetingStep::Carded,
            ..greeting.clone()
        };
        let card = wording::new_customer(contact, greeting, &facts.corp.home);
        [
            Effect::PutGreeting(carded),
            wording::send_naming(&greeting.userid, card, &contact.external_userid),
        ]
    };
    facts
        .greetings
        .iter()
        .filter(follows)
        .flat_map(card)
        .collect()
}

/// What the receipt of a welcome message needs to know.
pub(in crate::decide) fn welcome_needs(welcome: &Welcome) -> Vec<Need> {
    vec![
        Need::Switches,
        Need::Greeting(welcome.external_userid.clone(), welcome.userid.clone()),
    ]
}

/// A welcome message went out, or could not: then the member is owed a card instead.
pub(in crate::decide) fn welcomed(
    welcome: &Welcome,
    outcome: &Outcome,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    // Without a greeting the relation has ended meanwhile, and nobody is to be told anything.
    let Some(greeting) = facts.greetings.first() else {
        return Vec::new();
    };
    match outcome {
        Outcome::Done(_) => {
            vec![Effect::PutGreeting(Greeting {
                step: GreetingStep::Welcomed,
                ..greeting.clone()
            })]
        }
        Outcome::TooLate | Outcome::Failed { .. } if greeting.step == GreetingStep::Sending => {
            let owed = Greeting {
                step: GreetingStep::CardOwed,
                ..greeting.clone()
            };
            let mut effects = vec![Effect::PutGreeting(owed)];
            effects.extend(refresh(&welcome.external_userid, facts, now));
            effects
        }
        Outcome::TooLate | Outcome::Failed { .. } => Vec::new(),
    }
}
