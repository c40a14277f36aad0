//! What the doors know: the receivers, the corps, the store, and the secrets of the pages.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use url::Url;

use crate::act::{Act, Corp};
use crate::clock::Clock;
use crate::files::Files;
use crate::http::admin::desk::Desk;
use crate::http::arrivals::KeptIn;
use crate::http::attempts::Attempts;
use crate::http::files::pace::Pace;
use crate::http::metrics::links::LinkStates;
use crate::http::receivers::Receivers;
use crate::http::refusals::Refusals;
use crate::http::room::Room;
use crate::http::session::SessionKey;
use crate::http::sessions::Sessions;
use crate::model::api_token::ApiToken;
use crate::model::ids::{AgentId, CorpId, TenantKey, UserId};
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::record::{Key, Record};

/// Everything that the doors share.
#[derive(Debug)]
pub struct Doors {
    /// Where events go and records come from.
    pub store: Arc<Store>,
    /// Carries commands out.
    pub act: Act,
    /// The time.
    pub clock: Clock,
    /// The callback configurations.
    pub receivers: Receivers,
    /// The corps as the corridor knows them.
    pub corps: Arc<HashMap<CorpId, Corp>>,
    /// The corps as the pages know them, by team identification code.
    pub tenants: HashMap<TenantKey, Tenant>,
    /// Where team identification codes lead that links carried before.
    pub former_homes: HashMap<TenantKey, FormerHome>,
    /// Where attachments are kept; `None`: there are none.
    pub files: Option<Arc<Files>>,
    /// How fast everybody may upload.
    pub pace: Pace,
    /// How often one address may log in.
    pub logins: Attempts,
    /// The bearer tokens of the API.
    pub api_tokens: Vec<ApiToken>,
    /// Signs the session cookies.
    pub session_key: SessionKey,
    /// Where the world finds this service.
    pub public_url: Url,
    /// Where logins are sent: `https://open.weixin.qq.com`, or the simulator.
    pub oauth_base: Url,
    /// The same for logins through a service account.
    pub weixin_oauth_base: Url,
    /// Another JS-SDK than the built-in one: the simulator's stand-in.
    pub jssdk_url: Option<Url>,
    /// WeCom's `WW_verify_*.txt` by name.
    pub verify_files: BTreeMap<String, String>,
    /// What the admin pages have of their own.
    pub admin: Desk,
    /// Counts and logs refused callbacks.
    pub refusals: Refusals,
    /// For callbacks that are longer than WeCom's.
    pub room: Room,
    /// Counts sessions.
    pub sessions: Sessions,
    /// How long deliveries took to be kept.
    pub kept_in: KeptIn,
    /// Links counted by state, for the figures.
    pub link_states: LinkStates,
}

/// A corp on its pages.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The corp.
    pub corp: CorpId,
    /// How people call it.
    pub name: String,
    /// Its app.
    pub agent_id: AgentId,
    /// The members who may open its admin pages.
    pub admins: Vec<UserId>,
    /// The QR code of its service account, if it has one.
    pub account_qr_code: Option<Url>,
}

impl Tenant {
    /// How customers read it: by its name, and without one never by its id.
    pub(in crate::http) fn for_customers(&self) -> &str {
        match self.name == self.corp.as_str() {
            true => "与我协作",
            false => &self.name,
        }
    }
}

/// Where links with a replaced team identification code lead, and how long.
#[derive(Debug, Clone)]
pub struct FormerHome {
    /// The address that took the place of theirs.
    pub home: Url,
    /// From then on they lead nowhere.
    pub until: Timestamp,
}

impl Doors {
    /// The corp of this team identification code; without a code, the only corp there is.
    pub(in crate::http) fn tenant(&self, tenant_key: Option<&str>) -> Option<&Tenant> {
        match tenant_key {
            Some(code) => self.tenants.get(&TenantKey::parse(code).ok()?),
            None if self.tenants.len() == 1 => self.tenants.values().next(),
            None => None,
        }
    }

    /// Reads one record.
    pub(in crate::http) async fn one<T: DeserializeOwned>(
        &self,
        corp: &CorpId,
        key: Key,
    ) -> Result<Option<T>, StoreError> {
        let records = self.store.read(corp, &[key]).await?;
        let found = records.first().map(Record::parse::<T>).transpose()?;
        Ok(found.flatten())
    }

    /// Somebody says that what was set up wrongly is put right: calls that are held back are made again, and what waits for
    /// another attempt is due at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: calls are made again, and what waits is due in its own time.
    pub(in crate::http) async fn try_again(&self, corp: &CorpId) -> Result<(), StoreError> {
        let now = self.clock.now();
        if let Some(known) = self.corps.get(corp) {
            known.client.try_again(now).await;
            if let Some(account) = &known.account {
                account.client.try_again();
            }
        }
        let hastened = self.store.hasten_all(corp, now).await?;
        tracing::info!(%corp, hastened, "What failed is tried again.");
        Ok(())
    }

    /// The address that took the place of the one with this code, while old links still work.
    pub(in crate::http) fn former_home(&self, tenant_key: &str) -> Option<&Url> {
        let former = self.former_homes.get(&TenantKey::parse(tenant_key).ok()?)?;
        (self.clock.now() < former.until).then_some(&former.home)
    }
}
