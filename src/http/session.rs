//! Signed cookies: who this browser is, and what a login under way is for.
//!
//! A cookie's value is `base64url(JSON).base64url(HMAC-SHA256)`. It says what it is for, so that one kind never passes
//! for another, and when it ends.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::ORIGIN;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use url::Url;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::model::ids::{CorpId, ExternalUserId, UserId};
use crate::model::time::Timestamp;

/// Signs cookies. Never printed, wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SessionKey(Zeroizing<[u8; 32]>);

impl SessionKey {
    /// Derives a key from secrets that only this installation has, so that all its processes share it and a restart
    /// logs nobody out.
    pub fn derive<'a>(secrets: impl Iterator<Item = &'a str>) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"wecom-bridge session cookies")
            .expect("HMAC takes keys of any length");
        for secret in secrets {
            mac.update(&(secret.len() as u64).to_be_bytes());
            mac.update(secret.as_bytes());
        }
        Self(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    /// A tag that only this installation can make: of one use, for one text.
    pub(in crate::http) fn tag(&self, use_: &str, text: &str) -> String {
        let mac = self.mac(&format!("{use_}\n{text}")).finalize();
        BASE64_URL_SAFE_NO_PAD.encode(mac.into_bytes())
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice())
            .expect("HMAC takes keys of any length");
        mac.update(text.as_bytes());
        mac
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(…)")
    }
}

/// What a cookie can be for.
pub(in crate::http) trait Ticketed: Serialize + DeserializeOwned {
    /// The cookie's name without its prefix, also part of what is signed.
    const NAME: &'static str;
    /// How long it is good for, in seconds.
    const SECONDS: i64;
    /// Below which path the browser sends it.
    const PATH: &'static str = "/";
}

/// Who this browser is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::http) struct Session {
    /// The corp it belongs to.
    pub(in crate::http) corp: CorpId,
    /// Who.
    pub(in crate::http) who: Who,
}

/// Who can be at a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum Who {
    /// An employee.
    Member(UserId),
    /// A customer.
    Contact(ExternalUserId),
}

impl Ticketed for Session {
    const NAME: &'static str = "wb_session";
    const SECONDS: i64 = 8 * 60 * 60;
}

#[derive(Serialize, Deserialize)]
struct Signed<T> {
    name: String,
    until: i64,
    value: T,
}

/// Reads the cookie of this kind from a request: `None` when it is missing, ended, or not signed by us.
pub(in crate::http) fn read<T: Ticketed>(
    request: &HttpRequest,
    key: &SessionKey,
    public_url: &Url,
    now: Timestamp,
) -> Option<T> {
    open(key, request.cookie(&name::<T>(public_url))?.value(), now)
}

/// A tag of the session that a cookie of this kind stands for: of one use. `None` without such a cookie; whether the
/// cookie is good is for [`read`] to say.
pub(in crate::http) fn tag_of<T: Ticketed>(
    request: &HttpRequest,
    key: &SessionKey,
    public_url: &Url,
    use_: &str,
) -> Option<String> {
    let cookie = request.cookie(&name::<T>(public_url))?;
    Some(key.tag(use_, cookie.value()))
}

/// A cookie of this kind. Without a script's reach. Where the service is reached by TLS it travels by TLS alone, and by
/// its name no other host and no unprotected page can have set it.
pub(in crate::http) fn cookie<T: Ticketed>(
    value: T,
    key: &SessionKey,
    public_url: &Url,
    now: Timestamp,
) -> Cookie<'static> {
    Cookie::build(name::<T>(public_url), seal(key, value, now))
        .path(T::PATH)
        .http_only(true)
        .secure(is_tls(public_url))
        .same_site(SameSite::Lax)
        .max_age(actix_web::cookie::time::Duration::seconds(T::SECONDS))
        .finish()
}

