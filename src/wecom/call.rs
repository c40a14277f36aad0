//! One attempt at a call: limit, place, request, `errcode`, and what follows from the code for the calls to come.

use std::sync::Arc;

use reqwest::RequestBuilder;

use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::fault::Met;
use crate::wecom::limit::Rate;
use crate::wecom::portion::Permit;
use crate::wecom::tally::{CallResult, Family, Happening};
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
        self.hold_back(api.path, api.secret, now).await?;
        self.take(api, api.bucket, api.rate, now).await?;
        let (lane, places) = match api.lane {
            Lane::Urgent => (&self.urgent, URGENT_PLACES),
            Lane::Usual => (&self.usual, USUAL_PLACES),
        };
        if api.lane == Lane::Usual {
            self.hear_of_crowds(now).await;
        }
        // The API's own place comes first: whoever waits for one must not hold up other APIs.
        let _own = self.rooms.enter(api.path, places as u32, now).await;
        let place = lane.acquire().await;
        let _place = place.expect("the semaphores live as long as the client and are never closed");
        // A call that was under way meanwhile may have met a fault.
        self.still_held_back(api.path, api.secret, now)?;
        let answer = wire::send(api, request).await;
        let checked = answer.as_ref().map_err(Clone::clone);
        let checked = checked.and_then(|answer| answer.check(api));
        let result = CallResult::of(&checked);
        self.tally.count_call(Family::of(api.path), result);
        self.breaker.heard(checked.as_ref().err(), now);
        tracing::debug!(api = api.path, result = result.name(), "WeCom was asked.");
        let answer = answer?;
        match checked {
            Ok(()) => {
                self.went_well(api.path, api.secret, now).await;
                Ok(answer)
            }
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

    /// Keeps it as a fault when a fresh token is refused too: somebody has to look at that.
    pub(in crate::wecom) async fn note_refused_token(
        &self,
        api: &Api,
        again: &Result<Answer, ApiError>,
        now: Timestamp,
    ) {
        if let Err(error @ ApiError::TokenRejected { errcode, .. }) = again {
            let met = Met {
                api: api.path,
                secret: api.secret,
                credentials: self.credentials(api.secret),
                errcode: *errcode,
                what: &error.to_string(),
            };
            self.met(met, now).await;
        }
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
                self.make_room(api.path, now).await;
                error
            }
            ApiError::Misconfigured {
                errcode: Some(errcode),
                ref what,
            } => {
                let met = Met {
                    api: api.path,
                    secret: api.secret,
                    credentials: self.credentials(api.secret),
                    errcode,
                    what,
                };
                self.met(met, now).await;
                error
            }
            // Who is told that a contact is gone was let in.
            ApiError::State { .. } => {
                self.went_well(api.path, api.secret, now).await;
                error
            }
            ApiError::Network { .. }
            | ApiError::TokenRejected { .. }
            | ApiError::Busy { .. }
            | ApiError::Refused { .. }
            | ApiError::Misconfigured { .. }
            | ApiError::BadReply { .. } => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;
    use crate::model::card::change::CardChange;
    use crate::model::ids::{TaskId, UserId};
    use crate::model::outgoing::{CardUpdate, OneTimeCode};
    use crate::wecom::limit::TO_ONE_MEMBER;
    use crate::wecom::script::{NOW, Script, Together, errcode};

    fn two(script: &Script) -> (Arc<Together>, [Client; 2]) {
        let together = Arc::new(Together::default());
        let client = |_| script.client().shared_with(Arc::clone(&together) as Arc<_>);
        let clients = [0, 1].map(client);
        (together, clients)
    }

    async fn read(client: &Client, now: Timestamp) -> Result<(), ApiError> {
        let id = UserId::parse("zhang").unwrap();
        client.external_profile(&id, now).await.map(|_| ())
    }

    /// An urgent call.
    async fn change_card(client: &Client, now: Timestamp) -> Result<(), ApiError> {
        let update = CardUpdate {
            userid: UserId::parse("zhang").unwrap(),
            task_id: TaskId::parse("t1").unwrap(),
            response_code: OneTimeCode::new("R"),
            contact: None,
            change: CardChange::ReplaceName("完成".into()),
        };
        client.update_card(&update, now).await.map(|_| ())
    }

    const SOME: Api = Api {
        path: "a/b",
        secret: crate::wecom::Secret::App,
        lane: Lane::Usual,
        rate: crate::wecom::limit::BASE,
        bucket: "a/b",
    };

    /// How many of 20 calls each get through.
    async fn passed(clients: &[Client; 2], rate: Rate) -> usize {
        let calls = (0..40).map(|n| clients[n % 2].take(&SOME, "b", rate, NOW));
        let results = join_all(calls).await;
        results.iter().filter(|result| result.is_ok()).count()
    }

    #[tokio::test]
    async fn two_clients_together_stay_below_the_limit() {
        let script = Script::start(|_, _| None).await;
        let (together, clients) = two(&script);
        assert_eq!(passed(&clients, TO_ONE_MEMBER).await, 15);
        let (_, strangers) = two(&script);
        assert_eq!(passed(&strangers, TO_ONE_MEMBER).await, 15);
        together.is_deaf(true);
        let later = NOW.plus(Duration::from_secs(3600));
        let calls = (0..40).map(|n| clients[n % 2].take(&SOME, "b", TO_ONE_MEMBER, later));
        let passed = join_all(calls).await;
        let passed = passed.iter().filter(|result| result.is_ok()).count();
        assert_eq!(passed, 30, "each by its own, while nobody answers");
    }

    #[tokio::test]
    async fn a_refused_limit_pauses_both() {
        let script = Script::start(|asked, before| match asked.path.as_str() {
            "user/get" if before == 0 => errcode(45009),
            _ => None,
        })
        .await;
        let (_, [one, other]) = two(&script);
        let limited = |secs| {
            Err(ApiError::RateLimited {
                api: "user/get",
                after: Duration::from_secs(secs),
            })
        };
        assert_eq!(read(&one, NOW).await, limited(60));
        assert_eq!(
            read(&other, NOW.plus(Duration::from_secs(10))).await,
            limited(50)
        );
        assert_eq!(script.asked("user/get").len(), 1);
        assert_eq!(
            read(&other, NOW.plus(Duration::from_secs(60))).await,
            Ok(())
        );
    }

    #[tokio::test]
    async fn an_urgent_call_waits_for_nobody_but_counts() {
        let script = Script::start(|_, _| None).await;
        let (together, [one, other]) = two(&script);
        change_card(&one, NOW).await.unwrap();
        let bucket = "message/update_template_card";
        let window = Duration::from_secs(60);
        let pause = crate::wecom::shared::Shared::pause(&*together, bucket, window, NOW);
        pause.await.unwrap();
        change_card(&other, NOW).await.unwrap();
        // The pause is learned after the call.
        while change_card(&other, NOW).await.is_ok() {
            tokio::task::yield_now().await;
        }
        together.is_deaf(true);
        let later = NOW.plus(window);
        change_card(&other, later).await.unwrap();
    }

    #[tokio::test]
    async fn too_many_at_once_become_fewer() {
        let script = Script::start(|asked, before| match asked.path.as_str() {
            "user/get" if before < 2 => errcode(45033),
            _ => None,
        })
        .await;
        let client = script.client();
        let second = |n| NOW.plus(Duration::from_secs(n));
        for n in [0, 2] {
            assert_eq!(
                read(&client, second(n)).await.unwrap_err().errcode(),
                Some(45033)
            );
        }
        let places = async |now| {
            let mut inside = Vec::new();
            while let Some(place) =
                futures_util::FutureExt::now_or_never(client.rooms.enter("user/get", 12, now))
            {
                inside.push(place);
            }
            inside.len()
        };
        assert_eq!(places(second(2)).await, 3);
        assert_eq!(places(second(22)).await, 5);
        assert_eq!(client.tally().of(Happening::TooManyAtOnce), 2);
        read(&client, second(22)).await.unwrap();
    }
}
