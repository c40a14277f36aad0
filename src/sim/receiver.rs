//! Callback configurations: where callbacks go, and the check before one is saved.

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::callback::seal_echo;
use crate::model::keys::CallbackKeys;
use crate::sim::Sim;
use crate::sim::grants::{random_bytes, random_number};

/// How long WeCom waits for the answer to a URL check (path/90930).
const ECHO_TIMEOUT: Duration = Duration::from_secs(1);
/// Of an answer, only so much is read.
const MAX_REPLY: usize = 64 * 1024;

/// A callback configuration as it is saved in the console.
#[derive(Clone)]
pub struct Receiver {
    /// The callback URL.
    pub url: Url,
    /// Token and EncodingAESKey.
    pub keys: CallbackKeys,
    /// What is sealed in: the corpid, or the appid of the service account.
    pub receive_id: String,
    /// What is sent there.
    pub kind: ReceiverKind,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiver({:?}, {})", self.kind, self.url)
    }
}

/// Who hears of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiverKind {
    /// The self-built app: customers, cards, its own events.
    App,
    /// The contact-sync assistant: `change_contact`.
    ContactSync,
    /// The service account: its followers.
    ServiceAccount,
}

/// Why the console does not save a callback URL: 「openapi回调地址请求不通过」.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EchoRefused {
    /// No answer, or none within a second.
    #[error("the callback URL did not answer within a second")]
    NoAnswer,
    /// An answer that is not 200.
    #[error("the callback URL answered {0}")]
    Status(u16),
    /// Another text than the one that was sealed.
    #[error("the callback URL answered another text than the decrypted echostr")]
    Differs,
}

/// How often the one who saves a callback URL tries when there is no answer: a busy machine may take longer than a second.
const SAVES: usize = 20;

impl Sim {
    /// Saves a callback configuration as an administrator does, who tries again when there was no answer in time.
    ///
    /// # Errors
    /// [`EchoRefused`]; then nothing is saved.
    pub async fn register_patiently(&self, receiver: &Receiver) -> Result<(), EchoRefused> {
        for _ in 1..SAVES {
            match self.register(receiver.clone()).await {
                Err(EchoRefused::NoAnswer) => {}
                answer => return answer,
            }
        }
        self.register(receiver.clone()).await
    }

    /// Saves a callback configuration after checking its URL, as the console does (path/90930).
    ///
    /// # Errors
    /// [`EchoRefused`]; then nothing is saved.
    pub async fn register(&self, receiver: Receiver) -> Result<(), EchoRefused> {
        let echo = format!("{:019}", random_number() % 10_u64.pow(19));
        let query = seal_echo(
            &receiver.keys,
            &receiver.receive_id,
            echo.as_bytes(),
            self.now(),
            &nonce(),
            random_bytes(),
        );
        let request = self
            .http()
            .get(with_query(&receiver.url, &query))
            .timeout(ECHO_TIMEOUT);
        let answer = request.send().await.map_err(|_| EchoRefused::NoAnswer)?;
        if answer.status() != 200 {
            return Err(EchoRefused::Status(answer.status().as_u16()));
        }
        let body = read(answer).await.map_err(|_| EchoRefused::NoAnswer)?;
        if body != echo.as_bytes() {
            return Err(EchoRefused::Differs);
        }
        self.corp().receivers.push(receiver);
        Ok(())
    }
}

/// The query goes behind the one that the URL may have (path/97478).
pub(crate) fn with_query(url: &Url, query: &str) -> Url {
    let query = match url.query() {
        Some(own) if !own.is_empty() => format!("{own}&{query}"),
        _ => query.to_owned(),
    };
    let mut url = url.clone();
    url.set_query(Some(&query));
    url
}

/// The body, as far as it is read at all.
pub(crate) async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        let room = MAX_REPLY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_REPLY {
            break;
        }
    }
    Ok(body)
}

/// A nonce as WeCom writes them: decimal digits.
pub(crate) fn nonce() -> String {
    (random_number() >> 32).to_string()
}
