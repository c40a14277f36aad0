//! The settings of a corp: its app, its contact-sync secret, its receivers.

use std::time::Duration;

use secrecy::SecretString;

use crate::config::reader::Reader;
use crate::config::service::{duration, secret};
use crate::config::service_account;
use crate::config::webhook;
use crate::config::{App, Corp, ItemKinds, Receiver};
use crate::model::ids::{AgentId, CorpId, NotAnId, ReceiverName, TenantKey, UserId};
use crate::model::keys::{AesKey, CallbackKeys};

/// The console takes no longer Token (path/90930).
const MAX_TOKEN_CHARS: usize = 32;

/// WeCom cuts the text of a reply there (path/90241).
const MAX_REPLY_BYTES: usize = 2048;

/// For pages; no limit of WeCom's.
const MAX_NAME_CHARS: usize = 64;

/// Customers come back to a link that they have kept for about a season.
const OLD_LINKS_FOR: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The receiver that the service's own events come by.
const OWN_RECEIVER: &str = "service";

/// Reads one `[[corp]]`.
pub(in crate::config) fn read(corp: &mut Reader<'_, '_>) -> Option<Corp> {
    let write = "the corp id, from the console under 我的企业 → 企业信息";
    let id = corp.required("id", write, corp_id);
    if let Some(id) = &id {
        corp.unique("corp id", "id", id.as_str());
    }
    let name = corp.text("name", "a name of at most 64 characters", name);
    let write = "a code of letters, digits and -._~ for this corp's links";
    let tenant_key = corp.required("tenant_key", write, tenant_key);
    if let Some(key) = &tenant_key {
        corp.unique("tenant key", "tenant_key", key.as_str());
    }
    let write = "a number with s, m, h or d from 1h to 365d, such as \"90d\"";
    let old_links_for = corp.text("old_links_for", write, duration);
    let auto_sync = corp.switch("auto_sync");
    let sidebar_card = corp.switch("sidebar_card");
    let items = corp.list(
        "items",
        "\"projects\", \"forms\" and \"approvals\"",
        item_kind,
    );
    let write = "the userids of members, such as \"ZhangSan\"";
    let admins = corp.list("admins", write, |text| {
        UserId::parse(text).map_err(not_an_id)
    });
    let app = corp.section("app", app);
    let contact_sync_secret = corp.optional_section("contact_sync", |contact_sync| {
        let write = "the Secret, from the console under 管理工具 → 通讯录同步";
        contact_sync.required("secret", write, |text| secret(text, 1))
    });
    let service_account = corp.optional_section("service_account", service_account::read);
    let write = "at most 8 [[corp.webhook]], one for each system";
    let named = id.as_ref().map(CorpId::as_str);
    let webhooks = corp.optional_sections("webhook", write, |it| webhook::read(it, named));
    if webhooks
        .as_ref()
        .is_some_and(|all| all.len() > webhook::WEBHOOKS_MAX)
    {
        corp.note("webhook", "names too many", format!("write {write}"));
    }
    let write = "a [[corp.receiver]] for each callback URL";
    let receivers = corp.sections("receiver", write, |it| receiver(it, id.as_ref()));
    Some(Corp {
        id: id?,
        name,
        tenant_key: tenant_key?,
        old_links_for: old_links_for.unwrap_or(OLD_LINKS_FOR),
        auto_sync: auto_sync.unwrap_or(true),
        sidebar_card: sidebar_card.unwrap_or(true),
        items: items.map_or(ALL_ITEMS, |named| item_kinds(&named)),
        admins: admins.unwrap_or_default(),
        app: app?,
        contact_sync_secret,
        service_account,
        webhooks: webhooks?,
        receivers: receivers?,
    })
}

/// What a corp works with that names no kinds.
const ALL_ITEMS: ItemKinds = ItemKinds {
    projects: true,
    forms: true,
    approvals: true,
};

fn item_kind(text: &str) -> Result<&'static str, String> {
    let mut known = ["projects", "forms", "approvals"].into_iter();
    let found = known.find(|known| *known == text);
    found.ok_or_else(|| "is no kind of item".into())
}

fn item_kinds(named: &[&str]) -> ItemKinds {
    ItemKinds {
        projects: named.contains(&"projects"),
        forms: named.contains(&"forms"),
        approvals: named.contains(&"approvals"),
    }
}

