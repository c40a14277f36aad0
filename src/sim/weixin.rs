//! The company's service account (服务号) at WeChat: who follows it, its API below `weixin/`, its login page, and the
//! template messages that reach people. Its people are the corp's outside contacts; each has an openid of its own here
//! and the unionid that WeCom shows.

mod api;
mod oauth;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use secrecy::SecretString;

use crate::model::ids::{AppId, ExternalUserId};
use crate::model::time::Timestamp;
use crate::sim::corp::Corp;
use crate::sim::grants::{Codes, Spent, TOKEN_LIFE, reuse};
use crate::sim::person::Contact;

/// How long a `client_msg_id` recognises a repetition.
const SAME_MESSAGE: Duration = Duration::from_secs(10 * 60);

/// What the openids here begin with; the rest is the contact's id.
const OPENID: &str = "oW-";

/// How the service account is set up.
#[derive(Debug, Clone)]
pub struct AccountSettings {
    /// Its appid.
    pub app_id: AppId,
    /// Its secret.
    pub secret: SecretString,
}

/// The service account. All may be changed at any time.
pub struct Account {
    /// Its appid.
    pub app_id: AppId,
    secret: SecretString,
    /// The id that its callbacks are sent to.
    pub original_id: String,
    /// The list of template messages, by id.
    pub templates: BTreeMap<String, Template>,
    /// The only host that logins lead back to (网页授权域名); any when absent.
    pub oauth_domain: Option<String>,
    /// What a login with consent shows.
    pub snapshots: Snapshots,
    /// Whether it is bound to an open-platform account (微信开放平台): without, nobody has a unionid.
    pub open_platform: OpenPlatform,
    /// Who takes its messages in another way than gladly.
    pub reception: BTreeMap<ExternalUserId, Reception>,
    followers: BTreeSet<ExternalUserId>,
    /// By `client_msg_id`: when, and its number.
    recent: BTreeMap<String, (Timestamp, u64)>,
    messages: u64,
    tokens: Codes<()>,
    current: Option<(String, Timestamp)>,
    codes: Codes<Login>,
    web_tokens: Codes<Login>,
}

/// A template of the account's list.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// Its keys, such as `thing1`.
    pub keys: Vec<String>,
    /// The texts that its `const` keys may have.
    pub consts: BTreeSet<String>,
}

/// What a login with consent shows. WeChat decides by how the page started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshots {
    /// The question whether the person agrees.
    Never,
    /// A snapshot (快照页), with an invented user.
    Always,
}

/// Whether the account is bound to an open-platform account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenPlatform {
    /// It is.
    Bound,
    /// It is not.
    Unbound,
}

/// How a follower takes the account's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception {
    /// Refuses them: 43101.
    Refuses,
    /// Blocks them: they are taken and do not arrive (`failed:user block`).
    Blocks,
    /// WeChat fails to bring them (`failed: system failed`).
    Fails,
}

/// A template message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateMessage {
    /// When.
    pub at: Timestamp,
    /// Its number.
    pub msgid: u64,
    /// To whom.
    pub external_userid: ExternalUserId,
    /// By which template.
    pub template_id: String,
    /// Its values.
    pub values: Vec<(String, String)>,
    /// What a tap opens.
    pub url: Option<String>,
}

/// What a login code or web token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Login {
    /// Nobody on a snapshot.
    who: Option<ExternalUserId>,
    /// Whether the person agreed to show who it is.
    agreed: bool,
}

impl Account {
    /// An account that is bound, with the template `TM1`.
    pub(crate) fn new(settings: AccountSettings) -> Self {
        let keys = ["thing1", "thing2", "name3", "time4", "phrase5"];
        let template = Template {
            keys: keys.map(str::to_owned).into(),
            consts: BTreeSet::new(),
        };
        Self {
            app_id: settings.app_id,
            secret: settings.secret,
            original_id: "gh_simulated".into(),
            templates: BTreeMap::from([("TM1".to_owned(), template)]),
            oauth_domain: None,
            snapshots: Snapshots::Never,
            open_platform: OpenPlatform::Bound,
            reception: BTreeMap::new(),
            followers: BTreeSet::new(),
            recent: BTreeMap::new(),
            messages: 0,
            tokens: Codes::default(),
            current: None,
            codes: Codes::default(),
            web_tokens: Codes::default(),
        }
    }

    /// Who a person is here.
    pub fn openid(id: &ExternalUserId) -> String {
        format!("{OPENID}{id}")
    }

    /// Whether a person follows.
    pub fn follows(&self, id: &ExternalUserId) -> bool {
        self.followers.contains(id)
    }

    /// Makes a person follow, or not, without a callback.
    pub fn set_follows(&mut self, id: &ExternalUserId, follows: Follows) {
        match follows {
            Follows::Yes => self.followers.insert(id.clone()),
            Follows::No => self.followers.remove(id),
        };
    }

    /// Makes every token invalid before its time.
    fn withdraw_tokens(&mut self) {
        self.tokens = Codes::default();
        self.current = None;
    }

    /// The stable token and how long it lives: the same one as long as it is good.
    fn token(&mut self, now: Timestamp) -> (String, Duration) {
        let (token, until) = reuse(self.current.as_ref(), now).unwrap_or_else(|| {
            let token = self.tokens.give((), now, TOKEN_LIFE);
            (token, now.plus(TOKEN_LIFE))
        });
        self.current = Some((token.clone(), until));
        (token, until.since(now))
    }

    fn opens(&self, token: &str, now: Timestamp) -> Result<(), Spent> {
        self.tokens.look(token, now).copied()
    }

    /// The number of a message that came with this id a moment ago.
    fn sent_before(&mut self, client_msg_id: &str, now: Timestamp) -> Option<u64> {
        self.recent
            .retain(|_, (at, _)| now.since(*at) < SAME_MESSAGE);
        self.recent.get(client_msg_id).map(|(_, number)| *number)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({})", self.app_id)
    }
}

/// Whether somebody follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// Somebody does.
    Yes,
    /// Somebody does not.
    No,
}

impl Corp {
    /// The person with this openid.
    fn by_openid(&self, openid: &str) -> Option<&Contact> {
        let id = ExternalUserId::parse(openid.strip_prefix(OPENID)?).ok()?;
        self.contact(&id)
    }
}

/// Who a person is for the open platform. WeCom shows it only when it is bound itself.
fn unionid(account: &Account, contact: &Contact) -> Option<String> {
    let own = || format!("u-{}", contact.external_userid);
    match account.open_platform {
        OpenPlatform::Bound => Some(contact.unionid.clone().unwrap_or_else(own)),
        OpenPlatform::Unbound => None,
    }
}

pub(in crate::sim) fn routes(config: &mut ServiceConfig) {
    config
        .route(
            "/weixin/connect/oauth2/authorize",
            web::get().to(oauth::authorize),
        )
        .route("/weixin/{api:(cgi-bin|sns)/.*}", web::to(api::answer));
}
