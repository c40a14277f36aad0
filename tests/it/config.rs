//! Settings: what is accepted, and what is said about everything else.

mod example;
mod problems;

use std::time::Duration;

use secrecy::ExposeSecret;
use wecom_bridge::config::{Config, LogFormat, StoreChoice};
use wecom_bridge::model::api_token::May;
use wecom_bridge::model::template::Part;

const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const OTHER_AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// Of the password `password`, as cheap as can be.
const HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$2DgEFAASw+bTUCo+tZ/CSomp7Ai2rJe+H+yhcAq+Cvs";

/// Part of every secret value below, and of nothing else.
const MARK: &str = "q7Zk";

/// The variables that the example file refers to.
const SECRETS: [(&str, &str); 21] = [
    (
        "ERP_WEBHOOK_SECRET",
        "whsec_q7ZkKQ9r8GKYqrTwjUPD8ILPZIo2LaLhSw==",
    ),
    (
        "ERP_OLD_WEBHOOK_SECRET",
        "whsec_q7ZkKQ9r8GKYqrTwjUPD8ILPZIo2LaLhSg==",
    ),
    ("ERP_API_TOKEN", "q7ZkErpApiToken1"),
    ("WECOM_ADMIN_PASSWORD_HASH", HASH),
    ("OTLP_AUTHORIZATION", "Bearer q7Zk"),
    ("WECOM_APP_SECRET", "q7ZkAppSecret"),
    ("WECOM_APP_TOKEN", "q7ZkToken"),
    ("WECOM_APP_AES_KEY", AES_KEY),
    ("WECOM_APP_OLD_TOKEN", "q7ZkOldToken"),
    ("WECOM_APP_OLD_AES_KEY", OTHER_AES_KEY),
    ("WECOM_CONTACT_SYNC_SECRET", "q7ZkContactSyncSecret"),
    ("WECOM_CONTACT_SYNC_TOKEN", "q7ZkContactSyncToken"),
    ("WECOM_CONTACT_SYNC_AES_KEY", OTHER_AES_KEY),
    ("WEIXIN_SECRET", "q7ZkAccountSecret"),
    ("WEIXIN_TOKEN", "q7ZkAccountToken"),
    ("WEIXIN_AES_KEY", AES_KEY),
    ("WEIXIN_OLD_TOKEN", "q7ZkOldAccountToken"),
    ("WEIXIN_OLD_AES_KEY", OTHER_AES_KEY),
    ("WECOM_FILES_ACCESS_KEY_ID", "q7ZkKeyId"),
    ("WECOM_FILES_SECRET_ACCESS_KEY", "q7ZkKey"),
    ("WECOM_SESSION_KEY", "q7Zk567890123456789012345678901234"),
];

/// Two corps, three receivers, every setting.
const FULL: &str = r#"
public_url = "https://bridge.example.com"
server.listen = "0.0.0.0:9000"
metrics.listen = "10.0.0.7:9464"
server.verify_files = { "WW_verify_1.txt" = "one", "WW_verify_2.txt" = "2" }
admin.password_hash = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$2DgEFAASw+bTUCo+tZ/CSomp7Ai2rJe+H+yhcAq+Cvs"
store = { url = "redis://:q7Zk@redis:6379", replicas = 2, keep_for = "30d", dedupe_for = "36h", keep_visits_for = "45d" }
files = { url = "s3://team-files/a?region=cn-1", access_key_id = "id", secret_access_key = "q7ZkKey", max_bytes = 5000, types = ["png", "text"] }
api.tokens = ["q7Zk567890123456", "q7Zk567890123457"]
api.token = [{ token = "q7Zk567890123459", may = "items", corps = ["ww2"] }, { token = "q7Zk567890123460" }]
log = { format = "json", level = "warn,wecom_bridge=debug" }
traces = { endpoint = "https://collector.example.com/v1/traces", authorization = "Bearer q7Zk" }
session.key = "q7Zk5678901234567890123456789012"
sync = { nightly = "23:05", hourly = true }

[wecom]
api_base = "https://gateway.example.com/wecom"
oauth_base = "https://oauth.example.com"
jssdk_url = "https://bridge.example.com/jssdk.js"
proxy = "http://user:q7Zk@proxy.example.com:3128"

