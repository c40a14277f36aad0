//! What the steps of one callback cost on one thread: from the raw body to what the store is given, and the full parse
//! that comes behind it.
//!
//! `verify` is [`open`] of a callback with a wrong signature: envelope and signature without decryption, which is also
//! what a forged call costs. Decryption alone cannot be asked for from outside; it is the rest of `open`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use wecom_bridge::callback::{Keyring, Query, SealedRequest, event, open, peek, seal};
use wecom_bridge::model::delivery::Source;
use wecom_bridge::model::ids::ReceiverName;
use wecom_bridge::model::keys::{AesKey, CallbackKeys};
use wecom_bridge::model::time::Timestamp;

const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);

/// A `change_external_contact` (path/92130) of 600 bytes.
fn plaintext() -> String {
    let mut xml = String::from(
        "<xml><ToUserName><![CDATA[ww7c4d1e0a9b2f3658]]></ToUserName>\
         <FromUserName><![CDATA[sys]]></FromUserName><CreateTime>1795305600</CreateTime>\
         <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event>\
         <ChangeType><![CDATA[add_external_contact]]></ChangeType><UserID><![CDATA[LinXiaoyu]]></UserID>\
         <ExternalUserID><![CDATA[wmX9dLAgAAq81vTz]]></ExternalUserID><State><![CDATA[",
    );
    let end = "]]></State></xml>";
    while xml.len() + end.len() < 600 {
        xml.push('x');
    }
    xml + end
}

fn keys() -> CallbackKeys {
    CallbackKeys {
        token: "micro".to_owned().into(),
        aes_key: AesKey::parse(&"a".repeat(43)).expect("43 letters are a key"),
    }
}

fn sealed(plaintext: &[u8]) -> SealedRequest {
    seal(
        &keys(),
        "ww7c4d1e0a9b2f3658",
        plaintext,
        NOW,
        "nonce",
        [7; 16],
    )
}

fn steps(criterion: &mut Criterion) {
    let plaintext = plaintext();
    let request = sealed(plaintext.as_bytes());
    let keyring = Keyring::new(keys(), None, vec!["ww7c4d1e0a9b2f3658".into()]);
    let query = Query::parse(&request.query).expect("it was just written");
    let forged = request
        .query
        .replacen("msg_signature=", "msg_signature=0", 1);
    let forged = Query::parse(&forged).expect("its form is right");
    let receiver = ReceiverName::parse("app").expect("it is a name");
    let body = request.body.as_bytes();

    assert!(open(&keyring, &query, body).is_ok());
    assert!(open(&keyring, &forged, body).is_err());
    assert!(event::parse(Source::Callback, &plaintext).is_ok());

    criterion.bench_function("query: parse", |b| {
        b.iter(|| Query::parse(black_box(&request.query)));
    });
    criterion.bench_function("verify: refuse a forged call", |b| {
        b.iter(|| open(&keyring, black_box(&forged), black_box(body)));
    });
    criterion.bench_function("open: verify and decrypt", |b| {
        b.iter(|| open(&keyring, black_box(&query), black_box(body)));
    });
    criterion.bench_function("peek", |b| {
        b.iter(|| peek(&receiver, black_box(plaintext.as_bytes()), NOW));
    });
    criterion.bench_function("parse: the event in full", |b| {
        b.iter(|| event::parse(Source::Callback, black_box(&plaintext)));
    });
    criterion.bench_function("seal: what the simulator does", |b| {
        b.iter(|| sealed(black_box(plaintext.as_bytes())));
    });
}

criterion_group! {
    name = callback;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = steps
}
criterion_main!(callback);
