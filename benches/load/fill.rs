//! Fills a store before anything is measured, by the store's own calls.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use wecom_bridge::clock::Clock;
use wecom_bridge::model::contact::{Contact, FollowUser};
use wecom_bridge::model::delivery::{ContentKey, Delivery, Kind, Lane, Source, Subject};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::{CorpId, ExternalUserId, ReceiverName, UserId};
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::store::item::{Accepted, Lanes, Leases, Settle};
use wecom_bridge::store::{Store, StoreSettings, StoreUrl};

use crate::callbacks::{self, Change};
use crate::corps;
use crate::ground::Ground;

/// Numbers from here on are not used by the generator.
const FIRST: usize = 500_000_000;

/// Contacts of these numbers are in a store that was filled with contacts.
pub(crate) const FIRST_CONTACT: usize = 100_000_000;

/// How many deliveries are on their way at once.
const AT_ONCE: usize = 512;

/// How long it takes until as many callbacks have piled up as a store is filled with.
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// How many contacts are kept by one commit.
const IN_ONE_COMMIT: usize = 1_000;

const LEASES: Leases = Leases {
    urgent: Duration::from_secs(45),
    normal: Duration::from_secs(45),
};

/// Puts so many deliveries into the inbox, of as many subjects, as they come in a day.
pub(crate) fn queue(ground: &Ground, count: usize) -> anyhow::Result<()> {
    on(ground, async |store, corp| {
        let now = Clock::system().now();
        let accepted = stream::iter(0..count)
            .map(|n| {
                let ago = A_DAY.mul_f64((count - n) as f64 / count as f64);
                accept(&store, &corp, FIRST + n, now.minus(ago))
            })
            .buffer_unordered(AT_ONCE);
        accepted.try_for_each(|_| std::future::ready(Ok(()))).await
    })
}

/// Puts so many contacts into the state, each with its member.
pub(crate) fn contacts(ground: &Ground, count: usize) -> anyhow::Result<()> {
    on(ground, async |store, corp| {
        let clock = Clock::system();
        for first in (0..count).step_by(IN_ONE_COMMIT) {
            accept(&store, &corp, FIRST + first, clock.now()).await?;
            let claimed = store.claim_deliveries(&corp, Lanes::All, 1, LEASES, clock.now());
            let claim = claimed.await?.pop().context("nothing to claim")?;
            let numbers = first..count.min(first + IN_ONE_COMMIT);
            let effects: anyhow::Result<Vec<Effect>> = numbers
                .map(|n| contact(FIRST_CONTACT + n, clock.now()).map(Effect::PutContact))
                .collect();
            let (ticket, effects) = (&claim.ticket, effects?);
            store
                .commit(ticket, Settle::Done, &[], &effects, clock.now())
                .await?;
        }
        Ok(())
    })
}

fn on(
    ground: &Ground,
    work: impl AsyncFnOnce(Store, CorpId) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let corp = CorpId::parse(&corps::id(0))?;
    let url = ground.url();
    let settings = StoreSettings {
        url: match url.strip_prefix("embedded:") {
            Some(path) => StoreUrl::Embedded(PathBuf::from(path)),
            None => StoreUrl::Redis(url.into()),
        },
        corps: vec![corp.clone()],
        dedupe_for: Duration::from_secs(7 * 24 * 3600),
        replicas: 0,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let store = Store::open(&settings).await?;
        work(store, corp).await
    })
}

async fn accept(store: &Store, corp: &CorpId, n: usize, now: Timestamp) -> anyhow::Result<()> {
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&(n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    hash[8..].copy_from_slice(&n.to_le_bytes());
    let key = ContentKey {
        window: u32::try_from(now.secs() / 3600)?,
        hash,
    };
    let id = ExternalUserId::parse(&callbacks::contact(n))?;
    let delivery = Delivery {
        receiver: ReceiverName::parse("app")?,
        source: Source::Callback,
        kind: Kind::new("change_external_contact/edit_external_contact"),
        subject: Subject::contact(&id),
        lane: Lane::Normal,
        received_at: now,
        cause: None,
        xml: callbacks::plaintext(Change::Edited, 0, n, n, now),
    };
    let accepted = store.accept(corp, key, &delivery).await?;
    ensure!(accepted != Accepted::Duplicate, "{n} came before");
    Ok(())
}

/// Contact number `n` with its member.
pub(crate) fn contact(n: usize, now: Timestamp) -> anyhow::Result<Contact> {
    let follow = FollowUser {
        userid: UserId::parse(&callbacks::member(n))?,
        remark: format!("customer {n}"),
        description: String::new(),
        remark_corp_name: None,
        remark_mobiles: Vec::new(),
        createtime: now,
        tags: Vec::new(),
        add_way: 1,
        oper_userid: None,
        state: None,
        deleted_by_contact_at: None,
    };
    Ok(Contact {
        external_userid: ExternalUserId::parse(&callbacks::contact(n))?,
        name: format!("customer {n}"),
        kind: 1,
        gender: 0,
        avatar: None,
        unionid: None,
        position: None,
        corp_name: None,
        follow_users: vec![follow],
        changed_at: now,
    })
}
