//! Gather, decide, commit: the only way anything changes.
//!
//! An input is decided on what was read, and committed only if that still stands; else it is read and decided again.
//! Nothing here loops over queues or waits between tries: that is the worker's business.

pub mod customer;
pub mod error;
pub mod forget;
pub mod old;
pub mod shared;
pub mod tally;

mod gather;
mod items;
mod pages;
mod step;

use std::collections::HashMap;
use std::sync::Arc;

use crate::act::error::ActError;
use crate::act::tally::Tally;
use crate::decide::facts::CorpFacts;
use crate::decide::fan_out::{self, Origin};
use crate::decide::input::Input;
use crate::decide::request::Request;
use crate::model::delivery::{Delivery, ItemId};
use crate::model::effect::Effect;
use crate::model::ids::{CorpId, WebhookName};
use crate::model::item::ItemRef;
use crate::model::outgoing::{Answer, Call};
use crate::model::reminder::Reminder;
use crate::model::template::{Replied, ReplyTemplate, TemplateMessage};
use crate::model::time::Timestamp;
use crate::model::webhook::Subscription;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::item::{Settle, Ticket};
use crate::webhook;
use crate::webhook::tally::Told;
use crate::wecom::Client;
use crate::wecom::error::ApiError;
use crate::weixin;
use crate::weixin::error::WeixinError;

/// How often an input is decided anew because a record changed meanwhile. One worker per subject makes even one
/// conflict rare.
const DECISIONS_MAX: usize = 5;

/// A corp as the corridor knows it.
#[derive(Debug)]
pub struct Corp {
    /// Its door to WeCom.
    pub client: Client,
    /// Its service account (服务号), if it has one.
    pub account: Option<Account>,
    /// Its settings.
    pub facts: CorpFacts,
    /// Its own systems that are told what happens.
    pub webhooks: Webhooks,
    /// What came of the work on its queues.
    pub tally: Tally,
}

/// The systems of a corp that are told what happens.
#[derive(Debug)]
pub struct Webhooks {
    /// The door to them.
    pub client: webhook::Client,
    /// What each wants to hear of.
    pub subscriptions: Vec<Subscription>,
}

impl Webhooks {
    /// How many attempts to tell each system something came to each result.
    pub fn told(&self) -> impl Iterator<Item = (&WebhookName, &'static str, u64)> {
        let tallies = self.client.tallies();
        tallies.flat_map(|(name, tally)| Told::ALL.map(|told| (name, told.name(), tally.of(told))))
    }
}

/// The service account (服务号) of a corp.
#[derive(Debug)]
pub struct Account {
    /// Its door to WeChat.
    pub client: weixin::Client,
    /// The template that reminders are sent by.
    pub reply: Option<ReplyTemplate>,
    /// How the corp is called in them.
    pub corp_name: String,
}

/// Makes changes.
#[derive(Debug, Clone)]
pub struct Act {
    store: Arc<Store>,
    corps: Arc<HashMap<CorpId, Corp>>,
}

impl Act {
    /// For these corps, on this store.
    pub const fn new(store: Arc<Store>, corps: Arc<HashMap<CorpId, Corp>>) -> Self {
        Self { store, corps }
    }

