//! What is kept for a time only is forgotten, page by page.

use std::time::Duration;

use crate::act::Act;
use crate::act::error::ActError;
use crate::decide::old;
use crate::model::effect::{Effect, SentCard};
use crate::model::ids::CorpId;
use crate::model::request::Carried;
use crate::model::time::Timestamp;
use crate::model::visit::Visit;
use crate::store::error::StoreError;
use crate::store::record::{Record, Table};

/// So many records are looked at in one step.
const STEP: usize = 100;

/// What is kept for a time only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// Which requests were carried out.
    Requests,
    /// The cards that were sent.
    Cards,
    /// Openings of the toolbar, for so long after the last.
    Visits(Duration),
}

/// One step through a table.
#[derive(Debug)]
pub struct Looked {
    /// How many records were forgotten, as a whole or in part.
    pub forgotten: usize,
    /// The key after which the next step begins; `None` after the last.
    pub next: Option<String>,
}

impl Act {
    /// Looks at some records, those after this key, and forgets what is old.
    ///
    /// # Errors
    /// [`ActError::Store`]; what was not looked at is there the next time.
    pub async fn forget_old(
        &self,
        id: &CorpId,
        what: Old,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<Looked, ActError> {
        let table = match what {
            Old::Requests => Table::Carried,
            Old::Cards => Table::Cards,
            Old::Visits(_) => Table::Visits,
        };
        let page = self.store.list(id, table, after, STEP).await?;
        let last = page.last().filter(|_| page.len() == STEP);
        let next = last.map(|record| record.key.key.clone());
        let (mut basis, mut effects) = (Vec::new(), Vec::new());
        for record in page {
            if let Some(effect) = effect(what, &record, now)? {
                basis.push(record);
                effects.push(effect);
            }
        }
        let forgotten = effects.len();
        if forgotten == 0 {
            return Ok(Looked { forgotten, next });
        }
        match self.store.carry_out(id, &basis, &effects, now).await {
            Ok(()) => Ok(Looked { forgotten, next }),
            // One of them is in use: the next time is early enough.
            Err(StoreError::Stale) => Ok(Looked { forgotten: 0, next }),
            Err(problem) => Err(problem.into()),
        }
    }
}

fn effect(what: Old, record: &Record, now: Timestamp) -> Result<Option<Effect>, StoreError> {
    Ok(match what {
        Old::Requests => record
            .parse::<Carried>()?
            .and_then(|carried| old::request(&carried, now)),
        Old::Cards => record
            .parse::<SentCard>()?
            .and_then(|card| old::card(&card, now)),
        Old::Visits(keep_for) => record
            .parse::<Visit>()?
            .and_then(|visit| old::visit(&visit, keep_for, now)),
    })
}
