//! Facts about items: where one leads to the next, or where there may be many.

use crate::act::error::ActError;
use crate::act::pages::PAGE;
use crate::decide::facts::{Facts, Need, Page};
use crate::model::effect::{SentCard, Shelf};
use crate::model::ids::{CorpId, ExternalUserId, OpenId, UserId};
use crate::model::item::{Item, ItemRef};
use crate::store::Store;
use crate::store::record::{Key, Record};

/// More cards about one item can hardly be changed at once.
const CARDS_MAX: usize = 100;

/// Finds out what is needed, if it is about items and its key is not known beforehand.
pub(in crate::act) async fn look(
    store: &Store,
    id: &CorpId,
    need: &Need,
    facts: &mut Facts<'_>,
    basis: &mut Vec<Record>,
) -> Result<(), ActError> {
    if let Need::ItemByRef(kind, reference) = need {
        let shelf = Shelf::Ref(*kind, reference.clone());
        let records = store.read(id, &[Key::the_one_on(&shelf)]).await?;
        let found = records.first().map(Record::parse::<ItemRef>).transpose()?;
        basis.extend(records);
        if let Some(item) = found.flatten() {
            items(store, id, &[item], &mut facts.items, basis).await?;
        }
    } else if let Need::ThreadOfOwner(item) = need {
        let mut items = facts.items.iter();
        let found = items.find(|kept| kept.item_ref() == *item);
        if let Some(contact) = found.and_then(Item::contact) {
            let records = store.read(id, &[Key::thread(contact, item)]).await?;
            for record in &records {
                facts.threads.extend(record.parse()?);
            }
            basis.extend(records);
        }
    } else if let Need::FollowerOf(contact) = need {
        follower_of(store, id, contact, facts, basis).await?;
    } else if let Need::ItemsOfMember(userid, after) = need {
        facts.item_page = of_member(store, id, userid, after.as_ref(), basis).await?;
    } else if let Need::PeopleOf(item) = need {
        people(store, id, item, facts, basis).await?;
    } else if let Need::Members(userids) = need {
        members(store, id, userids.iter(), facts, basis).await?;
    } else if let Need::CardsAbout(item) = need {
        let listed = store.cards_about(id, item, CARDS_MAX).await?;
        let keys: Vec<Key> = listed.iter().map(Key::card).collect();
        for record in store.read(id, &keys).await? {
            facts.cards_about.extend(record.parse::<SentCard>()?);
            basis.push(record);
        }
    }
    Ok(())
}

/// By the unionid, which the customer's record and the follower's have in common. The customer is among the needs.
async fn follower_of(
    store: &Store,
    id: &CorpId,
    contact: &ExternalUserId,
    facts: &mut Facts<'_>,
    basis: &mut Vec<Record>,
) -> Result<(), ActError> {
    let known = facts.contact.as_ref();
    let known = known.filter(|known| known.external_userid == *contact);
    let Some(unionid) = known.and_then(|known| known.unionid.as_deref()) else {
        return Ok(());
    };
    let found = store.read(id, &[Key::follower_by_unionid(unionid)]).await?;
    let openid = found.first().map(Record::parse::<OpenId>).transpose()?;
    let Some(openid) = openid.flatten() else {
        return Ok(());
    };
    let records = store.read(id, &[Key::follower(&openid)]).await?;
    for record in &records {
        facts.follower = record.parse()?;
    }
    basis.extend(records);
    Ok(())
}

/// The members whose names a card about an item shows.
async fn people(
    store: &Store,
    id: &CorpId,
    item: &ItemRef,
    facts: &mut Facts<'_>,
    basis: &mut Vec<Record>,
) -> Result<(), ActError> {
    let wanted = item.kept();
    let mut items = facts.items.iter();
    let found = items.find(|kept| kept.item_ref() == wanted);
    let named = found.into_iter().flat_map(Item::told);
    let spoken = facts.threads.iter();
    let spoken = spoken.filter_map(|thread| thread.company_by.as_ref());
    let named: Vec<UserId> = named.chain(spoken).cloned().collect();
    members(store, id, named.iter(), facts, basis).await
}

/// Members, each once.
async fn members(
    store: &Store,
    id: &CorpId,
    userids: impl Iterator<Item = &UserId>,
    facts: &mut Facts<'_>,
    basis: &mut Vec<Record>,
) -> Result<(), ActError> {
    let mut keys: Vec<Key> = Vec::new();
    for key in userids.map(Key::member) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for record in store.read(id, &keys).await? {
        facts.people.extend(record.parse()?);
        basis.push(record);
    }
    Ok(())
}

async fn of_member(
    store: &Store,
    id: &CorpId,
    userid: &UserId,
    after: Option<&ItemRef>,
    basis: &mut Vec<Record>,
) -> Result<Page<Item>, ActError> {
    let shelf = Shelf::Member(userid.clone());
    let found = store.on_shelf(id, &shelf, after, PAGE).await?;
    let last = found.last().filter(|_| found.len() == PAGE);
    let mut page = Page {
        items: Vec::with_capacity(found.len()),
        next: last.map(ToString::to_string),
    };
    items(store, id, &found, &mut page.items, basis).await?;
    Ok(page)
}

async fn items(
    store: &Store,
    id: &CorpId,
    wanted: &[ItemRef],
    found: &mut Vec<Item>,
    basis: &mut Vec<Record>,
) -> Result<(), ActError> {
    let keys: Vec<Key> = wanted.iter().map(Key::item).collect();
    for record in store.read(id, &keys).await? {
        found.extend(record.parse::<Item>()?);
        basis.push(record);
    }
    Ok(())
}
