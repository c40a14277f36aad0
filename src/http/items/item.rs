//! An item by itself: what it is, how far, whose, who has it, and the conversation with a customer.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::http::items::access::Reader;
use crate::http::items::edit::faults::Faults;
use crate::http::items::frame::Frame;
use crate::http::items::look::{self, ApprovalView, FormView, Part, ProjectView, RecordView};
use crate::http::items::names::{Names, Wanted};
use crate::http::items::people;
use crate::http::items::records::{self, Records};
use crate::http::items::show;
use crate::http::items::talk::{self, Holder, Named, Talk};
use crate::http::items::texts::Texts;
use crate::http::items::turned::Turned;
use crate::http::moment::Moment;
use crate::http::page::respond;
use crate::model::item::{Circle, Item, ItemState};

/// What was typed into a form that was not carried out.
#[derive(Debug, Default)]
pub(in crate::http::items) struct Kept(pub(in crate::http::items) HashMap<String, String>);

impl Kept {
    /// What was typed; else what stands there.
    pub(in crate::http::items) fn or<'a>(&'a self, name: &str, or: &'a str) -> &'a str {
        self.0.get(name).map_or(or, String::as_str)
    }
}

/// Somebody who follows the item.
struct Follower {
    userid: String,
    name: String,
}

/// Why a form was not carried out, for the page that comes again.
pub(in crate::http::items) struct Trouble {
    pub(in crate::http::items) status: StatusCode,
    pub(in crate::http::items) problem: String,
    pub(in crate::http::items) faults: Faults,
    pub(in crate::http::items) kept: Kept,
}

#[derive(Template)]
#[template(path = "items/item.html")]
struct ItemPage {
    t: &'static Texts,
    frame: Frame,
    kind: &'static str,
    kind_title: &'static str,
    /// The path below which its forms are.
    path: String,
    item: String,
    title: String,
    description: String,
    picture: Option<String>,
    state: (&'static str, &'static str),
    open: bool,
    facts: Vec<(&'static str, String)>,
    owners: Vec<(String, Moment)>,
    followers: Vec<Follower>,
    follows: Option<bool>,
    works_on: bool,
    may_ask: bool,
    part: Part,
    records: Option<Records>,
    holders: Vec<Holder>,
    more_holders: Option<String>,
    talk: Option<Talk>,
    members: Vec<String>,
    problem: String,
    faults: Faults,
    kept: Kept,
}

impl ItemPage {
    fn project(&self) -> Option<&ProjectView> {
        match &self.part {
            Part::Project(view) => Some(view),
            Part::Form(_) | Part::Record(_) | Part::Approval(_) => None,
        }
    }

    fn form(&self) -> Option<&FormView> {
        match &self.part {
            Part::Form(view) => Some(view),
            Part::Project(_) | Part::Record(_) | Part::Approval(_) => None,
        }
    }

    fn record(&self) -> Option<&RecordView> {
        match &self.part {
            Part::Record(view) => Some(view),
            Part::Project(_) | Part::Form(_) | Part::Approval(_) => None,
        }
    }

    fn approval(&self) -> Option<&ApprovalView> {
        match &self.part {
            Part::Approval(view) => Some(view),
            Part::Project(_) | Part::Form(_) | Part::Record(_) => None,
        }
    }

    /// The address of one of its forms or pages.
    fn at(&self, change: &str) -> String {
        self.frame.place.to(&format!("{}{change}", self.path))
    }
}

/// The page.
pub(in crate::http::items) async fn page(
    reader: Reader,
    request: HttpRequest,
) -> Result<HttpResponse, Turned> {
    let address = request.match_info();
    let item = reader
        .item(address.query("kind"), address.query("id"))
        .await?;
    let trouble = Trouble {
        status: StatusCode::OK,
        problem: String::new(),
        faults: Faults::none(),
        kept: Kept::default(),
    };
    let open = Named {
        contact: reader.asked("talk"),
        shown: reader.asked("as"),
    };
    show(&reader, &item, trouble, open).await
}

/// The page, after something went wrong too, with this conversation open.
pub(in crate::http::items) async fn show(
    reader: &Reader,
    item: &Item,
    trouble: Trouble,
    open: Named<'_>,
) -> Result<HttpResponse, Turned> {
    let (t, head) = (reader.t, item.head());
    let own = item.item_ref();
    let held = talk::holders(reader, item, open).await?;
    let mut wanted = Wanted::default();
    wanted.item(item);
    look::wanted(item, &mut wanted);
    held.rows
        .iter()
        .for_each(|row| wanted.contact(&row.contact));
    let comments = talk::open(reader, item, &held, open, &mut wanted).await?;
    let found = records::find(reader, item, &mut wanted).await?;
    let names = wanted.read(reader).await?;
    let part = look::part(reader, item, &names).await?;
    let works_on = reader.works_on(item);
    let followers = head.followers.iter().map(|userid| Follower {
        userid: userid.to_string(),
        name: names.member(userid),
    });
    let owners = head.owners.iter().rev();
    let owners = owners.map(|owner| {
        (
            names.member(&owner.userid),
            Moment::to_minute(owner.since, t.lang),
        )
    });
    let follows = reader
        .member()
        .map(|userid| head.followers.contains(userid));
    let page = ItemPage {
        t,
        kind: own.kind.name(),
        kind_title: show::kind(own.kind, t),
        path: format!("/{}/{}", own.kind.name(), own.id),
        item: own.to_string(),
        title: head.title.clone(),
        description: head.description.clone(),
        picture: head.picture.clone(),
        state: show::state(head.state, t),
        open: head.state == ItemState::Open,
        facts: facts(item, &names, t),
        owners: owners.collect(),
        followers: followers.collect(),
        follows,
        works_on,
        may_ask: reader.authorised().approvals && !matches!(item, Item::Approval(_)),
        part,
        records: found.map(|found| records::rows(reader, found, &names)),
        more_holders: held.next.as_ref().map(|next| {
            reader.place.with(
                &format!("/{}/{}", own.kind.name(), own.id),
                &[("who", next.as_str())],
            )
        }),
        holders: talk::rows(reader, item, &held, &names),
        talk: comments.map(|comments| talk::shown(reader, comments, &names)),
        members: match works_on {
            true => people::offered(reader).await?,
            false => Vec::new(),
        },
        problem: trouble.problem,
        faults: trouble.faults,
        kept: trouble.kept,
        frame: Frame::of(reader)?,
    };
    Ok(respond(trouble.status, &page))
}

fn facts(item: &Item, names: &Names, t: &'static Texts) -> Vec<(&'static str, String)> {
    let head = item.head();
    let circle = match head.circle {
        Circle::Corp => t.circle_corp,
        Circle::Followers => t.circle_followers,
    };
    let by = |actor, at| {
        format!(
            "{} · {}",
            Moment::to_minute(at, t.lang),
            show::actor(actor, names, t)
        )
    };
    let mut facts = vec![
        (t.owner, names.member(&head.owner)),
        (t.circle, circle.to_owned()),
        (t.made, by(&head.created_by, head.created_at)),
        (t.changed, by(&head.changed_by, head.changed_at)),
    ];
    let reference = head.external_ref.as_ref();
    facts.extend(reference.map(|reference| (t.external_ref, reference.as_str().to_owned())));
    facts
}
