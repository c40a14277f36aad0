//! What can go wrong with a call to WeCom, by what the caller can do about it.
//!
//! No variant ever holds an access token, a secret, a ticket or a code: WeCom puts them into addresses, so addresses are
//! left out, and WeCom's own words are cleaned before they are kept.

use std::time::Duration;

use crate::model::text::cut_chars;
use crate::wecom::codes::{Class, class, remedy};

/// A call that WeCom did not carry out, or of which nobody can tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No answer, or a server error on the way. The call may have been carried out.
    #[error("{api}: no answer from WeCom: {what}")]
    Network {
        /// Which call.
        api: &'static str,
        /// What happened.
        what: String,
    },
    /// The token was refused, refreshed, and refused again.
    #[error("{api}: WeCom refuses a fresh access token ({errcode})")]
    TokenRejected {
        /// Which call.
        api: &'static str,
        /// 40014 or 42001.
        errcode: i64,
    },
    /// A limit is used up, ours or WeCom's.
    #[error("{api}: the rate limit is used up for {} s", after.as_secs())]
    RateLimited {
        /// Which call.
        api: &'static str,
        /// When it is worth trying again.
        after: Duration,
    },
    /// WeCom is busy with something that passes soon.
    #[error("{api}: WeCom is busy ({errcode}): {errmsg}")]
    Busy {
        /// Which call.
        api: &'static str,
        /// WeCom's code.
        errcode: i64,
        /// WeCom's words, cleaned and cut.
        errmsg: String,
    },
    /// The request is wrong and stays wrong; or the code is not documented.
    #[error("{api}: refused ({errcode}): {errmsg}")]
    Refused {
        /// Which call.
        api: &'static str,
        /// WeCom's code.
        errcode: i64,
        /// WeCom's words, cleaned and cut.
        errmsg: String,
    },
    /// An administrator has to change something first.
    #[error("{what}")]
    Misconfigured {
        /// WeCom's code; absent when the fault was found without asking WeCom.
        errcode: Option<i64>,
        /// What is wrong and where it is put right.
        what: String,
    },
    /// An outcome of normal work, such as a contact who is gone.
    #[error("{api}: {errcode}: {errmsg}")]
    State {
        /// Which call.
        api: &'static str,
        /// WeCom's code.
        errcode: i64,
        /// WeCom's words, cleaned and cut.
        errmsg: String,
    },
    /// What came is not an answer of WeCom's.
    #[error("{api}: the answer cannot be understood: {what}")]
    BadReply {
        /// Which call.
        api: &'static str,
        /// What is wrong with it; nothing out of it.
        what: String,
    },
}

/// Whether another attempt makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// A few times; not before `after` where it is given, else with growing pauses.
    Again {
        /// The shortest pause that makes sense.
        after: Option<Duration>,
    },
    /// The answer will be the same.
    Never,
    /// Not before an administrator has changed something.
    Configuration,
}

/// How soon a welcome message is worth trying again while another app is sending one (41096): its code lives 20 s.
const ANOTHER_APP_SENDS: Duration = Duration::from_secs(1);

impl ApiError {
    /// Names an error code. `window` is how long WeCom blocks the call when its limit is used up.
    pub(in crate::wecom) fn from_code(
        api: &'static str,
        errcode: i64,
        errmsg: &str,
        window: Duration,
    ) -> Self {
        let errmsg = clean(errmsg);
        match class(errcode) {
            Class::Token => Self::TokenRejected { api, errcode },
            Class::Transient => Self::Busy {
                api,
                errcode,
                errmsg,
            },
            Class::Limit => Self::RateLimited { api, after: window },
            Class::Configuration => Self::Misconfigured {
                errcode: Some(errcode),
                what: format!("{api}: {} ({errcode}: {errmsg})", remedy(errcode)),
            },
            Class::State => Self::State {
                api,
                errcode,
                errmsg,
            },
            Class::Wrong | Class::Unknown => Self::Refused {
                api,
                errcode,
                errmsg,
            },
        }
    }

