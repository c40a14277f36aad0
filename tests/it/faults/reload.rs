//! The configuration is read again while the service runs.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;

use wecom_bridge::callback::seal_echo;
use wecom_bridge::clock::Clock;
use wecom_bridge::model::keys::CallbackKeys;

use crate::service::callback::{app_keys, keys};
use crate::service::{APP_KEY, APP_TOKEN, CORP, Keeps, SOON, Service, until, wecom};

const NEW_TOKEN: &str = "q7ZkRotatedToken";
const TAKEN: &str = "The configuration was read again: receivers";
const NOT_TAKEN: &str = "The configuration was read again and not taken over.";

/// A connection that is kept.
struct Kept(BufReader<TcpStream>);

impl Kept {
    /// The status of an answer on this very connection.
    fn get(&mut self, path: &str) -> u16 {
        let stream = self.0.get_mut();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: bridge\r\n\r\n").unwrap();
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "it was closed");
            let head = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = head.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(value) = head.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            } else if head.is_empty() {
                break;
            }
        }
        std::io::copy(&mut self.0.by_ref().take(length), &mut std::io::sink()).unwrap();
        status
    }

    /// The URL check of a receiver.
    fn check(&mut self, receiver: &str, keys: &CallbackKeys) -> u16 {
        let now = Clock::system().now();
        let query = seal_echo(keys, CORP, b"echo", now, "1", [7; 16]);
        self.get(&format!("/callback/{receiver}?{query}"))
    }
}

fn times(service: &Service, line: &str) -> usize {
    service.log().matches(line).count()
}

async fn read_again(service: &Service, config: &str, said: &str) {
    let before = times(service, said);
    std::fs::write(service.config_file(), config).unwrap();
    service.hang_up();
    let told = until(SOON, async || times(service, said) > before).await;
    assert!(told, "{}", service.end_of_log());
}

/// The configuration is a pipe here, so that it is known when the process waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_starting_is_not_ended() {
    let sim = wecom::start().await;
    let mut service = Service::prepare(&Keeps::ItsOwnFile, sim.base());
    let path = service.config_file();
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    service.launch();
    let there = path.clone();
    let opened = tokio::task::spawn_blocking(move || {
        // Until the process reads from it, this blocks.
        OpenOptions::new().write(true).open(there)
    });
    let mut pipe = opened.await.unwrap().unwrap();
    service.hang_up();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, &config).unwrap();
    pipe.write_all(config.as_bytes()).unwrap();
    drop(pipe);
    let taken = until(SOON, async || times(&service, TAKEN) == 1).await;
    assert!(taken, "{}", service.end_of_log());
    assert!(service.door().is_ready().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_receivers_change_without_a_connection_being_dropped() {
    let sim = wecom::start().await;
    let service = Service::start(&Keeps::ItsOwnFile, sim.base()).await;
    let address = service.door().base.trim_start_matches("http://");
    let stream = TcpStream::connect(address.trim_end_matches('/')).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut kept = Kept(BufReader::new(stream));
    let (old, new) = (app_keys(), keys(NEW_TOKEN, APP_KEY));
    assert_eq!(kept.check("app", &old), 200);
    assert_eq!(kept.check("app", &new), 403);
    assert_eq!(kept.check("third", &new), 404);

    let first = std::fs::read_to_string(service.config_file()).unwrap();
    let third = format!(
        "[[corp.receiver]]\nname = \"third\"\ntoken = \"{NEW_TOKEN}\"\naes_key = \"{APP_KEY}\"\n"
    );
    let rotated = first.replace(APP_TOKEN, NEW_TOKEN) + &third;
    read_again(&service, &rotated, TAKEN).await;
    assert_eq!(kept.check("app", &new), 200);
    assert_eq!(kept.check("app", &old), 403);
    assert_eq!(kept.check("third", &new), 200);

    // A file with a mistake, and one that takes a restart, change nothing and say why.
    read_again(&service, &rotated.replace("aes_key", "aeskey"), NOT_TAKEN).await;
    assert!(
        service.log().contains("aeskey is no setting"),
        "{}",
        service.end_of_log()
    );
    let moved = rotated.replace(&format!("id = \"{CORP}\""), "id = \"wwOther\"");
    read_again(&service, &moved, NOT_TAKEN).await;
    assert!(
        service.log().contains("the corp wwOther is new"),
        "{}",
        service.end_of_log()
    );
    assert_eq!(kept.check("app", &new), 200);
    assert_eq!(kept.check("third", &new), 200);

    // A receiver may go, and the log may tell less.
    let quiet = first.replace(APP_TOKEN, NEW_TOKEN).replace(
        "log.level = \"debug\"",
        "log.level = \"warn,wecom_bridge::cli=info\"",
    );
    assert_ne!(quiet, first.replace(APP_TOKEN, NEW_TOKEN));
    read_again(&service, &quiet, TAKEN).await;
    let checked = times(&service, "The callback URL was checked.");
    assert_eq!(kept.check("app", &new), 200);
    assert_eq!(kept.check("third", &new), 404);
    assert_eq!(times(&service, "The callback URL was checked."), checked);
    service.assert_log_tells_no_secrets(&[]);
}
