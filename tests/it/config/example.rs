//! The example file against what is read.

use std::path::Path;

use wecom_bridge::config::{EXAMPLE, StoreChoice};

use crate::config::{SECRETS, parse, problems};

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
        "traces",
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
