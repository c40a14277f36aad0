//! Items through the whole corridor, on both stores: who may do what, once.

mod company;
mod customers;
mod rules;

use std::collections::BTreeMap;

use wecom_bridge::act::error::ActError;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::input::Refusal;
use wecom_bridge::decide::rejection::Rejection;
use wecom_bridge::decide::request::{
    Command, Content, Draft, NewComment, Request, Submission, Target,
};
use wecom_bridge::model::form::{CustomerUse, Field, FieldKind, Submissions, Value};
use wecom_bridge::model::grant::{Grant, GrantState};
use wecom_bridge::model::ids::{CorpId, ExternalUserId, UserId};
use wecom_bridge::model::item::{Actor, Circle, Item, ItemKey, ItemRef};
use wecom_bridge::model::request::RequestId;
use wecom_bridge::sim::person::{Contact, Member};
use wecom_bridge::store::record::Key;

use crate::world::{CORP, On, World, contact, user};

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
