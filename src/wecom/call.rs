//! One attempt at a call: limit, place, request, `errcode`, and what follows from the code for the calls to come.

use std::sync::Arc;

use reqwest::RequestBuilder;

use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::limit::Rate;
use crate::wecom::portion::Permit;
use crate::wecom::tally::Happening;
use crate::wecom::wire::{self, Answer, Api, Lane};
use crate::wecom::{Client, URGENT_PLACES, USUAL_PLACES};

/// Too many calls of this API are under way.
const TOO_MANY_AT_ONCE: i64 = 45033;

impl Client {
    /// Limit, place, request, `errcode`.
    pub(in crate::wecom) async fn attempt(
        &self,
        api: &Api,
        request: RequestBuilder,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        self.take(api, api.bucket, api.rate, now).await?;
        let (lane, places) = match api.lane {
            Lane::Urgent => (&self.urgent, URGENT_PLACES),
            Lane::Usual => (&self.usual, USUAL_PLACES),
        };
        // The API's own place comes first: whoever waits for one must not hold up other APIs.
        let _own = self.rooms.enter(api.path, places as u32, now).await;
        let place = lane.acquire().await;
        let _place = place.expect("the semaphores live as long as the client and are never closed");
        let answer = wire::send(api, request).await?;
        match answer.check(api) {
            Ok(()) => Ok(answer),
            Err(error) => Err(self.heed(api, error, now).await),
        }
    }

    /// Takes a call out of a bucket; an empty one is not waited for.
    pub(in crate::wecom) async fn take(
        &self,
        api: &Api,
        bucket: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let taken = match self.limits.take(bucket, rate, now) {
            Ok(Permit::Ask(want)) if self.sharing.is_shared() => match api.lane {
                Lane::Usual => self.take_shared(bucket, rate, want, now).await,
                Lane::Urgent => {
                    self.account(bucket, rate, want, now);
                    Ok(())
                }
            },
            Ok(Permit::Ready | Permit::Ask(_)) => Ok(()),
            Err(after) => Err(after),
        };
        taken.map_err(|after| {
            self.tally.count(Happening::OverBudget);
            let api = api.path;
            ApiError::RateLimited { api, after }
        })
    }

    async fn take_shared(
        &self,
        bucket: &str,
        rate: Rate,
        want: u32,
        now: Timestamp,
    ) -> Result<(), std::time::Duration> {
        match self.sharing.take(bucket, rate.budget, want, now).await {
            Some(taken) => self.limits.receive(bucket, taken, now),
            None => Ok(()),
        }
    }

    /// Takes a permit that is used already: an urgent call waits for nobody. That nothing is left, the next one learns.
    fn account(&self, bucket: &str, rate: Rate, want: u32, now: Timestamp) {
        let (limits, sharing) = (Arc::clone(&self.limits), self.sharing.clone());
        let bucket = bucket.to_owned();
        tokio::spawn(async move {
            if let Some(taken) = sharing.take(&bucket, rate.budget, want, now).await {
                // The call that this permit is for is under way.
                let _ = limits.receive(&bucket, taken, now);
            }
        });
    }

    /// Draws the consequences of a refusal.
    async fn heed(&self, api: &Api, error: ApiError, now: Timestamp) -> ApiError {
        match error {
            ApiError::RateLimited { api: path, after } => {
                self.tally.count(Happening::LimitedByWecom);
                let after = self.limits.pause(api.bucket, after, now);
                self.sharing.pause(api.bucket, after, now).await;
                ApiError::RateLimited { api: path, after }
            }
            ApiError::Busy {
                errcode: TOO_MANY_AT_ONCE,
                ..
            } => {
                self.tally.count(Happening::TooManyAtOnce);
                self.rooms.narrow(api.path, now);
                error
            }
            ApiError::Network { .. }
            | ApiError::TokenRejected { .. }
            | ApiError::Busy { .. }
            | ApiError::Refused { .. }
            | ApiError::Misconfigured { .. }
            | ApiError::State { .. }
            | ApiError::BadReply { .. } => error,
        }
    }
}
