//! What `doctor` tells of the faults that the service has met, while its own calls meet none.

use reqwest::Client;
use wecom_bridge::app::check::Verdict;
use wecom_bridge::config::StoreChoice;
use wecom_bridge::model::ids::UserId;
use wecom_bridge::sim::console::TrustedIps;
use wecom_bridge::sim::person::Member;
use wecom_bridge::store::StoreUrl;

use crate::doctor::{Ward, hears_of_members, named, settle};
use crate::redis_server::RedisServer;

/// The service writes a link while WeCom does not know its address (60020), which is put right afterwards.
async fn met(ward: &mut Ward) {
    let worker = ward.start().await;
    hears_of_members(ward).await;
    ward.sim.corp().console.contact_sync_ips = TrustedIps::NotListed;
    let li = Member::new(UserId::parse("LiSi").unwrap(), "李四");
    ward.sim.create_member(li).await;
    settle(&worker).await;
    let checks = ward.checks().await;
    for name in ["contact-sync of", "standing fault of ww1"] {
        assert_eq!(named(&checks, name).verdict, Verdict::Fault, "{checks:?}");
    }
    ward.sim.corp().console.contact_sync_ips = TrustedIps::Listed;
}

async fn put_right(ward: &Ward) {
    let url = format!("http://{}/api/v1/faults/retry", ward.config.listen);
    let request = Client::new().post(url).bearer_auth("api-q7Zk-0123456789");
    assert_eq!(request.send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn the_running_service_tells_which_faults_stand() {
    let mut ward = Ward::open().await;
    met(&mut ward).await;
    let found = ward.only_fault().await;
    assert_eq!(found.name, "standing fault of ww1");
    assert_eq!(found.verdict, Verdict::Fault, "{found:?}");
    for part in ["user/update: ", "60020", "127.0.0.1", "held back until"] {
        assert!(found.seen.contains(part), "{found:?}");
    }
    let advice = found.advice.unwrap();
    assert!(advice.contains("通讯录同步 → 企业可信IP"), "{advice}");

    // Without a token it tells how many.
    let tokens = std::mem::take(&mut ward.config.api_tokens);
    let found = ward.only_fault().await;
    assert_eq!(found.name, "standing faults");
    assert_eq!(found.verdict, Verdict::Warning, "{found:?}");
    assert!(found.seen.starts_with("1; "), "{found:?}");
    assert!(found.advice.unwrap().contains("api.tokens"));
    ward.config.api_tokens = tokens;

    put_right(&ward).await;
    let found = ward.only_fault().await;
    assert_eq!(found.verdict, Verdict::Warning, "{found:?}");
    assert!(found.seen.contains("the next call shows"), "{found:?}");

    // With the process goes what it remembered.
    ward.end().await;
    let checks = ward.checks().await;
    assert_eq!(named(&checks, "standing").seen, "none");
}

#[tokio::test]
async fn a_shared_store_tells_it_too() {
    let server = RedisServer::durable();
    let StoreUrl::Redis(url) = server.url() else {
        panic!("not Redis");
    };
    let mut ward = Ward::open().await;
    ward.config.store = StoreChoice::Redis(url);
    ward.config.api_tokens.clear();
    met(&mut ward).await;
    let found = ward.only_fault().await;
    assert_eq!(found.name, "standing fault of ww1");
    assert!(found.seen.contains("60020"), "{found:?}");
}
