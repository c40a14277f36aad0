//! The lines about the corp's own systems.

use std::net::TcpListener;

use wecom_bridge::app::check::{Check, Through, Verdict, check};
use wecom_bridge::clock::Clock;
use wecom_bridge::config::Config;

fn config(url: &str, more: &str) -> Config {
    let text = format!(
        r#"
public_url = "http://127.0.0.1:1"
[wecom]
api_base = "http://127.0.0.1:1"
[[corp]]
id = "ww1"
tenant_key = "team1"
[corp.app]
agent_id = 1
secret = "secret"
[[corp.webhook]]
name = "erp"
url = "{url}"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLhSw"
{more}
[[corp.receiver]]
name = "app"
token = "QDG6eK"
aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
"#
    );
    Config::from_parts(&text, std::iter::empty()).unwrap()
}

async fn line(config: &Config) -> Check {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config.clone();
    let path = folder.path().join("store.redb");
    config.store = wecom_bridge::config::StoreChoice::Embedded(path);
    let lines = check(&config, &Clock::system(), Through::Listen).await;
    let mut lines = lines.into_iter();
    lines
        .find(|line| line.name == "webhook erp of ww1")
        .unwrap()
}

#[tokio::test]
async fn a_system_is_looked_for_and_sent_nothing() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let private = "allow_private = true";
    let there = config(
        &format!("http://127.0.0.1:{port}/hooks?key=secret"),
        private,
    );
    let seen = line(&there).await;
    assert_eq!(seen.verdict, Verdict::Ok, "{seen:?}");
    assert!(!seen.seen.contains("secret"), "{seen:?}");

    let refused = config(&format!("https://localhost:{port}/hooks"), "");
    let seen = line(&refused).await;
    assert_eq!(seen.verdict, Verdict::Fault, "{seen:?}");
    assert!(seen.seen.contains("private"), "{seen:?}");

    drop(listener);
    let seen = line(&there).await;
    assert_eq!(seen.verdict, Verdict::Warning, "{seen:?}");
    assert!(seen.seen.contains("no connection"), "{seen:?}");
}
