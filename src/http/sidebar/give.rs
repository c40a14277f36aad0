//! An item is handed over to another member.

use std::ops::ControlFlow;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::decide::request::Command;
use crate::http::people::look_through;
use crate::http::sidebar::access::Dealing;
use crate::http::sidebar::share::done;
use crate::http::sidebar::show::{Names, fragment, item_ref};
use crate::http::sidebar::texts::Texts;
use crate::http::sidebar::turned::Turned;
use crate::model::ids::UserId;
use crate::model::item::ItemRef;
use crate::model::member::Member;
use crate::store::record::Table;

/// So many members are shown.
const SHOWN: usize = 20;

/// Whom to look for.
#[derive(Deserialize)]
pub(in crate::http::sidebar) struct Sought {
    item: String,
    #[serde(default)]
    q: String,
}

/// What goes to whom.
#[derive(Serialize, Deserialize)]
pub(in crate::http::sidebar) struct Handover {
    item: ItemRef,
    to: UserId,
}

#[derive(Template)]
#[template(path = "sidebar/members.html")]
struct MembersPart<'a> {
    t: &'static Texts,
    item: ItemRef,
    q: &'a str,
    /// Ids and names.
    rows: Vec<(UserId, String)>,
}

/// The members who have this customer; or whoever is looked for by name.
pub(in crate::http::sidebar) async fn members(
    dealing: Dealing,
    sought: web::Query<Sought>,
) -> Result<HttpResponse, Turned> {
    let Dealing { toolbar, contact } = &dealing;
    let t = toolbar.t;
    let item = item_ref(&sought.item)?;
    let q = sought.q.trim();
    let mut rows: Vec<(UserId, String)> = match q {
        "" => {
            let members = contact.follow_users.iter().map(|follow| &follow.userid);
            let names = Names::read(toolbar, members.clone()).await?;
            members
                .map(|userid| (userid.clone(), names.of(userid)))
                .collect()
        }
        q => by_name(&dealing, &q.to_lowercase()).await?,
    };
    rows.retain(|(userid, _)| *userid != toolbar.userid);
    rows.truncate(SHOWN);
    fragment(&MembersPart { t, item, q, rows })
}

async fn by_name(dealing: &Dealing, q: &str) -> Result<Vec<(UserId, String)>, Turned> {
    let Dealing { toolbar, .. } = dealing;
    let mut found = Vec::new();
    let see = |member: Member| {
        let has = member.name.to_lowercase().contains(q) || member.userid.key().contains(q);
        if member.visible && has {
            found.push((member.userid, member.name));
        }
        // One more, for whoever asks is left out.
        match found.len() > SHOWN {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let store = &toolbar.doors.store;
    look_through(store, &toolbar.corp, Table::Members, see).await?;
    Ok(found)
}

/// Hands it over.
pub(in crate::http::sidebar) async fn give(
    dealing: Dealing,
    handover: web::Json<Handover>,
) -> Result<HttpResponse, Turned> {
    let command = Command::GiveTo(handover.item.clone(), handover.to.clone());
    dealing.toolbar.ask(command, &*handover).await?;
    Ok(done())
}
