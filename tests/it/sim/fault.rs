//! Scripted trouble with the API.

use std::time::{Duration, Instant};

use wecom_bridge::sim::faults::Fault;

use crate::sim::stage::{As, Stage};

async fn call(stage: &Stage, token: &str) -> Result<String, reqwest::Error> {
    let url = stage.sim.base().join("cgi-bin/getcallbackip").unwrap();
    let request = stage.http.get(url).query(&[("access_token", token)]);
    request.send().await?.text().await
}

#[tokio::test]
async fn a_token_is_withdrawn_before_its_time() {
    let stage = Stage::start().await;
    let token = stage.token(As::App).await;
    stage.sim.faults().next("getcallbackip", Fault::ExpireToken);
    assert!(call(&stage, &token).await.unwrap().contains("40014"));
    assert!(call(&stage, &token).await.unwrap().contains("40014"));
    let token = stage.token(As::App).await;
    assert!(
        call(&stage, &token)
            .await
            .unwrap()
            .contains("\"errcode\":0")
    );
}

#[tokio::test]
async fn answers_are_codes_pages_or_nothing() {
    let stage = Stage::start().await;
    let token = stage.token(As::App).await;
    stage
        .sim
        .faults()
        .times(2, "getcallbackip", &Fault::ErrCode(45009));
    stage.sim.faults().next("getcallbackip", Fault::Html);
    stage.sim.faults().next("getcallbackip", Fault::Cut);
    assert!(call(&stage, &token).await.unwrap().contains("45009"));
    assert!(call(&stage, &token).await.unwrap().contains("45009"));
    assert!(call(&stage, &token).await.unwrap().starts_with("<html>"));
    assert!(call(&stage, &token).await.unwrap_err().is_request());
    assert!(
        call(&stage, &token)
            .await
            .unwrap()
            .contains("\"errcode\":0")
    );
    let codes: Vec<_> = stage
        .sim
        .calls()
        .iter()
        .skip(1)
        .map(|call| call.errcode)
        .collect();
    assert_eq!(codes, [Some(45009), Some(45009), None, None, Some(0)]);
}

#[tokio::test]
async fn an_answer_is_lost_after_the_work_is_done() {
    let stage = Stage::start().await;
    stage.sim.faults().next("gettoken", Fault::CutAfter);
    let url = stage.sim.base().join("cgi-bin/gettoken").unwrap();
    let query = [("corpid", "ww1000"), ("corpsecret", "app")];
    let lost = stage.http.get(url).query(&query).send().await;
    assert!(lost.is_err());
    stage.clock.advance(Duration::from_secs(1));
    let answer = stage.plain_get("gettoken", &query).await.ok();
    assert_eq!(
        answer["expires_in"], 7199,
        "the token is a second old already"
    );
}

#[tokio::test]
async fn a_slow_answer_takes_its_time() {
    let stage = Stage::start().await;
    let token = stage.token(As::App).await;
    let wait = Duration::from_millis(120);
    stage
        .sim
        .faults()
        .always("getcallbackip", Fault::Slow(wait));
    let began = Instant::now();
    assert!(
        call(&stage, &token)
            .await
            .unwrap()
            .contains("\"errcode\":0")
    );
    assert!(began.elapsed() >= wait);
    stage.sim.faults().clear();
}

#[tokio::test]
async fn a_stopped_simulator_is_gone() {
    let stage = Stage::start().await;
    let token = stage.token(As::App).await;
    stage.sim.stop().await;
    assert!(call(&stage, &token).await.is_err());
}
