//! What an administrator sets in the console (管理后台) and what the reference leaves open.

use std::collections::BTreeSet;
use std::time::Duration;

use url::Url;

/// The settings that decide how WeCom behaves towards this corp. All may be changed at any time.
#[derive(Debug, Clone)]
pub struct Console {
    /// Attributes of the external profile that exist; an entry with another name is ignored without an error
    /// (path/92230).
    pub attributes: BTreeSet<String>,
    /// What `user/update` does with the entries that a request leaves out.
    pub profile_mode: ProfileMode,
    /// Certified short names, the only values that `external_corp_name` may take besides the empty one (41036).
    pub short_names: BTreeSet<String>,
    /// Who sends the welcome message (欢迎语).
    pub welcome: WelcomeBy,
    /// Whether the app is listed under 客户联系 → 可调用接口的应用.
    pub customer_api: CustomerApi,
    /// The app's trusted addresses (企业可信IP).
    pub app_ips: TrustedIps,
    /// Those of the contact-sync assistant.
    pub contact_sync_ips: TrustedIps,
    /// What 管理工具 → 通讯录同步 allows the contact-sync secret to do.
    pub contact_edit: ContactEdit,
    /// The trusted domain (可信域名) of the app, `host` or `host:port`; any when absent.
    pub trusted_domain: Option<String>,
    /// The page that the chat toolbar (聊天工具栏) opens.
    pub toolbar_url: Option<Url>,
    /// The code that answers an expired token.
    pub expired_token: ExpiredToken,
    /// Which failures of a callback are tried again.
    pub retries: Retries,
    /// How many `follow_user` entries one page of `externalcontact/get` holds; 500 at WeCom (path/92114).
    pub follow_page: usize,
    /// How long after a change of a group the API goes on showing it as it was: "a couple of seconds" (path/92122).
    pub group_lag: Duration,
}

/// How `external_attr` is written. The reference does not say which of the two WeCom does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileMode {
    /// Entries of other names stay.
    Merge,
    /// The array of the request becomes the whole list.
    Replace,
}

/// Who sends the welcome message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WelcomeBy {
    /// The app, with the code of the event.
    App,
    /// The console does; events carry no code (path/92137).
    Console,
}

/// Whether the app may call the customer API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerApi {
    /// It may, and hears of customers.
    Listed,
    /// 48002, and no customer events.
    NotListed,
}

/// Whether the address that calls come from is a trusted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustedIps {
    /// It is.
    Listed,
    /// 60020 for every call but `gettoken`.
    NotListed,
}

/// What the contact-sync secret may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactEdit {
    /// Edit (API 编辑通讯录).
    Allowed,
    /// Read only; 48002 for writes.
    ReadOnly,
}

/// Both codes are seen in the field (path/90313).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiredToken {
    /// 42001.
    Expired,
    /// 40014.
    Invalid,
}

/// The two official pages on retries differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retries {
    /// Any answer other than 200 is a failure (path/90238).
    AnyStatus,
    /// Only connection failures and timeouts are (path/90930).
    ConnectionOnly,
}

impl Default for Console {
    /// A corp where everything is set up, with the attribute `与我协作`.
    fn default() -> Self {
        Self {
            attributes: BTreeSet::from(["与我协作".to_owned()]),
            profile_mode: ProfileMode::Merge,
            short_names: BTreeSet::new(),
            welcome: WelcomeBy::App,
            customer_api: CustomerApi::Listed,
            app_ips: TrustedIps::Listed,
            contact_sync_ips: TrustedIps::Listed,
            contact_edit: ContactEdit::Allowed,
            trusted_domain: None,
            toolbar_url: None,
            expired_token: ExpiredToken::Expired,
            retries: Retries::AnyStatus,
            follow_page: 500,
            group_lag: Duration::from_secs(2),
        }
    }
}
