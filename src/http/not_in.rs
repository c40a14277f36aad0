//! Whoever a login does not let in, and why, in two languages.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::doors::Doors;
use crate::http::language::{self, Language};
use crate::http::page::notice;

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum NotIn {
    /// 403: the login is of another browser, too old, or used up.
    Ended,
    /// 403: neither a member nor a customer.
    Stranger,
    /// 429: one address, or all together, log in too often.
    TooMany,
    /// 503: the store does not answer.
    Unavailable,
}

impl NotIn {
    /// The page that says so.
    pub(in crate::http) fn page(self, doors: &Doors, request: &HttpRequest) -> HttpResponse {
        let (title, text) = match language::for_reader(request) {
            Language::Zh => self.zh(),
            Language::En => self.en(),
        };
        let status = match self {
            Self::Ended | Self::Stranger => StatusCode::FORBIDDEN,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut page = notice(doors, status, title, text);
        if self == Self::TooMany {
            page.headers_mut().insert(RETRY_AFTER, 60.into());
        }
        page
    }

    const fn zh(self) -> (&'static str, &'static str) {
        match self {
            Self::Ended => ("登录已失效", "请关闭此页面，从企业微信或微信重新打开。"),
            Self::Stranger => ("无法确认您的身份", "这个页面只对企业成员及其客户开放。"),
            Self::TooMany => ("登录过于频繁", "请稍等一分钟再打开。"),
            Self::Unavailable => ("暂时无法登录", "请稍后再试。"),
        }
    }

    const fn en(self) -> (&'static str, &'static str) {
        match self {
            Self::Ended => (
                "This login has ended",
                "Please close this page and open it again from WeCom or WeChat.",
            ),
            Self::Stranger => (
                "It is not known who you are",
                "This page is for members of the company and its customers.",
            ),
            Self::TooMany => (
                "Too many logins",
                "Please wait a minute, and open the page again.",
            ),
            Self::Unavailable => (
                "Logging in is not possible now",
                "Please try again in a moment.",
            ),
        }
    }
}
