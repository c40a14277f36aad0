//! One delivery: read it, act on it, settle it.

use tracing::Instrument;

use crate::act::error::ActError;
use crate::act::tally::End;
use crate::callback::event::own::OwnEvent;
use crate::callback::event::{self, Body, Event};
use crate::decide::input::{Input, StepDied};
use crate::model::delivery::{Delivery, ItemId};
use crate::store::item::{Claim, Queue, Settle, Ticket};
use crate::wecom::error::ApiError;
use crate::worker::Worker;
use crate::worker::retry::{ATTEMPTS_MAX, Verdict, verdict};
use crate::worker::settle::{Story, guarded, insisted, salt};

impl Worker {
    pub(in crate::worker) async fn deliver(self, claim: Claim<Delivery>) {
        let Claim {
            ticket,
            item: delivery,
        } = claim;
        let story = Story {
            event: delivery.cause.clone().unwrap_or_else(|| ticket.id.clone()),
            item: delivery.cause.as_ref().map(|_| ticket.id.clone()),
            queue: Queue::Inbox,
            lane: delivery.lane,
            what: delivery.kind.to_string(),
            subject: delivery.subject.clone(),
            attempt: ticket.attempt,
            since: delivery.received_at,
        };
        let event = match event::parse(delivery.source, &delivery.xml) {
            Ok(event) => event,
            Err(problem) => return self.bury(&ticket, &problem.to_string(), &story).await,
        };
        if let (Body::Unknown { .. }, 1) = (&event.body, ticket.attempt)
            && let Some(tally) = self.act.tally(ticket.id.corp())
        {
            tally.met_unknown();
        }
        if ticket.attempt > ATTEMPTS_MAX {
            let died = step_died(&event, "work on it never came to an end".into(), None);
            return self.die(&ticket, died, &story).await;
        }
        let input = Input::Event(&event, delivery.received_at);
        let result = guarded(
            delivery.lane,
            self.decided(&ticket, &story.event, &input, &delivery)
                .instrument(story.span()),
        )
        .await;
        if let (Body::Own(OwnEvent::SyncStep { .. }), Err(problem)) = (&event.body, &result)
            && is_the_end(problem, &ticket)
        {
            let died = step_died(&event, problem.to_string(), problem.errcode());
            return self.die(&ticket, died, &story).await;
        }
        self.close(&ticket, result, &story).await;
    }

    /// Gives an item up; the sync whose step it was has failed with it.
    async fn die(&self, ticket: &Ticket, died: StepDied, story: &Story) {
        if died.run.is_empty() {
            return self.bury(ticket, &died.reason, story).await;
        }
        let (end, input) = (Settle::Dead(&died.reason), Input::StepDied(&died));
        let now = self.clock.now();
        let told = insisted(async || {
            match self
                .act
                .perform(ticket, &story.event, end, &input, None, now)
                .await
            {
                Err(ActError::Store(problem)) => Err(problem),
                result => Ok(result),
            }
        });
        match told.await {
            Ok(Ok(_)) => self.ended(End::Dead, story, "dead", Some(&died.reason)),
            Ok(Err(_)) | Err(_) => self.bury(ticket, &died.reason, story).await,
        }
    }

    async fn decided(
        &self,
        ticket: &Ticket,
        event: &ItemId,
        input: &Input<'_>,
        delivery: &Delivery,
    ) -> Result<(), ActError> {
        let now = self.clock.now();
        let done = self
            .act
            .perform(ticket, event, Settle::Done, input, Some(delivery), now);
        let effects = done.await?;
        if let Some(tally) = self.act.tally(ticket.id.corp()) {
            tally.acted(&effects, now);
        }
        Ok(())
    }
}

/// A fault of the configuration does not pass while somebody waits for a sync: it ends the sync, with the remedy.
fn is_the_end(problem: &ActError, ticket: &Ticket) -> bool {
    let misconfigured = matches!(problem, ActError::Api(ApiError::Misconfigured { .. }));
    misconfigured || verdict(problem, ticket.attempt, salt(&ticket.id)) == Verdict::Bury
}

fn step_died(event: &Event, reason: String, errcode: Option<i64>) -> StepDied {
    let run = if let Body::Own(OwnEvent::SyncStep { run }) = &event.body {
        run.clone()
    } else {
        String::new()
    };
    StepDied {
        run,
        reason,
        errcode,
    }
}
