//! Items through the whole corridor, on both stores: who may do what, once.

mod rules;

use std::collections::BTreeMap;

use wecom_bridge::act::error::ActError;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::input::Refusal;
use wecom_bridge::decide::rejection::{Fault, Rejection, Wrong};
use wecom_bridge::decide::request::{
    Advance, Command, Content, Draft, NewAnswer, NewComment, Request, Submission, Target,
};
use wecom_bridge::model::approval::Consent;
use wecom_bridge::model::effect::Shelf;
use wecom_bridge::model::form::{CustomerUse, Field, FieldKind, Submissions, Value};
use wecom_bridge::model::grant::{Grant, GrantState};
use wecom_bridge::model::ids::{CorpId, ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, Circle, ExternalRef, Item, ItemKey, ItemRef};
use wecom_bridge::model::project::{Handler, Stage, Task, TaskState};
use wecom_bridge::model::request::RequestId;
use wecom_bridge::sim::person::{Contact, Member};
use wecom_bridge::store::record::{Key, Table};

use crate::world::{CORP, On, World, contact, stories, user};

stories!(
    a_form_is_shared_filled_in_and_talked_about,
    an_approval_is_answered_once,
    what_is_not_shared_is_not_there,
    the_same_request_is_carried_out_once,
    everything_of_a_member_is_handed_over,
    the_companys_own_name_leads_to_one_item,
);

pub(crate) fn corp() -> CorpId {
    CorpId::parse(CORP).unwrap()
}

pub(crate) fn key(text: &str) -> ItemKey {
    ItemKey::parse(text).unwrap()
}

pub(crate) fn item(text: &str) -> ItemRef {
    text.parse().unwrap()
}

pub(crate) fn member(name: &str) -> Actor {
    Actor::Member(user(name))
}

fn customer(name: &str) -> Actor {
    Actor::Contact(contact(name))
}

/// A member with two customers and a colleague, all known to the service.
pub(crate) async fn office(on: On) -> (World, UserId, ExternalUserId) {
    staffed(World::start(on).await).await
}

/// The same in this world.
pub(crate) async fn staffed(world: World) -> (World, UserId, ExternalUserId) {
    let (userid, external_userid) = world.people();
    let other = contact("wmCustomer2");
    for (id, name) in [(&external_userid, "王女士"), (&other, "陈先生")] {
        let mut known = Contact::new(id.clone(), name);
        known.unionid = Some(format!("u-{id}"));
        world.sim.corp().add_contact(known);
    }
    let colleague = Member::new(user("LiSi"), "李四");
    world.sim.create_member(colleague).await;
    world
        .sim
        .customer_adds(&userid, &external_userid)
        .await
        .unwrap();
    world.sim.customer_adds(&userid, &other).await.unwrap();
    let zhang = OwnEvent::RefreshMember {
        userid: userid.clone(),
    };
    world.ask(&zhang).await;
    world.settle().await;
    (world, userid, external_userid)
}

impl World {
    pub(crate) async fn asked(
        &self,
        by: Actor,
        command: Command,
    ) -> Result<Option<ItemRef>, Rejection> {
        self.asked_as(None, by, command).await
    }

    async fn asked_as(
        &self,
        id: Option<&str>,
        by: Actor,
        command: Command,
    ) -> Result<Option<ItemRef>, Rejection> {
        let request = Request {
            id: id.map(|id| RequestId::parse(id).unwrap()),
            digest: format!("{command:?}"),
            by,
            command,
        };
        match self.act().ask(&corp(), &request, self.clock.now()).await {
            Ok(item) => Ok(item),
            Err(ActError::Refused(Refusal::Rejected(rejection))) => Err(rejection),
            Err(problem) => panic!("{problem}"),
        }
    }

    pub(crate) async fn item(&self, reference: &str) -> Option<Item> {
        let keys = [Key::item(&item(reference))];
        let records = self.store().read(&corp(), &keys).await.unwrap();
        records[0].parse().unwrap()
    }

    pub(crate) async fn grant(&self, who: &ExternalUserId, reference: &str) -> Option<GrantState> {
        let keys = [Key::grant(who, &item(reference))];
        let records = self.store().read(&corp(), &keys).await.unwrap();
        records[0]
            .parse::<Grant>()
            .unwrap()
            .map(|grant| grant.state)
    }
}

pub(crate) fn draft(target: Target, title: &str, content: Content) -> Command {
    Command::Put(Box::new(Draft {
        target,
        title: title.into(),
        description: String::new(),
        picture: None,
        owner: None,
        followers: None,
        circle: Circle::Corp,
        content,
    }))
}

pub(crate) fn form(id: &str, submissions: Submissions) -> Command {
    let field = |key: &str, kind, required, customer| Field {
        key: key.into(),
        label: key.into(),
        kind,
        required,
        hint: String::new(),
        default: None,
        customer,
    };
    let fields = vec![
        field(
            "what",
            FieldKind::Text { max: 5 },
            true,
            CustomerUse::FillsIn,
        ),
        field("tel", FieldKind::Phone, false, CustomerUse::FillsIn),
        field("cost", FieldKind::Phone, true, CustomerUse::Nothing),
    ];
    let content = Content::Form {
        fields,
        submissions,
        steps: vec!["待处理".into(), "已完成".into()],
    };
    draft(Target::New(key(id)), "报修", content)
}

