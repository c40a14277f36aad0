//! The worst moments, one by one: the process dies with events accepted and not looked at, with a call of WeCom's API
//! under way, and with a call done whose answer it has not read.

use std::time::Duration;

use serde_json::Value;
use wecom_bridge::clock::Clock;
use wecom_bridge::model::ids::TaskId;
use wecom_bridge::sim::Sim;
use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::{Account, Follow, Member};

use crate::crash::REST;
use crate::service::callback::{Letter, plain_event};
use crate::service::store::Ground;
use crate::service::wecom::{self, add_contact, add_member, cards, contact, user, welcomes};
use crate::service::{SOON, Service, until};

/// The inbox has so many places for what is not urgent; a few more make sure that they are taken.
const PLACES: usize = 48;
const SLOW_ONES: usize = PLACES + 4;

/// How long WeCom holds a call that it is to do for a dead caller: long enough to freeze the caller meanwhile.
const DONE_AFTER: Duration = Duration::from_secs(1);

/// How far a call of the API is when its caller dies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Moment {
    /// WeCom has the request and has done nothing.
    UnderWay,
    /// WeCom has done it; the answer is not read.
    Done,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_moment_is_survived_on_the_embedded_store() {
    every_moment(Ground::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_moment_is_survived_on_redis() {
    every_moment(Ground::redis()).await;
}

async fn every_moment(ground: Ground) {
    let mut stage = Stage::start(ground).await;
    stage.accepted_and_not_looked_at().await;
    for moment in [Moment::UnderWay, Moment::Done] {
        stage.reading_a_contact(moment).await;
        stage.welcoming(moment).await;
        let card = stage.sending_a_card(moment).await;
        stage.updating_a_card(moment, &card).await;
        stage.reading_a_member(moment).await;
        stage.writing_a_link(moment).await;
    }
    let secrets = wecom::secrets(&stage.sim).await;
    stage.service.assert_log_tells_no_secrets(&secrets);
}

struct Stage {
    ground: Ground,
    sim: Sim,
    service: Service,
}

impl Stage {
    async fn start(ground: Ground) -> Self {
        let sim = wecom::start().await;
        let service = Service::start(&ground.keeps(), sim.base()).await;
        wecom::register(&sim, service.door()).await;
        add_member(&sim, "lin");
        Self {
            ground,
            sim,
            service,
        }
    }

    /// While slow reads take all places, what comes next is answered and waits.
    async fn accepted_and_not_looked_at(&mut self) {
        let slow = Fault::Slow(SOON);
        self.sim.faults().always("externalcontact/get", slow);
        for number in 0..SLOW_ONES {
            let id = self.known_contact(&format!("wmSlow{number}"));
            let (lin, id) = (user("lin"), contact(&id));
            let edited = self.sim.member_edits_remark(&lin, &id, "新").await;
            assert!(edited.unwrap()[0].accepted());
        }
        let door = self.service.door().clone();
        let full = until(SOON, async || {
            let waiting = door.list("events?state=waiting").await;
            let in_work = waiting.iter().filter(|event| event["attempts"] == 1);
            in_work.count() == PLACES
        });
        assert!(full.await, "slow reads take all places");
        for _ in 0..5 {
            let letter = Letter::to_app(&plain_event());
            assert_eq!(door.post(&letter).await, Some(200));
        }
        let waiting = door.list("events?kind=enter_agent").await;
        for event in &waiting {
            let progress = (event["state"].as_str(), event["attempts"].as_u64());
            assert_eq!(progress, (Some("waiting"), Some(0)), "{event}");
        }
        self.service.kill();
        self.sim.faults().clear();
        self.revive().await;
        let done = door.list("events?kind=enter_agent&state=done").await;
        assert_eq!((waiting.len(), done.len()), (5, 5));
        for kept in door.list("contacts").await {
            assert_eq!(kept["follow_users"][0]["remark"], "新", "{kept}");
        }
    }

    async fn reading_a_contact(&mut self, moment: Moment) {
        let id = self.known_contact(&format!("wmRead{moment:?}"));
        let (sim, lin, edited) = (self.sim.clone(), user("lin"), contact(&id));
        let doing = async { sim.member_edits_remark(&lin, &edited, "新").await.unwrap() };
        self.dies("externalcontact/get", moment, doing).await;
        let kept = self.read(&format!("contacts/{id}")).await;
        assert_eq!(kept["follow_users"][0]["remark"], "新", "{kept}");
    }

    /// A second call with the code is answered 41051, which counts as sent.
    async fn welcoming(&mut self, moment: Moment) {
        let id = format!("wmWelcome{moment:?}");
        add_contact(&self.sim, &id, Account::WeChat);
        self.adds("externalcontact/send_welcome_msg", moment, &id)
            .await;
        let kept = self.read(&format!("contacts/{id}")).await;
        let told = (welcomes(&self.sim).get(&id).copied(), self.carded(&id));
        assert_eq!(told, (Some(1), 0), "{kept}");
        assert_eq!(kept["greetings"][0]["step"], "welcomed", "{kept}");
    }

    /// A second call with the card is recognised as a repetition.
    async fn sending_a_card(&mut self, moment: Moment) -> TaskId {
        let id = format!("wmCard{moment:?}");
        add_contact(&self.sim, &id, Account::WeCom);
        self.adds("message/send", moment, &id).await;
        let kept = self.read(&format!("contacts/{id}")).await;
        assert_eq!(self.carded(&id), 1, "{kept}");
        assert_eq!(kept["greetings"][0]["step"], "carded", "{kept}");
        let sent = self.sim.sent();
        let tasks = sent.iter().rev().filter_map(|sent| match sent {
            Sent::Message(message) => message.task_id(),
            _ => None,
        });
        tasks.into_iter().next().expect("the card has a task id")
    }

    /// A response code works once, so that a second call must not count as a failure.
    async fn updating_a_card(&mut self, moment: Moment, card: &TaskId) {
        let sim = self.sim.clone();
        let lin = user("lin");
        let doing = sim.click_button(&lin, card, "contacted", &[]);
        let api = "message/update_template_card";
        self.dies(api, moment, async { doing.await.unwrap() }).await;
        let updates = self.sim.sent();
        let updates = updates.iter().filter_map(|sent| match sent {
            Sent::CardUpdate(update) => Some(update.message),
            _ => None,
        });
        let expected = match moment {
            Moment::UnderWay => 1,
            Moment::Done => 2,
        };
        assert_eq!(updates.count(), expected, "one update for each card so far");
    }

    async fn reading_a_member(&mut self, moment: Moment) {
        let id = format!("member-Read{moment:?}");
        self.joins("user/get", moment, &id).await;
        let kept = self.read(&format!("members/{id}")).await;
        assert_eq!(kept["name"], format!("成员〔{id}〕").as_str(), "{kept}");
    }

    /// The profile is read first, so that a link that stands there is not written again.
    async fn writing_a_link(&mut self, moment: Moment) {
        let id = format!("member-Link{moment:?}");
        self.joins("user/update", moment, &id).await;
        let kept = self.read(&format!("members/{id}")).await;
        assert_eq!(kept["link"]["state"], "confirmed", "{kept}");
        let sent = self.sim.sent();
        let written = sent
            .iter()
            .filter(|sent| matches!(sent, Sent::Profile(write) if write.userid == user(&id)));
        assert_eq!(written.count(), 1);
        let sent = cards(&self.sim);
        assert_eq!(
            sent["你已加入“与我协作”"],
            self.members_created(),
            "{sent:?}"
        );
    }

    async fn adds(&mut self, api: &str, moment: Moment, id: &str) {
        let (sim, id) = (self.sim.clone(), contact(id));
        let doing = async { sim.customer_adds(&user("lin"), &id).await.unwrap() };
        self.dies(api, moment, doing).await;
    }

    async fn joins(&mut self, api: &str, moment: Moment, id: &str) {
        let sim = self.sim.clone();
        let member = Member::new(user(id), &format!("成员〔{id}〕"));
        self.dies(api, moment, sim.create_member(member)).await;
    }

    /// Kills the service in this moment of its next call of `api`, which `doing` leads to, and lets it finish its work.
    async fn dies<T>(&mut self, api: &str, moment: Moment, doing: impl Future<Output = T>) {
        let calls = |sim: &Sim| sim.calls().iter().filter(|call| call.api == api).count();
        let before = calls(&self.sim);
        let (held, made) = match moment {
            Moment::UnderWay => (SOON, 1),
            // A link that is found in the profile is not written again.
            Moment::Done if api == "user/update" => (DONE_AFTER, 1),
            Moment::Done => (DONE_AFTER, 2),
        };
        self.sim.faults().next(api, Fault::Slow(held));
        doing.await;
        let arrived = until(SOON, async || self.sim.faults().left().is_empty());
        assert!(arrived.await, "{api} is called");
        if moment == Moment::Done {
            self.service.freeze();
            let done = until(SOON, async || calls(&self.sim) > before);
            assert!(done.await, "{api} is done");
        }
        self.service.kill();
        self.revive().await;
        let after = calls(&self.sim) - before;
        assert!(after >= made, "{api} {moment:?}: {after} calls");
    }

    async fn revive(&mut self) {
        self.ground.end_leases();
        self.service.start_again().await;
        let door = self.service.door().clone();
        let idle = until(REST, async || door.is_idle().await).await;
        assert!(idle, "work is left:\n{}", self.service.end_of_log());
        for dead in ["events?state=dead", "outgoing?state=dead"] {
            assert_eq!(door.list(dead).await, [Value::Null; 0], "{dead}");
        }
    }

    /// A contact whom Lin has, unknown to the service.
    fn known_contact(&self, id: &str) -> String {
        add_contact(&self.sim, id, Account::WeCom);
        let follow = Follow::new(Clock::system().now());
        self.sim.corp().follow(&user("lin"), &contact(id), follow);
        id.to_owned()
    }

    /// How many cards about this contact went out.
    fn carded(&self, id: &str) -> usize {
        let title = format!("新客户：客户〔{id}〕");
        cards(&self.sim).get(&title).copied().unwrap_or_default()
    }

    /// Everybody but Lin was created with a callback.
    fn members_created(&self) -> usize {
        self.sim.corp().members().len() - 1
    }

    async fn read(&self, path: &str) -> Value {
        self.service.door().read(path).await
    }
}
