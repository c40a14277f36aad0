//! Clients that take their time.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::service::Service;
use crate::service::callback::{Letter, plain_event};
use crate::service::store::Ground;
use crate::service::wecom;

/// How many clients of each kind there are.
const CLIENTS: usize = 40;

/// Nobody is waited for longer than this, whatever he does: 10 s for headers, 5 s for a body, and something for a busy
/// machine.
const LONGEST: Duration = Duration::from_secs(20);

/// How a slow client behaves.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Connects and says nothing.
    Silent,
    /// Begins with the headers and stops.
    HalfHeaders,
    /// Sends the headers and nothing of the body.
    HeadersOnly,
    /// Sends the headers, then the body byte by byte.
    Dribbling,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_are_sent_away_and_hold_nobody_up() {
    let sim = wecom::start().await;
    let service = Service::start(&Ground::Embedded.keeps(), sim.base()).await;
    let mut clients = JoinSet::new();
    for way in [
        Way::Silent,
        Way::HalfHeaders,
        Way::HeadersOnly,
        Way::Dribbling,
    ] {
        for _ in 0..CLIENTS {
            let address = service.door().base.replace("http://", "");
            clients.spawn(async move { (way, come(&address, way).await) });
        }
    }
    let (mut posted, mut slowest) = (0, Duration::ZERO);
    while clients.len() > CLIENTS {
        let started = Instant::now();
        assert_eq!(
            service.door().post(&Letter::to_app(&plain_event())).await,
            Some(200)
        );
        slowest = slowest.max(started.elapsed());
        posted += 1;
        while clients
            .try_join_next()
            .is_some_and(|client| check(client.unwrap()))
        {}
    }
    while clients
        .join_next()
        .await
        .is_some_and(|client| check(client.unwrap()))
    {}
    println!(
        "{posted} callbacks among {} slow clients, the slowest took {slowest:?}",
        4 * CLIENTS
    );
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert_eq!(service.door().list("events").await.len(), posted);
    service.assert_log_tells_no_secrets(&wecom::secrets(&sim).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_taken_in_whatever_pieces_they_come() {
    let sim = wecom::start().await;
    let service = Service::start(&Ground::Embedded.keeps(), sim.base()).await;
    let address = service.door().base.replace("http://", "");
    // Where two requests that follow each other at once are cut, counted from the ends of the first head, the first
    // body, the second head and the second body.
    let cuts: [&[(usize, usize)]; 6] = [
        &[],
        &[(0, 0)],
        &[(1, 100)],
        &[(1, 0), (2, 0)],
        &[(1, 0), (3, 100)],
        &[(0, 10), (0, 0), (1, 10), (2, 10), (2, 0), (3, 10)],
    ];
    for cuts in cuts {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for _ in 0..2 {
            let Letter { query, body, .. } = Letter::to_app(&plain_event());
            let length = body.len();
            text += &format!(
                "POST /callback/app?{query} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n"
            );
            ends.push(text.len());
            text += &body;
            ends.push(text.len());
        }
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let started = Instant::now();
        let mut from = 0;
        for (end, before) in cuts {
            let to = ends[*end] - before;
            stream.write_all(&text.as_bytes()[from..to]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
            from = to;
        }
        stream.write_all(&text.as_bytes()[from..]).await.unwrap();
        let mut answers = String::new();
        while answers.matches("HTTP/1.1 200").count() < 2 {
            let mut piece = [0; 1024];
            let length = stream.read(&mut piece).await.unwrap();
            assert!(length > 0, "{cuts:?}: {answers}");
            answers += &String::from_utf8_lossy(&piece[..length]);
        }
        // Less than the time a body may take, in case nobody was woken for it.
        assert!(started.elapsed() < Duration::from_secs(4), "{cuts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_bodies_are_let_in_so_many_at_a_time() {
    let sim = wecom::start().await;
    let service = Service::start(&Ground::Embedded.keeps(), sim.base()).await;
    let door = service.door();
    let filler = format!("<EventKey>{}</EventKey>", "x".repeat(100_000));
    let long = Letter::to_app(&plain_event().replace("<EventKey></EventKey>", &filler));
    let address = door.base.replace("http://", "");
    let mut clients = JoinSet::new();
    for _ in 0..80 {
        let address = address.clone();
        clients.spawn(async move {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            let head = "POST /callback/app?msg_signature=a&timestamp=1&nonce=1 HTTP/1.1\r\n\
                        host: a\r\ncontent-length: 900000\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&[b'x'; 100_000]).await.unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        });
    }
    // The first to be answered are those for whom there is no place.
    let answer = clients.join_next().await.unwrap().unwrap();
    assert_eq!(answer, "HTTP/1.1 503");
    let short = Letter::to_app(&plain_event());
    assert_eq!(door.post(&short).await, Some(200), "callbacks are short");
    let mut answers: Vec<String> = clients.join_all().await;
    answers.push(answer);
    let of = |status: &str| answers.iter().filter(|line| line.ends_with(status)).count();
    assert_eq!((of("503"), of("408")), (16, 64), "{answers:?}");
    assert_eq!(door.post(&long).await, Some(200), "there is room again");
    assert_eq!(door.list("events").await.len(), 2);
}

fn check((way, (answer, waited)): (Way, (String, Duration))) -> bool {
    assert!(waited < LONGEST, "{way:?}: {waited:?}");
    let expected = match way {
        // Nothing was asked, so that there is nothing to answer.
        Way::Silent => "",
        Way::HalfHeaders | Way::HeadersOnly | Way::Dribbling => "HTTP/1.1 408 ",
    };
    assert!(answer.starts_with(expected), "{way:?}: {answer:?}");
    true
}

/// What came back until the connection was closed, and when that was.
async fn come(address: &str, way: Way) -> (String, Duration) {
    let started = Instant::now();
    let Letter { query, body, .. } = Letter::to_app(&plain_event());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let headers = format!(
        "POST /callback/app?{query} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let beginning = match way {
        Way::Silent => "",
        Way::HalfHeaders => &headers[..headers.len() - 2],
        Way::HeadersOnly | Way::Dribbling => &headers,
    };
    stream.write_all(beginning.as_bytes()).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let dribbling = async {
        for byte in body.into_bytes() {
            if !matches!(way, Way::Dribbling) || to.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        _ = from.read_to_end(&mut answer) => {}
        () = dribbling => {}
        () = tokio::time::sleep(LONGEST) => {}
    }
    (
        String::from_utf8_lossy(&answer).into_owned(),
        started.elapsed(),
    )
}
