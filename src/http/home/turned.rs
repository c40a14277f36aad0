//! Whoever cannot be shown a page: a readable explanation with a status, and no data.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::http::doors::Doors;
use crate::http::home::texts::Texts;
use crate::http::page::render;
use crate::store::error::StoreError;

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::home) enum Why {
    /// 404: the address names no company.
    BadLink,
    /// 404: there is no such item for this reader.
    Missing,
    /// 403: no customer of the company.
    Stranger,
    /// 200: somebody is asked to say who they are.
    Agree,
    /// 403: the form is of an earlier session, or of none.
    Ended,
    /// 403: another site sends this.
    Foreign,
    /// 403: a member looks at a customer's pages.
    ReadOnly,
    /// 400: what was sent cannot be read.
    Malformed,
    /// 413: what was sent is too long.
    TooLarge,
    /// 503: the store does not answer.
    Unavailable,
}

#[derive(Template)]
#[template(path = "home/notice.html")]
struct Notice<'a> {
    t: &'static Texts,
    company: Option<&'a str>,
    title: &'static str,
    text: &'static str,
    /// What leads there.
    press: &'static str,
    /// Where to go on.
    reopen: Option<&'a str>,
}

/// The page that is shown instead of the one that was asked for.
pub(in crate::http::home) struct Instead(Box<HttpResponse>);

impl Instead {
    /// Its status.
    pub(in crate::http::home) fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The page.
    pub(in crate::http::home) fn into_page(self) -> HttpResponse {
        *self.0
    }
}

impl From<HttpResponse> for Instead {
    fn from(page: HttpResponse) -> Self {
        Self(Box::new(page))
    }
}

/// Says why there is no page, and where to go on.
pub(in crate::http::home) fn notice(
    doors: &Doors,
    t: &'static Texts,
    why: Why,
    company: Option<&str>,
    reopen: Option<&str>,
) -> HttpResponse {
    let (status, title, text) = match why {
        Why::BadLink => (StatusCode::NOT_FOUND, t.link_invalid_title, t.link_invalid),
        Why::Missing => (StatusCode::NOT_FOUND, t.missing_title, t.missing),
        Why::Stranger => (StatusCode::FORBIDDEN, t.stranger_title, t.stranger),
        Why::Agree => (StatusCode::OK, t.confirm_title, t.confirm),
        Why::Ended => (StatusCode::FORBIDDEN, t.ended_title, t.ended),
        Why::Foreign => (StatusCode::FORBIDDEN, t.foreign_title, t.foreign),
        Why::ReadOnly => (StatusCode::FORBIDDEN, t.read_only_title, t.read_only),
        Why::Malformed => (StatusCode::BAD_REQUEST, t.malformed_title, t.malformed),
        Why::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, t.large_title, t.large),
        Why::Unavailable => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            (status, t.unavailable_title, t.unavailable)
        }
    };
    let press = if why == Why::Agree {
        t.confirm_button
    } else {
        t.reopen
    };
    let page = Notice {
        t,
        press,
        company,
        title,
        text,
        reopen,
    };
    render(doors, status, &page)
}

/// The store did not answer.
pub(in crate::http::home) fn unanswered(
    doors: &Doors,
    t: &'static Texts,
    problem: &StoreError,
) -> Instead {
    tracing::error!(%problem, "The store could not answer a customer's page.");
    notice(doors, t, Why::Unavailable, None, None).into()
}
