//! Personal links: whose page a member looks at, as a word that only this installation reads.
//!
//! Links that go to one customer carry it, so that a member who opens one sees the pages of that customer. It picks, and
//! lets nobody in: customers see their own pages whatever the link says, and strangers none. An address with it may be
//! passed on, since it names nobody.

use secrecy::SecretString;
use url::form_urlencoded;

use crate::http::doors::Doors;
use crate::http::session::SessionKey;
use crate::model::ids::{CorpId, ExternalUserId};
use crate::wecom::seal::Seal;

/// Its name in addresses.
pub(in crate::http) const WORD: &str = "t";

/// No token of ours is longer.
const MAX_BYTES: usize = 512;

/// A token for this customer; each is another. `None`: the system gives no random numbers.
pub(in crate::http) fn token(
    key: &SessionKey,
    corp: &CorpId,
    contact: &ExternalUserId,
) -> Option<String> {
    sealer(key, corp).seal(contact.as_str())
}

/// The customer of a token that was made for this corp.
pub(in crate::http) fn read(
    key: &SessionKey,
    corp: &CorpId,
    token: &str,
) -> Option<ExternalUserId> {
    if token.is_empty() || token.len() > MAX_BYTES {
        return None;
    }
    let id = sealer(key, corp).open(token)?;
    ExternalUserId::parse(&id).ok()
}

/// The query of a link for this customer. `None`: the corp has no pages.
pub(in crate::http) fn query(
    doors: &Doors,
    corp: &CorpId,
    contact: &ExternalUserId,
) -> Option<String> {
    let mut tenants = doors.tenants.iter();
    let (tenant_key, _) = tenants.find(|(_, tenant)| tenant.corp == *corp)?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("tenantKey", tenant_key.as_str());
    if let Some(token) = token(&doors.session_key, corp, contact) {
        query.append_pair(WORD, &token);
    }
    Some(query.finish())
}

fn sealer(key: &SessionKey, corp: &CorpId) -> Seal {
    let secret = SecretString::from(key.tag("personal link", ""));
    Seal::new("personal link", corp, &secret)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn only_our_own_tokens_of_this_corp_are_read() {
        let key = |secret| SessionKey::derive([secret].into_iter());
        let corp = |id| CorpId::parse(id).unwrap();
        let contact = ExternalUserId::parse("wmCustomer1").unwrap();
        let token = token(&key("a"), &corp("ww1"), &contact).unwrap();
        let reads = |secret, id, token: &str| read(&key(secret), &corp(id), token);
        assert_eq!(reads("a", "ww1", &token).as_ref(), Some(&contact));
        assert_eq!(reads("a", "ww2", &token), None, "another corp");
        assert_eq!(reads("b", "ww1", &token), None, "another installation");
        for foreign in ["", "wmCustomer1", "与", &"A".repeat(100_000)] {
            assert_eq!(reads("a", "ww1", foreign), None);
        }
        for at in 0..token.len() {
            let mut bent = token.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            let bent = String::from_utf8(bent).unwrap();
            assert_eq!(reads("a", "ww1", &bent), None, "byte {at}");
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
        let id = contact.as_str().as_bytes();
        assert!(!bytes.windows(id.len()).any(|bytes| bytes == id));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(token.chars().all(plain), "{token}");
    }
}
