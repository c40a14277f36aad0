//! What can go wrong with a call to WeChat, by what the caller can do about it. As with WeCom's, no variant ever holds a
//! secret, a token or a code.

use std::time::Duration;

use crate::wecom::error::{Retry, clean};
use crate::wecom::tally::CallResult;

/// The call that brings tokens; there 40001 is about the secret.
const STABLE_TOKEN: &str = "cgi-bin/stable_token";

/// A call that WeChat did not carry out, or of which nobody can tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeixinError {
    /// No answer, or a server error on the way. The call may have been carried out.
    #[error("{api}: no answer from WeChat: {what}")]
    Network {
        /// Which call.
        api: &'static str,
        /// What happened.
        what: String,
    },
    /// The token was refused, refreshed, and refused again.
    #[error("{api}: WeChat refuses a fresh access token ({errcode})")]
    TokenRejected {
        /// Which call.
        api: &'static str,
        /// 40001, 40014 or 42001.
        errcode: i64,
    },
    /// A limit is used up (45009), ours or WeChat's.
    #[error("{api}: the rate limit is used up for {} s", after.as_secs())]
    RateLimited {
        /// Which call.
        api: &'static str,
        /// When it is worth trying again.
        after: Duration,
    },
    /// WeChat is busy with something that passes soon.
    #[error("{api}: WeChat is busy ({errcode})")]
    Busy {
        /// Which call.
        api: &'static str,
        /// WeChat's code.
        errcode: i64,
    },
    /// The person does not follow the account (43004): no message reaches them.
    #[error("{api}: the person does not follow the service account (43004)")]
    NotFollowing {
        /// Which call.
        api: &'static str,
    },
    /// The person refuses the account's messages (43101).
    #[error("{api}: the person refuses messages of the service account (43101)")]
    RefusedByUser {
        /// Which call.
        api: &'static str,
    },
    /// A login code, or the token that came of one, is missing, unknown, used or too old: begin the login again once.
    #[error("{api}: the login code is no longer good ({errcode})")]
    BadCode {
        /// Which call.
        api: &'static str,
        /// 40029, 40163, 41008, or that of a refused token.
        errcode: i64,
    },
    /// A value has not the form that its key wants (47003): the template and its keys do not go together.
    #[error("{api}: a value does not fit its key (47003): {errmsg}")]
    FieldFormat {
        /// Which call.
        api: &'static str,
        /// WeChat's words, cleaned and cut.
        errmsg: String,
    },
    /// An administrator has to change something first.
    #[error("{what}")]
    Misconfigured {
        /// WeChat's code; absent when the fault was found without asking WeChat.
        errcode: Option<i64>,
        /// What is wrong and where it is put right.
        what: String,
    },
    /// The request is wrong and stays wrong (40003: no such person in this account); or the code is not documented.
    #[error("{api}: refused ({errcode}): {errmsg}")]
    Refused {
        /// Which call.
        api: &'static str,
        /// WeChat's code.
        errcode: i64,
        /// WeChat's words, cleaned and cut.
        errmsg: String,
    },
    /// What came is not an answer of WeChat's.
    #[error("{api}: the answer cannot be understood: {what}")]
    BadReply {
        /// Which call.
        api: &'static str,
        /// What is wrong with it; nothing out of it.
        what: String,
    },
}

impl WeixinError {
    /// Names an error code. `window` is how long the call is not made once its limit is used up.
    pub(in crate::weixin) fn from_code(
        api: &'static str,
        errcode: i64,
        errmsg: &str,
        window: Duration,
    ) -> Self {
        let errmsg = clean(errmsg);
        match errcode {
            -1 => Self::Busy { api, errcode },
            40001 if api == STABLE_TOKEN => misconfigured(api, errcode, &errmsg),
            40001 | 40014 | 42001 => Self::TokenRejected { api, errcode },
            45009 => Self::RateLimited { api, after: window },
            43004 => Self::NotFollowing { api },
            43101 => Self::RefusedByUser { api },
            40029 | 40163 | 41008 => Self::BadCode { api, errcode },
            47003 => Self::FieldFormat { api, errmsg },
            40013 | 40037 | 40125 | 40164 | 48001 => misconfigured(api, errcode, &errmsg),
            _ => Self::Refused {
                api,
                errcode,
                errmsg,
            },
        }
    }

