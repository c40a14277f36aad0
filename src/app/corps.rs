//! The corps as the corridor knows them, out of the configuration.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::act::shared::ThroughStore;
use crate::act::tally::Tally;
use crate::act::{Account, Corp, Webhooks};
use crate::app::proxy;
use crate::config::{self, Config};
use crate::decide::facts::{Authorised, AutoSync, CorpFacts, LinkWriting, Reminders, SidebarCard};
use crate::model::ids::CorpId;
use crate::model::reach::Reach;
use crate::model::webhook::Subscription;
use crate::store::Store;
use crate::webhook::{self, Target};
use crate::wecom::error::ApiError;
use crate::wecom::{ApiSettings, AppSecret, Client, Credentials};
use crate::weixin;

/// What customers do within this time after a card goes together into the next one (own choice).
const BUNDLE: Duration = Duration::from_secs(5 * 60);

/// The corps; with a store, their clients share through it what other processes need to know.
pub(in crate::app) fn corps(
    config: &Config,
    store: Option<&Arc<Store>>,
) -> Result<HashMap<CorpId, Corp>, ApiError> {
    let settings = ApiSettings {
        api_base: config.wecom.api_base.clone(),
        proxy: proxy(config),
    };
    let https = webhook::Https::new();
    let https = https.map_err(|problem| ApiError::Misconfigured {
        errcode: None,
        what: problem.to_string(),
    })?;
    let corp = |corp: &config::Corp| {
        let credentials = Credentials {
            corp: corp.id.clone(),
            app: AppSecret {
                agent_id: corp.app.agent_id,
                secret: corp.app.secret.clone(),
            },
            contact_sync: corp.contact_sync_secret.clone(),
        };
        let facts = CorpFacts {
            home: home(&config.public_url, corp),
            auto_sync: if corp.auto_sync {
                AutoSync::On
            } else {
                AutoSync::Off
            },
            sidebar_card: if corp.sidebar_card {
                SidebarCard::On
            } else {
                SidebarCard::Off
            },
            links: match corp.contact_sync_secret {
                Some(_) => LinkWriting::ByService,
                None => LinkWriting::ByHand,
            },
            authorised: Authorised {
                projects: corp.items.projects,
                forms: corp.items.forms,
                approvals: corp.items.approvals,
            },
            bundle: BUNDLE,
            reminders: reminders(corp),
        };
        let mut client = Client::new(&settings, credentials)?;
        if let Some(store) = store {
            let others = ThroughStore::new(Arc::clone(store), corp.id.clone());
            client = client.shared_with(Arc::new(others));
        }
        let account = corp.service_account.as_ref();
        let account = account
            .map(|account| weixin_account(config, corp, account, store))
            .transpose()?;
        let built = Corp {
            webhooks: webhooks(&https, corp),
            client,
            account,
            facts,
            tally: Tally::default(),
        };
        Ok((corp.id.clone(), built))
    };
    config.corps.iter().map(corp).collect()
}

/// The corp's own systems.
fn webhooks(https: &webhook::Https, corp: &config::Corp) -> Webhooks {
    let subscriptions = corp.webhooks.iter().map(|target| Subscription {
        target: target.name.clone(),
        wants: target.events.clone(),
    });
    Webhooks {
        client: webhook::Client::new(https, targets(corp)),
        subscriptions: subscriptions.collect(),
    }
}

/// Where the corp's own systems are.
pub(in crate::app) fn targets(corp: &config::Corp) -> impl Iterator<Item = Target> {
    corp.webhooks.iter().map(|target| Target {
        name: target.name.clone(),
        url: target.url.clone(),
        secrets: [&target.secret]
            .into_iter()
            .chain(&target.previous_secret)
            .cloned()
            .collect(),
        reach: match target.allow_private {
            true => Reach::Anywhere,
            false => Reach::Public,
        },
    })
}

/// How customers are reminded, where there is a template for it.
fn reminders(corp: &config::Corp) -> Option<Reminders> {
    let account = corp.service_account.as_ref()?;
    account.reply.as_ref()?;
    Some(Reminders {
        bundle: account.bundle,
        quiet: account.quiet_hours,
    })
}

fn weixin_account(
    config: &Config,
    corp: &config::Corp,
    account: &config::ServiceAccount,
    store: Option<&Arc<Store>>,
) -> Result<Account, ApiError> {
    let corp_name = corp.name.clone().unwrap_or_default();
    Ok(Account {
        client: weixin_client(config, corp, account, store)?,
        reply: account.reply.clone(),
        corp_name,
    })
}

/// The door to WeChat of a service account; with a store, shared as the corp's own.
fn weixin_client(
    config: &Config,
    corp: &config::Corp,
    account: &config::ServiceAccount,
    store: Option<&Arc<Store>>,
) -> Result<weixin::Client, ApiError> {
    let settings = ApiSettings {
        api_base: config.weixin.api_base.clone(),
        proxy: proxy(config),
    };
    let credentials = weixin::Credentials {
        app_id: account.app_id.clone(),
        secret: account.secret.clone(),
    };
    let client = weixin::Client::new(&settings, credentials);
    let client = client.map_err(|problem| ApiError::Misconfigured {
        errcode: None,
        what: problem.to_string(),
    })?;
    Ok(match store {
        Some(store) => {
            let others = ThroughStore::new(Arc::clone(store), corp.id.clone());
            client.shared_with(Arc::new(others))
        }
        None => client,
    })
}

/// The "与我协作" address of a corp.
pub(in crate::app) fn home(public_url: &Url, corp: &config::Corp) -> Url {
    let mut home = public_url.clone();
    home.set_path("/home");
    home.query_pairs_mut()
        .append_pair("tenantKey", corp.tenant_key.as_str());
    home
}
