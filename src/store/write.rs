//! How effects become steps of a commit, the same in both stores.

use crate::model::delivery::{Delivery, ItemId, Lane};
use crate::model::effect::Effect;
use crate::model::outgoing::Call;
use crate::model::relation::{Relation, RelationKind};
use crate::model::time::Timestamp;
use crate::store::record::Key;

/// One step of a commit, in terms that both stores have.
#[derive(Debug, Clone)]
pub(in crate::store) enum Write {
    /// Keep this JSON under this key.
    Put(Key, String),
    /// Keep nothing under this key.
    Drop(Key),
    /// Put into the inbox unless one with the same mark waits there.
    Refresh {
        /// Kind and subject.
        mark: String,
        /// The encoded delivery.
        text: String,
        /// Its lane.
        lane: Lane,
    },
    /// Put into the outbox unless an item of this name was ever there.
    Send {
        /// Its name, derived from its cause.
        id: ItemId,
        /// The encoded call.
        text: String,
        /// Its lane.
        lane: Lane,
    },
}

/// Translates effects; outgoing calls are named after `cause`, in order, and messages to the company's systems by what
/// they say: should the cause be worked on again when other systems listen, or when a call more is owed, the names are
/// the same. Those that a command causes are named by the store when it carries them out: what is given here is only
/// the end of their names.
pub(in crate::store) fn writes(cause: &ItemId, effects: &[Effect], now: Timestamp) -> Vec<Write> {
    let mut sends = 0;
    let mut writes = Vec::with_capacity(effects.len());
    let mut write = |effect: &Effect, writes: &mut Vec<Write>| match effect {
        Effect::PutGrant(grant) => {
            let holder = Key::holder(&grant.item, &grant.contact);
            let listed = match grant.holds() {
                true => put(holder, &grant.contact),
                false => Write::Drop(holder),
            };
            writes.push(listed);
            put(Key::grant(&grant.contact, &grant.item), grant)
        }
        Effect::PutItem(item) => put(Key::item(&item.item_ref()), item),
        Effect::PutOnShelf(shelf, item) => put(Key::on_shelf(shelf, item), item),
        Effect::TakeFromShelf(shelf, item) => Write::Drop(Key::on_shelf(shelf, item)),
        Effect::PutSeen(seen) => put(Key::seen(&seen.contact, &seen.item), seen),
        Effect::PutComment(comment) => put(
            Key::comment(&comment.item, &comment.contact, &comment.id),
            comment,
        ),
        Effect::PutThread(thread) => put(Key::thread(&thread.contact, &thread.item), thread),
        Effect::PutAttachment(attachment) => put(Key::attachment(&attachment.id), attachment),
        Effect::DropAttachment(id) => Write::Drop(Key::attachment(id)),
        Effect::PutCarried(carried) => put(Key::carried(&carried.id), carried),
        Effect::DropCarried(id) => Write::Drop(Key::carried(id)),
        Effect::PutForgetting(forgetting) => {
            if forgetting.done_at.is_some() {
                writes.push(Write::Drop(Key::being_forgotten(&forgetting.id)));
                put(Key::forgotten(&forgetting.id), forgetting)
            } else {
                put(Key::being_forgotten(&forgetting.id), forgetting)
            }
        }
        Effect::PutContact(contact) => {
            if let Some(unionid) = &contact.unionid {
                let found = Key::contact_by_unionid(unionid);
                writes.push(put(found, &contact.external_userid));
            }
            put(Key::contact(&contact.external_userid), contact)
        }
        Effect::PutGreeting(greeting) => put(
            Key::greeting(&greeting.external_userid, &greeting.userid),
            greeting,
        ),
        Effect::PutEnding(ending) => {
            put(Key::ending(&ending.external_userid, &ending.userid), ending)
        }
        Effect::DropGreeting(contact, member) => Write::Drop(Key::greeting(contact, member)),
        Effect::PutTransferFailure(failure) => put(
            Key::transfer_failure(&failure.external_userid, &failure.userid),
            failure,
        ),
        Effect::DropRelation(relation) => Write::Drop(of_relation(relation)),
        Effect::PutMember(member) => put(Key::member(&member.userid), member),
        Effect::DropMember(id) => Write::Drop(Key::member(id)),
        Effect::PutLink(link) => put(Key::link(&link.userid), link),
        Effect::DropLink(id) => Write::Drop(Key::link(id)),
        Effect::PutChat(chat) => put(Key::chat(&chat.chat_id), chat),
        Effect::DropChat(id) => Write::Drop(Key::chat(id)),
        Effect::PutTagGroup(group) => put(Key::tag_group(&group.group_id), group),
        Effect::PutVisit(visit) => put(Key::visit(&visit.external_userid, &visit.userid), visit),
        Effect::PutFollower(follower) => {
            if let Some(unionid) = &follower.unionid {
                let found = Key::follower_by_unionid(unionid.as_str());
                writes.push(put(found, &follower.openid));
            }
            put(Key::follower(&follower.openid), follower)
        }
        Effect::PutCard(card) => {
            if let Some(about) = &card.about {
                let listed = Key::item_card(about, &card.task_id);
                writes.push(match card.response_code {
                    Some(_) => put(listed, &card.task_id),
                    None => Write::Drop(listed),
                });
            }
            put(Key::card(&card.task_id), card)
        }
        Effect::DropCard(card) => {
            let listed = card.about.as_ref();
            let listed = listed.map(|about| Key::item_card(about, &card.task_id));
            writes.extend(listed.map(Write::Drop));
            Write::Drop(Key::card(&card.task_id))
        }
        Effect::PutSync(run) => put(Key::sync(&run.id), run),
        Effect::DropSync(id) => Write::Drop(Key::sync(id)),
        Effect::PutBatch(batch) => put(Key::batch(&batch.key), batch),
        Effect::DropBatch(key) => Write::Drop(Key::batch(key)),
        Effect::PutSighting(sighting) => put(Key::sighting(&sighting.who), sighting),
        Effect::PutSwitches(switches) => put(Key::switches(), switches),
        Effect::Refresh(delivery) => Write::Refresh {
            mark: mark(delivery),
            text: delivery.encode(),
            lane: delivery.lane,
        },
        Effect::Send(outgoing) => {
            let id = if let Call::Webhook(message) = &outgoing.call {
                cause.told(message.hash())
            } else {
                sends += 1;
                cause.caused(sends - 1)
            };
            Write::Send {
                id,
                text: outgoing.encode(now),
                lane: outgoing.lane,
            }
        }
    };
    for effect in effects {
        let write = write(effect, &mut writes);
        writes.push(write);
    }
    writes
}

/// Refreshes with the same mark do the same work, so one waiting is enough.
pub(in crate::store) fn mark(delivery: &Delivery) -> String {
    format!("{} {}", delivery.kind, delivery.subject)
}

fn of_relation(relation: &Relation) -> Key {
    let kind = match relation {
        Relation::Greeting(_) => RelationKind::Greeting,
        Relation::Ending(_) => RelationKind::Ending,
        Relation::TransferFailure(_) => RelationKind::TransferFailure,
        Relation::Visit(_) => RelationKind::Visit,
    };
    let (contact, member) = relation.pair();
    Key::relation(kind, contact, member)
}

fn put(key: Key, record: &impl serde::Serialize) -> Write {
    let json = serde_json::to_string(record).expect("records are plain structs with text keys");
    Write::Put(key, json)
}