pub(crate) fn submission(
    form: &str,
    who: &ExternalUserId,
    record: &str,
    values: &[(&str, &str)],
) -> Command {
    let values = values.iter();
    let values = values.map(|(key, text)| ((*key).to_owned(), Value::One((*text).to_owned())));
    Command::Submit(Submission {
        form: key(form),
        contact: who.clone(),
        record: key(record),
        values: values.collect::<BTreeMap<_, _>>(),
    })
}

pub(crate) fn comment(on: &str, who: &ExternalUserId, id: &str, text: &str) -> Command {
    Command::Comment(NewComment {
        item: item(on),
        contact: who.clone(),
        id: id.into(),
        text: text.into(),
    })
}

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

async fn the_same_request_is_carried_out_once(on: On) {
    let (world, zhang, wang) = office(on).await;
    let by = Actor::Member(zhang);
    world
        .asked(by.clone(), form("f1", Submissions::Many))
        .await
        .unwrap();
    let share = Command::Share(wang.clone(), vec![item("form:f1")]);
    world.asked(by, share).await.unwrap();
    let me = Actor::Contact(wang.clone());
    let tap = |record: &str| {
        let command = submission("f1", &wang, record, &[("what", "门")]);
        let request = Request {
            id: Some(RequestId::parse("tapped-twice").unwrap()),
            digest: "the same".into(),
            by: me.clone(),
            command,
        };
        let (act, now) = (world.act().clone(), world.clock.now());
        async move { act.ask(&corp(), &request, now).await.unwrap().unwrap() }
    };
    let (one, two, three) = tokio::join!(tap("r1"), tap("r2"), tap("r3"));
    assert!(one == two && two == three, "{one} {two} {three}");
    let records = world
        .store()
        .list(&corp(), Table::Items, None, 9)
        .await
        .unwrap();
    assert_eq!(records.len(), 2, "a form and one record");
    let other = world
        .asked_as(
            Some("tapped-twice"),
            me,
            submission("f1", &wang, "r4", &[("what", "窗")]),
        )
        .await;
    assert_eq!(other, Err(Rejection::NameReused));
}

async fn everything_of_a_member_is_handed_over(on: On) {
    let (world, zhang, _) = office(on).await;
    let by = Actor::Member(zhang.clone());
    let task = |key: &str| Task {
        key: key.into(),
        title: key.into(),
        state: TaskState::Todo,
        handler: Some(Handler::Member(zhang.clone())),
        start: None,
        due: None,
        internal: false,
    };
    for n in 0..3 {
        let stages = vec![Stage {
            title: "部署".into(),
            tasks: vec![task("t1")],
        }];
        let target = Target::New(key(&format!("p{n}")));
        let put = draft(target, "项目", Content::Project { stages });
        world.asked(by.clone(), put).await.unwrap();
    }
    let foreign = Command::HandOver {
        from: user("LiSi"),
        to: zhang.clone(),
    };
    let refused = world.asked(by.clone(), foreign).await;
    assert!(
        matches!(refused, Err(Rejection::NotAllowed(_))),
        "{refused:?}"
    );
    let hand_over = Command::HandOver {
        from: zhang.clone(),
        to: user("LiSi"),
    };
    world.asked(by, hand_over).await.unwrap();
    world.settle().await;
    for n in 0..3 {
        let Some(Item::Project(project)) = world.item(&format!("project:p{n}")).await else {
            panic!("the project is kept");
        };
        let owners: Vec<_> = project
            .head
            .owners
            .iter()
            .map(|owner| &owner.userid)
            .collect();
        assert_eq!(owners, [&zhang, &user("LiSi")]);
        let handler = project.tasks().next().unwrap().handler.clone();
        assert_eq!(handler, Some(Handler::Member(user("LiSi"))));
    }
    let shelf = Shelf::Member(zhang);
    let left = world
        .store()
        .on_shelf(&corp(), &shelf, None, 9)
        .await
        .unwrap();
    assert!(left.is_empty(), "{left:?}");
}

async fn the_companys_own_name_leads_to_one_item(on: On) {
    let (world, zhang, _) = office(on).await;
    let reference = ExternalRef::parse("CRM-7").unwrap();
    for (id, title) in [("p1", "一"), ("p2", "二")] {
        let target = Target::ByRef(reference.clone(), key(id), None);
        let mut put = draft(target, title, Content::Project { stages: Vec::new() });
        if let Command::Put(draft) = &mut put {
            draft.owner = Some(zhang.clone());
        }
        let made = world.asked(Actor::System, put).await;
        assert_eq!(made, Ok(Some(item("project:p1"))), "{title}");
    }
    let kept = world.item("project:p1").await.unwrap();
    assert_eq!(kept.head().title, "二");
    assert!(world.item("project:p2").await.is_none());
    let nobody = draft(
        Target::New(key("p3")),
        " ",
        Content::Project { stages: Vec::new() },
    );
    let faults = vec![
        Fault::new("title", Wrong::Missing),
        Fault::new("owner", Wrong::Missing),
    ];
    let refused = world.asked(Actor::System, nobody).await;
    assert_eq!(refused, Err(Rejection::Invalid(faults)));
}
