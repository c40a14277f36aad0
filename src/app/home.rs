//! Whether the "与我协作" address is another one than before, and which codes in old links still lead to it.

use std::collections::HashMap;

use crate::act::Corp;
use crate::callback::event::own::OwnEvent;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::doors::FormerHome;
use crate::model::ids::{CorpId, TenantKey};
use crate::model::member::Link;
use crate::model::switches::{FormerKey, Home, Switches};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::record::{Key, Table};

/// Compares each corp's address with the one that its links carry. Where it is another, links are to be written anew:
/// that goes into the inbox. Returns where the codes of old links lead, those replaced just now among them.
pub(in crate::app) async fn compare(
    config: &Config,
    store: &Store,
    corps: &HashMap<CorpId, Corp>,
    clock: &Clock,
) -> Result<HashMap<TenantKey, FormerHome>, StoreError> {
    let now = clock.now();
    let mut all = HashMap::new();
    for configured in &config.corps {
        let Some(corp) = corps.get(&configured.id) else {
            continue;
        };
        let home = &corp.facts.home;
        let read = store.read(&configured.id, &[Key::switches()]).await?;
        let switches = match read.first() {
            Some(record) => record.parse::<Switches>()?.unwrap_or_default(),
            None => Switches::default(),
        };
        let mut former_keys = switches.former_keys;
        let known = match switches.home {
            Some(known) => Some(known.url),
            None => first_link(store, &configured.id).await?,
        };
        if let Some(former) = known.filter(|known| known != home.as_str()) {
            tracing::warn!(
                corp = %configured.id,
                "The address of the links is another than before; they are written anew."
            );
            former_keys.extend(Home::tenant_key(&former).map(|key| FormerKey {
                key,
                replaced_at: now,
            }));
            let home = home.to_string();
            let (key, delivery) = OwnEvent::HomeChanged { former, home }.delivery(now);
            store.accept(&configured.id, key, &delivery).await?;
        }
        all.extend(former_keys.into_iter().map(|former| {
            let until = former.replaced_at.plus(configured.old_links_for);
            let home = home.clone();
            (former.key, FormerHome { home, until })
        }));
    }
    // A code that is in use again leads where it leads now.
    for configured in &config.corps {
        all.remove(&configured.tenant_key);
    }
    Ok(all)
}

/// The address that the first link carries: what was in force before the address ever changed.
async fn first_link(store: &Store, corp: &CorpId) -> Result<Option<String>, StoreError> {
    let first = store.list(corp, Table::Links, None, 1).await?;
    let link = first.first().map(|record| record.parse::<Link>());
    Ok(link.transpose()?.flatten().map(|link| link.url))
}
