//! How items and people look at the toolbar.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use askama::Template;

use crate::decide::item::sight::is_authorised;
use crate::http::language::fill;
use crate::http::people::MemberNames;
use crate::http::sidebar::access::{Dealing, Toolbar};
use crate::http::sidebar::texts::Texts;
use crate::http::sidebar::turned::Turned;
use crate::model::grant::GrantState;
use crate::model::ids::UserId;
use crate::model::item::{Actor, Item, ItemKind, ItemRef};

/// The kinds in the order of their tabs, as the corp works with them.
pub(in crate::http::sidebar) fn tabs(toolbar: &Toolbar) -> Result<Vec<Tab>, Turned> {
    let authorised = toolbar.authorised()?;
    let kinds = [
        ItemKind::Project,
        ItemKind::Plan,
        ItemKind::Form,
        ItemKind::Record,
        ItemKind::Approval,
    ];
    let tabs = kinds.into_iter().map(|kind| Tab {
        kind: kind.name(),
        title: toolbar.t.kind(kind),
        authorised: is_authorised(authorised, kind),
    });
    Ok(tabs.filter(|tab| tab.authorised).collect())
}

/// One kind of items to choose from.
pub(in crate::http::sidebar) struct Tab {
    pub(in crate::http::sidebar) kind: &'static str,
    pub(in crate::http::sidebar) title: &'static str,
    authorised: bool,
}

/// How far an item is, in one line.
pub(in crate::http::sidebar) fn line(item: &Item, kind: ItemKind, t: &Texts) -> String {
    match item {
        Item::Project(project) if kind == ItemKind::Plan => fill(t.line_plan, project.plan().len()),
        Item::Project(project) => {
            let progress = project.progress();
            format!(
                "{} {}/{} · {}%",
                t.line_progress,
                progress.done,
                progress.all,
                progress.percent()
            )
        }
        Item::Form(form) => fill(t.line_form, form.fields.len()),
        Item::Record(record) => format!("{} {}", t.line_step, record.step),
        Item::Approval(approval) => match &approval.answer {
            None => t.line_unanswered.to_owned(),
            Some(answer) => t.consent(answer.verdict).to_owned(),
        },
    }
}

impl Texts {
    /// How far a grant is.
    pub(in crate::http::sidebar) const fn grant(&self, state: GrantState) -> &'static str {
        match state {
            GrantState::Pending => self.grant_pending,
            GrantState::Confirmed => self.grant_confirmed,
            GrantState::Revoked => self.grant_revoked,
        }
    }
}

/// The word of a state, for styles and scripts.
pub(in crate::http::sidebar) const fn state_word(state: GrantState) -> &'static str {
    match state {
        GrantState::Pending => "pending",
        GrantState::Confirmed => "confirmed",
        GrantState::Revoked => "revoked",
    }
}

/// The names of members, as far as they are kept.
pub(in crate::http::sidebar) struct Names(MemberNames);

impl Names {
    /// Reads them.
    pub(in crate::http::sidebar) async fn read(
        toolbar: &Toolbar,
        members: impl Iterator<Item = &UserId>,
    ) -> Result<Self, Turned> {
        let read = MemberNames::read(&toolbar.doors.store, &toolbar.corp, members);
        Ok(Self(read.await?))
    }

    /// Of one member; their id where no name is known.
    pub(in crate::http::sidebar) fn of(&self, userid: &UserId) -> String {
        let name = self.0.of_member(userid);
        name.unwrap_or(userid.as_str()).to_owned()
    }

    /// Of whoever has done something.
    pub(in crate::http::sidebar) fn actor(&self, by: &Actor, dealing: &Dealing) -> String {
        match by {
            Actor::System | Actor::Admin => dealing.toolbar.t.company.to_owned(),
            Actor::Member(userid) => self.of(userid),
            Actor::Contact(_) => dealing.contact.name.clone(),
        }
    }
}

/// Reads an item's reference out of a query.
pub(in crate::http::sidebar) fn item_ref(text: &str) -> Result<ItemRef, Turned> {
    text.parse().map_err(|_| Turned::Malformed)
}

/// Renders a part of the page. Nothing else can be loaded by it, should it be opened by itself.
pub(in crate::http::sidebar) fn fragment(part: &impl Template) -> Result<HttpResponse, Turned> {
    let html = part.render().map_err(|problem| {
        tracing::error!(%problem, "A part of the toolbar could not be rendered.");
        Turned::Unavailable
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; frame-ancestors 'none'",
        ))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(html))
}
