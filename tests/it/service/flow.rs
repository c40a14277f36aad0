//! A steady flow of events that nothing follows from, posted until they are taken.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Add;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::service::api::Door;
use crate::service::callback::{Letter, plain_event};
use crate::service::{SOON, until};

/// How many tasks post.
const SENDERS: usize = 6;

/// The tasks, and what they see.
pub(crate) struct Flow {
    senders: JoinSet<Vec<String>>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    taken: AtomicUsize,
    /// What was answered, nothing included, and the longest time that an answer took.
    answers: Mutex<(BTreeSet<Option<u16>>, Duration)>,
}

impl Flow {
    pub(crate) fn start(door: &Door) -> Self {
        let (mut senders, seen) = (JoinSet::new(), Arc::new(Seen::default()));
        for _ in 0..SENDERS {
            let (door, seen) = (door.clone(), Arc::clone(&seen));
            senders.spawn(async move { post(&door, &seen).await });
        }
        Self { senders, seen }
    }

    /// Waits until so many more events are taken.
    pub(crate) async fn goes_on(&self, more: usize) {
        let wanted = self.seen.taken.load(Ordering::SeqCst) + more;
        let taken = until(SOON, async || {
            self.seen.taken.load(Ordering::SeqCst) >= wanted
        });
        assert!(taken.await, "events are not taken any more");
    }

    /// Waits for this answer, or for none at all, and forgets what was seen.
    pub(crate) async fn is_answered(&self, answer: Option<u16>) {
        let seen = until(SOON, async || {
            self.seen.answers.lock().unwrap().0.remove(&answer)
        });
        assert!(seen.await, "{answer:?} is never answered");
    }

    /// Ends the flow with the events that are on their way.
    pub(crate) async fn stops(self) -> Sent {
        self.seen.stop.store(true, Ordering::SeqCst);
        Sent {
            subjects: self.senders.join_all().await.concat(),
            slowest: self.seen.answers.lock().unwrap().1,
        }
    }
}

/// What a flow has sent, and the longest time that an answer took.
pub(crate) struct Sent {
    subjects: Vec<String>,
    pub(crate) slowest: Duration,
}

impl Sent {
    pub(crate) fn count(&self) -> usize {
        self.subjects.len()
    }

    /// Soon every event is there, once and settled.
    #[expect(
        clippy::print_stdout,
        reason = "the balance is for people who run a test by itself"
    )]
    pub(crate) async fn are_there(&self, door: &Door, patience: Duration) {
        let idle = until(patience, async || door.is_idle().await).await;
        assert!(idle, "work is left");
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for event in door.list("events?kind=enter_agent").await {
            assert_eq!(event["state"], "done", "{event}");
            let subject = event["subject"].as_str().unwrap().to_owned();
            *found.entry(subject).or_default() += 1;
        }
        let sent = self.subjects.iter();
        let lost = sent.clone().filter(|subject| !found.contains_key(*subject));
        let doubled = found.values().filter(|times| **times > 1);
        let (sent, lost, doubled) = (sent.len(), lost.count(), doubled.count());
        println!(
            "sent {sent}, found {}, lost {lost}, doubled {doubled}",
            found.len()
        );
        assert_eq!((found.len(), lost, doubled), (sent, 0, 0));
    }
}

impl Add for Sent {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.subjects.extend(other.subjects);
        self.slowest = self.slowest.max(other.slowest);
        self
    }
}

async fn post(door: &Door, seen: &Seen) -> Vec<String> {
    let mut subjects = Vec::new();
    while !seen.stop.load(Ordering::SeqCst) {
        let xml = plain_event();
        let from = xml
            .split(['<', '>'])
            .skip_while(|tag| *tag != "FromUserName")
            .nth(1);
        subjects.push(format!("member:{}", from.unwrap()));
        let letter = Letter::to_app(&xml);
        loop {
            let started = Instant::now();
            let answer = door.post(&letter).await;
            {
                let mut answers = seen.answers.lock().unwrap();
                answers.0.insert(answer);
                answers.1 = answers.1.max(started.elapsed());
            }
            if answer == Some(200) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        seen.taken.fetch_add(1, Ordering::SeqCst);
    }
    subjects
}
