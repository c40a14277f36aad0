//! Somebody says something about an item.

use crate::decide::facts::{Facts, Need};
use crate::decide::item::access::{
    contact_needs, is_contact, may_change, may_deal_with, may_look, seen_by_contact,
};
use crate::decide::item::{check, remind_contact, tell_members, thread};
use crate::decide::rejection::Rejection;
use crate::decide::request::NewComment;
use crate::model::effect::Effect;
use crate::model::item::Actor;
use crate::model::thread::Comment;
use crate::model::time::Timestamp;

/// The longest comment, in characters.
pub(in crate::decide) const COMMENT_MAX: usize = 2000;

/// What a comment needs to know.
pub(in crate::decide::item) fn needs(comment: &NewComment) -> Vec<Need> {
    let NewComment { item, contact, .. } = comment;
    let mut needs = contact_needs(contact, item);
    needs.push(Need::Thread(contact.clone(), item.clone()));
    needs.push(Need::Contact(contact.clone()));
    needs
}

/// Keeps the comment and has the other side told. An item that the customer does not see has no conversation with them.
/// One that is closed may still be talked about.
pub(in crate::decide::item) fn comment(
    comment: &NewComment,
    by: &Actor,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Vec<Effect>, Rejection> {
    let NewComment {
        item, contact, id, ..
    } = comment;
    let shown = seen_by_contact(contact, item, facts)?;
    let by_contact = matches!(by, Actor::Contact(_));
    if by_contact {
        is_contact(by, contact)?;
    } else {
        may_look(by, shown)?;
        may_deal_with(by, facts).or_else(|refused| may_change(by, shown).map_err(|_| refused))?;
    }
    let text = check::text("text", &comment.text, COMMENT_MAX)?;
    let mut thread = thread(facts, item, contact);
    thread.comments = thread.comments.saturating_add(1);
    let kept = Effect::PutComment(Comment {
        id: id.clone(),
        item: item.clone(),
        contact: contact.clone(),
        by: by.clone(),
        text,
        at: now,
    });
    let told = if by_contact {
        thread.contact_at = Some(now);
        thread.for_members.comments += 1;
        tell_members(thread, now)
    } else {
        thread.for_contact.comments += 1;
        remind_contact(thread, by, now)
    };
    Ok([kept].into_iter().chain(told).collect())
}
