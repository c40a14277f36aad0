//! Contacts: found by name, remark or id; and one with everybody who has it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use url::form_urlencoded;

use crate::act::customer::NotForgettable;
use crate::http::admin::access::{Admin, Posted, Who};
use crate::http::admin::frame::{Frame, go};
use crate::http::admin::items::PAGE;
use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::moment::Moment;
use crate::http::names::NamesOfNow;
use crate::http::page::respond;
use crate::http::search::{LOOKED_AT_MAX, STEP};
use crate::model::contact::{Contact, EndedBy, Ending, FollowUser, Greeting, GreetingStep};
use crate::model::ids::ExternalUserId;
use crate::model::item::Actor;
use crate::model::visit::Visit;
use crate::store::record::{Key, Record, Table};

struct ContactRow {
    id: String,
    name: String,
    remarks: String,
    members: String,
    changed: Moment,
}

#[derive(Template)]
#[template(path = "admin/contacts.html")]
struct ContactsPage {
    t: &'static Texts,
    frame: Frame,
    q: String,
    alone: bool,
    rows: Vec<ContactRow>,
    next: Option<String>,
}

type Fact = (&'static str, String);

struct Relation {
    userid: String,
    facts: Vec<Fact>,
}

#[derive(Template)]
#[template(path = "admin/contact.html")]
struct ContactPage {
    t: &'static Texts,
    frame: Frame,
    id: String,
    name: String,
    facts: Vec<Fact>,
    relations: Vec<Relation>,
    endings: Vec<String>,
}

/// The list, by `external_userid`.
pub(in crate::http::admin) async fn list(admin: Admin) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let q = admin.asked("q").to_owned();
    let (sought, alone) = (q.to_lowercase(), admin.asked("alone") == "1");
    let mut after = Some(admin.asked("after").to_owned()).filter(|after| !after.is_empty());
    let (mut rows, mut looked_at, mut more) = (Vec::new(), 0, true);
    while more && rows.len() < PAGE && looked_at < LOOKED_AT_MAX {
        let store = &admin.doors.store;
        let records = store
            .list(&admin.corp, Table::Contacts, after.as_deref(), STEP)
            .await?;
        more = records.len() == STEP;
        for record in records {
            looked_at += 1;
            after = Some(record.key.key.clone());
            let Some(contact) = record.parse::<Contact>()? else {
                continue;
            };
            let fits = is_of(&contact, &sought) && (!alone || contact.follow_users.is_empty());
            if fits {
                rows.push(row(contact, t));
            }
            if rows.len() == PAGE {
                more = true;
                break;
            }
        }
    }
    let next = after.filter(|_| more).map(|after| {
        let alone = if alone { "1" } else { "" };
        let fields = [("q", q.as_str()), ("alone", alone), ("after", &after)];
        let given = fields.iter().filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(given)
            .finish()
    });
    let frame = Frame::of(&admin);
    Ok(respond(
        StatusCode::OK,
        &ContactsPage {
            t,
            frame,
            q,
            alone,
            rows,
            next,
        },
    ))
}

fn is_of(contact: &Contact, sought: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(sought);
    let remarks = contact.follow_users.iter().map(|follow| &follow.remark);
    sought.is_empty()
        || has(&contact.name)
        || has(contact.external_userid.as_str())
        || remarks.into_iter().any(|remark| has(remark))
}

fn row(contact: Contact, t: &'static Texts) -> ContactRow {
    let join = |of: &dyn Fn(&FollowUser) -> String| {
        let texts = contact.follow_users.iter().map(of);
        let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
        texts.join("、")
    };
    ContactRow {
        remarks: join(&|follow| follow.remark.clone()),
        members: join(&|follow| follow.userid.to_string()),
        changed: Moment::to_second(contact.changed_at, t.lang),
        id: contact.external_userid.to_string(),
        name: contact.name,
    }
}

