//! What came of the work on a corp's queues, counted for whoever shows figures.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::model::contact::GreetingStep;
use crate::model::delivery::Lane;
use crate::model::effect::Effect;
use crate::model::histogram::{Histogram, Spread};
use crate::model::outgoing::{Answer, Call, Outcome, Receipt};
use crate::model::thread::Reminded;
use crate::model::time::Timestamp;
use crate::store::item::Queue;

/// WeCom says that another app is sending a welcome message (path/92137).
const ANOTHER_APP_SENDS: i64 = 41096;

/// The welcome code is unknown or older than 20 seconds (path/92137).
const CODE_INVALID: i64 = 41050;

/// A welcome's code lives 20 seconds; an item is given up after about 8 hours.
const BOUNDS: [Duration; 14] = [
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(1800),
    Duration::from_secs(7200),
    Duration::from_secs(28_800),
];

/// How work on an item ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is done.
    Done,
    /// It is dead.
    Dead,
    /// It was given back for another attempt.
    Retry,
}

/// What became of the greeting of a contact who was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Welcomed {
    /// The welcome message went out.
    Sent,
    /// The contact had been welcomed before (41051): by another app, or by us in an attempt whose answer was lost.
    Before,
    /// Another app was sending one until the code was too old (41096).
    OtherApp,
    /// Its code was too old, by our clock or by WeCom's.
    TooLate,
    /// The event brought no code.
    NoCode,
    /// It was refused for any other reason.
    Failed,
}

/// What became of reminding a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reminding {
    /// The service account (服务号) sent it.
    Sent,
    /// The service account answered that the customer does not follow it.
    NotFollowing,
    /// Nothing could be sent: there is no service account, or it is known that the customer does not follow it.
    NoChannel,
    /// It was not sent before it was pointless.
    TooLate,
    /// It was refused for any other reason.
    Failed,
}

/// What was counted since the start.
#[derive(Debug)]
pub struct Tally {
    ends: [[AtomicU64; End::ALL.len()]; 2],
    /// From receipt to settlement, by queue and lane.
    took: [[Histogram<{ BOUNDS.len() }>; 2]; 2],
    welcomes: [AtomicU64; Welcomed::ALL.len()],
    reminders: [AtomicU64; Reminding::ALL.len()],
    unknown: AtomicU64,
}

impl Default for Tally {
    fn default() -> Self {
        let histogram = || Histogram::new(&BOUNDS);
        let lanes = || [histogram(), histogram()];
        Self {
            ends: Default::default(),
            took: [lanes(), lanes()],
            welcomes: Default::default(),
            reminders: Default::default(),
            unknown: AtomicU64::new(0),
        }
    }
}

impl End {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Done, Self::Dead, Self::Retry];
}

impl Welcomed {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Sent,
        Self::Before,
        Self::OtherApp,
        Self::TooLate,
        Self::NoCode,
        Self::Failed,
    ];

    /// Its name, as a metric would have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Before => "before",
            Self::OtherApp => "other_app",
            Self::TooLate => "too_late",
            Self::NoCode => "no_code",
            Self::Failed => "failed",
        }
    }

    /// What a receipt tells; `None` when it is about another call. `last` is the code of the last refusal: what is too
    /// late for another attempt may have been refused for the same reason until then.
    fn of(receipt: &Receipt, last: Option<i64>) -> Option<Self> {
        let Call::Welcome(_) = receipt.call else {
            return None;
        };
        Some(match (&receipt.outcome, last) {
            (Outcome::Done(Answer::WelcomedBefore), _) => Self::Before,
            (Outcome::Done(_), _) => Self::Sent,
            (_, Some(ANOTHER_APP_SENDS)) => Self::OtherApp,
            (_, Some(CODE_INVALID)) | (Outcome::TooLate, _) => Self::TooLate,
            (Outcome::Failed { .. }, _) => Self::Failed,
        })
    }
}

impl Reminding {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Sent,
        Self::NotFollowing,
        Self::NoChannel,
        Self::TooLate,
        Self::Failed,
    ];

    /// Its name, as a metric would have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NotFollowing => "not_following",
            Self::NoChannel => "no_channel",
            Self::TooLate => "too_late",
            Self::Failed => "failed",
        }
    }

    /// What a receipt tells; `None` when it is about another call.
    fn of(receipt: &Receipt) -> Option<Self> {
        let Call::Remind(_) = receipt.call else {
            return None;
        };
        Some(match &receipt.outcome {
            Outcome::Done(Answer::NotFollowing) => Self::NotFollowing,
            Outcome::Done(_) => Self::Sent,
            Outcome::TooLate => Self::TooLate,
            Outcome::Failed { .. } => Self::Failed,
        })
    }
}

impl Tally {
    /// How often work on an item of this queue ended so.
    pub fn ends(&self, queue: Queue, end: End) -> u64 {
        self.ends[queue as usize][end as usize].load(Ordering::Relaxed)
    }

    /// How long items of this queue and lane took from receipt to settlement.
    pub fn took(&self, queue: Queue, lane: Lane) -> Spread {
        self.took[queue as usize][lane as usize].spread()
    }

    /// How many greetings ended so.
    pub fn welcomes(&self, welcomed: Welcomed) -> u64 {
        self.welcomes[welcomed as usize].load(Ordering::Relaxed)
    }

    /// How many reminders ended so.
    pub fn reminders(&self, reminding: Reminding) -> u64 {
        self.reminders[reminding as usize].load(Ordering::Relaxed)
    }

    /// How many events had a name that is not in the documentation.
    pub fn unknown(&self) -> u64 {
        self.unknown.load(Ordering::Relaxed)
    }

