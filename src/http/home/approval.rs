//! An approval's page: what is to be agreed to, and the answer.

use askama::Template;

use crate::http::files::show::AttachmentList;
use crate::http::home::asked;
use crate::http::home::frame::Frame;
use crate::http::home::list::{Status, kind, path};
use crate::http::home::opened::{Opened, files};
use crate::http::home::posted::{Doing, Typed};
use crate::http::home::talk::Talk;
use crate::http::home::texts::Texts;
use crate::http::home::visit::Visit;
use crate::http::home::widget::wrong;
use crate::http::moment::Moment;
use crate::model::approval::{Approval, Consent};
use crate::model::item::ItemState;

#[derive(Template)]
#[template(path = "home/approval.html")]
struct ApprovalPage<'a> {
    t: &'static Texts,
    frame: Frame,
    title: &'a str,
    description: &'a str,
    status: Status,
    owner: String,
    changed: Moment,
    about: Option<About<'a>>,
    /// The files to look at.
    files: AttachmentList,
    answer: Option<Answer<'a>>,
    /// It is over without an answer.
    over: bool,
    number: String,
    /// When what is to be agreed to has changed last.
    seen: i64,
    remark: String,
    fault: Option<String>,
    note: Option<&'static str>,
    talk: Talk,
}

struct About<'a> {
    kind: &'static str,
    title: &'a str,
    to: String,
}

struct Answer<'a> {
    status: Status,
    remark: &'a str,
    at: Moment,
}

/// An approval in a list.
pub(in crate::http::home) fn status(approval: &Approval, t: &Texts) -> Status {
    match (&approval.answer, approval.head.state) {
        (Some(answer), _) => verdict(answer.verdict, t),
        (None, ItemState::Open) => Status::to_do(t.approval_waiting),
        (None, ItemState::Closed) => Status::over(t.closed),
    }
}

fn verdict(verdict: Consent, t: &Texts) -> Status {
    match verdict {
        Consent::Agreed => Status::over(t.approval_agreed),
        Consent::Declined => Status::over(t.approval_declined),
    }
}

/// The page.
pub(in crate::http::home) fn page(
    visit: &Visit,
    opened: &Opened,
    approval: &Approval,
    typed: Option<&Typed>,
) -> askama::Result<String> {
    let t = visit.place.t;
    let head = &approval.head;
    let answered = typed.and_then(|typed| typed.in_form(Doing::Answer));
    let seen = head.changed_at.millis();
    ApprovalPage {
        t,
        frame: Frame::of(visit),
        title: &head.title,
        description: &head.description,
        status: status(approval, t),
        owner: opened.names.member(&head.owner),
        changed: Moment::to_minute(head.changed_at, t.lang),
        about: opened.about.as_ref().map(|(item, title)| About {
            kind: kind(item.kind, t),
            title,
            to: visit.to(&path(item), &[]),
        }),
        files: files(visit, opened),
        answer: approval.answer.as_ref().map(|answer| Answer {
            status: verdict(answer.verdict, t),
            remark: &answer.remark,
            at: Moment::to_minute(answer.at, t.lang),
        }),
        over: head.state == ItemState::Closed,
        number: asked::number(visit, &opened.shown, Doing::Answer, &seen.to_string()),
        seen,
        remark: answered.map_or_else(String::new, |typed| typed.fields.text("remark").to_owned()),
        fault: answered
            .and_then(|typed| typed.fault("remark"))
            .map(|fault| wrong(fault, t)),
        note: answered.and_then(|typed| typed.note),
        talk: Talk::of(visit, opened, typed),
    }
    .render()
}
