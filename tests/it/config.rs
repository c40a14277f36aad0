//! Settings: what is accepted, and what is said about everything else.

use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use wecom_bridge::config::{Config, EXAMPLE, LogFormat, StoreChoice};
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
const SECRETS: [(&str, &str); 20] = [
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

/// The example with its commented settings switched on.
fn example_in_full() -> String {
    let switched_on = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting.to_string(),
        _ => line.to_string(),
    };
    EXAMPLE
        .lines()
        .map(|line| switched_on(line) + "\n")
        .collect()
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
fn the_example_shows_the_defaults() {
    let bare = r#"
        public_url = "https://bridge.example.com"
        [[corp]]
        id = "ww0123456789abcdef"
        tenant_key = "example-team"
        app = { agent_id = 1000002, secret = "env:WECOM_APP_SECRET" }
        [[corp.receiver]]
        name = "app"
        token = "env:WECOM_APP_TOKEN"
        aes_key = "env:WECOM_APP_AES_KEY"
    "#;
    let [bare, example] = [bare, EXAMPLE].map(|text| parse(text, &SECRETS).unwrap());
    assert_eq!(format!("{example:#?}"), format!("{bare:#?}"));
    let StoreChoice::Embedded(path) = &example.store else {
        panic!("{:?}", example.store);
    };
    assert_eq!(path, Path::new("wecom-bridge.redb"));
    assert_eq!(example.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        example.wecom.api_base.host_str(),
        Some("qyapi.weixin.qq.com")
    );
}

#[test]
fn the_example_has_every_setting() {
    let config = parse(&example_in_full(), &SECRETS).unwrap();
    assert!(config.session_key.is_some() && config.wecom.jssdk_url.is_some());
    assert!(config.corps[0].receivers[0].previous.is_some());
    assert_eq!(config.corps[0].receivers.len(), 2);
    // A table with an unknown key makes the reader list what it knows there.
    let tables = [
        "",
        "server",
        "store",
        "files",
        "api",
        "admin",
        "log",
        "wecom",
        "weixin",
        "session",
        "api.token[0]",
    ];
    let account = [
        "corp[0].service_account",
        "corp[0].service_account.templates.reply",
        "corp[0].service_account.receiver[0]",
        "corp[0].service_account.receiver[0].previous",
    ];
    let corp = [
        "corp[0]",
        "corp[0].app",
        "corp[0].contact_sync",
        "corp[0].webhook[0]",
    ];
    let receiver = ["corp[0].receiver[0]", "corp[0].receiver[0].previous"];
    for table in [&tables[..], &corp, &account, &receiver].concat() {
        let variable = format!("WECOM_BRIDGE_{table}__SOMETHING_ELSE").to_uppercase();
        let variable = variable
            .replace("_BRIDGE___", "_BRIDGE_")
            .replace('[', "__");
        let variable = variable
            .replace("].", "__")
            .replace(']', "")
            .replace('.', "__");
        let env = [&SECRETS[..], &[(variable.as_str(), "x")]].concat();
        let found = problems(&example_in_full(), &env);
        let [problem] = &found[..] else {
            panic!("{table}: {found:?}");
        };
        let (_, known) = problem.split_once("the settings here are ").unwrap();
        for key in known.split(", ") {
            let shown = example_in_full().lines().any(|line| {
                let heading = line.trim_matches(['[', ']']);
                line.starts_with(&format!("{key} = "))
                    || line.starts_with('[') && heading.split('.').any(|part| part == key)
            });
            assert!(shown, "{table}.{key}");
        }
    }
}

/// One change to `FULL` per line, what is said about it, and nothing else: old ⇒ new ⇒ problem.
const PROBLEMS: &str = r#"
public_url = "https://bridge.example.com" ⇒  ⇒ public_url is missing: write this service's
url = "https://bridge.example.com" ⇒ url = "http://bridge.example.com" ⇒ public_url is not https
url = "https://bridge.example.com" ⇒ url = "https://bridge.example.com/wecom" ⇒ public_url has a path
url = "https://bridge.example.com" ⇒ url = "https://me:q7Zk@bridge.example.com" ⇒ public_url holds a user name
url = "https://bridge.example.com" ⇒ url = "https://bridge.example.com?q7Zk" ⇒ public_url has a query
url = "https://bridge.example.com" ⇒ url = "bridge.example.com" ⇒ public_url is no complete URL
url = "https://bridge.example.com" ⇒ url = " https://bridge.example.com" ⇒ public_url is no complete URL
url = "https://bridge.example.com" ⇒ url = "ftp://bridge.example.com" ⇒ public_url is no http address
0.0.0.0:9000 ⇒ localhost ⇒ server.listen is no IP address with port
10.0.0.7:9464 ⇒ 9464 ⇒ metrics.listen is no IP address with port: write an IP address and a port of their own
10.0.0.7:9464 ⇒ 0.0.0.0:9000 ⇒ metrics.listen is the address of `server.listen`
redis://:q7Zk@redis:6379 ⇒ mysql://:q7Zk@db ⇒ store.url names no store that is known
redis://:q7Zk@redis:6379 ⇒ embedded: ⇒ store.url names no file
redis://:q7Zk@redis:6379 ⇒ q7Zk ⇒ store.url is no complete URL
redis://:q7Zk@redis:6379 ⇒ redis+sentinel://:q7Zk@a:1,b:2 ⇒ store.url does not end with the master's name
redis://:q7Zk@redis:6379 ⇒ redis+cluster://:q7Zk@a:1,b:c ⇒ store.url has a port that is none: write "embedded:PATH",
redis://:q7Zk@redis:6379 ⇒ embedded:q7Zk ⇒ store.replicas is for a Redis: write 0
replicas = 2 ⇒ replicas = 6 ⇒ store.replicas is too much: write how many replicas
replicas = 2 ⇒ replicas = "q7Zk" ⇒ store.replicas is not a whole number
s3://team-files/a ⇒ s3://q7Zk@team-files/a ⇒ files.url holds more than a bucket before the path
s3://team-files/a ⇒ /var/files ⇒ files.url is neither folder:PATH nor s3://BUCKET
region=cn-1 ⇒ secret=q7Zk ⇒ files.url has a query of other than endpoint, region, addressing
secret_access_key = "q7ZkKey",  ⇒  ⇒ files.url is a bucket without its keys
access_key_id = "id" ⇒ access_key_id = "q7Zk 1" ⇒ files.access_key_id is no key's id
max_bytes = 5000 ⇒ max_bytes = 9999999999 ⇒ files.max_bytes is too much
["png", "text"] ⇒ ["png", "q7Zk"] ⇒ files.types[1] is no type that is known here
WW_verify_1.txt ⇒ WW_verify_.txt ⇒ server.verify_files.WW_verify_.txt has no name such as
WW_verify_1.txt ⇒ ww_verify_1.txt ⇒ server.verify_files.ww_verify_1.txt has no name such as
WW_verify_1.txt ⇒ ../1.txt ⇒ server.verify_files.../1.txt has no name such as
"one" ⇒ "q7Zk 1" ⇒ server.verify_files.WW_verify_1.txt is not one line
{ "WW_verify_1.txt" = "one", "WW_verify_2.txt" = "2" } ⇒ "q7Zk" ⇒ server.verify_files is not a table
$argon2id ⇒ q7Zk ⇒ admin.password_hash is no argon2id hash: write what
"lisi" ⇒ "li si" ⇒ corp[0].admins[1] is no id
30d ⇒ 30 ⇒ store.keep_for is no length of time
30d ⇒ q7Zk ⇒ store.keep_for is no length of time
30d ⇒ 366d ⇒ store.keep_for is too short or too long
36h ⇒ 59m ⇒ store.dedupe_for is too short or too long
36h ⇒ 99999999999999999999d ⇒ store.dedupe_for is no length of time
36h ⇒ 9999999999999999999d ⇒ store.dedupe_for is too short or too long
q7Zk567890123457 ⇒ q7Zk56789012345 ⇒ api.tokens[1] is too short: write tokens of at least 16
q7Zk567890123457 ⇒ q7Zk 67890123457 ⇒ api.tokens[1] has characters other
["q7Zk567890123456", "q7Zk567890123457"] ⇒ "q7Zk567890123456" ⇒ api.tokens is not a list
{ format = "json", level = "warn,wecom_bridge=debug" } ⇒ "q7Zk" ⇒ log is not a table: begin it with [log]
"json" ⇒ "q7Zk" ⇒ log.format is no log format
warn,wecom_bridge=debug ⇒ wecom_bridge=q7Zk ⇒ log.level is no log filter
warn,wecom_bridge=debug ⇒ q7Zk ⇒ log.level is no log filter
warn,wecom_bridge=debug ⇒ warning,wecom_bridge=debug ⇒ log.level is no log filter
q7Zk5678901234567890123456789012 ⇒ q7Zk ⇒ session.key is too short
https://gateway.example.com/wecom ⇒ http://127.0.0.1:9 ⇒ wecom.api_base is on this machine although public_url is not
https://gateway.example.com/wecom ⇒ http://[::1]:9 ⇒ wecom.api_base is on this machine although public_url is not
https://gateway.example.com/wecom ⇒ http://gateway.example.com ⇒ wecom.api_base is not https
https://oauth.example.com ⇒ https://localhost ⇒ wecom.oauth_base is on this machine although public_url is not
https://bridge.example.com/js ⇒ http://127.1.1.1/js ⇒ wecom.jssdk_url is on this machine although public_url is not
http://user:q7Zk@proxy.example.com:3128 ⇒ socks5://q7Zk@proxy ⇒ wecom.proxy is no http address
id = "ww1" ⇒ id = "" ⇒ corp[0].id is no id
id = "ww1" ⇒ id = "ww{1}" ⇒ corp[0].id has characters other than
id = "ww1" ⇒ id = 5 ⇒ corp[0].id is not a text in quotes
id = "ww1" ⇒ id = "ww2" ⇒ corp[1].id is the same as corp[0].id: give each its own corp id
"One" ⇒ " " ⇒ corp[0].name is no name
team-1 ⇒ team/1 ⇒ corp[0].tenant_key has characters that a URL would escape
team-1 ⇒  ⇒ corp[0].tenant_key is no id
team-1 ⇒ team-2 ⇒ corp[1].tenant_key is the same as corp[0].tenant_key
60d ⇒ 400d ⇒ corp[0].old_links_for is too short or too long
false ⇒ "no" ⇒ corp[0].auto_sync is neither true nor false
agent_id = 1000002 ⇒ agent_id = -1 ⇒ corp[0].app.agent_id is not a whole number
agent_id = 1000002, ⇒  ⇒ corp[0].app.agent_id is missing: write the AgentId
"q7ZkOne" ⇒ "" ⇒ corp[0].app.secret is empty
, secret = "q7ZkTwo" ⇒  ⇒ corp[1].app.secret is missing: write the Secret, from
q7ZkSync ⇒ q7Zk\u0000 ⇒ corp[0].contact_sync.secret has characters other
{ secret = "q7ZkSync" } ⇒ {} ⇒ corp[0].contact_sync.secret is missing
"wx1" ⇒ "wx 1" ⇒ corp[0].service_account.app_id has characters other than
app_id = "wx1" ⇒  ⇒ corp[0].service_account.app_id is missing: write the account's appid
q7ZkAccount" ⇒ " ⇒ corp[0].service_account.secret is empty
https://bridge.example.com/qr.png ⇒ http://bridge.example.com/qr.png ⇒ corp[0].service_account.qr_code is not https
22:30-08:00 ⇒ 22:30 ⇒ corp[0].service_account.quiet_hours is no stretch of the day
22:30-08:00 ⇒ 22:30-22:30 ⇒ corp[0].service_account.quiet_hours ends when it begins
22:30-08:00 ⇒ 22:30-24:00 ⇒ corp[0].service_account.quiet_hours is no time of day
90s ⇒ 25h ⇒ corp[0].service_account.bundle is too short or too long
"T-1" ⇒ "T 1" ⇒ corp[0].service_account.templates.reply.template_id is no template id
template_id = "T-1", ⇒  ⇒ corp[0].service_account.templates.reply.template_id is missing
thing1 ⇒ first ⇒ corp[0].service_account.templates.reply.keys.first is no key: it is a word
"title" ⇒ "titel" ⇒ corp[0].service_account.templates.reply.keys.thing1 says nothing that a key can show
thing1 = "title" ⇒ number1 = "title" ⇒ corp[0].service_account.templates.reply.keys.number1 does not fit
=已回复 ⇒ =已经回复了您 ⇒ corp[0].service_account.templates.reply.keys.phrase3 does not fit
{ thing1 = "title", time12 = "time", phrase3 = "=已回复" } ⇒ {} ⇒ corp[0].service_account.templates.reply.keys names no key
name = "account" ⇒ name = "one-app" ⇒ corp[0].receiver[0].name is the same as corp[0].service_account.receiver[0].name
https://oauth.example.com/weixin/ ⇒ http://oauth.example.com ⇒ weixin.oauth_base is not https
one-app ⇒ One ⇒ corp[0].receiver[0].name has characters other than
one-app ⇒ service ⇒ corp[0].receiver[0].name is the name that
one-app ⇒  ⇒ corp[0].receiver[0].name is no id
one-contacts ⇒ one-app ⇒ corp[0].receiver[1].name is the same as corp[0].receiver[0].name
"two" ⇒ "one-app" ⇒ corp[1].receiver[0].name is the same as corp[0].receiver[0].name
q7ZkToken2 ⇒ q7Zk-Token ⇒ corp[0].receiver[1].token has characters other than letters and digits
q7ZkToken2 ⇒ q7Zk56789012345678901234567890123 ⇒ corp[0].receiver[1].token is longer than 32
q7ZkToken2 ⇒  ⇒ corp[0].receiver[1].token is empty
ykkR6q2B2C ⇒ q7Zk6q2B2 ⇒ corp[0].receiver[0].aes_key has 42 characters instead of 43
ykkR6q2B2C ⇒ q7Zk6q2B2= ⇒ corp[0].receiver[0].aes_key has characters other than
["ww1", ""] ⇒ [] ⇒ corp[0].receiver[0].receive_ids is empty
["ww1", ""] ⇒ ["ww 1"] ⇒ corp[0].receiver[0].receive_ids[0] is no id
reply = "你好 ⇒ reply = "q7Zk\u0000 ⇒ corp[0].receiver[0].reply has control characters
reply = "你好\n" ⇒ reply = " " ⇒ corp[0].receiver[0].reply is empty
q7ZkToken0 ⇒ q7Zk! ⇒ corp[0].receiver[0].previous.token has characters other
abcdefghijklmnopqrstuvwxyz ⇒ q7Zk ⇒ corp[0].receiver[0].previous.aes_key has 21 characters
auto_sync ⇒ autosync ⇒ corp[0].autosync is no setting: did you mean `auto_sync`?
keep_for ⇒ keep ⇒ store.keep is no setting: the settings here are url, replicas, keep_for, dedupe_for, keep_visits_for
q7ZkTwo ⇒ env:NOT_SET ⇒ corp[1].app.secret refers to the variable "NOT_SET", which is not set: put there
q7ZkTwo ⇒ file:/nowhere/x ⇒ corp[1].app.secret refers to the file "/nowhere/x", which cannot be read
{ secret = "q7ZkSync" } ⇒ q7Zk ⇒ line 34 is no TOML
"#;

#[test]
fn every_problem_names_its_key_and_says_what_to_write() {
    for case in PROBLEMS.trim().lines() {
        let [from, to, expected] = case.split(" ⇒ ").collect::<Vec<_>>()[..] else {
            panic!("{case}");
        };
        assert!(FULL.contains(from), "{case}");
        let found = problems(&FULL.replacen(from, to, 1), &[]);
        let [problem] = &found[..] else {
            panic!("{case}: {found:#?}");
        };
        assert!(problem.starts_with(expected), "{case}: {problem}");
        assert!(problem.contains(": "), "{problem}");
        assert!(!problem.contains(MARK), "{problem}");
    }
}

#[test]
fn what_is_missing_altogether_is_told_altogether() {
    let keys = |text: &str| -> Vec<String> {
        let found = problems(text, &[]);
        let first = |line: &String| line.split(' ').next().unwrap().to_string();
        found.iter().map(first).collect()
    };
    assert_eq!(keys(""), ["public_url", "corp"]);
    assert_eq!(
        keys("[[corp]]\n"),
        [
            "public_url",
            "corp[0].id",
            "corp[0].tenant_key",
            "corp[0].app.agent_id",
            "corp[0].app.secret",
            "corp[0].receiver"
        ]
    );
    let three_tables = keys("store.url = 'x'\nlog.level = '='\n[[corp]]\nid = 7\n");
    assert_eq!(
        three_tables[..4],
        ["public_url", "store.url", "log.level", "corp[0].id"]
    );
}

#[test]
fn a_simulator_on_this_machine_goes_with_a_service_on_this_machine() {
    let local = FULL
        .replace(
            "https://bridge.example.com\"\n",
            "http://127.0.0.1:8080\"\n",
        )
        .replace("https://gateway.example.com/wecom", "http://localhost:9");
    assert_eq!(problems(&local, &[]), Vec::<String>::new());
}

#[test]
fn a_token_of_the_api_says_how_far_it_goes() {
    let with = |token: &str| {
        problems(
            &FULL.replace("{ token = \"q7Zk567890123460\" }", token),
            &[],
        )
    };
    assert_eq!(
        with("{ token = \"short\", may = \"write\" }"),
        [
            "api.token[1].token is too short: write a token of at least 16 characters, made by `openssl rand -hex 16`",
            "api.token[1].may is none of the three words: write \"read\", \"items\" or \"everything\"",
        ]
    );
    assert_eq!(
        with("{ token = \"q7Zk567890123456\", may = \"read\" }"),
        ["api.token has a token that stands there twice: give each system a token of its own"]
    );
    assert_eq!(
        with("{ token = \"q7Zk567890123461\", corps = [\"ww3\"] }"),
        [
            "api.token is for a corp that is not served: write ids of [[corp]], or leave `corps` out for all of them"
        ]
    );
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
fn a_file_that_cannot_be_read_or_is_no_toml_is_told_without_its_content() {
    let found = Config::load(Some(Path::new("/nowhere/bridge.toml")), std::iter::empty());
    let problem = found.unwrap_err().to_string();
    assert!(
        problem.starts_with("/nowhere/bridge.toml cannot be read"),
        "{problem}"
    );

    for bad in [
        "x = q7Zk",
        "x = \"q7Zk",
        "x = 'q7Zk'q7Zk",
        "x = \"\\q7Zk\"",
        "q7Zk = 1\nq7Zk = 2",
        "[q7Zk]\n[q7Zk]",
        "q7Zk.a = 1\n[q7Zk]",
        "q7Zk",
        "[q7Zk",
        "x = 99999999999999999999",
        "x = 2026-99-99",
        "x = [q7Zk",
    ] {
        let found = problems(bad, &[]);
        assert_eq!(found.len(), 1, "{bad}: {found:#?}");
        assert!(found[0].starts_with("line "), "{found:#?}");
        assert!(!found[0].contains(MARK), "{found:#?}");
    }
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
