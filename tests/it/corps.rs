//! Several corps in one process and in two, and a receiver whose keys are being changed.

use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use wecom_bridge::app::{App, Loops};
use wecom_bridge::callback::{self, SealedRequest};
use wecom_bridge::clock::Clock;
use wecom_bridge::config::Config;
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::model::keys::{AesKey, CallbackKeys};
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::store::item::Queue;

use crate::redis_server::RedisServer;

const OLD: (&str, &str) = ("OldToken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG");
const NEW: (&str, &str) = ("NewToken", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C");
const OTHER: (&str, &str) = ("OtherToken", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG");

fn toml(store: &str) -> String {
    let corp = |id: &str, receiver: &str, keys: (&str, &str), more: &str| {
        format!(
            "[[corp]]\nid = \"{id}\"\ntenant_key = \"{receiver}\"\n\
             [corp.app]\nagent_id = 1\nsecret = \"a-secret-of-{id}\"\n\
             [[corp.receiver]]\nname = \"{receiver}\"\ntoken = \"{}\"\naes_key = \"{}\"\n{more}",
            keys.0, keys.1,
        )
    };
    let previous = format!(
        "[corp.receiver.previous]\ntoken = \"{}\"\naes_key = \"{}\"\n",
        OLD.0, OLD.1
    );
    format!(
        "public_url = \"http://127.0.0.1:1\"\n[server]\nlisten = \"127.0.0.1:0\"\n\
         [store]\nurl = \"{store}\"\n[api]\ntokens = [\"0123456789abcdef\"]\n\
         [wecom]\napi_base = \"http://127.0.0.1:1\"\n{}{}",
        corp("wwOne", "one", NEW, &previous),
        corp("wwTwo", "two", OTHER, "receive_ids = [\"wwTwo\", \"\"]\n"),
    )
}

fn sealed((token, aes_key): (&str, &str), receive_id: &str, n: u32) -> SealedRequest {
    let keys = CallbackKeys {
        token: token.into(),
        aes_key: AesKey::parse(aes_key).unwrap(),
    };
    let xml = format!(
        "<xml><FromUserName>sys</FromUserName><CreateTime>1790000000</CreateTime><MsgType>event</MsgType>\
         <Event>change_external_contact</Event><ChangeType>edit_external_contact</ChangeType>\
         <UserID>zhang</UserID><ExternalUserID>wm{n}</ExternalUserID></xml>"
    );
    callback::seal(
        &keys,
        receive_id,
        xml.as_bytes(),
        Timestamp::from_secs(1_790_000_000),
        "n",
        [1; 16],
    )
}

fn client() -> reqwest::Client {
    // It fails when another part of the process was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corps_stand_side_by_side_and_keys_can_be_changed() {
    let folder = TempDir::new().unwrap();
    let store = format!("embedded:{}", folder.path().join("store.redb").display());
    let config = Config::from_parts(&toml(&store), std::iter::empty()).unwrap();
    let app = App::build(&config, Clock::system()).await.unwrap();
    let base = format!("http://{}", app.address().unwrap());
    let stop = CancellationToken::new();
    let running = tokio::spawn(app.run(Loops::SteppedByHand, stop.clone()));
    let http = client();
    let post = async |receiver: &str, request: SealedRequest| {
        let url = format!("{base}/callback/{receiver}?{}", request.query);
        http.post(url)
            .body(request.body)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };

    for (receiver, keys, receive_id, status) in [
        ("one", NEW, "wwOne", 200),
        ("one", OLD, "wwOne", 200),
        ("one", OTHER, "wwOne", 403),
        ("one", NEW, "wwTwo", 403),
        ("one", NEW, "", 403),
        ("two", OTHER, "wwTwo", 200),
        ("two", OTHER, "", 200),
        ("two", NEW, "wwTwo", 403),
        ("three", NEW, "wwOne", 404),
    ] {
        let answer = post(receiver, sealed(keys, receive_id, 1)).await;
        assert_eq!(answer, status, "{receiver} {} {receive_id:?}", keys.0);
    }

    // A rotation under load: senders use the old or the new pair, and nothing is refused.
    let load = (10..110).map(|n| {
        post(
            "one",
            sealed(if n % 2 == 0 { OLD } else { NEW }, "wwOne", n),
        )
    });
    let answers = futures_util::future::join_all(load).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");

    for (corp, expected) in [("wwOne", 101), ("wwTwo", 1)] {
        let url = format!("{base}/api/v1/events?corp={corp}&limit=200");
        let list = http
            .get(url)
            .bearer_auth("0123456789abcdef")
            .send()
            .await
            .unwrap();
        let list: Value = list.json().await.unwrap();
        let items = list["items"].as_array().unwrap();
        assert_eq!(
            items.len(),
            expected,
            "{corp}: the same content is one event for each receiver"
        );
        assert!(items.iter().all(|item| item["corp"] == corp));
    }
    stop.cancel();
    running.await.unwrap().unwrap();
}

/// Two corps, two processes, one Redis: whichever process takes an event in, and whichever works on it, it is worked on
/// once and stays its corp's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_work_of_two_corps() {
    const EVENTS: u32 = 40;

    let redis = RedisServer::start();
    let store = format!("redis://127.0.0.1:{}", redis.port());
    let config = Config::from_parts(&toml(&store), std::iter::empty()).unwrap();
    let stop = CancellationToken::new();
    let http = client();
    let (mut bases, mut workers, mut running) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..2 {
        let app = App::build(&config, Clock::system()).await.unwrap();
        bases.push(format!("http://{}", app.address().unwrap()));
        workers.push(app.worker().clone());
        running.push(tokio::spawn(app.run(Loops::SteppedByHand, stop.clone())));
    }

    // Each event comes to one process, and once more to the other.
    let mut load = Vec::new();
    for n in 0..EVENTS {
        for (receiver, keys, receive_id) in [("one", NEW, "wwOne"), ("two", OTHER, "wwTwo")] {
            for base in &bases {
                let request = sealed(keys, receive_id, n);
                let url = format!("{base}/callback/{receiver}?{}", request.query);
                load.push(http.post(url).body(request.body).send());
            }
        }
    }
    for answer in futures_util::future::join_all(load).await {
        assert_eq!(answer.unwrap().status(), 200);
    }

    let corps = ["wwOne", "wwTwo"].map(|id| CorpId::parse(id).unwrap());
    loop {
        let steps = workers
            .iter()
            .flat_map(|worker| corps.iter().map(|corp| worker.step(corp, Queue::Inbox)));
        let worked = futures_util::future::join_all(steps).await;
        let worked: usize = worked.into_iter().map(Result::unwrap).sum();
        if worked == 0 {
            break;
        }
    }
    for corp in &corps {
        for base in &bases {
            let url = format!("{base}/api/v1/events?corp={corp}&limit=200");
            let list = http.get(url).bearer_auth("0123456789abcdef").send().await;
            let list: Value = list.unwrap().json().await.unwrap();
            let items = list["items"].as_array().unwrap().iter();
            let told: Vec<&Value> = items.filter(|item| item["source"] == "callback").collect();
            assert_eq!(told.len(), EVENTS as usize, "{corp}");
            for item in told {
                let seen = (&item["corp"], &item["state"], &item["attempts"]);
                let expected = (&Value::from(corp.as_str()), &"done".into(), &1.into());
                assert_eq!(seen, expected, "{item}");
            }
        }
    }
    stop.cancel();
    for process in running {
        process.await.unwrap().unwrap();
    }
}
