//! The conversation below an item.

use crate::http::home::asked;
use crate::http::home::opened::Opened;
use crate::http::home::posted::{Doing, Typed};
use crate::http::home::visit::Visit;
use crate::http::home::widget::wrong;
use crate::http::moment::Moment;
use crate::model::item::Actor;
use crate::model::thread::Comment;

/// What was said, and the form to say more.
pub(in crate::http::home) struct Talk {
    pub(in crate::http::home) said: Vec<Said>,
    /// Where the earlier ones are.
    pub(in crate::http::home) earlier: Option<String>,
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
        let said = comments.iter().map(|comment| Said {
            who: opened.names.actor(&comment.by),
            mine: matches!(comment.by, Actor::Contact(_)),
            at: Moment::to_minute(comment.at, t.lang),
            text: comment.text.clone(),
        });
        let first = comments.first().filter(|_| opened.earlier);
        let earlier = |first: &Comment| {
            let address = visit.to(&visit.place.path, &[("before", &first.id)]);
            format!("{address}#comments")
        };
        let version = opened.said.to_string();
        Self {
            said: said.collect(),
            earlier: first.map(earlier),
            number: asked::number(visit, &opened.shown, Doing::Comment, &version),
            text: typed.map_or_else(String::new, |typed| typed.fields.text("text").to_owned()),
            fault: typed
                .and_then(|typed| typed.fault("text"))
                .map(|fault| wrong(fault, t)),
            note: typed.and_then(|typed| typed.note),
        }
    }
}