    /// Decides about a claimed item's input and settles the item with everything that follows from it, and so from
    /// `event`. Tells what followed. Of a `delivery` the corp's own systems are told.
    ///
    /// # Errors
    /// [`ActError`]; nothing has changed then.
    pub async fn perform(
        &self,
        ticket: &Ticket,
        event: &ItemId,
        settle: Settle<'_>,
        input: &Input<'_>,
        delivery: Option<&Delivery>,
        now: Timestamp,
    ) -> Result<Vec<Effect>, ActError> {
        let corp = self.corp(ticket.id.corp())?;
        let origin = Origin {
            corp: ticket.id.corp(),
            delivery: delivery.map(|delivery| (&ticket.id, delivery)),
        };
        for _ in 0..DECISIONS_MAX {
            let needs = crate::decide::needs(input);
            let (facts, basis) =
                gather::gather(&self.store, corp, ticket.id.corp(), &needs, now).await?;
            let mut effects = crate::decide::decide(input, &facts, now)?;
            let subscriptions = &corp.webhooks.subscriptions;
            effects.extend(fan_out::owed(subscriptions, &origin, input, &effects, now));
            effects.iter_mut().for_each(|effect| effect.follows(event));
            match self
                .store
                .commit(ticket, settle, &basis, &effects, now)
                .await
            {
                Err(StoreError::Stale) => {}
                Err(problem) => return Err(problem.into()),
                Ok(()) => {
                    let work: Vec<_> = effects.iter().filter_map(Effect::work).collect();
                    tracing::debug!(changes = effects.len() - work.len(), ?work, "decided");
                    return Ok(effects);
                }
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Carries a command out: at once and whole, or not at all. Tells the item that it made or changed, if it is one
    /// that has a name; the second time it only tells.
    ///
    /// # Errors
    /// [`ActError`]; with [`StoreError::Unavailable`] it may have been carried out, and asking again by the same name
    /// tells.
    pub async fn ask(
        &self,
        id: &CorpId,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<ItemRef>, ActError> {
        let corp = self.corp(id)?;
        let input = Input::Request(request);
        let needs = crate::decide::needs(&input);
        for _ in 0..DECISIONS_MAX {
            let (facts, basis) = gather::gather(&self.store, corp, id, &needs, now).await?;
            let mut effects = crate::decide::decide(&input, &facts, now)?;
            if effects.is_empty() {
                return Ok(facts.carried.and_then(|carried| carried.item));
            }
            let origin = Origin {
                corp: id,
                delivery: None,
            };
            let subscriptions = &corp.webhooks.subscriptions;
            effects.extend(fan_out::owed(subscriptions, &origin, &input, &effects, now));
            match self.store.carry_out(id, &basis, &effects, now).await {
                Err(StoreError::Stale) => {}
                Err(problem) => return Err(problem.into()),
                Ok(()) => return Ok(effects.iter().find_map(Effect::item)),
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Makes a call that is owed. What came of it is the next input.
    ///
    /// # Errors
    /// [`ActError`]; the call may or may not have got there.
    pub async fn call(
        &self,
        corp: &CorpId,
        call: &Call,
        now: Timestamp,
    ) -> Result<Answer, ActError> {
        let corp = self.corp(corp)?;
        if let Call::Remind(reminder) = call {
            return remind(corp.account.as_ref(), reminder, now).await;
        }
        if let Call::Webhook(webhook) = call {
            corp.webhooks.client.send(webhook, now).await?;
            return Ok(Answer::Taken);
        }
        Ok(corp.client.perform(call, now).await?)
    }

    /// A call of the corp's has proven that a fault of the set-up, or an outage, is over: what waits because of it becomes
    /// due.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it becomes due in its own time.
    pub async fn hasten_if_mended(&self, corp: &CorpId, now: Timestamp) -> Result<(), StoreError> {
        let known = self.corps.get(corp);
        if known.is_some_and(|known| known.client.take_mended(now)) {
            let hastened = self.store.hasten_all(corp, now).await?;
            tracing::info!(%corp, hastened, "A fault or an outage is over; what waited is due.");
        }
        Ok(())
    }

    /// Where the work on a corp's queues is counted; `None` when it is no longer in the configuration.
    pub fn tally(&self, corp: &CorpId) -> Option<&Tally> {
        self.corps.get(corp).map(|corp| &corp.tally)
    }

    fn corp(&self, id: &CorpId) -> Result<&Corp, ActError> {
        self.corps.get(id).ok_or_else(|| {
            ActError::Api(ApiError::Misconfigured {
                errcode: None,
                what: "this corp is no longer in the configuration".into(),
            })
        })
    }
}

/// Sends a reminder by the service account. That it cannot reach somebody is an answer, not a failure.
async fn remind(
    account: Option<&Account>,
    reminder: &Reminder,
    now: Timestamp,
) -> Result<Answer, ActError> {
    let ready = account.and_then(|account| Some((account, account.reply.as_ref()?)));
    let Some((account, template)) = ready else {
        let what = "no service account with a template for replies is configured".into();
        let errcode = None;
        return Err(WeixinError::Misconfigured { errcode, what }.into());
    };
    let message = TemplateMessage {
        openid: reminder.openid.clone(),
        template_id: template.template_id.clone(),
        values: template.fill(&Replied {
            title: &reminder.title,
            text: &reminder.text,
            member: &reminder.member,
            corp: &account.corp_name,
            at: reminder.at,
        }),
        url: reminder.url.clone(),
        client_msg_id: reminder.client_msg_id.clone(),
    };
    match account.client.remind(&message, now).await {
        Ok(_) => Ok(Answer::Reminded),
        Err(WeixinError::NotFollowing { .. } | WeixinError::RefusedByUser { .. }) => {
            Ok(Answer::NotFollowing)
        }
        Err(problem) => Err(problem.into()),
    }
}
