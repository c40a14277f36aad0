//! In which language a page speaks: as its reader chose, else as their browser prefers, else Chinese.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::ACCEPT_LANGUAGE;
use url::Url;

/// Remembers the language that somebody chose, on all pages.
const COOKIE: &str = "bridge_language";

/// How long a chosen language is remembered, in days.
const DAYS: i64 = 365;

/// The languages of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::items) enum Language {
    /// Chinese, the first one.
    Zh,
    /// English.
    En,
}

impl Language {
    /// The language of this code.
    pub(in crate::http::items) fn parse(code: &str) -> Option<Self> {
        match code {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The language for this reader.
    pub(in crate::http::items) fn of(request: &HttpRequest) -> Self {
        let chosen = request.cookie(COOKIE);
        let preferred = request.headers().get(ACCEPT_LANGUAGE);
        chosen
            .and_then(|cookie| Self::parse(cookie.value()))
            .or_else(|| preferred?.to_str().ok().and_then(Self::preferred))
            .unwrap_or(Self::Zh)
    }

    /// The first of our languages in the order of preference (RFC 9110).
    fn preferred(header: &str) -> Option<Self> {
        let mut wanted: Vec<(f32, &str)> = Vec::new();
        for part in header.split(',').take(32) {
            let (tag, quality) = part.split_once(";q=").unwrap_or((part, "1"));
            let quality = quality.trim().parse().unwrap_or(0.0);
            if quality > 0.0 {
                wanted.push((quality, tag.trim()));
            }
        }
        wanted.sort_by(|one, other| other.0.total_cmp(&one.0));
        wanted
            .into_iter()
            .find_map(|(_, tag)| Self::parse(&tag.split('-').next()?.to_ascii_lowercase()))
    }

    /// The cookie that remembers it. WeCom's login comes back to another path, so it is good for all.
    pub(in crate::http::items) fn cookie(self, public_url: &Url) -> Cookie<'static> {
        let code = match self {
            Self::Zh => "zh",
            Self::En => "en",
        };
        Cookie::build(COOKIE, code)
            .path("/")
            .http_only(true)
            .secure(public_url.scheme() == "https")
            .same_site(SameSite::Lax)
            .max_age(actix_web::cookie::time::Duration::days(DAYS))
            .finish()
    }
}
