//! Needs → facts: one round trip to the store, then WeCom where the truth has to be read.

use crate::act::Corp;
use crate::act::error::ActError;
use crate::act::pages::Pages;
use crate::decide::chat::settles_in;
use crate::decide::facts::{Facts, Need};
use crate::model::contact::{Ending, Greeting};
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::record::{Key, Record, Table};

/// Finds out what is needed. Also returns every record that was read: the basis of the decision.
pub(in crate::act) async fn gather<'a>(
    store: &Store,
    corp: &'a Corp,
    id: &CorpId,
    needs: &[Need],
    now: Timestamp,
) -> Result<(Facts<'a>, Vec<Record>), ActError> {
    let mut facts = Facts::none(&corp.facts);
    let keys: Vec<Key> = needs.iter().filter_map(key).collect();
    let mut basis = store.read(id, &keys).await?;
    for need in needs {
        if let Need::Relations(contact) = need {
            for table in [Table::Greetings, Table::Endings] {
                basis.extend(store.of_contact(id, table, contact).await?);
            }
        }
    }
    for record in &basis {
        keep(&mut facts, record)?;
    }
    let mut pages = Pages::new(store, id);
    for need in needs {
        pages.turn(need, &mut facts).await?;
    }
    basis.extend(pages.read);
    // WeCom is asked after the store: what is written is then never older than what it was compared with.
    for need in needs {
        match need {
            Need::ContactAtWecom(contact) => {
                facts.contact_at_wecom = corp.client.contact(contact, now).await?;
            }
            Need::MemberAtWecom(userid) => {
                facts.member_at_wecom = corp.client.member(userid, now).await?;
            }
            // While nothing new can be seen, it is not asked for.
            Need::ChatAtWecom(chat) if settles_in(facts.chat.as_ref(), now).is_none() => {
                facts.chat_at_wecom = corp.client.chat(chat, now).await?;
            }
            Need::TagGroupsAtWecom => {
                facts.tag_groups_at_wecom = corp.client.tags(now).await?;
            }
            Need::ChatAtWecom(_)
            | Need::TransferFailure(..)
            | Need::Former(_)
            | Need::Renaming(_)
            | Need::ContactPage(_)
            | Need::MemberPage(_)
            | Need::Chat(_)
            | Need::TagGroups
            | Need::Contact(_)
            | Need::Greeting(..)
            | Need::Ending(..)
            | Need::Relations(_)
            | Need::Member(_)
            | Need::Link(_)
            | Need::Visit(..)
            | Need::Card(_)
            | Need::Switches
            | Need::Sync(_) => {}
        }
    }
    Ok((facts, basis))
}

/// The record that answers a need, if one record does.
fn key(need: &Need) -> Option<Key> {
    match need {
        Need::Contact(contact) => Some(Key::contact(contact)),
        Need::Greeting(contact, member) => Some(Key::greeting(contact, member)),
        Need::Ending(contact, member) => Some(Key::ending(contact, member)),
        Need::Member(userid) => Some(Key::member(userid)),
        Need::Link(userid) => Some(Key::link(userid)),
        Need::Visit(contact, member) => Some(Key::visit(contact, member)),
        Need::Card(task_id) => Some(Key::card(task_id)),
        Need::Switches => Some(Key::switches()),
        Need::Sync(id) => Some(Key::sync(id)),
        Need::TransferFailure(contact, member) => Some(Key::transfer_failure(contact, member)),
        Need::Chat(chat) => Some(Key::chat(chat)),
        Need::ContactAtWecom(_)
        | Need::MemberAtWecom(_)
        | Need::ChatAtWecom(_)
        | Need::TagGroupsAtWecom
        | Need::Relations(_)
        | Need::Former(_)
        | Need::Renaming(_)
        | Need::ContactPage(_)
        | Need::MemberPage(_)
        | Need::TagGroups => None,
    }
}

fn keep(facts: &mut Facts<'_>, record: &Record) -> Result<(), ActError> {
    match record.key.table {
        Table::Contacts => facts.contact = record.parse()?,
        Table::Greetings => facts.greetings.extend(record.parse::<Greeting>()?),
        Table::Endings => facts.endings.extend(record.parse::<Ending>()?),
        Table::TransferFailures => facts.transfer_failure = record.parse()?,
        Table::Chats => facts.chat = record.parse()?,
        // Read in pages.
        Table::TagGroups => {}
        Table::Members => facts.member = record.parse()?,
        Table::Links => facts.link = record.parse()?,
        Table::Visits => facts.visit = record.parse()?,
        Table::Cards => facts.card = record.parse()?,
        Table::Switches => facts.switches = record.parse()?.unwrap_or_default(),
        Table::Syncs => facts.sync = record.parse()?,
    }
    Ok(())
}
