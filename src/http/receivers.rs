//! The callback configurations, which may be exchanged while the service runs.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::callback::Keyring;
use crate::http::arrivals::Arrivals;
use crate::http::reply::Replier;
use crate::model::ids::{CorpId, ReceiverName};

/// One callback configuration.
#[derive(Debug)]
pub struct Receiver {
    /// The last part of its URL.
    pub name: ReceiverName,
    /// Whose it is.
    pub corp: CorpId,
    /// Who calls it.
    pub caller: Caller,
    /// What it verifies and decrypts with.
    pub keyring: Keyring,
    /// Answers messages; without one they get an empty answer, as everything else does.
    pub replier: Option<Replier>,
    /// What came to it.
    pub arrivals: Arc<Arrivals>,
}

/// Who calls a callback URL. Both sign and seal alike, and give some of their events the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// WeCom, for the app or the contact-sync assistant.
    Wecom,
    /// WeChat, for the service account.
    Weixin,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Receivers(RwLock<HashMap<ReceiverName, Arc<Receiver>>>);

impl Receivers {
    /// These.
    pub fn new(receivers: impl IntoIterator<Item = Receiver>) -> Self {
        let new = Self::default();
        new.exchange(receivers);
        new
    }

    /// The receiver of this name.
    pub(in crate::http) fn of(&self, name: &str) -> Option<Arc<Receiver>> {
        let receivers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        receivers.get(name).cloned()
    }

    /// All of them, by name.
    pub(in crate::http) fn all(&self) -> Vec<Arc<Receiver>> {
        let receivers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = receivers.values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// From now on there are these. A request that has found its receiver before goes on with that. What came to a name
    /// that stays is counted on.
    pub fn exchange(&self, new: impl IntoIterator<Item = Receiver>) {
        let mut receivers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let new = new.into_iter().map(|mut receiver| {
            if let Some(before) = receivers.get(&receiver.name) {
                receiver.arrivals = Arc::clone(&before.arrivals);
            }
            (receiver.name.clone(), Arc::new(receiver))
        });
        *receivers = new.collect();
    }
}
