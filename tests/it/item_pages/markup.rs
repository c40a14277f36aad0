//! Nothing that is typed is ever markup.

use wecom_bridge::decide::request::{Command, NewComment};
use wecom_bridge::model::item::Actor;
use wecom_bridge::sim::person::Contact;

use crate::guest::{Guest, encoded};
use crate::item_pages::{office, reference};
use crate::world::{On, contact, stories};

stories!(what_is_typed_is_never_markup,);

const NASTY: &str = "<script>alert(1)</script>\"'><img src=x>";

async fn what_is_typed_is_never_markup(on: On) {
    let (world, zhang, _) = office(on).await;
    let mallory = contact("wmMallory");
    world
        .sim
        .corp()
        .add_contact(Contact::new(mallory.clone(), NASTY));
    world.sim.customer_adds(&zhang, &mallory).await.unwrap();
    world.settle().await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let project = [
        ("title", NASTY),
        ("description", NASTY),
        ("stages[0].title", NASTY),
        ("stages[0].tasks[0].title", NASTY),
    ];
    let project = guest.make("project", &project).await;
    let form = [
        ("title", NASTY),
        ("fields[0].label", NASTY),
        ("fields[0].key", "f1"),
        ("fields[0].hint", NASTY),
        ("fields[0].kind", "choice"),
        ("fields[0].options", NASTY),
        ("steps", "<b>x</b>"),
    ];
    let form = guest.make("form", &form).await;
    let id = form.rsplit('/').next().unwrap().to_owned();
    let new = format!("/items/new/record?form={id}&contact={mallory}");
    let values = [
        ("form", id.as_str()),
        ("contact", mallory.as_str()),
        ("title", NASTY),
        ("v:f1", NASTY),
    ];
    let made = guest.submit(&new, "/items/new/record", &values).await;
    let record = made.path().to_owned();
    let follow_up = [
        ("step", "<b>x</b>"),
        ("was_step", "<b>x</b>"),
        ("follow_up", NASTY),
    ];
    let done = guest
        .submit(&record, &format!("{record}/advance"), &follow_up)
        .await;
    assert_eq!(done.status, 303, "{}", done.html);
    let item = reference(&record);
    world
        .do_as(
            Actor::Member(zhang.clone()),
            Command::Share(mallory.clone(), vec![item.clone()]),
        )
        .await;
    let said = Command::Comment(NewComment {
        item,
        contact: mallory.clone(),
        id: "0".into(),
        text: NASTY.into(),
    });
    world.do_as(Actor::Contact(mallory), said).await;
    let search = encoded([("q", NASTY), ("kind", "project")]);
    let pages = [
        "/items?kind=project".to_owned(),
        "/items?kind=form".to_owned(),
        "/items?kind=record".to_owned(),
        format!("/items?{search}"),
        format!("/items/new/approval?about={}", reference(&project)),
        new,
        format!("{project}/edit"),
        format!("{form}/edit"),
        format!("{record}/edit"),
        project,
        form,
        record,
    ];
    for path in pages {
        let page = guest.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        page.hides("<script>alert");
        page.hides("<img");
        page.hides("<b>x");
        assert!(
            page.html.contains("&#60;script&#62;alert"),
            "{path}: {}",
            page.html
        );
    }
}