[weixin]
api_base = "https://gateway.example.com/weixin"
oauth_base = "https://oauth.example.com/weixin/"

[[corp]]
id = "ww1"
name = "One"
tenant_key = "team-1"
auto_sync = false
sidebar_card = false
old_links_for = "60d"
admins = ["ZhangSan", "lisi"]
app = { agent_id = 1000002, secret = "q7ZkOne" }
contact_sync = { secret = "q7ZkSync" }
[corp.service_account]
app_id = "wx1"
secret = "q7ZkAccount"
name = "Service"
qr_code = "https://bridge.example.com/qr.png"
quiet_hours = "22:30-08:00"
bundle = "90s"
templates.reply = { template_id = "T-1", keys = { thing1 = "title", time12 = "time", phrase3 = "=已回复" } }
[[corp.service_account.receiver]]
name = "account"
token = "q7ZkAccountToken"
aes_key = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
[[corp.webhook]]
name = "erp"
url = "https://erp.example.com/hooks"
secret = "whsec_q7ZkAAECAwQFBgcICQoLDA0ODxAREhMU"
events = ["item.*", "subscribe"]
[[corp.receiver]]
name = "one-app"
token = "q7ZkToken1"
aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
receive_ids = ["ww1", ""]
reply = "你好\n"
previous = { token = "q7ZkToken0", aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG" }
[[corp.receiver]]
name = "one-contacts"
token = "q7ZkToken2"
aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"

[[corp]]
id = "ww2"
tenant_key = "team-2"
app = { agent_id = "1000003", secret = "q7ZkTwo" }
[[corp.receiver]]
name = "two"
token = "q7ZkToken3"
aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
"#;

fn parse(text: &str, env: &[(&str, &str)]) -> Result<Config, String> {
    let env = env.iter().map(|(k, v)| (k.to_string(), v.to_string()));
    Config::from_parts(text, env).map_err(|problems| {
        assert!(problems.iter().next().is_some());
        problems.to_string()
    })
}

fn problems(text: &str, env: &[(&str, &str)]) -> Vec<String> {
    match parse(text, env) {
        Ok(_) => vec![],
        Err(problems) => problems.lines().map(String::from).collect(),
    }
}

#[test]
fn every_setting_is_read() {
    let config = parse(FULL, &[]).unwrap();
    assert_eq!(config.public_url.as_str(), "https://bridge.example.com/");
    assert_eq!(config.listen.to_string(), "0.0.0.0:9000");
    let metrics = config.metrics_listen.unwrap();
    assert_eq!(metrics.to_string(), "10.0.0.7:9464");
    let StoreChoice::Redis(url) = &config.store else {
        panic!("{:?}", config.store);
    };
    assert_eq!(url.expose_secret(), "redis://:q7Zk@redis:6379");
    assert_eq!(config.replicas, 2);
    assert_eq!(config.keep_for, Duration::from_secs(30 * 24 * 3600));
    assert_eq!(config.keep_visits_for, Duration::from_secs(45 * 24 * 3600));
    assert_eq!(config.dedupe_for, Duration::from_secs(36 * 3600));
    let tokens = config.api_tokens.iter();
    let tokens: Vec<_> = tokens
        .map(|token| (token.may, token.corps.as_ref().map(Vec::len)))
        .collect();
    let (all, items) = ((May::Everything, None), (May::Items, Some(1)));
    assert_eq!(tokens, [all, all, items, all]);
    assert!(config.admin_password.as_ref().unwrap().matches("password"));
    assert_eq!(config.verify_files["WW_verify_2.txt"], "2");
    let night = Duration::from_secs(23 * 3600 + 5 * 60);
    assert_eq!(
        (config.sync.nightly, config.sync.hourly),
        (Some(night), true)
    );
    assert_eq!(config.log_format, LogFormat::Json);
    assert_eq!(config.log_level, "warn,wecom_bridge=debug");
    let traces = config.traces.as_ref().unwrap();
    assert_eq!(traces.endpoint.path(), "/v1/traces");
    let authorization = traces.authorization.as_ref().unwrap();
    assert_eq!(authorization.expose_secret(), "Bearer q7Zk");
    let wecom = &config.wecom;
    assert_eq!(
        wecom.api_base.as_str(),
        "https://gateway.example.com/wecom/"
    );
    assert_eq!(wecom.oauth_base.as_str(), "https://oauth.example.com/");
    let jssdk_url = wecom.jssdk_url.as_ref().map(AsRef::as_ref);
    assert_eq!(jssdk_url, Some("https://bridge.example.com/jssdk.js"));
    assert!(wecom.proxy.is_some() && config.session_key.is_some());

    let [one, two] = &config.corps[..] else {
        panic!("{:?}", config.corps);
    };
    assert_eq!(
        (one.id.as_str(), one.tenant_key.as_str()),
        ("ww1", "team-1")
    );
    assert_eq!((one.name.as_deref(), one.auto_sync), (Some("One"), false));
    assert!(!one.sidebar_card && two.sidebar_card);
    assert_eq!(one.old_links_for, Duration::from_secs(60 * 24 * 3600));
    assert_eq!(
        (one.app.agent_id.0, two.app.agent_id.0),
        (1_000_002, 1_000_003)
    );
    assert_eq!((one.admins.len(), two.admins.len()), (2, 0));
    assert_eq!(one.app.secret.expose_secret(), "q7ZkOne");
    assert!(one.contact_sync_secret.is_some() && two.contact_sync_secret.is_none());
    let account = one.service_account.as_ref().unwrap();
    assert_eq!(account.app_id.as_str(), "wx1");
    assert_eq!(account.secret.expose_secret(), "q7ZkAccount");
    assert_eq!(account.bundle, Duration::from_secs(90));
    let quiet = account.quiet_hours.unwrap();
    let times = [quiet.from(), quiet.to()].map(|time| time.as_secs() / 60);
    assert_eq!(times, [22 * 60 + 30, 8 * 60]);
    let reply = account.reply.as_ref().unwrap();
    let keys = reply.keys.iter().map(|(key, part)| (key.as_str(), part));
    let fixed = Part::Fixed("已回复".into());
    let expected = [
        ("phrase3", &fixed),
        ("thing1", &Part::Title),
        ("time12", &Part::Time),
    ];
    assert_eq!(keys.collect::<Vec<_>>(), expected);
    assert_eq!(account.receivers[0].receive_ids, ["wx1"]);
    let weixin = &config.weixin;
    assert_eq!(
        weixin.api_base.as_str(),
        "https://gateway.example.com/weixin/"
    );
    let [webhook] = &one.webhooks[..] else {
        panic!("{:?}", one.webhooks);
    };
    assert_eq!(webhook.name.as_str(), "erp");
    assert_eq!(webhook.url.as_str(), "https://erp.example.com/hooks");
    assert_eq!(webhook.events.len(), 2);
    assert!(!webhook.allow_private);

    assert_eq!(one.all_receivers().count(), 3);
    let [app, contacts] = &one.receivers[..] else {
        panic!("{:?}", one.receivers);
    };
    assert_eq!(app.name.as_str(), "one-app");
    assert_eq!(app.keys.token.expose_secret(), "q7ZkToken1");
    assert_eq!(app.receive_ids, ["ww1", ""]);
    assert_eq!(app.reply.as_deref(), Some("你好\n"));
    assert_eq!(contacts.reply, None);
    let previous = app.previous.as_ref().unwrap();
    assert_eq!(previous.token.expose_secret(), "q7ZkToken0");
    assert_ne!(previous.aes_key.bytes(), app.keys.aes_key.bytes());
    assert_eq!(contacts.receive_ids, ["ww1"]);
    assert!(two.auto_sync && two.name.is_none());
    assert_eq!(two.old_links_for, Duration::from_secs(90 * 24 * 3600));
}

#[test]
fn the_environment_wins_and_is_named_when_wrong() {
    let env = [
        ("WECOM_BRIDGE_CORP__1__APP__SECRET", "env:ELSEWHERE"),
        ("ELSEWHERE", "q7ZkElsewhere"),
        ("WECOM_BRIDGE_CORP__0__AUTO_SYNC", "true"),
        ("WECOM_BRIDGE_API__TOKENS__2", "q7Zk567890123458"),
    ];
    let config = parse(FULL, &env).unwrap();
    assert_eq!(config.corps[1].app.secret.expose_secret(), "q7ZkElsewhere");
    assert!(config.corps[0].auto_sync);
    assert_eq!(config.api_tokens.len(), 5);

    let wrong = [
        ("WECOM_BRIDGE_CORP__0__RECEIVER__1__AES_KEY", "q7Zk"),
        ("WECOM_BRIDGE_SERVER__PORT", "80"),
        ("WECOM_BRIDGE_CORP__7__ID", "ww8"),
        ("WECOM_BRIDGE_SERVR__LISTEN", "127.0.0.1:80"),
    ];
    assert_eq!(
        problems(FULL, &wrong),
        [
            "server.port (set by WECOM_BRIDGE_SERVER__PORT) is no setting: the settings here are listen, verify_files",
            "corp[0].receiver[1].aes_key (set by WECOM_BRIDGE_CORP__0__RECEIVER__1__AES_KEY) has 4 characters \
             instead of 43: write the EncodingAESKey, from the console's page 接收消息 → 设置API接收",
            "servr (set by WECOM_BRIDGE_SERVR__LISTEN) is no setting: did you mean `server`?",
            "corp[7].id (set by WECOM_BRIDGE_CORP__7__ID) leaves a gap in its list: name a place that the example \
             file has, and count lists from 0",
        ]
    );
}

#[test]
fn the_environment_alone_is_enough() {
    let env = [
        ("WECOM_BRIDGE_PUBLIC_URL", "https://bridge.example.com"),
        ("WECOM_BRIDGE_CORP__0__ID", "ww1"),
        ("WECOM_BRIDGE_CORP__0__TENANT_KEY", "team"),
        ("WECOM_BRIDGE_CORP__0__APP__AGENT_ID", "1000002"),
        ("WECOM_BRIDGE_CORP__0__APP__SECRET", "q7Zk"),
        ("WECOM_BRIDGE_CORP__0__RECEIVER__0__NAME", "app"),
        ("WECOM_BRIDGE_CORP__0__RECEIVER__0__TOKEN", "007"),
        ("WECOM_BRIDGE_CORP__0__RECEIVER__0__AES_KEY", AES_KEY),
    ];
    let config = Config::load(None, env.map(|(k, v)| (k.into(), v.into())).into_iter()).unwrap();
    let token = &config.corps[0].receivers[0].keys.token;
    assert_eq!(token.expose_secret(), "007");
}

#[test]
fn nothing_that_is_secret_is_in_the_debug_text() {
    let text = format!("{:?}", parse(FULL, &[]).unwrap());
    assert!(text.contains("bridge.example.com"));
    assert!(!text.contains(MARK) && !text.contains("jWmYm"), "{text}");
}

#[test]
fn syncs_start_by_themselves_unless_told_otherwise() {
    let night = |minutes: u64| Some(Duration::from_secs(minutes * 60));
    for (text, expected) in [
        ("", Some((night(210), true))),
        ("nightly = \"off\"\nhourly = false", Some((None, false))),
        ("nightly = \"00:00\"", Some((night(0), true))),
        ("nightly = \"23:59\"", Some((night(23 * 60 + 59), true))),
        ("nightly = \"24:00\"", None),
        ("nightly = \"3:30\"", None),
        ("nightly = \"03:60\"", None),
        ("nightly = \"+3:30\"", None),
        ("nightly = \"never\"", None),
        ("hourly = 1", None),
    ] {
        let file = FULL.replace("sync = { nightly = \"23:05\", hourly = true }", "");
        let read = parse(&format!("{file}\n[sync]\n{text}"), &[]);
        let read = read.map(|config| (config.sync.nightly, config.sync.hourly));
        match expected {
            Some(expected) => assert_eq!(read, Ok(expected), "{text}"),
            None => assert!(read.unwrap_err().contains("sync."), "{text}"),
        }
    }
}