fn app(app: &mut Reader<'_, '_>) -> Option<App> {
    let write = "the AgentId, from the app's page in the console, such as 1000002";
    let agent_id = app.required_number("agent_id", write);
    let write = "the Secret, from the app's page in the console";
    let secret = app.required("secret", write, |text| secret(text, 1));
    Some(App {
        agent_id: AgentId(agent_id?),
        secret: secret?,
    })
}

fn receiver(receiver: &mut Reader<'_, '_>, corp: Option<&CorpId>) -> Option<Receiver> {
    let name = own_name(receiver);
    let keys = keys(receiver);
    let previous = receiver.optional_section("previous", self::keys);
    let write = "the receive ids that are accepted, usually only the corp id";
    let receive_ids = receiver.list("receive_ids", write, receive_id);
    if receive_ids.as_ref().is_some_and(Vec::is_empty) {
        receiver.note("receive_ids", "is empty", format!("write {write}"));
    }
    let reply = receiver.text("reply", "a text of at most 2048 bytes", reply);
    Some(Receiver {
        reply,
        name: name?,
        keys: keys?,
        previous,
        receive_ids: match receive_ids {
            Some(ids) => ids,
            None => vec![corp?.to_string()],
        },
    })
}

/// The end of a callback URL.
pub(in crate::config) fn own_name(receiver: &mut Reader<'_, '_>) -> Option<ReceiverName> {
    let write = "a name of a-z, 0-9, - and _ for the end of the callback URL";
    let name = receiver.required("name", write, receiver_name)?;
    receiver.unique("receiver name", "name", name.as_str());
    Some(name)
}

/// Token and key of a callback configuration.
pub(in crate::config) fn keys(pair: &mut Reader<'_, '_>) -> Option<CallbackKeys> {
    let write = "the Token, from the console's page 接收消息 → 设置API接收";
    let token = pair.required("token", write, token);
    let write = "the EncodingAESKey, from the console's page 接收消息 → 设置API接收";
    let aes_key = pair.required("aes_key", write, aes_key);
    Some(CallbackKeys {
        token: token?,
        aes_key: aes_key?,
    })
}

pub(in crate::config) fn not_an_id(_: NotAnId) -> String {
    "is no id: it is empty, too long, or has blanks in it".into()
}

fn corp_id(text: &str) -> Result<CorpId, String> {
    // It becomes part of the store's keys, where other characters have a meaning.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !text.chars().all(plain) {
        return Err("has characters other than letters, digits, - and _".into());
    }
    CorpId::parse(text).map_err(not_an_id)
}

pub(in crate::config) fn name(text: &str) -> Result<String, String> {
    let clean = !text.trim().is_empty() && !text.chars().any(char::is_control);
    if clean && text.chars().count() <= MAX_NAME_CHARS {
        Ok(text.into())
    } else {
        Err("is no name: it is empty, too long, or has control characters in it".into())
    }
}

fn tenant_key(text: &str) -> Result<TenantKey, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    if !text.chars().all(plain) {
        return Err("has characters that a URL would escape".into());
    }
    TenantKey::parse(text).map_err(not_an_id)
}

fn receiver_name(text: &str) -> Result<ReceiverName, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if !text.chars().all(plain) {
        return Err("has characters other than a-z, 0-9, - and _".into());
    }
    if text == OWN_RECEIVER {
        return Err("is the name that the service's own events have".into());
    }
    ReceiverName::parse(text).map_err(not_an_id)
}

fn receive_id(text: &str) -> Result<String, String> {
    // Some callbacks carry an empty receive id (path/90968), so the empty text is one.
    match text {
        "" => Ok(String::new()),
        text => CorpId::parse(text).map(String::from).map_err(not_an_id),
    }
}

fn reply(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("is empty".into());
    }
    if text.len() > MAX_REPLY_BYTES {
        return Err("is longer than 2048 bytes, where WeCom would cut it".into());
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err("has control characters in it".into());
    }
    Ok(text.into())
}

fn token(text: &str) -> Result<SecretString, String> {
    if text.is_empty() {
        return Err("is empty".into());
    }
    if text.len() > MAX_TOKEN_CHARS {
        return Err("is longer than 32 characters".into());
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err("has characters other than letters and digits".into());
    }
    Ok(text.into())
}

fn aes_key(text: &str) -> Result<AesKey, String> {
    AesKey::parse(text).map_err(|_| match text.chars().count() {
        43 => "has characters other than a-z, A-Z and 0-9".into(),
        count => format!("has {count} characters instead of 43"),
    })
}
