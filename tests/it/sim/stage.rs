//! A simulator with two members and two contacts on a clock that stands still, and a plain HTTP caller.

use std::time::Duration;

use serde_json::Value;
use wecom_bridge::clock::Clock;
use wecom_bridge::model::ids::{AgentId, CorpId, ExternalUserId, TaskId, UserId};
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::sim::corp::Corp;
use wecom_bridge::sim::person::{Contact, Follow, Member};
use wecom_bridge::sim::{Sim, SimSettings};

/// What a call answered.
pub(crate) struct Answer(pub(crate) Value);

impl Answer {
    pub(crate) fn errcode(&self) -> i64 {
        self.0["errcode"].as_i64().unwrap()
    }

    /// The answer of a call that must have worked.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.errcode(), 0, "{}", self.0);
        self.0
    }
}

/// Which token a call carries.
#[derive(Clone, Copy)]
pub(crate) enum As {
    App,
    ContactSync,
}

pub(crate) struct Stage {
    pub(crate) sim: Sim,
    pub(crate) clock: Clock,
    pub(crate) http: reqwest::Client,
}

impl Stage {
    /// Zhang and Li are members; Anna is Zhang's customer, nobody follows Ben.
    pub(crate) async fn start() -> Self {
        let clock = Clock::set_by_hand(Timestamp::from_secs(1_700_000_000));
        let corp = CorpId::parse("ww1000").unwrap();
        let mut settings = SimSettings::new(corp, AgentId(1000002), "app".into(), clock.clone());
        settings.contact_sync_secret = Some("sync".into());
        settings.push_timeout = Duration::from_secs(1);
        let sim = Sim::start(settings).await.unwrap();
        people(&mut sim.corp(), clock.now());
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_only([])
            .build()
            .unwrap();
        Self { sim, clock, http }
    }

    pub(crate) async fn token(&self, who: As) -> String {
        let secret = match who {
            As::App => "app",
            As::ContactSync => "sync",
        };
        let query = [("corpid", "ww1000"), ("corpsecret", secret)];
        let answer = self.plain_get("gettoken", &query).await.ok();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// A GET with exactly this query.
    pub(crate) async fn plain_get(&self, api: &str, query: &[(&str, &str)]) -> Answer {
        let url = self.sim.base().join(&format!("cgi-bin/{api}")).unwrap();
        let answer = self.http.get(url).query(query).send().await.unwrap();
        Answer(answer.json().await.unwrap())
    }

    pub(crate) async fn get(&self, who: As, api: &str, query: &[(&str, &str)]) -> Answer {
        let token = self.token(who).await;
        let query = [&[("access_token", token.as_str())], query].concat();
        self.plain_get(api, &query).await
    }

    pub(crate) async fn post(&self, who: As, api: &str, body: &Value) -> Answer {
        self.post_raw(who, api, body.to_string()).await
    }

    pub(crate) async fn post_raw(
        &self,
        who: As,
        api: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let url = self.sim.base().join(&format!("cgi-bin/{api}")).unwrap();
        let query = [("access_token", self.token(who).await)];
        let request = self.http.post(url).query(&query).body(body);
        Answer(request.send().await.unwrap().json().await.unwrap())
    }
}

fn people(corp: &mut Corp, now: Timestamp) {
    corp.add_member(Member::new(user("ZhangSan"), "张三"));
    corp.add_member(Member::new(user("lisi"), "李四"));
    corp.add_contact(Contact::new(contact("wmAnna"), "安娜"));
    corp.add_contact(Contact::new(contact("wmBen"), "本"));
    corp.follow(&user("ZhangSan"), &contact("wmAnna"), Follow::new(now));
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

pub(crate) fn contact(id: &str) -> ExternalUserId {
    ExternalUserId::parse(id).unwrap()
}

pub(crate) fn task(id: &str) -> TaskId {
    TaskId::parse(id).unwrap()
}
