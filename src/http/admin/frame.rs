//! What every page has round its content: the head, the way to the other pages, the token of its forms.

use actix_web::HttpResponse;

use crate::http::admin::access::{Admin, Who, form_token};
use crate::http::admin::texts::Texts;
use crate::http::language::fill;
use crate::http::page::see;

/// Round the content.
pub(in crate::http::admin) struct Frame {
    pub(in crate::http::admin) t: &'static Texts,
    pub(in crate::http::admin) corp: String,
    pub(in crate::http::admin) corps: Vec<CorpLink>,
    /// What the addresses of the corp's pages begin with.
    pub(in crate::http::admin) base: String,
    pub(in crate::http::admin) who: String,
    pub(in crate::http::admin) here: String,
    /// The hidden field of every form. Letters, digits, `-` and `_` only.
    pub(in crate::http::admin) token: String,
    pub(in crate::http::admin) said: Option<String>,
}

/// A corp to choose.
pub(in crate::http::admin) struct CorpLink {
    pub(in crate::http::admin) id: String,
    pub(in crate::http::admin) name: String,
}

/// A page to go to.
pub(in crate::http::admin) struct PageLink {
    pub(in crate::http::admin) path: &'static str,
    pub(in crate::http::admin) title: &'static str,
    pub(in crate::http::admin) here: bool,
}

impl Frame {
    /// Round a page of this administrator's.
    pub(in crate::http::admin) fn of(admin: &Admin) -> Self {
        let corps = admin.corps().into_iter().map(|tenant| CorpLink {
            id: tenant.corp.to_string(),
            name: tenant.name.clone(),
        });
        Self {
            t: admin.t,
            corp: admin.corp.to_string(),
            corps: corps.collect(),
            base: base(admin),
            who: match &admin.session.who {
                Who::Password { .. } => admin.t.by_password.to_owned(),
                Who::Member { userid, .. } => userid.to_string(),
            },
            here: admin.here.clone(),
            token: hidden(&form_token(&admin.doors, &admin.session.id)),
            said: said(admin),
        }
    }

    /// The pages of a corp.
    pub(in crate::http::admin) fn pages(&self) -> Vec<PageLink> {
        let t = self.t;
        let here = self.here.split('?').next().unwrap_or_default();
        let here = here.strip_prefix(&self.base).unwrap_or_default();
        let page = |path: &'static str, title| PageLink {
            path,
            title,
            here: here == path || (!path.is_empty() && here.starts_with(&format!("{path}/"))),
        };
        vec![
            page("", t.overview),
            page("/events", t.events),
            page("/outgoing", t.outgoing),
            page("/dead", t.dead_letters),
            page("/items", t.items),
            page("/contacts", t.contacts),
            page("/members", t.members),
            page("/sync", t.sync),
            page("/cards", t.cards),
            page("/settings", t.settings),
            page("/doctor", t.doctor),
        ]
    }
}

/// What the addresses of the corp's pages begin with. A corp id needs no escaping.
pub(in crate::http::admin) fn base(admin: &Admin) -> String {
    format!("/admin/corps/{}", admin.corp)
}

/// The field that carries a form's token.
pub(in crate::http::admin) fn hidden(token: &str) -> String {
    format!("<input type=\"hidden\" name=\"token\" value=\"{token}\">")
}

/// What the form before has done, by the words in the query; other words say nothing.
fn said(admin: &Admin) -> Option<String> {
    let t = admin.t;
    let count: u64 = admin.asked("count").parse().unwrap_or(0);
    let text = match admin.asked("said") {
        "replayed" => t.said_replayed,
        "more" => t.said_more,
        "discarded" => t.said_discarded,
        "not_dead" => t.said_not_dead,
        "sync" => t.said_sync,
        "switched" => t.said_switched,
        "sent" => t.said_sent,
        "none_chosen" => t.said_none_chosen,
        "busy" => t.said_busy,
        "forgetting" => t.said_forgetting,
        _ => return None,
    };
    Some(fill(text, count))
}

/// After a form: to a page of the corp's, which says what was done.
pub(in crate::http::admin) fn go(
    admin: &Admin,
    path: &str,
    said: &str,
    count: usize,
) -> HttpResponse {
    let to = format!("{}{path}?said={said}&count={count}", base(admin));
    see(&to)
}
