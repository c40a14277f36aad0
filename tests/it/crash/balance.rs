//! What was sent against what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

use crate::crash::load::{Load, PAGES, Story, visited_id};
use crate::service::api::Door;
use crate::service::wecom::{cards, contact, welcomes};

/// The figures, and everything that is not as it should be.
#[derive(Default)]
pub(in crate::crash) struct Balance {
    sent: usize,
    tries: usize,
    answered: usize,
    found: usize,
    settled: usize,
    lost: usize,
    doubled: usize,
    welcomed: usize,
    carded: usize,
    greeted_twice: usize,
    visits: u64,
    wrong: Vec<String>,
}

impl Balance {
    /// Reads everything from the service and from WeCom.
    pub(in crate::crash) async fn draw(load: &Load, door: &Door) -> Self {
        let mut balance = Self {
            sent: load.callbacks(),
            tries: load.tries(),
            answered: load.answered(),
            ..Self::default()
        };
        let events = door.list("events").await;
        balance.count_events(load, &events);
        balance.compare_contacts(load, &door.list("contacts").await);
        balance.compare_greetings(load, door).await;
        balance.count_visits(load, door, &events).await;
        balance.count_outgoing(load, &door.list("outgoing").await);
        balance
    }

    /// The figures of both.
    pub(in crate::crash) fn with(mut self, other: &Self) -> Self {
        self.sent += other.sent;
        self.tries += other.tries;
        self.answered += other.answered;
        self.found += other.found;
        self.settled += other.settled;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.welcomed += other.welcomed;
        self.carded += other.carded;
        self.greeted_twice += other.greeted_twice;
        self.visits += other.visits;
        self
    }

    #[track_caller]
    pub(in crate::crash) fn assert_even(&self) {
        assert_eq!(self.wrong, [""; 0], "{self}");
        let all = [self.answered, self.found, self.settled];
        assert_eq!(all, [self.sent; 3], "{self}");
        assert_eq!((self.lost, self.doubled), (0, 0), "{self}");
    }

    /// Each callback is there by kind and subject, once, and settled.
    fn count_events(&mut self, load: &Load, events: &[Value]) {
        let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
        for event in events {
            if event["state"] != "done" {
                self.wrong.push(format!("not done: {event}"));
            }
            if event["source"] == "callback" {
                self.settled += usize::from(event["state"] == "done");
                let text = |field: &str| event[field].as_str().unwrap().to_owned();
                *found.entry((text("kind"), text("subject"))).or_default() += 1;
            }
        }
        self.found = found.values().sum();
        for (id, story) in load.stories() {
            for change in story.changes() {
                let kind = format!("change_external_contact/{change}");
                match found.remove(&(kind, format!("contact:{id}"))) {
                    None => self.lost += 1,
                    Some(times) => self.doubled += times - 1,
                }
            }
        }
        self.wrong
            .extend(found.keys().map(|event| format!("never sent: {event:?}")));
    }

    /// The contacts are what WeCom says they are.
    fn compare_contacts(&mut self, load: &Load, contacts: &[Value]) {
        let ours: BTreeMap<&str, Value> = contacts
            .iter()
            .map(|contact| {
                let follows = contact["follow_users"].as_array().unwrap();
                let follows = follows
                    .iter()
                    .map(|follow| json!([follow["userid"], follow["remark"]]));
                let truth = json!([contact["name"], follows.collect::<Vec<_>>()]);
                (contact["external_userid"].as_str().unwrap(), truth)
            })
            .collect();
        let corp = load.sim().corp();
        assert!(corp.contacts().len() > load.callbacks() / 2);
        for (id, truth) in corp.contacts() {
            let follows = truth.follows().iter().map(|(userid, follow)| {
                // WeCom shows the name where there is no remark.
                let remark = Some(&follow.remark).filter(|remark| !remark.is_empty());
                json!([userid, remark.unwrap_or(&truth.name)])
            });
            let theirs = json!([truth.name, follows.collect::<Vec<_>>()]);
            if ours.get(id.as_str()) != Some(&theirs) {
                self.wrong
                    .push(format!("{id} differs: {:?}", ours.get(id.as_str())));
            }
        }
        if ours.len() != corp.contacts().len() {
            self.wrong
                .push(format!("there are {} contacts", ours.len()));
        }
    }

