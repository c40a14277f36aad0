//! A customer agrees or declines.

use crate::decide::facts::{Facts, Need};
use crate::decide::item::access::{contact_needs, is_contact, is_unchanged, seen_by_contact};
use crate::decide::item::{check, kept, tell_members, thread};
use crate::decide::rejection::Rejection;
use crate::decide::request::NewAnswer;
use crate::model::approval::ApprovalAnswer;
use crate::model::effect::Effect;
use crate::model::item::{Actor, Item, ItemKind, ItemRef, ItemState};
use crate::model::time::Timestamp;

/// The longest remark, in characters.
const REMARK_MAX: usize = 500;

/// What an answer needs to know.
pub(in crate::decide::item) fn needs(answer: &NewAnswer) -> Vec<Need> {
    let item = ItemRef::new(ItemKind::Approval, answer.approval.clone());
    let mut needs = contact_needs(&answer.contact, &item);
    needs.push(Need::Thread(answer.contact.clone(), item));
    needs
}

/// Keeps the answer, which ends the approval, and has the members told.
pub(in crate::decide::item) fn answer(
    answer: &NewAnswer,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    let own = ItemRef::new(ItemKind::Approval, answer.approval.clone());
    is_contact(by, &answer.contact)?;
    let before = seen_by_contact(&answer.contact, &own, facts)?;
    let Item::Approval(approval) = before else {
        return Err(Rejection::NotFound);
    };
    if approval.answer.is_some() {
        return Err(Rejection::AlreadyAnswered);
    }
    if approval.head.state == ItemState::Closed {
        return Err(Rejection::Closed);
    }
    is_unchanged(before, answer.seen)?;
    let mut approval = approval.clone();
    approval.head.state = ItemState::Closed;
    approval.answer = Some(ApprovalAnswer {
        verdict: answer.verdict,
        remark: check::text_or_none("remark", &answer.remark, REMARK_MAX)?,
        at: now,
    });
    let mut thread = thread(facts, &own, &answer.contact);
    thread.contact_at = Some(now);
    thread.for_members.answers += 1;
    let mut effects = kept(Some(before), Item::Approval(approval), by, now);
    effects.extend(tell_members(thread, now));
    Ok(effects)
}
