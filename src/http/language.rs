//! The language of a page: as chosen, else as the browser prefers, else Chinese.

use std::fmt::Display;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::ACCEPT_LANGUAGE;
use url::Url;

/// Remembers the language that somebody chose.
const COOKIE: &str = "bridge_language";

/// How long it is remembered, in days.
const DAYS: i64 = 365;

/// The languages that pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Language {
    /// Its code in addresses and cookies.
    pub(in crate::http) const fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// Reads what [`code`](Self::code) gave.
    pub(in crate::http) fn of(code: &str) -> Option<Self> {
        [Self::Zh, Self::En]
            .into_iter()
            .find(|language| language.code() == code)
    }

    /// A cookie that remembers it. Logins come back to other paths, so all of them have it.
    pub(in crate::http) fn cookie(self, public_url: &Url) -> Cookie<'static> {
        Cookie::build(COOKIE, self.code())
            .path("/")
            .http_only(true)
            .secure(public_url.scheme() == "https")
            .same_site(SameSite::Lax)
            .max_age(actix_web::cookie::time::Duration::days(DAYS))
            .finish()
    }
}

/// Texts that can be gone through, each with its name.
pub(in crate::http) trait Named {
    /// All of them.
    fn all(&self) -> Vec<(&'static str, &'static str)>;
}

/// Makes the `Texts` of some pages, which the modules `zh` and `en` fill in as `TEXTS`. A text that one of them lacks
/// does not compile; one that leaves other gaps fails a test.
macro_rules! texts {
    ($vis:vis, $($name:ident)+ $(; $(#[$doc:meta])* $more:ident: $kind:ty)?) => {
        /// The texts in one language. A `{}` stands for a number or a name.
        #[derive(Debug)]
        $vis struct Texts {
            $($vis $name: &'static str,)+
            $($(#[$doc])* $vis $more: $kind,)?
        }

        impl Texts {
            /// The texts in this language.
            $vis const fn of(language: $crate::http::language::Language) -> &'static Self {
                match language {
                    $crate::http::language::Language::Zh => &zh::TEXTS,
                    $crate::http::language::Language::En => &en::TEXTS,
                }
            }

            /// The texts for this reader.
            $vis fn for_reader(request: &actix_web::HttpRequest) -> &'static Self {
                Self::of($crate::http::language::for_reader(request))
            }
        }

        impl $crate::http::language::Named for Texts {
            fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name),)+]
            }
        }

        #[test]
        fn both_languages_leave_the_same_gaps() {
            let both = [&zh::TEXTS, &en::TEXTS].map($crate::http::language::Named::all);
            let gaps = |text: &str| text.matches("{}").count();
            for ((name, zh), (_, en)) in both[0].iter().zip(&both[1]) {
                assert!(!zh.is_empty() && !en.is_empty(), "{name}");
                assert_eq!(gaps(zh), gaps(en), "{name}");
            }
        }
    };
}

pub(in crate::http) use texts;

/// Fills in a number or a name.
pub(in crate::http) fn fill(text: &str, with: impl Display) -> String {
    text.replacen("{}", &with.to_string(), 1)
}

/// The language for this reader.
pub(in crate::http) fn for_reader(request: &HttpRequest) -> Language {
    let chosen = request.cookie(COOKIE);
    let preferred = request.headers().get(ACCEPT_LANGUAGE);
    chosen
        .and_then(|cookie| Language::of(cookie.value()))
        .or_else(|| preferred?.to_str().ok().and_then(preferred_of))
        .unwrap_or(Language::Zh)
}

/// The first of our languages in the order of preference (RFC 9110).
fn preferred_of(header: &str) -> Option<Language> {
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
        .find_map(|(_, tag)| Language::of(&tag.split('-').next()?.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_order_is_kept() {
        let table = [
            ("en-US,en;q=0.9,zh;q=0.8", Some(Language::En)),
            ("zh-CN,zh;q=0.9,en;q=0.8", Some(Language::Zh)),
            ("de,fr;q=0.9,en;q=0.5,zh;q=0.7", Some(Language::Zh)),
            ("EN", Some(Language::En)),
            ("en;q=0, zh", Some(Language::Zh)),
            ("de", None),
            ("", None),
            (";q=,;;", None),
        ];
        for (header, expected) in table {
            assert_eq!(preferred_of(header), expected, "{header}");
        }
    }
}
