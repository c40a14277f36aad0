//! What customers do with what was given to them.

use std::collections::BTreeMap;

use wecom_bridge::decide::rejection::{Fault, Rejection, Wrong};
use wecom_bridge::decide::request::{Advance, Command, Content, NewAnswer, Target};
use wecom_bridge::model::approval::Consent;
use wecom_bridge::model::effect::Shelf;
use wecom_bridge::model::form::{Submissions, Value};
use wecom_bridge::model::grant::GrantState;
use wecom_bridge::model::ids::ExternalUserId;
use wecom_bridge::model::item::{Actor, Item};

use crate::items::{comment, corp, customer, draft, form, item, key, member, office, submission};
use crate::world::{On, contact, stories, user};

stories!(
    a_form_is_shared_filled_in_and_talked_about,
    an_approval_is_answered_once,
    what_is_not_shared_is_not_there,
);

async fn a_form_is_shared_filled_in_and_talked_about(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang.clone());
    let made = world.asked(by.clone(), form("f1", Submissions::One)).await;
    assert_eq!(made, Ok(Some(item("form:f1"))));

    let share = Command::Share(wang.clone(), vec![item("form:f1")]);
    world.asked(by.clone(), share).await.unwrap();
    assert_eq!(
        world.grant(&wang, "form:f1").await,
        Some(GrantState::Pending)
    );
    let confirm = Command::ConfirmShare(wang.clone(), item("form:f1"));
    world.asked(by.clone(), confirm).await.unwrap();
    assert_eq!(
        world.grant(&wang, "form:f1").await,
        Some(GrantState::Confirmed)
    );

    let me = Actor::Contact(wang.clone());
    let wrong = submission(
        "f1",
        &wang,
        "r0",
        &[("what", "太长太长太长"), ("tel", "x"), ("cost", "1")],
    );
    let faults = [
        Fault::new("cost", Wrong::Unknown),
        Fault::new("what", Wrong::TooLong(5)),
        Fault::new("tel", Wrong::NotAPhone),
    ];
    let refused = world.asked(me.clone(), wrong).await;
    assert_eq!(refused, Err(Rejection::Invalid(faults.to_vec())));
    let empty = submission("f1", &wang, "r0", &[("what", "  ")]);
    let faults = vec![Fault::new("what", Wrong::Missing)];
    assert_eq!(
        world.asked(me.clone(), empty).await,
        Err(Rejection::Invalid(faults))
    );

    let right = submission("f1", &wang, "r1", &[("what", " 门 "), ("tel", "")]);
    let made = world.asked(me.clone(), right).await;
    assert_eq!(made, Ok(Some(item("record:r1"))));
    let Some(Item::Record(record)) = world.item("record:r1").await else {
        panic!("the record is kept");
    };
    assert_eq!(
        record.values,
        BTreeMap::from([("what".into(), Value::One("门".into()))])
    );
    assert_eq!(
        (record.head.owner, record.step.as_str()),
        (zhang.clone(), "待处理")
    );
    assert_eq!(
        world.grant(&wang, "record:r1").await,
        Some(GrantState::Confirmed)
    );

    let again = submission("f1", &wang, "r2", &[("what", "窗")]);
    let refused = world.asked(me.clone(), again).await;
    assert_eq!(refused, Err(Rejection::AlreadySubmitted(item("record:r1"))));

    let said = comment("record:r1", &wang, "c1", "什么时候来？");
    world.asked(me, said).await.unwrap();
    let said = comment("record:r1", &wang, "c2", "明天");
    world.asked(by.clone(), said).await.unwrap();
    let store = world.store();
    let comments = store
        .comments(&corp(), &item("record:r1"), &wang, None, 9)
        .await
        .unwrap();
    let comments: Vec<_> = comments.into_iter().map(|comment| comment.text).collect();
    assert_eq!(comments, ["什么时候来？", "明天"]);

    let go_on = Advance {
        record: key("r1"),
        seen: None,
        step: Some("已完成".into()),
        handler: Some(Some(user("lisi"))),
        follow_up: Some("修好了".into()),
        internal: false,
    };
    world
        .asked(by.clone(), Command::Advance(go_on))
        .await
        .unwrap();
    let Some(Item::Record(record)) = world.item("record:r1").await else {
        panic!("the record is kept");
    };
    assert_eq!(
        (record.step.as_str(), record.follow_ups.len()),
        ("已完成", 1)
    );
    for who in [zhang, user("LiSi")] {
        let shelf = Shelf::Member(who.clone());
        let found = store.on_shelf(&corp(), &shelf, None, 9).await.unwrap();
        assert!(found.contains(&item("record:r1")), "{who}: {found:?}");
    }
}

