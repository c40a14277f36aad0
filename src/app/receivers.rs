//! The callback configurations, out of the configuration.

use crate::callback::Keyring;
use crate::config::{self, Config};
use crate::http::receivers::{Caller, Receiver};
use crate::http::reply::Replier;
use crate::model::ids::CorpId;

/// The receivers of all corps and of their service accounts.
pub(in crate::app) fn receivers(config: &Config) -> impl Iterator<Item = Receiver> {
    config.corps.iter().flat_map(|corp| {
        let own = corp.receivers.iter().map(|it| (it, Caller::Wecom));
        let account = corp.service_account.iter();
        let accounts = account.flat_map(|account| &account.receivers);
        own.chain(accounts.map(|it| (it, Caller::Weixin)))
            .map(|(it, caller)| receiver(&corp.id, caller, it))
    })
}

fn receiver(corp: &CorpId, caller: Caller, receiver: &config::Receiver) -> Receiver {
    let (keys, previous) = (receiver.keys.clone(), receiver.previous.clone());
    let replier = receiver.reply.clone();
    Receiver {
        name: receiver.name.clone(),
        corp: corp.clone(),
        caller,
        replier: replier.map(|text| Replier::text(text, keys.clone(), previous.clone())),
        keyring: Keyring::new(keys, previous, receiver.receive_ids.clone()),
        arrivals: Default::default(),
    }
}
