//! How often each call may be made, and what is known here of what is left. As far as WeChat documents figures, the
//! buckets stay below them.

use std::time::Duration;

use crate::model::rate;
use crate::model::time::Timestamp;
use crate::wecom::limit::Rate;
use crate::wecom::portion::Permit;
use crate::wecom::tally::Happening;
use crate::weixin::Client;
use crate::weixin::error::WeixinError;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// `stable_token`: 10,000 a minute and 500,000 a day; far fewer are needed.
pub(in crate::weixin) const TOKENS: Rate = Rate {
    budget: rate::Rate {
        burst: 20,
        per_hour: 120,
    },
    portion: 1,
    window: MINUTE,
};

/// The calls below `sns/`: 50,000 a minute.
pub(in crate::weixin) const PAGES: Rate = Rate {
    budget: rate::Rate {
        burst: 5_000,
        per_hour: 135_000,
    },
    portion: 20,
    window: MINUTE,
};

/// `user/info`; own choice, as nothing is known.
pub(in crate::weixin) const FOLLOWERS: Rate = Rate {
    budget: rate::Rate {
        burst: 1_000,
        per_hour: 20_000,
    },
    portion: 10,
    window: HOUR,
};

/// Template messages: 100,000 a day. A day sees at most 4,000 + 96,000.
pub(in crate::weixin) const MESSAGES: Rate = Rate {
    budget: rate::Rate {
        burst: 4_000,
        per_hour: 4_000,
    },
    portion: 10,
    window: HOUR,
};

impl Client {
    /// Takes a call out of a bucket; an empty one is not waited for.
    pub(in crate::weixin) async fn take(
        &self,
        api: &'static str,
        bucket: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<(), WeixinError> {
        let name = shared_name(bucket);
        let mut taken = self.limits.take(&name, rate, now);
        if let Ok(Permit::Ask(want)) = taken
            && let Some(granted) = self.sharing.take(&name, rate.budget, want, now).await
        {
            let received = self.limits.receive(&name, granted, now);
            taken = received.map(|()| Permit::Ready);
        }
        taken.map(drop).map_err(|after| {
            self.tally.count(Happening::OverBudget);
            WeixinError::RateLimited { api, after }
        })
    }

    /// Makes no call of this API for a while, in no process. Tells how long.
    pub(in crate::weixin) async fn pause(
        &self,
        bucket: &str,
        window: Duration,
        now: Timestamp,
    ) -> Duration {
        let name = shared_name(bucket);
        let length = self.limits.pause(&name, window, now);
        self.sharing.pause(&name, length, now).await;
        length
    }
}

/// The corp's own buckets stand beside.
fn shared_name(bucket: &str) -> String {
    format!("weixin {bucket}")
}
