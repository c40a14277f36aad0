//! What WeCom gave out and what it is still good for: tokens, tickets, login codes, welcome codes, response codes.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::ids::{ExternalUserId, UserId};
use crate::model::time::Timestamp;

/// `expires_in` of tokens and tickets (path/91039, 90506).
pub(crate) const TOKEN_LIFE: Duration = Duration::from_secs(7200);
/// A login code is good for 5 minutes (path/91335).
pub(crate) const LOGIN_LIFE: Duration = Duration::from_secs(5 * 60);
/// A welcome code is good for 20 seconds (path/92137).
const WELCOME_LIFE: Duration = Duration::from_secs(20);
/// A response code is good for 72 hours (path/94888).
const RESPONSE_LIFE: Duration = Duration::from_secs(72 * 3600);
/// When a table has grown beyond this, what nobody can use any more is dropped.
const KEPT: usize = 20_000;

/// The two secrets, whose tokens open different calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Secret {
    /// Of the self-built app.
    App,
    /// Of the contact-sync assistant (通讯录同步助手).
    ContactSync,
}

/// The two JS-SDK identities (path/90506).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ticket {
    /// `get_jsapi_ticket`.
    Corp,
    /// `ticket/get?type=agent_config`.
    Agent,
}

/// Who sits in front of the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// A member.
    Member(UserId),
    /// An outside person, customer or not.
    Contact(ExternalUserId),
}

/// Why a code or token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spent {
    /// Never given out, or withdrawn.
    Unknown,
    /// Too old.
    Expired,
    /// Used before.
    Used,
}

/// A welcome code's people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Welcome {
    pub(crate) userid: UserId,
    pub(crate) external_userid: ExternalUserId,
}

/// All that was given out.
#[derive(Default)]
pub(crate) struct Grants {
    tokens: Codes<Secret>,
    current: HashMap<Secret, (String, Timestamp)>,
    tickets: HashMap<Ticket, (String, Timestamp)>,
    logins: Codes<Visitor>,
    welcomes: Codes<Welcome>,
    /// By response code: the message's number.
    responses: Codes<u64>,
}

impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Grants(…)")
    }
}

impl Grants {
    /// The token of a secret and how long it lives: the same one as long as it is good.
    pub(crate) fn token(&mut self, secret: Secret, now: Timestamp) -> (String, Duration) {
        let (token, until) = reuse(self.current.get(&secret), now).unwrap_or_else(|| {
            let token = self.tokens.give(secret, now, TOKEN_LIFE);
            (token, now.plus(TOKEN_LIFE))
        });
        self.current.insert(secret, (token.clone(), until));
        (token, until.since(now))
    }

    /// Whose token this is.
    pub(crate) fn secret_of(&self, token: &str, now: Timestamp) -> Result<Secret, Spent> {
        self.tokens.look(token, now).copied()
    }

    /// Makes every token invalid before its time.
    pub(crate) fn withdraw_tokens(&mut self) {
        self.tokens = Codes::default();
        self.current.clear();
    }

    /// A JS-SDK ticket and how long it lives.
    pub(crate) fn ticket(&mut self, ticket: Ticket, now: Timestamp) -> (String, Duration) {
        let (text, until) = reuse(self.tickets.get(&ticket), now)
            .unwrap_or_else(|| (random_text(), now.plus(TOKEN_LIFE)));
        self.tickets.insert(ticket, (text.clone(), until));
        (text, until.since(now))
    }

    /// The ticket as it was given out, when it is still good.
    pub(crate) fn ticket_given(&self, ticket: Ticket, now: Timestamp) -> Option<&str> {
        let (text, until) = self.tickets.get(&ticket)?;
        (now < *until).then_some(text)
    }

    /// A login code for the redirect.
    pub(crate) fn login(&mut self, who: Visitor, now: Timestamp) -> String {
        self.logins.give(who, now, LOGIN_LIFE)
    }

    /// Uses a login code up.
    pub(crate) fn use_login(&mut self, code: &str, now: Timestamp) -> Result<Visitor, Spent> {
        self.logins.spend(code, now).cloned()
    }

    /// A welcome code for an event.
    pub(crate) fn welcome(&mut self, people: Welcome, now: Timestamp) -> String {
        self.welcomes.give(people, now, WELCOME_LIFE)
    }

    /// Whom a welcome code is about.
    pub(crate) fn look_welcome(&self, code: &str, now: Timestamp) -> Result<&Welcome, Spent> {
        self.welcomes.look(code, now)
    }

