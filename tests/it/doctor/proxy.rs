//! What `doctor` sees through a reverse proxy, sound or not.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use wecom_bridge::app::check::{Through, Verdict};
use wecom_bridge::clock::Clock;
use wecom_bridge::model::keys::AesKey;

use crate::doctor::{Ward, named};

/// What a reverse proxy makes of a request's target, or what it answers in the service's place.
enum Passes {
    On(String),
    Answers(&'static str, &'static str),
}

/// A reverse proxy in front of `service` that treats every request so.
async fn proxy(service: SocketAddr, treat: fn(&str) -> Passes) -> Url {
    let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", front.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((visitor, _)) = front.accept().await {
            tokio::spawn(pass(visitor, service, treat));
        }
    });
    url
}

async fn pass(mut visitor: TcpStream, service: SocketAddr, treat: fn(&str) -> Passes) {
    let mut head = String::new();
    BufReader::new(&mut visitor)
        .read_line(&mut head)
        .await
        .unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let answer = match treat(target) {
        Passes::Answers(status, body) => {
            let length = body.len();
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
        }
        Passes::On(target) => {
            let mut behind = TcpStream::connect(service).await.unwrap();
            let head =
                format!("GET {target} HTTP/1.1\r\nhost: proxied\r\nconnection: close\r\n\r\n");
            behind.write_all(head.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            behind.read_to_end(&mut answer).await.unwrap();
            answer
        }
    };
    visitor.write_all(&answer).await.unwrap();
    let _ = visitor.shutdown().await;
}

#[tokio::test]
async fn what_a_reverse_proxy_does_wrong_is_named() {
    type Case = (fn(&str) -> Passes, &'static str, &'static str);
    let cases: [Case; 10] = [
        // Decoded twice, `%2B` is a blank.
        (
            |target| Passes::On(target.replace("%2B", "%20")),
            "status 403",
            "changes the query",
        ),
        (
            |target| Passes::On(target.split('?').next().unwrap().into()),
            "status 400",
            "changes the query",
        ),
        (
            |target| Passes::On(target.replace("/callback/", "/")),
            "status 404",
            "changes the path",
        ),
        (
            |_| Passes::Answers("404 Not Found", "<html>"),
            "status 404",
            "no rule for /callback/",
        ),
        (
            |_| Passes::Answers("200 OK", "<html>Welcome"),
            "a web page",
            "in place of the service",
        ),
        (
            |_| Passes::Answers("403 Forbidden", "<html>Are you a robot?"),
            "status 403",
            "bot check",
        ),
        (
            |_| Passes::Answers("401 Unauthorized", ""),
            "status 401",
            "no login",
        ),
        (
            |_| Passes::Answers("302 Found\r\nlocation: /login", ""),
            "status 302",
            "redirects",
        ),
        (
            |_| Passes::Answers("502 Bad Gateway", "<html>"),
            "status 502",
            "`server.listen`",
        ),
        (
            |_| Passes::Answers("500 Internal Server Error", "<html>"),
            "status 500",
            "on unchanged",
        ),
    ];
    let mut ward = Ward::running().await;
    for (treat, seen, advice) in cases {
        ward.config.public_url = proxy(ward.config.listen, treat).await;
        let checks = ward.checks_at(&Clock::system(), Through::Public).await;
        for name in ["callback URL app", "callback URL contacts"] {
            let found = named(&checks, name);
            assert_eq!(found.verdict, Verdict::Fault, "{seen}: {found:?}");
            assert!(found.seen.contains(seen), "{seen}: {found:?}");
            let told = found.advice.as_deref().unwrap();
            assert!(told.contains(advice), "{seen}: {found:?}");
        }
    }
}

#[tokio::test]
async fn a_reverse_proxy_that_passes_everything_on_is_not_blamed() {
    let mut ward = Ward::running().await;
    // `+` for `%2B` does no harm.
    let harmless: [fn(&str) -> Passes; 2] = [
        |target| Passes::On(target.into()),
        |target| Passes::On(target.replace("%2B", "+")),
    ];
    for treat in harmless {
        ward.config.public_url = proxy(ward.config.listen, treat).await;
        let checks = ward.checks_at(&Clock::system(), Through::Public).await;
        let bad = checks.iter().find(|check| check.verdict != Verdict::Ok);
        assert_eq!(bad, None);
    }

    // What the service itself refuses is not the proxy's fault.
    let other_key = AesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFA");
    ward.config.corps[0].receivers[0].keys.aes_key = other_key.unwrap();
    let checks = ward.checks_at(&Clock::system(), Through::Public).await;
    let found = named(&checks, "callback URL app");
    let told = found.advice.as_deref().unwrap();
    assert!(told.contains("another token, key"), "{found:?}");
}