    /// Work on an item has ended, so long after its receipt.
    pub fn ended(&self, queue: Queue, lane: Lane, end: End, since_receipt: Duration) {
        self.ends[queue as usize][end as usize].fetch_add(1, Ordering::Relaxed);
        match end {
            End::Done | End::Dead => self.took[queue as usize][lane as usize].add(since_receipt),
            End::Retry => {}
        }
    }

    /// An event of an unknown name was read.
    pub fn met_unknown(&self) {
        self.unknown.fetch_add(1, Ordering::Relaxed);
    }

    /// An event was acted on, at this time. One that owes a card to a member brought no welcome code.
    pub fn acted(&self, effects: &[Effect], now: Timestamp) {
        for effect in effects {
            if let Effect::PutGreeting(greeting) = effect
                && greeting.step == GreetingStep::CardOwed
            {
                self.welcomes[Welcomed::NoCode as usize].fetch_add(1, Ordering::Relaxed);
            }
            if let Effect::PutThread(thread) = effect
                && thread.reminder == Some(Reminded::NoChannel)
                && thread.contact_told_at == Some(now)
            {
                self.reminders[Reminding::NoChannel as usize].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A call has ended; `last` is the code of its last refusal.
    pub fn receipt(&self, receipt: &Receipt, last: Option<i64>) {
        if let Some(welcomed) = Welcomed::of(receipt, last) {
            self.welcomes[welcomed as usize].fetch_add(1, Ordering::Relaxed);
        }
        if let Some(reminding) = Reminding::of(receipt) {
            self.reminders[reminding as usize].fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{ExternalUserId, UserId};
    use crate::model::outgoing::{OneTimeCode, Welcome};
    use crate::model::reminder::Reminder;
    use crate::model::thread::Thread;

    #[test]
    fn a_welcome_ends_in_one_way() {
        let failed = |errcode| Outcome::Failed {
            reason: String::new(),
            errcode,
        };
        for (outcome, last, expected) in [
            (Outcome::Done(Answer::Welcomed), None, Welcomed::Sent),
            (
                Outcome::Done(Answer::WelcomedBefore),
                None,
                Welcomed::Before,
            ),
            (Outcome::TooLate, None, Welcomed::TooLate),
            (Outcome::TooLate, Some(-1), Welcomed::TooLate),
            (Outcome::TooLate, Some(41096), Welcomed::OtherApp),
            (failed(Some(41050)), Some(41050), Welcomed::TooLate),
            (failed(Some(41053)), Some(41053), Welcomed::Failed),
            (failed(None), None, Welcomed::Failed),
        ] {
            let welcome = Welcome {
                welcome_code: OneTimeCode::new("CODE"),
                userid: UserId::parse("zhang").unwrap(),
                external_userid: ExternalUserId::parse("wm1").unwrap(),
                text: String::new(),
                title: String::new(),
                desc: String::new(),
                url: String::new(),
            };
            let call = Call::Welcome(welcome);
            let tally = Tally::default();
            tally.receipt(&Receipt { call, outcome }, last);
            for welcomed in Welcomed::ALL {
                let count = u64::from(welcomed == expected);
                assert_eq!(tally.welcomes(welcomed), count, "{}", welcomed.name());
            }
        }
    }

    fn reminder() -> Reminder {
        serde_json::from_str(
            r#"{"about":["record:r1","wm1"],"openid":"o1","title":"","text":"","member":"",
                "at":"2026-11-22T08:00:00Z","url":"https://bridge.example.com/","client_msg_id":"m1"}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_reminder_ends_in_one_way() {
        let failed = Outcome::Failed {
            reason: String::new(),
            errcode: None,
        };
        for (outcome, expected) in [
            (Outcome::Done(Answer::Reminded), Reminding::Sent),
            (Outcome::Done(Answer::NotFollowing), Reminding::NotFollowing),
            (Outcome::TooLate, Reminding::TooLate),
            (failed, Reminding::Failed),
        ] {
            let (tally, call) = (Tally::default(), Call::Remind(reminder()));
            tally.receipt(&Receipt { call, outcome }, None);
            for reminding in Reminding::ALL {
                let count = u64::from(reminding == expected);
                assert_eq!(tally.reminders(reminding), count, "{}", reminding.name());
            }
        }
    }

    #[test]
    fn who_cannot_be_reached_is_counted_when_it_is_found_out() {
        let (item, contact) = reminder().about;
        let (now, tally) = (Timestamp::from_secs(1000), Tally::default());
        for told_at in [None, Some(Timestamp::from_secs(999)), Some(now)] {
            let thread = Thread {
                reminder: Some(Reminded::NoChannel),
                contact_told_at: told_at,
                ..Thread::new(item.clone(), contact.clone())
            };
            tally.acted(&[Effect::PutThread(thread)], now);
        }
        assert_eq!(tally.reminders(Reminding::NoChannel), 1);
    }

    #[test]
    fn only_what_is_settled_has_taken_its_time() {
        let tally = Tally::default();
        let second = Duration::from_secs(1);
        for (end, times) in [(End::Retry, 3), (End::Done, 2), (End::Dead, 1)] {
            (0..times).for_each(|_| tally.ended(Queue::Outbox, Lane::Urgent, end, second));
            assert_eq!(tally.ends(Queue::Outbox, end), times);
            assert_eq!(tally.ends(Queue::Inbox, end), 0);
        }
        let took = tally.took(Queue::Outbox, Lane::Urgent);
        assert_eq!((took.count, took.sum), (3, 3.0));
        assert_eq!(tally.took(Queue::Outbox, Lane::Normal).count, 0);
    }
}
