//! What an administrator does.

use std::time::Duration;

use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::person::Contact;

use crate::admin::world;
use crate::guest::Guest;
use crate::world::{ADMIN_PASSWORD, CORP, contact, user};

#[tokio::test]
async fn the_dead_are_replayed_and_discarded() {
    let world = world("").await;
    let refused = Fault::ErrCode(40058);
    world.sim.faults().always("externalcontact/get", refused);
    for n in 0..3 {
        let id = contact(&format!("wmDead{n}"));
        world
            .sim
            .corp()
            .add_contact(Contact::new(id.clone(), "客户"));
        world
            .sim
            .customer_adds(&user("ZhangSan"), &id)
            .await
            .unwrap();
        world.settle().await;
        world.clock.advance(Duration::from_secs(3600));
    }
    assert_eq!(world.states("events").await["dead"], 3);
    let mut admin = Guest::new(&world);
    admin.log_in_as("member:ZhangSan", "team1").await;
    let base = format!("/admin/corps/{CORP}");
    let list = admin.get(&format!("{base}/dead")).await.html;
    assert_eq!(list.matches("<article>").count(), 3);
    assert!(list.contains("40058"), "the error is told");
    let dead = world.api("api/v1/events?state=dead").await;
    let places: Vec<String> = (0..3)
        .map(|n| {
            dead["items"][n]["id"]
                .as_str()
                .unwrap()
                .split_once(':')
                .unwrap()
                .1
                .to_owned()
        })
        .collect();

    let discard = format!("{base}/events/{}/discard", places[0]);
    let none = admin.submit_form(&base, &discard, "reason=").await;
    assert_eq!(none.status, 400, "a reason is needed");
    let done = admin
        .submit_form(&base, &discard, "reason=a+test&from=dead")
        .await;
    assert_eq!(
        done.to,
        format!("{base}/dead?queue=events&said=discarded&count=1")
    );
    let shown = admin
        .get(&format!("{base}/events/{}", places[0]))
        .await
        .html;
    assert!(shown.contains("discarded by ZhangSan: a test"), "{shown}");
    assert!(shown.contains("已丢弃"));

    world.sim.faults().clear();
    let kind = admin
        .submit_form(
            &base,
            &format!("{base}/dead/replay"),
            "queue=events&kind=subscribe",
        )
        .await;
    assert!(kind.to.ends_with("said=replayed&count=0"), "{}", kind.to);
    // The second of the three, an hour after the first; the form reads Beijing's time.
    let span = "queue=events&since=2026-09-21T23%3A00&until=2026-09-21T23%3A30";
    let before = admin
        .submit_form(&base, &format!("{base}/dead/replay"), span)
        .await;
    let one = admin
        .submit_form(&base, &format!("{base}/events/{}/replay", places[1]), "")
        .await;
    assert_eq!(one.status, 303);
    let rest = admin
        .submit_form(&base, &format!("{base}/dead/replay"), "queue=events")
        .await;
    for done in [&before, &rest] {
        assert!(done.to.ends_with("said=replayed&count=1"), "{}", done.to);
    }
    world.settle().await;
    let states = world.states("events").await;
    assert_eq!((states.get("dead"), states["discarded"]), (None, 1));
    let said = admin.get(&rest.to).await.html;
    assert!(
        said.contains("已重放：") && said.contains("role=\"status\""),
        "{said}"
    );
    let unknown = admin
        .submit_form(&base, &format!("{base}/events/1-1/replay"), "")
        .await;
    assert_eq!(unknown.status, 404);
    let strange = admin
        .submit_form(&base, &format!("{base}/events/nowhere/replay"), "")
        .await;
    assert_eq!(strange.status, 404);
}

#[tokio::test]
async fn asked_for_by_events_of_our_own() {
    let world = world("").await;
    let mut admin = Guest::new(&world);
    admin.log_in_by(ADMIN_PASSWORD).await;
    let base = format!("/admin/corps/{CORP}");
    let forms = [
        ("sync", "scope=links&dry=1", 303),
        ("sync", "scope=everything", 400),
        ("sync/auto", "to=off", 303),
        ("sync/auto", "to=maybe", 400),
        ("members/send-link", "userid=ZhangSan&userid=LiSi", 303),
        ("members/send-link", "", 303),
        ("members/send-link", "userid=a+b", 400),
    ];
    for (path, form, status) in forms {
        let answer = admin
            .submit_form(&base, &format!("{base}/{path}"), form)
            .await;
        assert_eq!(answer.status, status, "{path} {form}");
    }
    let count = async |kind: &str| {
        let found = world.api(&format!("api/v1/events?kind={kind}")).await;
        found["items"].as_array().unwrap().len()
    };
    assert_eq!(count("start_sync").await, 1);
    assert_eq!(count("switch_auto_sync").await, 1);
    assert_eq!(count("send_link").await, 2);
    let events = world.api("api/v1/events?kind=start_sync").await;
    let id = events["items"][0]["id"].as_str().unwrap().to_owned();
    let xml = world.api(&format!("api/v1/events/{id}")).await["xml"].to_string();
    for part in ["links", "dry_run", "admin"] {
        assert!(xml.contains(part), "{xml}");
    }
}
