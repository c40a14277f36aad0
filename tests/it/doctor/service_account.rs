//! The lines about the service account.

use std::time::Duration;

use wecom_bridge::app::check::Verdict;
use wecom_bridge::config::{Receiver, ServiceAccount};
use wecom_bridge::model::ids::AppId;
use wecom_bridge::model::template::{Part, ReplyTemplate, TemplateKey};

use crate::doctor::{Ward, named};

fn account(receivers: Vec<Receiver>) -> ServiceAccount {
    let key = TemplateKey::parse("thing1").unwrap();
    ServiceAccount {
        app_id: AppId::parse("wx1").unwrap(),
        secret: "account-q7Zk".into(),
        name: None,
        qr_code: None,
        reply: Some(ReplyTemplate {
            template_id: "TM1".into(),
            keys: vec![(key, Part::Title)],
        }),
        quiet_hours: None,
        bundle: Duration::ZERO,
        receivers,
    }
}

#[tokio::test]
async fn an_account_is_judged_by_its_token_and_what_is_configured() {
    let mut ward = Ward::open().await;
    ward.config.weixin.api_base = ward.sim.weixin_base();
    let own = ward.config.corps[0].receivers.clone();
    type Change = fn(&mut ServiceAccount);
    let table: [(Change, &str, Verdict, &str); 5] = [
        (
            |_| {},
            "service account of ww1",
            Verdict::Ok,
            "gives a token",
        ),
        (
            |_| {},
            "login domain",
            Verdict::Ok,
            "网页授权域名 has to be 127.0.0.1",
        ),
        (
            |account| account.secret = "wrong-q7Zk".into(),
            "service account of ww1",
            Verdict::Fault,
            "40125",
        ),
        (
            |account| account.reply = None,
            "reply template",
            Verdict::Warning,
            "not told of replies",
        ),
        (
            |account| account.receivers.clear(),
            "followers",
            Verdict::Warning,
            "nobody tells who follows",
        ),
    ];
    for (change, name, verdict, seen) in table {
        let mut account = account(own.clone());
        change(&mut account);
        ward.config.corps[0].service_account = Some(account);
        let checks = ward.checks().await;
        let check = named(&checks, name);
        assert_eq!(check.verdict, verdict, "{check:?}");
        assert!(check.seen.contains(seen), "{check:?}");
        assert_eq!(check.advice.is_some(), verdict != Verdict::Ok, "{check:?}");
    }
}