    /// WeChat's code.
    pub const fn errcode(&self) -> Option<i64> {
        match self {
            Self::TokenRejected { errcode, .. }
            | Self::Busy { errcode, .. }
            | Self::BadCode { errcode, .. }
            | Self::Refused { errcode, .. } => Some(*errcode),
            Self::RateLimited { .. } => None,
            Self::NotFollowing { .. } => Some(43004),
            Self::RefusedByUser { .. } => Some(43101),
            Self::FieldFormat { .. } => Some(47003),
            Self::Misconfigured { errcode, .. } => *errcode,
            Self::Network { .. } | Self::BadReply { .. } => None,
        }
    }

    /// How a call that ended so is counted.
    pub(in crate::weixin) const fn counts_as(&self) -> CallResult {
        match self {
            Self::Network { .. } => CallResult::Network,
            Self::TokenRejected { .. } => CallResult::Token,
            Self::RateLimited { .. } => CallResult::Limited,
            Self::Busy { .. } => CallResult::Busy,
            Self::NotFollowing { .. } | Self::RefusedByUser { .. } | Self::BadCode { .. } => {
                CallResult::State
            }
            Self::FieldFormat { .. } | Self::Misconfigured { .. } => CallResult::Misconfigured,
            Self::Refused { .. } => CallResult::Refused,
            Self::BadReply { .. } => CallResult::BadReply,
        }
    }

    /// Whether another attempt makes sense. How many, the caller decides.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::RateLimited { after, .. } => Retry::Again {
                after: Some(*after),
            },
            Self::Network { .. }
            | Self::TokenRejected { .. }
            | Self::Busy { .. }
            | Self::BadReply { .. } => Retry::Again { after: None },
            // No such person in this account.
            Self::Refused { errcode: 40003, .. } => Retry::Never,
            Self::Refused { .. } => Retry::Again { after: None },
            Self::NotFollowing { .. } | Self::RefusedByUser { .. } | Self::BadCode { .. } => {
                Retry::Never
            }
            Self::FieldFormat { .. } | Self::Misconfigured { .. } => Retry::Configuration,
        }
    }
}

fn misconfigured(api: &'static str, errcode: i64, errmsg: &str) -> WeixinError {
    WeixinError::Misconfigured {
        errcode: Some(errcode),
        what: format!("{api}: {} ({errcode}: {errmsg})", remedy(errcode)),
    }
}

/// What to do about a fault of the set-up; for the administrator.
pub const fn remedy(errcode: i64) -> &'static str {
    match errcode {
        40001 | 40125 => {
            "the service account's secret is wrong or was reset: copy it once more from its console"
        }
        40013 => "the service account's appid is wrong: copy it once more from its console",
        40037 => {
            "the account has no such template: copy its id once more from the account's list of template messages (模板消息)"
        }
        40164 => {
            "WeChat does not take calls from this address: add it to the list of trusted ones (IP白名单) in the account's \
             console"
        }
        48001 => {
            "the account may not use this: it has to be a certified service account (认证服务号), and the page's login has \
             to ask for what it wants to know"
        }
        _ => "a setting in the service account's console stands against it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_errors_that_say_what_to_do() {
        let again = Retry::Again { after: None };
        let hour = Duration::from_secs(3600);
        let limited = Retry::Again { after: Some(hour) };
        for (api, errcode, retry) in [
            ("x/y", -1, again),
            ("x/y", 40001, again),
            (STABLE_TOKEN, 40001, Retry::Configuration),
            ("x/y", 45009, limited),
            ("x/y", 43004, Retry::Never),
            ("x/y", 43101, Retry::Never),
            ("x/y", 40029, Retry::Never),
            ("x/y", 40163, Retry::Never),
            ("x/y", 40003, Retry::Never),
            ("x/y", 40037, Retry::Configuration),
            ("x/y", 40013, Retry::Configuration),
            (STABLE_TOKEN, 40164, Retry::Configuration),
            ("x/y", 47003, Retry::Configuration),
            ("x/y", 123_456, again),
        ] {
            let error = WeixinError::from_code(api, errcode, "words", hour);
            assert_eq!(error.retry(), retry, "{errcode}");
            let told = (errcode != 45009).then_some(errcode);
            assert_eq!(error.errcode(), told, "{error:?}");
        }
    }
}
