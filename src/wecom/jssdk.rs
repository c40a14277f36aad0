//! Signatures for pages that use the JS-SDK (path/90506).

use std::fmt::Write;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use url::Url;

use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::limit::TICKETS;
use crate::wecom::slot::Fetched;
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const CORP_TICKET: Api = Api {
    path: "get_jsapi_ticket",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: TICKETS,
    bucket: "jsapi_ticket",
};

const APP_TICKET: Api = Api {
    path: "ticket/get",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: TICKETS,
    bucket: "jsapi_ticket",
};

/// As whom a page speaks to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// The corp (企业身份), for `getConfigSignature`.
    Corp,
    /// The app (应用身份), for `getAgentConfigSignature`; the chat toolbar needs it.
    App,
}

/// What `ww.register` wants from its signature functions (path/94313); its JSON has their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JsapiSignature {
    /// Seconds since 1970.
    pub timestamp: i64,
    /// Random.
    pub nonce_str: String,
    /// SHA-1, in hex.
    pub signature: String,
}

impl Client {
    /// Signs a page's address as the browser sees it; its fragment does not count. The caller checks that the page is ours.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::RateLimited`] also before WeCom is asked, tickets are few.
    pub async fn jsapi_signature(
        &self,
        identity: Identity,
        url: &Url,
        now: Timestamp,
    ) -> Result<JsapiSignature, ApiError> {
        let ticket = match identity {
            Identity::Corp => &self.corp_ticket,
            Identity::App => &self.app_ticket,
        };
        let fetch = self.ticket(identity, now);
        let ticket = ticket.current(self.around(), now, fetch).await?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| ApiError::Misconfigured {
            errcode: None,
            what: "the system gives no random numbers".into(),
        })?;
        let nonce_str = hex(&random);
        let timestamp = now.secs();
        let signature = sign(ticket.expose(), &nonce_str, timestamp, url.as_str());
        Ok(JsapiSignature {
            timestamp,
            nonce_str,
            signature,
        })
    }

    async fn ticket(&self, identity: Identity, now: Timestamp) -> Result<Fetched, ApiError> {
        #[derive(Deserialize)]
        struct Reply {
            ticket: SecretString,
            expires_in: u64,
        }

        let reply: Reply = match identity {
            Identity::Corp => self.get(&CORP_TICKET, &[], now).await?,
            Identity::App => {
                let query = [("type", "agent_config")];
                self.get(&APP_TICKET, &query, now).await?
            }
        };
        Ok(Fetched {
            value: reply.ticket,
            lifetime: Duration::from_secs(reply.expires_in),
        })
    }
}

fn sign(ticket: &str, nonce: &str, timestamp: i64, url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let text = format!("jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}");
    hex(&Sha1::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wecom::script::{NOW, Script, reply};

    /// The documentation's own example.
    #[test]
    fn the_published_vector_is_signed() {
        let ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg";
        for url in [
            "http://mp.weixin.qq.com?params=value",
            "http://mp.weixin.qq.com?params=value#fragment",
        ] {
            assert_eq!(
                sign(ticket, "Wm3WZYTPz0wzccnW", 1_414_587_457, url),
                "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
            );
        }
    }

    #[tokio::test]
    async fn two_identities_have_two_tickets_that_are_kept() {
        let script = Script::start(|asked, _| match asked.path.as_str() {
            "get_jsapi_ticket" => {
                reply(json!({"errcode": 0, "ticket": "CORP", "expires_in": 7200}))
            }
            "ticket/get" => reply(json!({"errcode": 0, "ticket": "APP", "expires_in": 7200})),
            _ => None,
        })
        .await;
        let client = script.client();
        let url = Url::parse("https://a.example/sidebar?x=1#part").unwrap();
        let mut nonces = Vec::new();
        for _ in 0..3 {
            for (identity, ticket) in [(Identity::Corp, "CORP"), (Identity::App, "APP")] {
                let signed = client.jsapi_signature(identity, &url, NOW).await.unwrap();
                let expected = sign(
                    ticket,
                    &signed.nonce_str,
                    1_700_000_000,
                    "https://a.example/sidebar?x=1",
                );
                assert_eq!(signed.signature, expected);
                assert_eq!(signed.timestamp, 1_700_000_000);
                nonces.push(signed.nonce_str);
            }
        }
        nonces.sort();
        nonces.dedup();
        assert_eq!(nonces.len(), 6);
        assert_eq!(script.asked("get_jsapi_ticket").len(), 1);
        assert_eq!(script.asked("ticket/get").len(), 1);
        assert_eq!(script.asked("ticket/get")[0].query["type"], "agent_config");
        assert!(
            !script.asked("get_jsapi_ticket")[0]
                .query
                .contains_key("type")
        );
    }

    #[test]
    fn its_json_has_the_names_that_pages_want() {
        let signature = JsapiSignature {
            timestamp: 1,
            nonce_str: "n".into(),
            signature: "s".into(),
        };
        let expected = json!({"timestamp": 1, "nonceStr": "n", "signature": "s"});
        assert_eq!(serde_json::to_value(signature).unwrap(), expected);
    }
}
