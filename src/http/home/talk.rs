//! The conversation below an item.

use crate::http::home::asked;
use crate::http::home::opened::Opened;
use crate::http::home::posted::{Doing, Typed};
use crate::http::home::texts::fill;
use crate::http::home::visit::Visit;
use crate::http::home::when::Moment;
use crate::http::home::widget::wrong;
use crate::model::item::Actor;

/// How many comments are shown unless all are asked for.
const SHOWN: usize = 30;

/// What was said, and the form to say more.
pub(in crate::http::home) struct Talk {
    pub(in crate::http::home) said: Vec<Said>,
    /// To the earlier ones: what the link says and where it leads.
    pub(in crate::http::home) earlier: Option<(String, String)>,
    pub(in crate::http::home) number: String,
    pub(in crate::http::home) text: String,
    pub(in crate::http::home) fault: Option<String>,
    pub(in crate::http::home) note: Option<&'static str>,
}

/// One comment.
pub(in crate::http::home) struct Said {
    pub(in crate::http::home) who: String,
    pub(in crate::http::home) mine: bool,
    pub(in crate::http::home) at: Moment,
    pub(in crate::http::home) text: String,
}

impl Talk {
    /// About an item.
    pub(in crate::http::home) fn of(visit: &Visit, opened: &Opened, typed: Option<&Typed>) -> Self {
        let t = visit.place.t;
        let typed = typed.and_then(|typed| typed.in_form(Doing::Comment));
        let comments = &opened.comments;
        let hidden = match visit.place.asked("comments") {
            "all" => 0,
            _ => comments.len().saturating_sub(SHOWN),
        };
        let said = comments.iter().skip(hidden).map(|comment| Said {
            who: opened.names.actor(&comment.by),
            mine: matches!(comment.by, Actor::Contact(_)),
            at: Moment::of(comment.at, t),
            text: comment.text.clone(),
        });
        let all = visit.to(&visit.place.path, &[("comments", "all")]);
        let version = opened.said.to_string();
        Self {
            said: said.collect(),
            earlier: (hidden > 0).then(|| (fill(t.earlier, hidden), all)),
            number: asked::number(visit, &opened.shown, Doing::Comment, &version),
            text: typed.map_or_else(String::new, |typed| typed.fields.text("text").to_owned()),
            fault: typed
                .and_then(|typed| typed.fault("text"))
                .map(|fault| wrong(fault, t)),
            note: typed.and_then(|typed| typed.note),
        }
    }
}
