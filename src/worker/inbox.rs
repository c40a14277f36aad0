//! One delivery: read it, act on it, settle it.

use crate::act::error::ActError;
use crate::callback::event;
use crate::decide::input::Input;
use crate::model::delivery::Delivery;
use crate::store::{Claim, Settle, Ticket};
use crate::worker::Worker;
use crate::worker::retry::ATTEMPTS_MAX;
use crate::worker::settle::{Story, guarded};

impl Worker {
    pub(in crate::worker) async fn deliver(self, claim: Claim<Delivery>) {
        let Claim {
            ticket,
            item: delivery,
        } = claim;
        let story = Story {
            event: ticket.id.clone(),
            what: delivery.kind.to_string(),
            subject: delivery.subject.clone(),
            attempt: ticket.attempt,
            since: delivery.received_at,
        };
        if ticket.attempt > ATTEMPTS_MAX {
            return self
                .bury(&ticket, "work on it never came to an end", &story)
                .await;
        }
        match event::parse(delivery.source, &delivery.xml) {
            Err(problem) => self.bury(&ticket, &problem.to_string(), &story).await,
            Ok(event) => {
                let input = Input::Event(&event, delivery.received_at);
                let result = guarded(delivery.lane, self.decided(&ticket, &input)).await;
                self.close(&ticket, result, &story).await;
            }
        }
    }

    async fn decided(&self, ticket: &Ticket, input: &Input<'_>) -> Result<(), ActError> {
        self.act
            .perform(ticket, Settle::Done, input, self.clock.now())
            .await
            .map(drop)
    }
}