    /// Uses a welcome code up.
    pub(crate) fn use_welcome(&mut self, code: &str, now: Timestamp) -> Result<Welcome, Spent> {
        self.welcomes.spend(code, now).cloned()
    }

    /// A response code for a card.
    pub(crate) fn response(&mut self, message: u64, now: Timestamp) -> String {
        self.responses.give(message, now, RESPONSE_LIFE)
    }

    /// Which message a response code changes.
    pub(crate) fn look_response(&self, code: &str, now: Timestamp) -> Result<u64, Spent> {
        self.responses.look(code, now).copied()
    }

    /// The welcome codes and response codes that are remembered.
    pub(crate) fn codes(&self) -> Vec<String> {
        let codes = self.welcomes.0.keys().chain(self.responses.0.keys());
        codes.cloned().collect()
    }

    /// Uses a response code up.
    pub(crate) fn use_response(&mut self, code: &str, now: Timestamp) -> Result<u64, Spent> {
        self.responses.spend(code, now).copied()
    }
}

/// Text that nobody guesses: 32 hexadecimal digits.
pub(crate) fn random_text() -> String {
    random_bytes().iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}

/// 16 bytes from the system.
pub(crate) fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has a source of random numbers");
    bytes
}

/// A number from the system.
pub(crate) fn random_number() -> u64 {
    let bytes = random_bytes();
    bytes
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

pub(crate) fn reuse(
    kept: Option<&(String, Timestamp)>,
    now: Timestamp,
) -> Option<(String, Timestamp)> {
    kept.filter(|(_, until)| now < *until).cloned()
}

/// Codes of one kind.
pub(crate) struct Codes<T>(HashMap<String, Code<T>>);

struct Code<T> {
    what: T,
    until: Timestamp,
    used: bool,
}

impl<T> Default for Codes<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> Codes<T> {
    pub(crate) fn give(&mut self, what: T, now: Timestamp, life: Duration) -> String {
        if self.0.len() > KEPT {
            // Long enough after their end, "expired" and "unknown" need not differ any more.
            self.0.retain(|_, code| now < code.until.plus(LOGIN_LIFE));
        }
        let text = random_text();
        let until = now.plus(life);
        let used = false;
        self.0.insert(text.clone(), Code { what, until, used });
        text
    }

    pub(crate) fn look(&self, text: &str, now: Timestamp) -> Result<&T, Spent> {
        match self.0.get(text) {
            None => Err(Spent::Unknown),
            Some(code) if code.used => Err(Spent::Used),
            Some(code) if code.until <= now => Err(Spent::Expired),
            Some(code) => Ok(&code.what),
        }
    }

    pub(crate) fn spend(&mut self, text: &str, now: Timestamp) -> Result<&T, Spent> {
        self.look(text, now)?;
        let code = self.0.get_mut(text).ok_or(Spent::Unknown)?;
        code.used = true;
        Ok(&code.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_700_000_000);

    #[test]
    fn a_token_stays_the_same_while_it_is_good() {
        let mut grants = Grants::default();
        let (first, life) = grants.token(Secret::App, START);
        assert_eq!(life, TOKEN_LIFE);
        let later = START.plus(TOKEN_LIFE - Duration::from_secs(1));
        let (again, life) = grants.token(Secret::App, later);
        assert_eq!((&again, life.as_secs()), (&first, 1));
        let over = START.plus(TOKEN_LIFE);
        assert_eq!(grants.secret_of(&first, over), Err(Spent::Expired));
        assert_ne!(grants.token(Secret::App, over).0, first);
        assert_ne!(grants.token(Secret::ContactSync, START).0, first);
    }

    #[test]
    fn codes_are_good_once_and_for_a_time() {
        let mut grants = Grants::default();
        let who = Visitor::Member(UserId::parse("a").unwrap());
        let (one, two) = (
            grants.login(who.clone(), START),
            grants.login(who.clone(), START),
        );
        assert_eq!(grants.use_login(&one, START), Ok(who));
        let table = [
            (one.as_str(), START, Spent::Used),
            (two.as_str(), START.plus(LOGIN_LIFE), Spent::Expired),
            ("x", START, Spent::Unknown),
        ];
        for (code, now, expected) in table {
            assert_eq!(grants.use_login(code, now), Err(expected));
        }
    }

    #[test]
    fn a_full_table_forgets_what_is_long_over() {
        let mut codes = Codes::default();
        for _ in 0..=KEPT {
            codes.give((), START, Duration::ZERO);
        }
        codes.give((), START.plus(LOGIN_LIFE), Duration::ZERO);
        assert_eq!(codes.0.len(), 1);
    }
}
