//! Who this customer is, and what was shared with them.

use std::collections::HashMap;

use actix_web::HttpResponse;
use askama::Template;

use crate::decide::item::sight::member_works_on;
use crate::http::moment::Moment;
use crate::http::personal;
use crate::http::sidebar::access::Dealing;
use crate::http::sidebar::show::{Names, Tab, fragment, line, state_word, tabs};
use crate::http::sidebar::texts::Texts;
use crate::http::sidebar::turned::Turned;
use crate::model::grant::{Grant, GrantState, Seen};
use crate::model::item::{Item, ItemRef};
use crate::model::thread::{Reminded, Thread, last_seen};
use crate::store::record::{Key, Table};

/// So many shared items are shown, those with news first.
const SHOWN: usize = 60;

#[derive(Template)]
#[template(path = "sidebar/customer.html")]
struct CustomerPart<'a> {
    t: &'static Texts,
    name: &'a str,
    corp_name: &'a str,
    position: &'a str,
    follows: Vec<FollowRow<'a>>,
    /// The home page as this customer sees it.
    home: String,
    tabs: Vec<Tab>,
    shared: Vec<SharedRow>,
    waiting: usize,
    /// Shared items that are not shown.
    more: usize,
}

struct FollowRow<'a> {
    name: String,
    remark: &'a str,
    me: bool,
    /// The customer has deleted this member.
    left: bool,
}

struct SharedRow {
    item: ItemRef,
    title: String,
    kind: &'static str,
    line: String,
    state: &'static str,
    state_text: &'static str,
    holds: bool,
    pending: bool,
    /// The customer has done something, and nobody has answered.
    waiting: bool,
    comments: u32,
    when: String,
    seen: Option<String>,
    unreached: Option<&'static str>,
    mine: bool,
}

/// What is known of the sharing of one item.
struct Shared {
    grant: Grant,
    thread: Option<Thread>,
    seen: Option<Seen>,
}

impl Shared {
    fn waiting(&self) -> bool {
        let thread = self.thread.as_ref();
        self.grant.holds()
            && thread.is_some_and(|thread| {
                thread.contact_at.is_some() && thread.contact_at > thread.company_at
            })
    }

    /// What is waiting, then what holds, the newest first.
    fn rank(&self) -> (bool, bool, std::cmp::Reverse<i64>) {
        let thread = self.thread.as_ref();
        let spoken = thread.and_then(|thread| thread.contact_at.max(thread.company_at));
        let last = self.grant.changed_at.max(spoken.unwrap_or_default());
        (
            !self.waiting(),
            !self.grant.holds(),
            std::cmp::Reverse(last.millis()),
        )
    }
}

/// The customer.
pub(in crate::http::sidebar) async fn show(dealing: Dealing) -> Result<HttpResponse, Turned> {
    let Dealing { toolbar, contact } = &dealing;
    let t = toolbar.t;
    let mut shared = shared(&dealing).await?;
    shared.sort_by_key(|(shared, _)| shared.rank());
    let more = shared.len().saturating_sub(SHOWN);
    shared.truncate(SHOWN);
    let names = contact.follow_users.iter().map(|follow| &follow.userid);
    let names = Names::read(toolbar, names).await?;
    let rows: Vec<SharedRow> = shared
        .iter()
        .map(|(shared, item)| row(shared, item, &dealing))
        .collect();
    let part = CustomerPart {
        t,
        name: &contact.name,
        corp_name: contact.corp_name.as_deref().unwrap_or_default(),
        position: contact.position.as_deref().unwrap_or_default(),
        follows: contact
            .follow_users
            .iter()
            .map(|follow| FollowRow {
                name: names.of(&follow.userid),
                remark: &follow.remark,
                me: follow.userid == toolbar.userid,
                left: follow.deleted_by_contact_at.is_some(),
            })
            .collect(),
        home: home(&dealing),
        tabs: tabs(toolbar)?,
        waiting: rows.iter().filter(|row| row.waiting).count(),
        shared: rows,
        more,
    };
    fragment(&part)
}

/// What was shared with this customer and the member sees, with all that is known of it.
async fn shared(dealing: &Dealing) -> Result<Vec<(Shared, Item)>, Turned> {
    let toolbar = &dealing.toolbar;
    let tables = [Table::Grants, Table::Seen, Table::Threads];
    let store = &toolbar.doors.store;
    let records = store
        .of_contact(&toolbar.corp, &[], &tables, dealing.id())
        .await?;
    let (mut grants, mut threads, mut seen) = (Vec::new(), HashMap::new(), HashMap::new());
    for record in &records {
        if record.key.table == Table::Grants {
            grants.extend(record.parse::<Grant>()?);
        } else if record.key.table == Table::Threads {
            let thread = record.parse::<Thread>()?;
            threads.extend(thread.map(|thread| (thread.item.clone(), thread)));
        } else {
            let last = record.parse::<Seen>()?;
            seen.extend(last.map(|last| (last.item.clone(), last)));
        }
    }
    let keys: Vec<Key> = grants.iter().map(|grant| Key::item(&grant.item)).collect();
    let mut shared = Vec::new();
    for (grant, record) in grants.into_iter().zip(toolbar.read(&keys).await?) {
        let item = record.parse::<Item>()?.filter(|item| toolbar.sees(item));
        let own = Shared {
            thread: threads.remove(&grant.item),
            seen: seen.remove(&grant.item),
            grant,
        };
        shared.extend(item.map(|item| (own, item)));
    }
    Ok(shared)
}

fn row(shared: &Shared, item: &Item, dealing: &Dealing) -> SharedRow {
    let (t, grant) = (dealing.toolbar.t, &shared.grant);
    let thread = shared.thread.as_ref();
    let unreached = thread.and_then(|thread| match thread.reminder? {
        Reminded::Sent => None,
        Reminded::NoChannel => Some(t.no_channel),
        Reminded::Failed => Some(t.reminder_failed),
    });
    SharedRow {
        item: grant.item.clone(),
        title: item.head().title.clone(),
        kind: t.kind(grant.item.kind),
        line: line(item, grant.item.kind, t),
        state: state_word(grant.state),
        state_text: t.grant(grant.state),
        holds: grant.holds(),
        pending: grant.state == GrantState::Pending,
        waiting: shared.waiting(),
        comments: thread.map_or(0, |thread| thread.comments),
        when: Moment::of(grant.changed_at, t.moment_form).to_string(),
        seen: last_seen(shared.seen.as_ref(), thread)
            .map(|seen| Moment::of(seen, t.moment_form).to_string()),
        unreached,
        mine: member_works_on(&dealing.toolbar.userid, item),
    }
}

/// Where members see the customer's pages as the customer does.
fn home(dealing: &Dealing) -> String {
    let toolbar = &dealing.toolbar;
    let query = personal::query(&toolbar.doors, &toolbar.corp, dealing.id());
    format!("/home?{}", query.unwrap_or_default())
}