async fn an_approval_is_answered_once(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    let content = Content::Approval {
        contact: wang.clone(),
        about: None,
        attachments: Vec::new(),
    };
    let put = draft(Target::New(key("a1")), "同意报价", content);
    world.asked(by.clone(), put).await.unwrap();
    let seen = world.item("approval:a1").await.unwrap().head().changed_at;
    let answer = |who: &ExternalUserId, verdict| {
        Command::Answer(NewAnswer {
            approval: key("a1"),
            contact: who.clone(),
            seen,
            verdict,
            remark: "好".into(),
        })
    };
    let me = Actor::Contact(wang.clone());
    // It was not sent yet.
    let early = world
        .asked(me.clone(), answer(&wang, Consent::Agreed))
        .await;
    assert_eq!(early, Err(Rejection::NotFound));
    let chen = contact("wmCustomer2");
    let foreign = Command::Share(chen.clone(), vec![item("approval:a1")]);
    let refused = world.asked(by.clone(), foreign).await;
    assert!(
        matches!(refused, Err(Rejection::NotAllowed(_))),
        "{refused:?}"
    );
    let share = Command::Share(wang.clone(), vec![item("approval:a1")]);
    world.asked(by, share).await.unwrap();
    let other = world
        .asked(Actor::Contact(chen.clone()), answer(&wang, Consent::Agreed))
        .await;
    assert_eq!(other, Err(Rejection::NotFound));
    let answered = world
        .asked(me.clone(), answer(&wang, Consent::Agreed))
        .await;
    assert_eq!(answered, Ok(Some(item("approval:a1"))));
    let again = world.asked(me, answer(&wang, Consent::Declined)).await;
    assert_eq!(again, Err(Rejection::AlreadyAnswered));
    let Some(Item::Approval(approval)) = world.item("approval:a1").await else {
        panic!("the approval is kept");
    };
    assert_eq!(approval.answer.unwrap().verdict, Consent::Agreed);
}

async fn what_is_not_shared_is_not_there(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    world
        .asked(by.clone(), form("f1", Submissions::Many))
        .await
        .unwrap();
    let fill_in = || submission("f1", &wang, "r1", &[("what", "门")]);
    let me = Actor::Contact(wang.clone());
    assert_eq!(
        world.asked(me.clone(), fill_in()).await,
        Err(Rejection::NotFound)
    );
    let share = || Command::Share(wang.clone(), vec![item("form:f1")]);
    // Somebody who does not follow the customer.
    let stranger = world.asked(member("LiSi"), share()).await;
    assert!(
        matches!(stranger, Err(Rejection::NotAllowed(_))),
        "{stranger:?}"
    );
    assert_eq!(
        world.asked(me.clone(), share()).await,
        Err(Rejection::NotFound)
    );
    world.asked(by.clone(), share()).await.unwrap();
    // Another customer, as themselves and in the first one's name.
    let chen = customer("wmCustomer2");
    assert_eq!(
        world.asked(chen.clone(), fill_in()).await,
        Err(Rejection::NotFound)
    );
    let theirs = submission("f1", &contact("wmCustomer2"), "r1", &[("what", "门")]);
    assert_eq!(
        world.asked(chen.clone(), theirs).await,
        Err(Rejection::NotFound)
    );
    let said = comment("form:f1", &wang, "c1", "hi");
    assert_eq!(world.asked(chen, said).await, Err(Rejection::NotFound));

    world.asked(me.clone(), fill_in()).await.unwrap();
    let store = world.store();
    let holders = store
        .holders(&corp(), &item("form:f1"), None, 9)
        .await
        .unwrap();
    assert_eq!(holders, std::slice::from_ref(&wang));
    let revoke = Command::Revoke(wang.clone(), item("form:f1"));
    world.asked(by, revoke).await.unwrap();
    let again = submission("f1", &wang, "r2", &[("what", "门")]);
    assert_eq!(world.asked(me, again).await, Err(Rejection::NotFound));
    let holders = store
        .holders(&corp(), &item("form:f1"), None, 9)
        .await
        .unwrap();
    assert!(holders.is_empty(), "{holders:?}");
}
