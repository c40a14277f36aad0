//! Another configuration for a service that runs: what can change without a restart does, at once and as a whole.

use std::sync::Arc;

use actix_web::web;

use crate::app::receivers::receivers;
use crate::config::Config;
use crate::http::doors::Doors;
use crate::model::ids::CorpId;

/// Takes it over.
#[derive(Debug, Clone)]
pub struct Reload(Arc<Doors>);

/// A corp that the service was not started with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the corp {0} is new, which takes a restart")]
pub struct NewCorp(CorpId);

impl Reload {
    pub(in crate::app) fn new(doors: web::Data<Doors>) -> Self {
        Self(doors.into_inner())
    }

    /// From now on callbacks come to these receivers, with these keys. Who is being answered is answered; no connection
    /// ends.
    ///
    /// # Errors
    /// [`NewCorp`]: nothing has changed.
    pub fn receivers(&self, config: &Config) -> Result<(), NewCorp> {
        let mut corps = config.corps.iter();
        if let Some(new) = corps.find(|corp| !self.0.corps.contains_key(&corp.id)) {
            return Err(NewCorp(new.id.clone()));
        }
        self.0.receivers.exchange(receivers(config));
        Ok(())
    }
}
