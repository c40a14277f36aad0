//! One outgoing call: make it, and act on its receipt.

use std::time::Duration;

use tracing::Instrument;

use crate::act::error::ActError;
use crate::act::tally::End;
use crate::decide::input::Input;
use crate::model::outgoing::{Outcome, Outgoing, Receipt};
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::{Claim, Queue, Settle, Ticket};
use crate::worker::Worker;
use crate::worker::retry::{ATTEMPTS_MAX, Verdict, in_time, verdict};
use crate::worker::settle::{Story, guarded, salt};

/// A call that was made is not made again for want of a receipt: the store is asked this often, and so far apart.
const RECEIPT_TRIES: u32 = 60;
const RECEIPT_WAIT: Duration = Duration::from_millis(500);

impl Worker {
    pub(in crate::worker) async fn send(self, claim: Claim<Outgoing>) {
        let Claim {
            ticket,
            item: outgoing,
        } = claim;
        let now = self.clock.now();
        let story = Story {
            event: outgoing.cause.clone().unwrap_or_else(|| ticket.id.clone()),
            item: outgoing.cause.as_ref().map(|_| ticket.id.clone()),
            queue: Queue::Outbox,
            lane: outgoing.lane,
            what: outgoing.call.name().into_owned(),
            subject: outgoing.subject.clone(),
            attempt: ticket.attempt,
            since: Timestamp::from_millis(ticket.id.millis()),
        };
        if ticket.attempt > ATTEMPTS_MAX {
            return self
                .bury(&ticket, "work on it never came to an end", &story)
                .await;
        }
        let mut last = None;
        let outcome = if outgoing.deadline.is_some_and(|deadline| deadline <= now) {
            Outcome::TooLate
        } else {
            match guarded(
                outgoing.lane,
                self.act
                    .call(ticket.id.corp(), &outgoing.call, now)
                    .instrument(story.span()),
            )
            .await
            {
                Ok(answer) => Outcome::Done(answer),
                Err(problem) => match self.judge(&ticket, &outgoing, &problem) {
                    Next::Again(due) => {
                        return self.again(&ticket, due, &problem, &story).await;
                    }
                    Next::Ended(outcome) => {
                        last = problem.errcode();
                        outcome
                    }
                },
            }
        };
        let receipt = Receipt {
            call: outgoing.call,
            outcome,
        };
        let result = self.receipt(&ticket, &story, &receipt).await;
        if let (Ok(()), Some(tally)) = (&result, self.act.tally(ticket.id.corp())) {
            tally.receipt(&receipt, last);
        }
        match (settle(&receipt), result) {
            (Settle::Dead(reason), Ok(())) => self.ended(End::Dead, &story, "dead", Some(reason)),
            (_, result) => self.close(&ticket, result, &story).await,
        }
    }

    fn judge(&self, ticket: &Ticket, outgoing: &Outgoing, problem: &ActError) -> Next {
        let now = self.clock.now();
        match verdict(problem, ticket.attempt, salt(&ticket.id)) {
            Verdict::After(wait) => match in_time(now.plus(wait), outgoing.deadline, now) {
                Some(due) => Next::Again(due),
                None => Next::Ended(Outcome::TooLate),
            },
            Verdict::Bury | Verdict::Settle | Verdict::Leave => Next::Ended(Outcome::Failed {
                reason: problem.to_string(),
                errcode: problem.errcode(),
            }),
        }
    }

    /// Acts on a receipt, and insists: without it the call would be made once more.
    async fn receipt(
        &self,
        ticket: &Ticket,
        story: &Story,
        receipt: &Receipt,
    ) -> Result<(), ActError> {
        let (settle, input) = (settle(receipt), Input::Receipt(receipt));
        let mut tries = 0;
        loop {
            tries += 1;
            let now = self.clock.now();
            match guarded(
                story.lane,
                self.act
                    .perform(ticket, &story.event, settle, &input, None, now)
                    .instrument(story.span()),
            )
            .await
            {
                Err(ActError::Store(StoreError::Unavailable(_))) if tries < RECEIPT_TRIES => {
                    tokio::time::sleep(RECEIPT_WAIT).await;
                }
                result => return result.map(drop),
            }
        }
    }
}

/// How a call ends with this receipt.
fn settle(receipt: &Receipt) -> Settle<'_> {
    match &receipt.outcome {
        Outcome::Done(_) => Settle::Done,
        Outcome::TooLate => Settle::Dead(receipt.call.too_late()),
        Outcome::Failed { reason, .. } => Settle::Dead(reason),
    }
}

/// What follows from a failed call.
enum Next {
    Again(Timestamp),
    Ended(Outcome),
}