    /// Whether WeCom was not there: nothing of its own came back, or that it is busy with itself (-1).
    pub(in crate::wecom) const fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::Network { .. } | Self::BadReply { .. } | Self::Busy { errcode: -1, .. }
        )
    }

    /// WeCom's code, where it gave one that says more than the variant.
    pub const fn errcode(&self) -> Option<i64> {
        match self {
            Self::TokenRejected { errcode, .. }
            | Self::Busy { errcode, .. }
            | Self::Refused { errcode, .. }
            | Self::State { errcode, .. } => Some(*errcode),
            Self::Misconfigured { errcode, .. } => *errcode,
            Self::Network { .. } | Self::RateLimited { .. } | Self::BadReply { .. } => None,
        }
    }

    /// Whether it is about the one subject of the call alone: the next member or contact may well be readable.
    pub const fn concerns_one(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::State { .. } | Self::BadReply { .. } => true,
            Self::Network { .. }
            | Self::TokenRejected { .. }
            | Self::RateLimited { .. }
            | Self::Busy { .. }
            | Self::Misconfigured { .. } => false,
        }
    }

    /// Whether another attempt makes sense. How many, the caller decides.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::RateLimited { after, .. } => Retry::Again {
                after: Some(*after),
            },
            Self::Busy { errcode: 41096, .. } => Retry::Again {
                after: Some(ANOTHER_APP_SENDS),
            },
            Self::Network { .. }
            | Self::TokenRejected { .. }
            | Self::Busy { .. }
            | Self::BadReply { .. } => Retry::Again { after: None },
            Self::Refused { errcode, .. } => match class(*errcode) {
                Class::Unknown => Retry::Again { after: None },
                Class::Token
                | Class::Transient
                | Class::Limit
                | Class::Wrong
                | Class::Configuration
                | Class::State => Retry::Never,
            },
            Self::State { .. } => Retry::Never,
            Self::Misconfigured { .. } => Retry::Configuration,
        }
    }
}

/// How much of `errmsg` is kept.
const ERRMSG_CHARS: usize = 200;

/// The shortest word that could be a secret: secrets have 43 characters, tokens and tickets more.
const SECRET_CHARS: usize = 32;

/// WeCom's words without control characters and without anything that could be a secret, cut to 200 characters.
/// Addresses of the network and numbers stay: 60020 names the caller's IP.
pub(crate) fn clean(errmsg: &str) -> String {
    let wordy = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut kept = String::new();
    let mut rest = errmsg;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| !wordy(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end.max(first.len_utf8()));
        let secretive = word.len() >= SECRET_CHARS && word.bytes().any(|b| b.is_ascii_alphabetic());
        match (secretive, first.is_control()) {
            (true, _) => kept.push('…'),
            (false, true) => kept.push(' '),
            (false, false) => kept.push_str(word),
        }
        rest = after;
    }
    cut_chars(&kept, ERRMSG_CHARS).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(errcode: i64) -> ApiError {
        ApiError::from_code("x/y", errcode, "words", Duration::from_secs(60))
    }

    #[test]
    fn codes_become_errors_that_say_what_to_do() {
        let minute = Duration::from_secs(60);
        for (errcode, retry) in [
            (-1, Retry::Again { after: None }),
            (45033, Retry::Again { after: None }),
            (
                41096,
                Retry::Again {
                    after: Some(ANOTHER_APP_SENDS),
                },
            ),
            (
                45009,
                Retry::Again {
                    after: Some(minute),
                },
            ),
            (40014, Retry::Again { after: None }),
            (41050, Retry::Never),
            (41053, Retry::Never),
            (42033, Retry::Never),
            (60020, Retry::Configuration),
            (123_456, Retry::Again { after: None }),
        ] {
            assert_eq!(error(errcode).retry(), retry, "{errcode}");
        }
    }

    #[test]
    fn configuration_faults_name_the_place_in_the_console() {
        for (errcode, place) in [
            (48002, "可调用接口的应用"),
            (48002, "管理工具 → 通讯录同步"),
            (60020, "企业可信IP"),
            (60011, "可见范围"),
            (50001, "可信域名"),
        ] {
            let text = error(errcode).to_string();
            assert!(text.contains(place), "{text}");
        }
    }

    #[test]
    fn words_are_cleaned_and_cut() {
        let secret = "s_-".repeat(15);
        for (given, expected) in [
            (
                "not allow to access from your ip, hint: [1700000000123456789012345678901234], from ip: 203.0.113.7",
                "not allow to access from your ip, hint: [1700000000123456789012345678901234], from ip: 203.0.113.7",
            ),
            ("无效的userid", "无效的userid"),
            ("a\r\n\u{1b}[31mb", "a   [31mb"),
            (&format!("token={secret}&x=1"), "token=…&x=1"),
            (&secret, "…"),
            ("", ""),
        ] {
            assert_eq!(clean(given), expected);
        }
        assert_eq!(clean(&"与 ".repeat(200)).chars().count(), 200);
        let at_the_edge = format!("{}{secret}", "字".repeat(195));
        assert!(!clean(&at_the_edge).contains("s_"));
    }
}
