//! Many people do many things at once, and what WeCom reports of it is posted until it is answered 200.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use wecom_bridge::clock::Clock;
use wecom_bridge::sim::Sim;
use wecom_bridge::sim::person::{Account, Follow};

use crate::service::api::Door;
use crate::service::callback::Letter;
use crate::service::wecom::{Post, add_contact, add_member, contact, user};

/// How many people are found by members.
const CONTACTS: usize = 360;

/// So many members that nobody gets more cards than WeCom delivers in a minute.
const MEMBERS: usize = 60;

/// How many tasks post callbacks.
const SENDERS: usize = 8;

/// How many members have a toolbar open, one contact each.
pub(in crate::crash) const PAGES: usize = 3;

/// How long one callback may take over all kills.
const PATIENCE: Duration = Duration::from_secs(90);

/// How a contact comes about, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::crash) enum Story {
    /// Added with a welcome code, then edited.
    Welcome,
    /// Half added with a welcome code, then confirmed.
    Half,
    /// Added without a welcome code, then edited.
    Card,
}

impl Story {
    pub(in crate::crash) const fn of(number: usize) -> Self {
        match number % 3 {
            0 => Self::Welcome,
            1 => Self::Half,
            _ => Self::Card,
        }
    }

    /// The two changes that WeCom reports.
    pub(in crate::crash) const fn changes(self) -> [&'static str; 2] {
        match self {
            Self::Half => ["add_half_external_contact", "add_external_contact"],
            Self::Welcome | Self::Card => ["add_external_contact", "edit_external_contact"],
        }
    }
}

/// The people, and how far they are.
#[derive(Clone)]
pub(in crate::crash) struct Load {
    post: Arc<Post>,
    next: Arc<AtomicUsize>,
    answered: Arc<AtomicUsize>,
    tries: Arc<AtomicUsize>,
    beacons: Arc<AtomicUsize>,
}

/// The tasks that post.
pub(in crate::crash) struct Senders {
    callbacks: JoinSet<()>,
    pages: JoinSet<()>,
}

impl Load {
    pub(in crate::crash) async fn prepare() -> Self {
        let post = Post::start().await;
        for number in 0..MEMBERS {
            add_member(&post.sim, &member_id(number));
        }
        for number in 0..CONTACTS {
            let account = match Story::of(number) {
                Story::Welcome | Story::Half => Account::WeChat,
                Story::Card => Account::WeCom,
            };
            add_contact(&post.sim, &contact_id(number), account);
        }
        for number in 0..PAGES {
            let id = visited_id(number);
            add_contact(&post.sim, &id, Account::WeChat);
            let mut corp = post.sim.corp();
            let follow = Follow::new(Clock::system().now());
            corp.follow(&user(&member_id(number)), &contact(&id), follow);
        }
        Self {
            post: Arc::new(post),
            next: Arc::default(),
            answered: Arc::default(),
            tries: Arc::default(),
            beacons: Arc::default(),
        }
    }

    /// Begins to post.
    pub(in crate::crash) async fn start(&self, door: &Door) -> Senders {
        let (mut callbacks, mut pages) = (JoinSet::new(), JoinSet::new());
        for number in 0..PAGES {
            let session = door.log_in(&member_id(number)).await;
            let (load, door) = (self.clone(), door.clone());
            pages.spawn(async move { load.open_again_and_again(&door, &session, number).await });
        }
        for _ in 0..SENDERS {
            let (load, door) = (self.clone(), door.clone());
            callbacks.spawn(async move { load.post_stories(&door).await });
        }
        Senders { callbacks, pages }
    }

    pub(in crate::crash) fn sim(&self) -> &Sim {
        &self.post.sim
    }

    /// How many callbacks there are in all.
    pub(in crate::crash) const fn callbacks(&self) -> usize {
        2 * CONTACTS
    }

    /// How many of them were answered 200.
    pub(in crate::crash) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// How often one was posted.
    pub(in crate::crash) fn tries(&self) -> usize {
        self.tries.load(Ordering::SeqCst)
    }

    /// How many reports of an open toolbar were taken.
    pub(in crate::crash) fn beacons(&self) -> usize {
        self.beacons.load(Ordering::SeqCst)
    }

    /// Every contact with its number.
    pub(in crate::crash) fn stories(&self) -> impl Iterator<Item = (String, Story)> {
        (0..CONTACTS).map(|number| (contact_id(number), Story::of(number)))
    }

    async fn post_stories(&self, door: &Door) {
        loop {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            if number >= CONTACTS {
                return;
            }
            let (userid, id) = (
                user(&member_id(number % MEMBERS)),
                contact(&contact_id(number)),
            );
            let sim = self.sim();
            let remark = format!("备注〔{number}〕");
            let edit = sim.member_edits_remark(&userid, &id, &remark);
            match Story::of(number) {
                Story::Half => {
                    let half = sim.customer_half_adds(&userid, &id);
                    self.deliver(door, half).await;
                    self.deliver(door, sim.member_confirms(&userid, &id)).await;
                }
                Story::Welcome | Story::Card => {
                    self.deliver(door, sim.customer_adds(&userid, &id)).await;
                    self.deliver(door, edit).await;
                }
            }
        }
    }

    async fn deliver<T>(&self, door: &Door, doing: impl Future<Output = T>) {
        let xml = self.post.callback_of(doing).await;
        let tries = door.post_until_taken(&Letter::to_app(&xml), PATIENCE).await;
        self.tries.fetch_add(tries, Ordering::SeqCst);
        self.answered.fetch_add(1, Ordering::SeqCst);
    }

    /// Every opening is one of its own; one without an answer is not reported again.
    async fn open_again_and_again(&self, door: &Door, session: &str, page: usize) {
        for number in 0.. {
            if self.answered() == self.callbacks() {
                return;
            }
            let entry = format!("entry-{number}");
            if door.beacon(session, &visited_id(page), &entry).await {
                self.beacons.fetch_add(1, Ordering::SeqCst);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Senders {
    /// Waits until everything is posted.
    pub(in crate::crash) async fn finish(self) {
        self.callbacks.join_all().await;
        self.pages.join_all().await;
    }
}

fn contact_id(number: usize) -> String {
    format!("wmContact{number}")
}

fn member_id(number: usize) -> String {
    format!("member-{number}")
}

pub(in crate::crash) fn visited_id(number: usize) -> String {
    format!("wmVisited{number}")
}
