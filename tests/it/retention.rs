//! What is kept for a time only, on both stores.

use std::time::Duration;

use wecom_bridge::model::delivery::{Lane, Subject};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::{CorpId, WebhookName};
use wecom_bridge::model::outgoing::{Call, Outgoing};
use wecom_bridge::model::visit::Visit;
use wecom_bridge::model::webhook::Webhook;
use wecom_bridge::store::item::{Lanes, Leases, Settle, State};
use wecom_bridge::store::record::Key;

use crate::world::{CORP, On, QUARTER, World, stories};

stories!(visits_and_dead_messages_go_in_their_time);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn visits_and_dead_messages_go_in_their_time(on: On) {
    let world = World::start(on).await;
    let corp = CorpId::parse(CORP).unwrap();
    let (userid, external_userid) = world.people();
    let start = world.clock.now();
    let visit = Key::visit(&external_userid, &userid);
    let opened = Visit {
        userid,
        external_userid,
        entry: "single_chat_tools".into(),
        last_at: start,
        count: 1,
    };
    let message = Webhook {
        target: WebhookName::parse("crm").unwrap(),
        id: "m1".into(),
        body: "{}".into(),
    };
    let effects = [
        Effect::PutVisit(opened),
        Effect::Send(Outgoing {
            subject: Subject::new("webhook", "crm"),
            lane: Lane::Normal,
            deadline: None,
            cause: None,
            call: Call::Webhook(message),
        }),
    ];
    world.put(&effects).await;
    let (urgent, normal) = (DAY, DAY);
    let leases = Leases { urgent, normal };
    let store = world.store();
    let claims = store.claim_outgoing(&corp, Lanes::All, 9, leases, start);
    for claim in claims.await.unwrap() {
        let dead = store.commit(&claim.ticket, Settle::Dead("away"), &[], &[], start);
        dead.await.unwrap();
    }
    let states = async || {
        let calls = store.outgoing(&corp, None, None, 9).await.unwrap();
        let states: Vec<State> = calls.iter().map(|call| call.progress.state).collect();
        let visit = store.read(&corp, std::slice::from_ref(&visit)).await;
        (states, visit.unwrap()[0].json.is_some())
    };
    world.clock.advance(29 * DAY);
    world.forget_old().await;
    assert_eq!(states().await, (vec![State::Dead], true));
    world.clock.advance(DAY);
    world.forget_old().await;
    assert_eq!(states().await, (vec![State::Discarded], true));
    world.clock.advance(QUARTER - 30 * DAY);
    world.forget_old().await;
    assert_eq!(states().await, (vec![State::Discarded], false));
}