/// A cookie that takes the one of this kind away.
pub(in crate::http) fn removal<T: Ticketed>(public_url: &Url) -> Cookie<'static> {
    let mut gone = Cookie::build(name::<T>(public_url), "")
        .path(T::PATH)
        .http_only(true)
        .secure(is_tls(public_url))
        .finish();
    gone.make_removal();
    gone
}

/// The cookie's name for browsers. They take `__Host-` only from the host itself over TLS, for all of its paths, and
/// `__Secure-` for some of them (RFC 6265bis, 4.1.3); over plain http, as in a demo, they would take neither.
fn name<T: Ticketed>(public_url: &Url) -> String {
    match (is_tls(public_url), T::PATH) {
        (true, "/") => format!("__Host-{}", T::NAME),
        (true, _) => format!("__Secure-{}", T::NAME),
        (false, _) => T::NAME.to_owned(),
    }
}

fn is_tls(public_url: &Url) -> bool {
    public_url.scheme() == "https"
}

/// Whether a page of ours sends this. A cookie goes along with a foreign page's requests too; its origin does not lie.
pub(in crate::http) fn is_same_origin(request: &HttpRequest, public_url: &Url) -> bool {
    let origin = request.headers().get(ORIGIN);
    let origin = origin.and_then(|value| value.to_str().ok());
    origin == Some(public_url.origin().ascii_serialization().as_str())
}

fn seal<T: Ticketed>(key: &SessionKey, value: T, now: Timestamp) -> String {
    let signed = Signed {
        name: T::NAME.to_owned(),
        until: now.secs() + T::SECONDS,
        value,
    };
    let json = serde_json::to_vec(&signed).expect("cookies are plain structs with text keys");
    let text = BASE64_URL_SAFE_NO_PAD.encode(json);
    let mac = BASE64_URL_SAFE_NO_PAD.encode(key.mac(&text).finalize().into_bytes());
    format!("{text}.{mac}")
}

fn open<T: Ticketed>(key: &SessionKey, cookie: &str, now: Timestamp) -> Option<T> {
    let (text, mac) = cookie.split_once('.')?;
    let mac = BASE64_URL_SAFE_NO_PAD.decode(mac).ok()?;
    key.mac(text).verify_slice(&mac).ok()?;
    let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let signed: Signed<T> = serde_json::from_slice(&json).ok()?;
    (signed.name == T::NAME && signed.until > now.secs()).then_some(signed.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session {
            corp: CorpId::parse("ww1").unwrap(),
            who: Who::Member(UserId::parse("zhang").unwrap()),
        }
    }

    #[derive(Serialize, Deserialize)]
    struct Other(Session);

    impl Ticketed for Other {
        const NAME: &'static str = "other";
        const SECONDS: i64 = 60;
    }

    #[test]
    fn only_what_we_signed_for_this_use_and_time_is_read() {
        let (key, now) = (
            SessionKey::derive(["a"].into_iter()),
            Timestamp::from_secs(1000),
        );
        let sealed = seal(&key, session(), now);
        assert_eq!(open::<Session>(&key, &sealed, now), Some(session()));
        let ended = Timestamp::from_secs(1000 + Session::SECONDS);
        assert_eq!(open::<Session>(&key, &sealed, ended), None);
        let stranger = SessionKey::derive(["b"].into_iter());
        assert_eq!(open::<Session>(&stranger, &sealed, now), None);
        assert!(open::<Other>(&key, &sealed, now).is_none());
        for at in 0..sealed.len() {
            let mut bent = sealed.clone().into_bytes();
            bent[at] ^= 1;
            let bent = String::from_utf8(bent).unwrap();
            assert_eq!(open::<Session>(&key, &bent, now), None, "byte {at}");
        }
    }

    #[test]
    fn keys_of_different_secrets_differ() {
        let (a, b) = (
            SessionKey::derive(["ab", "c"].into_iter()),
            SessionKey::derive(["a", "bc"].into_iter()),
        );
        assert_ne!(*a.0, *b.0);
    }
}