/// One contact with its relations.
pub(in crate::http::admin) async fn show(
    admin: Admin,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let missing = || Turned::Missing;
    let id = ExternalUserId::parse(&path.1).map_err(|_| missing())?;
    let (store, corp) = (&admin.doors.store, &admin.corp);
    let records = store.read(corp, &[Key::contact(&id)]).await?;
    let contact = records.first().map(Record::parse::<Contact>).transpose()?;
    let mut contact = contact.flatten().ok_or_else(missing)?;
    let mut names = NamesOfNow::default();
    names.apply(store, corp, &mut contact).await?;
    let tables = [Table::Greetings, Table::Visits, Table::Endings];
    let related = store.of_contact(corp, &[], &tables, &id).await?;
    let greetings: Vec<Greeting> = parsed(&related, Table::Greetings)?;
    let visits: Vec<Visit> = parsed(&related, Table::Visits)?;
    let endings: Vec<Ending> = parsed(&related, Table::Endings)?;
    let relations = contact.follow_users.iter().map(|follow| Relation {
        userid: follow.userid.to_string(),
        facts: relation(follow, &greetings, &visits, t),
    });
    let ended = endings.iter().map(|ending| {
        let by = match ending.by {
            EndedBy::Member => t.ended_by_member,
            EndedBy::Transfer => t.ended_by_transfer,
            EndedBy::Contact => t.ended_by_contact,
        };
        format!(
            "{}: {by}, {}",
            ending.userid,
            Moment::to_second(ending.at, t.lang)
        )
    });
    Ok(respond(
        StatusCode::OK,
        &ContactPage {
            t,
            frame: Frame::of(&admin),
            id: contact.external_userid.to_string(),
            name: contact.name.clone(),
            facts: facts(&contact, t),
            relations: relations.collect(),
            endings: ended.collect(),
        },
    ))
}

/// Forgets the customer.
pub(in crate::http::admin) async fn forget(
    posted: Posted,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Turned> {
    let admin = &posted.admin;
    if posted.field("sure") != "1" {
        return Err(Turned::Malformed);
    }
    let by = match &admin.session.who {
        Who::Password { .. } => Actor::Admin,
        Who::Member { userid, .. } => Actor::Member(userid.clone()),
    };
    let (act, now) = (&admin.doors.act, admin.doors.clock.now());
    let customer = act.customer(&admin.corp, &path.1).await;
    let customer = customer.map_err(|problem| match problem {
        NotForgettable::NoCustomer => Turned::Missing,
        NotForgettable::Store(problem) => problem.into(),
    })?;
    act.forget(&admin.corp, &customer, &by, now).await?;
    Ok(go(admin, "/contacts", "forgetting", 1))
}

/// The records of one table.
fn parsed<T: serde::de::DeserializeOwned>(
    records: &[Record],
    table: Table,
) -> Result<Vec<T>, Turned> {
    let mut found = Vec::with_capacity(records.len());
    for record in records.iter().filter(|record| record.key.table == table) {
        found.extend(record.parse()?);
    }
    Ok(found)
}

fn facts(contact: &Contact, t: &'static Texts) -> Vec<Fact> {
    let kind = match contact.kind {
        1 => t.type_wechat.to_owned(),
        2 => t.type_wecom.to_owned(),
        other => other.to_string(),
    };
    let mut facts = vec![
        ("external_userid", contact.external_userid.to_string()),
        (t.contact_type, kind),
    ];
    let others = [
        ("unionid", &contact.unionid),
        (t.corp_name, &contact.corp_name),
        (t.position, &contact.position),
    ];
    for (name, value) in others {
        facts.extend(value.clone().map(|value| (name, value)));
    }
    facts.push((
        t.changed,
        Moment::to_second(contact.changed_at, t.lang).to_string(),
    ));
    facts
}

fn relation(
    follow: &FollowUser,
    greetings: &[Greeting],
    visits: &[Visit],
    t: &'static Texts,
) -> Vec<Fact> {
    let tags: Vec<&str> = follow
        .tags
        .iter()
        .map(|tag| tag.tag_name.as_str())
        .collect();
    let mut facts = vec![
        (t.remarks, follow.remark.clone()),
        (t.description, follow.description.clone()),
        (t.tags, tags.join("、")),
        (
            t.added_at,
            Moment::to_second(follow.createtime, t.lang).to_string(),
        ),
        (t.add_way, t.way(follow.add_way)),
        (t.channel_state, follow.state.clone().unwrap_or_default()),
        (t.started_by, follow.oper_userid.clone().unwrap_or_default()),
    ];
    if let Some(at) = follow.deleted_by_contact_at {
        facts.push((
            t.deleted_by_contact,
            Moment::to_second(at, t.lang).to_string(),
        ));
    }
    if let Some(greeting) = greetings
        .iter()
        .find(|greeting| greeting.userid == follow.userid)
    {
        let step = match greeting.step {
            GreetingStep::Sending => t.welcome_sending,
            GreetingStep::Welcomed => t.welcome_sent,
            GreetingStep::CardOwed => t.welcome_card_owed,
            GreetingStep::Carded => t.welcome_carded,
        };
        facts.push((t.welcome, step.to_owned()));
    }
    if let Some(visit) = visits.iter().find(|visit| visit.userid == follow.userid) {
        let last = Moment::to_second(visit.last_at, t.lang);
        facts.push((
            t.toolbar_opened,
            format!("{last} · {} {}", visit.count, t.times),
        ));
    }
    facts.retain(|(_, value)| !value.is_empty());
    facts
}
