//! Needs → facts: one round trip to the store, then WeCom where the truth has to be read.

use crate::act::Corp;
use crate::act::error::ActError;
use crate::act::items;
use crate::act::pages::Pages;
use crate::act::step::Page;
use crate::decide::chat::settles_in;
use crate::decide::facts::{Facts, Need};
use crate::model::attachment::Attachment;
use crate::model::contact::{Ending, Greeting};
use crate::model::grant::Grant;
use crate::model::ids::CorpId;
use crate::model::item::Item;
use crate::model::thread::Thread;
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::record::{Key, Record, Table};

/// More syncs than are kept.
const SYNCS: usize = 200;

/// So many batches that syncs have left behind are dropped at once.
const BATCHES: usize = 500;

/// Finds out what is needed. Also returns every record that was read: the basis of the decision.
pub(in crate::act) async fn gather<'a>(
    store: &Store,
    corp: &'a Corp,
    id: &CorpId,
    needs: &[Need],
    now: Timestamp,
) -> Result<(Facts<'a>, Vec<Record>), ActError> {
    let mut facts = Facts::none(&corp.facts);
    let keys: Vec<Key> = needs.iter().flat_map(keys).collect();
    // No input needs the relations of two contacts.
    let related = needs.iter().find_map(|need| {
        if let Need::Relations(contact) = need {
            Some(contact)
        } else {
            None
        }
    });
    let mut basis = match related {
        Some(contact) => {
            let tables = [Table::Greetings, Table::Endings];
            store.of_contact(id, &keys, &tables, contact).await?
        }
        None => store.read(id, &keys).await?,
    };
    for record in &basis {
        keep(&mut facts, record)?;
    }
    if needs.contains(&Need::Syncs) {
        let runs = store.list(id, Table::Syncs, None, SYNCS).await?;
        for run in &runs {
            facts.syncs.extend(run.parse()?);
        }
        let left = store.list(id, Table::Batches, None, BATCHES).await?;
        facts.batches = left.into_iter().map(|batch| batch.key.key).collect();
        basis.extend(runs);
    }
    let mut pages = Pages::new(store, id);
    for need in needs {
        pages.turn(need, &mut facts).await?;
        items::look(store, id, need, &mut facts, &mut basis).await?;
    }
    basis.extend(pages.read);
    // WeCom is asked after the store: what is written is then never older than what it was compared with.
    for need in needs {
        match need {
            Need::ContactAtWecom(contact) => {
                facts.contact_at_wecom = corp.client.contact(contact, now).await?;
            }
            Need::MemberAtWecom(userid) => {
                if let Some(read) = corp.client.member(userid, now).await? {
                    facts.member_at_wecom = Some(read.member);
                    facts.web_attributes = read.web_attributes;
                }
            }
            Need::Step(_) => {
                if let Some(run) = facts.sync.clone() {
                    let page = Page {
                        store,
                        corp,
                        id,
                        now,
                    };
                    facts.step = page.step(&run, &facts.switches, &mut basis).await?;
                }
            }
            Need::FollowerAtWeixin(openid) => {
                if let Some(account) = &corp.account {
                    facts.follower_at_weixin = Some(account.client.follows(openid, now).await?);
                }
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
            | Need::Follower(_)
            | Need::Card(_)
            | Need::Switches
            | Need::Sync(_)
            | Need::Syncs
            | Need::FollowerOf(_)
            | Need::Carried(_)
            | Need::Item(_)
            | Need::ItemByRef(..)
            | Need::Shelved(_)
            | Need::ItemsOfMember(..)
            | Need::Grant(..)
            | Need::Thread(..)
            | Need::ThreadOfOwner(_)
            | Need::Seen(..)
            | Need::Members(_)
            | Need::PeopleOf(_)
            | Need::CardsAbout(_)
            | Need::Attachment(_) => {}
        }
    }
    Ok((facts, basis))
}

/// The records that answer a need, if their keys are known before anything is read.
fn keys(need: &Need) -> Vec<Key> {
    match need {
        Need::Contact(contact) => vec![Key::contact(contact)],
        Need::Greeting(contact, member) => vec![Key::greeting(contact, member)],
        Need::Ending(contact, member) => vec![Key::ending(contact, member)],
        Need::Member(userid) => vec![Key::member(userid)],
        Need::Link(userid) => vec![Key::link(userid)],
        Need::Visit(contact, member) => vec![Key::visit(contact, member)],
        Need::Follower(openid) => vec![Key::follower(openid)],
        Need::Card(task_id) => vec![Key::card(task_id)],
        Need::Switches => vec![Key::switches()],
        Need::Sync(id) => vec![Key::sync(id)],
        Need::Step(id) => vec![Key::switches(), Key::sync(id)],
        Need::TransferFailure(contact, member) => vec![Key::transfer_failure(contact, member)],
        Need::Chat(chat) => vec![Key::chat(chat)],
        Need::Carried(id) => vec![Key::carried(id)],
        Need::Item(item) => vec![Key::item(item)],
        Need::Shelved(shelf) => vec![Key::the_one_on(shelf)],
        Need::Grant(contact, item) => vec![Key::grant(contact, item)],
        Need::Thread(contact, item) => vec![Key::thread(contact, item)],
        Need::Seen(contact, item) => vec![Key::seen(contact, item)],
        Need::Attachment(id) => vec![Key::attachment(id)],
        Need::ContactAtWecom(_)
        | Need::FollowerAtWeixin(_)
        | Need::FollowerOf(_)
        | Need::ItemByRef(..)
        | Need::ItemsOfMember(..)
        | Need::ThreadOfOwner(_)
        | Need::Members(_)
        | Need::PeopleOf(_)
        | Need::CardsAbout(_)
        | Need::MemberAtWecom(_)
        | Need::ChatAtWecom(_)
        | Need::TagGroupsAtWecom
        | Need::Relations(_)
        | Need::Former(_)
        | Need::Renaming(_)
        | Need::ContactPage(_)
        | Need::MemberPage(_)
        | Need::TagGroups
        | Need::Syncs => Vec::new(),
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
        Table::Followers => facts.follower = record.parse()?,
        Table::Cards => facts.card = record.parse()?,
        Table::Switches => facts.switches = record.parse()?.unwrap_or_default(),
        Table::Syncs => facts.sync = record.parse()?,
        Table::Carried => facts.carried = record.parse()?,
        Table::Items => facts.items.extend(record.parse::<Item>()?),
        Table::Shelves => facts.shelved = record.parse()?,
        Table::Grants => facts.grants.extend(record.parse::<Grant>()?),
        Table::Threads => facts.threads.extend(record.parse::<Thread>()?),
        Table::Seen => facts.seen = record.parse()?,
        Table::Attachments => facts.attachments.extend(record.parse::<Attachment>()?),
        // Steps of syncs read these by themselves; those of items only pages read.
        Table::Batches
        | Table::Sightings
        | Table::Holders
        | Table::Comments
        | Table::ItemCards
        | Table::Unionids
        | Table::Forgettings => {}
    }
    Ok(())
}
