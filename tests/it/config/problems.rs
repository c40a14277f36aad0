//! What is wrong is told by key, all of it at once.

use std::path::Path;

use wecom_bridge::config::Config;

use crate::config::{FULL, MARK, problems};

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
https://collector.example.com ⇒ ftp://collector.example.com ⇒ traces.endpoint is no http address: write where your collector
https://collector.example.com ⇒ https://me:q7Zk@collector.example.com ⇒ traces.endpoint holds a user name or a password
Bearer q7Zk ⇒ q7Zk中 ⇒ traces.authorization is no line of 1 to 512 visible ASCII characters
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
"erp" ⇒ "ERP" ⇒ corp[0].webhook[0].name has characters other than
https://erp.example.com/hooks ⇒ http://erp.example.com/hooks ⇒ corp[0].webhook[0].url is not https: write its https address
https://erp.example.com/hooks ⇒ https://10.0.0.5/hooks ⇒ corp[0].webhook[0].url is an address that the internet does not have
https://erp.example.com/hooks ⇒ https://[::1]/hooks ⇒ corp[0].webhook[0].url is an address that the internet does not have
https://erp.example.com/hooks ⇒ https://q7Zk@erp.example.com ⇒ corp[0].webhook[0].url holds a user name
"item.*" ⇒ "item*" ⇒ corp[0].webhook[0].events[0] is no type of messages
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
{ secret = "q7ZkSync" } ⇒ q7Zk ⇒ line 35 is no TOML
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
