//! What a client counts, for whoever shows figures.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::wecom::error::ApiError;

/// Something that happened to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// It was not made: our own budget, or the one of all processes, is used up.
    OverBudget,
    /// WeCom said that a limit is used up (45009).
    LimitedByWecom,
    /// WeCom said that too many calls are under way (45033).
    TooManyAtOnce,
    /// WeCom said that something is set up wrongly.
    Misconfigured,
    /// It was not made: what is set up wrongly is known.
    HeldBack,
    /// A token or ticket was fetched.
    Fetched,
    /// A token or ticket that another process had fetched was taken over.
    TakenOver,
}

/// The calls that belong together: the first part of their paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `gettoken`.
    Token,
    /// The tickets of the JS-SDK.
    Ticket,
    /// `auth/…`: who a visitor is.
    Auth,
    /// `user/…`.
    User,
    /// `department/…`.
    Department,
    /// `externalcontact/…`.
    ExternalContact,
    /// `message/…`.
    Message,
    /// All calls to WeChat, for the service account.
    ServiceAccount,
    /// Any other.
    Other,
}

/// What came of a call that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallResult {
    /// It was carried out.
    Ok,
    /// There was no answer.
    Network,
    /// The token was refused.
    Token,
    /// A limit is used up (45009).
    Limited,
    /// WeCom is busy, 45033 among others.
    Busy,
    /// The request is wrong, or the code unknown.
    Refused,
    /// Something is set up wrongly.
    Misconfigured,
    /// An outcome of normal work, such as a contact who is gone.
    State,
    /// What came is no answer of WeCom's.
    BadReply,
}

/// How often each happened since the start.
#[derive(Debug, Default)]
pub struct Tally {
    happenings: [AtomicU64; Happening::ALL.len()],
    calls: [[AtomicU64; CallResult::ALL.len()]; Family::ALL.len()],
}

impl Happening {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OverBudget,
        Self::LimitedByWecom,
        Self::TooManyAtOnce,
        Self::Misconfigured,
        Self::HeldBack,
        Self::Fetched,
        Self::TakenOver,
    ];

    /// Its name, as a metric would have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OverBudget => "over_budget",
            Self::LimitedByWecom => "limited_by_wecom",
            Self::TooManyAtOnce => "too_many_at_once",
            Self::Misconfigured => "misconfigured",
            Self::HeldBack => "held_back",
            Self::Fetched => "fetched",
            Self::TakenOver => "taken_over",
        }
    }
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Token,
        Self::Ticket,
        Self::Auth,
        Self::User,
        Self::Department,
        Self::ExternalContact,
        Self::Message,
        Self::ServiceAccount,
        Self::Other,
    ];

    /// Its name, as a metric would have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Ticket => "ticket",
            Self::Auth => "auth",
            Self::User => "user",
            Self::Department => "department",
            Self::ExternalContact => "externalcontact",
            Self::Message => "message",
            Self::ServiceAccount => "service_account",
            Self::Other => "other",
        }
    }

    /// The family of this path of WeCom's below `/cgi-bin/`.
    pub(in crate::wecom) fn of(path: &str) -> Self {
        match path.split('/').next() {
            Some("gettoken") => Self::Token,
            Some("ticket" | "get_jsapi_ticket") => Self::Ticket,
            Some("auth") => Self::Auth,
            Some("user") => Self::User,
            Some("department") => Self::Department,
            Some("externalcontact") => Self::ExternalContact,
            Some("message") => Self::Message,
            Some(_) | None => Self::Other,
        }
    }
}

impl CallResult {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Ok,
        Self::Network,
        Self::Token,
        Self::Limited,
        Self::Busy,
        Self::Refused,
        Self::Misconfigured,
        Self::State,
        Self::BadReply,
    ];

    /// Its name, as a metric would have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Network => "network",
            Self::Token => "token",
            Self::Limited => "limited",
            Self::Busy => "busy",
            Self::Refused => "refused",
            Self::Misconfigured => "misconfigured",
            Self::State => "state",
            Self::BadReply => "bad_reply",
        }
    }

    /// What a call to WeCom counts as.
    pub(in crate::wecom) const fn of<T>(result: &Result<T, ApiError>) -> Self {
        match result {
            Ok(_) => Self::Ok,
            Err(ApiError::Network { .. }) => Self::Network,
            Err(ApiError::TokenRejected { .. }) => Self::Token,
            Err(ApiError::RateLimited { .. }) => Self::Limited,
            Err(ApiError::Busy { .. }) => Self::Busy,
            Err(ApiError::Refused { .. }) => Self::Refused,
            Err(ApiError::Misconfigured { .. }) => Self::Misconfigured,
            Err(ApiError::State { .. }) => Self::State,
            Err(ApiError::BadReply { .. }) => Self::BadReply,
        }
    }
}

impl Tally {
    /// How often it happened.
    pub fn of(&self, happening: Happening) -> u64 {
        self.happenings[happening as usize].load(Ordering::Relaxed)
    }

    /// How many calls of this family ended so.
    pub fn calls(&self, family: Family, result: CallResult) -> u64 {
        self.calls[family as usize][result as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, happening: Happening) {
        self.happenings[happening as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a call that was made.
    pub(crate) fn count_call(&self, family: Family, result: CallResult) {
        self.calls[family as usize][result as usize].fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_number_of_its_own() {
        let tally = Tally::default();
        for (n, happening) in Happening::ALL.into_iter().enumerate() {
            (0..n).for_each(|_| tally.count(happening));
        }
        for (n, happening) in Happening::ALL.into_iter().enumerate() {
            assert_eq!(tally.of(happening), n as u64, "{}", happening.name());
        }
    }

    #[test]
    fn calls_are_counted_by_family_and_result() {
        let tally = Tally::default();
        let gone: Result<(), _> = Err(ApiError::State {
            api: "x",
            errcode: 84061,
            errmsg: String::new(),
        });
        for (n, path) in [
            "gettoken",
            "ticket/get",
            "auth/getuserinfo",
            "user/get",
            "department/simplelist",
            "externalcontact/groupchat/get",
            "message/send",
            "getcallbackip",
        ]
        .into_iter()
        .enumerate()
        {
            let family = Family::of(path);
            (0..n).for_each(|_| tally.count_call(family, CallResult::of(&Ok(()))));
            tally.count_call(family, CallResult::of(&gone));
        }
        let of_wecom = |family: &Family| *family != Family::ServiceAccount;
        for (n, family) in Family::ALL.into_iter().filter(of_wecom).enumerate() {
            for result in CallResult::ALL {
                let ok = if result == CallResult::Ok {
                    n as u64
                } else {
                    0
                };
                let expected = ok + u64::from(result == CallResult::State);
                let (family, result) = (family.name(), tally.calls(family, result));
                assert_eq!(result, expected, "{family}");
            }
        }
    }
}
