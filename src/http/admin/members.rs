//! Members and how far their "与我协作" links are.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use url::form_urlencoded;

use crate::callback::event::own::OwnEvent;
use crate::decide::facts::LinkWriting;
use crate::http::admin::access::{Admin, Posted};
use crate::http::admin::frame::{Frame, go};
use crate::http::admin::items::{Choice, PAGE};
use crate::http::admin::sync::accept;
use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::moment::Moment;
use crate::http::page::respond;
use crate::http::search::{LOOKED_AT_MAX, STEP};
use crate::model::ids::UserId;
use crate::model::member::{Link, LinkState, Member};
use crate::store::record::{Key, Record, Table};

/// Every state of a link, and none.
const LINKS: [Option<LinkState>; 7] = [
    None,
    Some(LinkState::Wanted),
    Some(LinkState::Written),
    Some(LinkState::Confirmed),
    Some(LinkState::Ignored),
    Some(LinkState::FilledByHand),
    Some(LinkState::Failed),
];

struct MemberRow {
    userid: String,
    name: String,
    status: String,
    link: &'static str,
    class: &'static str,
    at: Option<Moment>,
    to_do: String,
}

#[derive(Template)]
#[template(path = "admin/members.html")]
struct MembersPage {
    t: &'static Texts,
    frame: Frame,
    q: String,
    links: Vec<Choice>,
    filtered: bool,
    by_hand: bool,
    rows: Vec<MemberRow>,
    next: Option<String>,
}

/// The list, by userid.
pub(in crate::http::admin) async fn list(admin: Admin) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let (q, wanted) = (admin.asked("q").to_owned(), admin.asked("link").to_owned());
    let sought = q.to_lowercase();
    let mut after = Some(admin.asked("after").to_owned()).filter(|after| !after.is_empty());
    let (mut rows, mut looked_at, mut more) = (Vec::new(), 0, true);
    while more && rows.len() < PAGE && looked_at < LOOKED_AT_MAX {
        let page = page(&admin, after.as_deref()).await?;
        more = page.len() == STEP;
        for (key, member, link) in page {
            looked_at += 1;
            after = Some(key);
            let Some(member) = member else { continue };
            let has = |text: &str| text.to_lowercase().contains(&sought);
            let named = has(&member.name) || has(member.userid.as_str());
            let state = name(link.as_ref().map(|link| link.state));
            if named && (wanted.is_empty() || wanted == state) {
                rows.push(row(member, link, t));
            }
            if rows.len() == PAGE {
                more = true;
                break;
            }
        }
    }
    let next = after.filter(|_| more).map(|after| {
        let fields = [("q", q.as_str()), ("link", &wanted), ("after", &after)];
        let given = fields.iter().filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(given)
            .finish()
    });
    let links = LINKS.map(|state| Choice {
        name: name(state),
        title: title(state, t),
        chosen: wanted == name(state),
    });
    let facts = admin.doors.corps.get(&admin.corp).map(|corp| &corp.facts);
    Ok(respond(
        StatusCode::OK,
        &MembersPage {
            t,
            frame: Frame::of(&admin),
            filtered: !q.is_empty() || !wanted.is_empty(),
            q,
            links: links.into(),
            by_hand: facts.is_some_and(|facts| facts.links == LinkWriting::ByHand),
            rows,
            next,
        },
    ))
}

type Listed = (String, Option<Member>, Option<Link>);

/// Some members with their links: two questions to the store.
async fn page(admin: &Admin, after: Option<&str>) -> Result<Vec<Listed>, Turned> {
    let (store, corp) = (&admin.doors.store, &admin.corp);
    let records = store.list(corp, Table::Members, after, STEP).await?;
    let mut page: Vec<Listed> = Vec::with_capacity(records.len());
    for record in records {
        let member = record.parse::<Member>()?;
        page.push((record.key.key, member, None));
    }
    let members = page.iter().filter_map(|(_, member, _)| member.as_ref());
    let keys: Vec<Key> = members.map(|member| Key::link(&member.userid)).collect();
    let links = store.read(corp, &keys).await?;
    let listed = page.iter_mut().filter(|(_, member, _)| member.is_some());
    for ((.., place), record) in listed.zip(&links) {
        *place = Record::parse(record)?;
    }
    Ok(page)
}

const fn name(state: Option<LinkState>) -> &'static str {
    match state {
        None => "none",
        Some(LinkState::Wanted) => "wanted",
        Some(LinkState::Written) => "written",
        Some(LinkState::Confirmed) => "confirmed",
        Some(LinkState::Ignored) => "ignored",
        Some(LinkState::FilledByHand) => "filled_by_hand",
        Some(LinkState::Failed) => "failed",
    }
}

const fn title(state: Option<LinkState>, t: &Texts) -> &'static str {
    match state {
        None => t.link_none,
        Some(LinkState::Wanted) => t.link_wanted,
        Some(LinkState::Written) => t.link_written,
        Some(LinkState::Confirmed) => t.link_confirmed,
        Some(LinkState::Ignored) => t.link_ignored,
        Some(LinkState::FilledByHand) => t.link_filled,
        Some(LinkState::Failed) => t.link_failed,
    }
}

fn row(member: Member, link: Option<Link>, t: &'static Texts) -> MemberRow {
    let state = link.as_ref().map(|link| link.state);
    let (class, to_do) = match state {
        None => ("waiting", t.do_none),
        Some(LinkState::Wanted) => ("retrying", t.do_wanted),
        Some(LinkState::Written) => ("retrying", ""),
        Some(LinkState::Confirmed | LinkState::FilledByHand) => ("done", ""),
        Some(LinkState::Ignored) => ("dead", t.do_ignored),
        Some(LinkState::Failed) => ("dead", t.do_failed),
    };
    let status = match (member.visible, member.status) {
        (false, _) => t.status_hidden.to_owned(),
        (true, 1) => t.status_active.to_owned(),
        (true, 2) => t.status_disabled.to_owned(),
        (true, 4) => t.status_inactive.to_owned(),
        (true, 5) => t.status_left.to_owned(),
        (true, other) => other.to_string(),
    };
    let at = link.as_ref().map(|link| Moment::to_second(link.at, t.lang));
    let reason = link.and_then(|link| link.reason);
    MemberRow {
        userid: member.userid.to_string(),
        name: member.name,
        status,
        link: title(state, t),
        class,
        at,
        // The reason is what was seen, and often says what to do already.
        to_do: reason.unwrap_or_else(|| to_do.to_owned()),
    }
}

/// Asks for a message with the link to each chosen member.
pub(in crate::http::admin) async fn send_link(posted: Posted) -> Result<HttpResponse, Turned> {
    let admin = &posted.admin;
    let chosen: Result<Vec<UserId>, _> = posted.all("userid").map(UserId::parse).collect();
    let chosen = chosen.map_err(|_| Turned::Malformed)?;
    if chosen.is_empty() {
        return Ok(go(admin, "/members", "none_chosen", 0));
    }
    let count = chosen.len();
    for userid in chosen {
        accept(admin, &OwnEvent::SendLink { userid }).await?;
    }
    tracing::info!(corp = %admin.corp, count, by = admin.name(), "Links are to be sent.");
    Ok(go(admin, "/members", "sent", count))
}