    /// Everybody was greeted: by a welcome message, or the member got one card about it. One thing alone can bring both:
    /// a kill between a welcome message and its receipt, 20 seconds before anybody looked again.
    async fn compare_greetings(&mut self, load: &Load, door: &Door) {
        let (welcomes, cards) = (welcomes(load.sim()), cards(load.sim()));
        for (id, story) in load.stories() {
            let title = format!("新客户：客户〔{id}〕");
            let welcomed = welcomes.get(&id).copied().unwrap_or_default();
            let carded = cards.get(&title).copied().unwrap_or_default();
            let kept = door
                .find(&format!("contacts/{id}"))
                .await
                .unwrap_or_default();
            let steps: Vec<&str> = kept["greetings"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|greeting| greeting["step"].as_str().unwrap())
                .collect();
            let even = match (story, welcomed, carded) {
                (Story::Welcome | Story::Half, 1, 0) => steps == ["welcomed"],
                (_, 0, 1) => steps == ["carded"],
                (Story::Welcome | Story::Half, 1, 1) => {
                    self.greeted_twice += 1;
                    steps == ["carded"]
                }
                _ => false,
            };
            if !even {
                self.wrong.push(format!(
                    "{id}: {welcomed} welcomes, {carded} cards, {steps:?}"
                ));
            }
            self.welcomed += welcomed;
            self.carded += carded;
        }
    }

    /// Every report of an open toolbar counts once, whether its answer arrived or not.
    async fn count_visits(&mut self, load: &Load, door: &Door, events: &[Value]) {
        let mut reported = 0;
        for page in 0..PAGES {
            let id = visited_id(page);
            let subject = format!("contact:{id}");
            let of_page = |event: &&Value| event["subject"] == subject.as_str();
            let openings = events.iter().filter(of_page).count() as u64;
            let kept = door.read(&format!("contacts/{id}")).await;
            let counted = kept["visits"][0]["count"].as_u64().unwrap_or_default();
            if counted != openings {
                let line = format!("{id}: {openings} openings, {counted} visits");
                self.wrong.push(line);
            }
            reported += openings;
        }
        let toolbar =
            |(title, times): (String, usize)| title.starts_with("正在与").then_some(times);
        let sent: usize = cards(load.sim()).into_iter().filter_map(toolbar).sum();
        if sent != PAGES {
            self.wrong.push(format!("{sent} toolbar cards"));
        }
        if load.beacons() == 0 || reported < load.beacons() as u64 {
            self.wrong.push(format!(
                "{reported} openings, {} were taken",
                load.beacons()
            ));
        }
        self.visits = reported;
    }

    /// Each call that was owed is done; a welcome message may have come too late.
    fn count_outgoing(&mut self, load: &Load, outgoing: &[Value]) {
        let of = |call: &str| {
            outgoing
                .iter()
                .filter(|item| item["call"] == call)
                .collect::<Vec<_>>()
        };
        let calls: BTreeSet<&str> = outgoing
            .iter()
            .map(|item| item["call"].as_str().unwrap())
            .collect();
        // Members who open the toolbar are read, and so come by their link.
        if calls != BTreeSet::from(["card", "welcome", "write_link"]) {
            self.wrong.push(format!("other calls: {calls:?}"));
        }
        let cards_done = of("card")
            .iter()
            .filter(|item| item["state"] == "done")
            .count();
        let arrived: usize = cards(load.sim()).values().sum();
        if cards_done != of("card").len() || cards_done != arrived {
            let owed = of("card").len();
            self.wrong.push(format!(
                "{owed} cards owed, {cards_done} done, {arrived} arrived"
            ));
        }
        for welcome in of("welcome") {
            let subject = welcome["subject"].as_str().unwrap();
            let known = subject
                .strip_prefix("welcome:")
                .and_then(|rest| rest.split(' ').next())
                .is_some_and(|id| load.sim().corp().contact(&contact(id)).is_some());
            let late = welcome["state"] == "dead"
                && welcome["error"]
                    .as_str()
                    .is_some_and(|error| error.contains("too late"));
            if !known || !(welcome["state"] == "done" || late) {
                self.wrong.push(format!("a welcome message: {welcome}"));
            }
        }
        // A half addition that was overtaken by its confirmation owes none: the member has a card then.
        let count = |wanted: Story| load.stories().filter(|(_, story)| *story == wanted).count();
        let (welcome, half) = (count(Story::Welcome), count(Story::Half));
        if !(welcome..=welcome + half).contains(&of("welcome").len()) {
            self.wrong
                .push(format!("{} welcomes owed", of("welcome").len()));
        }
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            tries,
            answered,
            found,
            settled,
            lost,
            doubled,
            welcomed,
            carded,
            greeted_twice,
            visits,
            ..
        } = self;
        write!(
            f,
            "sent {sent} (in {tries} posts), answered {answered}, found {found}, settled once {settled}, lost {lost}, \
             doubled {doubled}; welcomed {welcomed}, carded {carded}, both {greeted_twice}; visits {visits}"
        )
    }
}
