//! Callbacks that are not WeCom's, or hardly.

use crate::service::callback::{
    Letter, app_keys, echo_query, encrypted, keys, plain_event, signed_query, sync_keys,
};
use crate::service::store::Ground;
use crate::service::wecom;
use crate::service::{APP_KEY, CORP, SOON, SYNC_TOKEN, Service, until};

/// The largest body that is read.
const BODY_MAX: usize = 1024 * 1024;

/// What is posted where, what for, and how it must be answered.
struct Case {
    what: &'static str,
    receiver: &'static str,
    query: String,
    body: Vec<u8>,
    status: u16,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_a_callback_is_refused_and_told() {
    let (service, sim) = start().await;
    let door = service.door();
    // The log tells ten refusals a second one by one; these are the first.
    for (what, status, code, case) in strangers() {
        let answer = door.post_raw("app", &case.query, case.body).await;
        assert_eq!(answer, Some((status, String::new())), "{what}");
        let line = format!("A callback was refused. receiver=app code={code} ");
        let told = until(SOON, async || service.log().contains(&line));
        assert!(told.await, "{what}: {}", service.end_of_log());
    }
    let mut taken = 0;
    for Case {
        what,
        receiver,
        query,
        body,
        status,
    } in queries().into_iter().chain(bodies())
    {
        let answer = door.post_raw(receiver, &query, body).await;
        assert_eq!(answer, Some((status, String::new())), "{what}");
        taken += usize::from(status == 200);
    }
    assert_eq!(door.list("events").await.len(), taken);
    service.assert_log_tells_no_secrets(&wecom::secrets(&sim).await);
}

/// Well formed, and from somebody else.
fn strangers() -> [(&'static str, u16, i32, Letter); 7] {
    let sealed = |keys, id| Letter::sealed(&keys, id, &plain_event());
    let signed = |encrypt: String| Letter {
        receiver: "app",
        query: signed_query(&app_keys(), &encrypt),
        body: format!("<xml><Encrypt>{encrypt}</Encrypt></xml>"),
    };
    // Always the same bytes: now and then, others would look like a filler under any key.
    let foreign_key = signed(encrypted(&sync_keys(), vec![b'r'; 60]));
    let mut overrun = vec![b'r'; 16];
    overrun.extend(u32::MAX.to_be_bytes());
    overrun.extend(b"<xml/>ww1000");
    let mut cut_off = vec![b'r'; 16];
    cut_off.extend([0, 0]);
    [
        (
            "foreign token",
            403,
            -40001,
            sealed(keys(SYNC_TOKEN, APP_KEY), CORP),
        ),
        ("foreign key", 403, -40007, foreign_key),
        ("foreign corp", 403, -40005, sealed(app_keys(), "ww1001")),
        (
            "length overrun",
            403,
            -40008,
            signed(encrypted(&app_keys(), overrun)),
        ),
        (
            "length cut off",
            403,
            -40008,
            signed(encrypted(&app_keys(), cut_off)),
        ),
        ("no Base64", 403, -40010, signed("!".repeat(44))),
        ("empty Encrypt", 400, -40002, signed(String::new())),
    ]
}

fn queries() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |what, status, change: &dyn Fn(&[&str]) -> String| {
        let Letter {
            receiver,
            query,
            body,
        } = Letter::to_app(&plain_event());
        let parts: Vec<&str> = query.split('&').collect();
        let (query, body) = (change(&parts), body.into_bytes());
        cases.push(Case {
            what,
            receiver,
            query,
            body,
            status,
        });
    };
    add("as it is", 200, &|parts| parts.join("&"));
    add("reordered", 200, &|parts| {
        [parts[2], parts[0], parts[1]].join("&")
    });
    add("more of it", 200, &|parts| {
        format!("a=%zz&{}&&b", parts.join("&"))
    });
    add("none", 400, &|_| String::new());
    for left_out in 0..3 {
        add("one missing", 400, &|parts| {
            let mut parts = parts.to_vec();
            parts.remove(left_out);
            parts.join("&")
        });
        add("one doubled", 400, &|parts| {
            format!("{}&{}", parts.join("&"), parts[left_out])
        });
        add("one empty", 400, &|parts| {
            let mut parts = parts.to_vec();
            parts[left_out] = parts[left_out].split_inclusive('=').next().unwrap();
            parts.join("&")
        });
        add("one changed", 403, &|parts| {
            let mut parts: Vec<String> = parts.iter().map(|&part| part.to_owned()).collect();
            let last = parts[left_out].pop().unwrap();
            parts[left_out].push(if last == '1' { '2' } else { '1' });
            parts.join("&")
        });
    }
    add("a percent code cut off", 400, &|parts| {
        format!("{}%4", parts.join("&"))
    });
    add("endless", 400, &|parts| {
        format!("{}{}", parts.join("&"), "1".repeat(20_000))
    });
    cases
}

fn bodies() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |what, receiver, status, change: &dyn Fn(String) -> Vec<u8>| {
        let Letter { query, body, .. } = Letter::to_app(&plain_event());
        let body = change(body);
        cases.push(Case {
            what,
            receiver,
            query,
            body,
            status,
        });
    };
    let padded = |mut body: String, length: usize| {
        body.push_str(&" ".repeat(length - body.len()));
        body.into_bytes()
    };
    add("unknown receiver", "nobody", 404, &String::into_bytes);
    add("no receiver's name", "%20", 404, &String::into_bytes);
    add("another receiver", "sync", 403, &String::into_bytes);
    add("nothing", "app", 400, &|_| Vec::new());
    add("no XML", "app", 400, &|_| vec![0xff; 100]);
    add("cut off", "app", 400, &|body| body[..body.len() / 2].into());
    add("a DTD", "app", 400, &|body| {
        format!("<!DOCTYPE xml>{body}").into()
    });
    add("an entity", "app", 400, &|body| {
        body.replace("<Encrypt>", "<Encrypt>&a;").into()
    });
    add("1 MiB", "app", 200, &|body| padded(body, BODY_MAX));
    add("1 MiB and a byte", "app", 413, &|body| {
        padded(body, BODY_MAX + 1)
    });
    cases
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_url_check_bears_every_spelling() {
    let (service, sim) = start().await;
    let door = service.door();
    let (mut with_plus, mut tries) = (0, 0);
    while with_plus < 5 {
        let echo = format!("echo-{tries}");
        let query = echo_query(&echo);
        tries += 1;
        let raw = query
            .replace("%2B", "+")
            .replace("%2F", "/")
            .replace("%3D", "=");
        let lower = query.replace("%2B", "%2b").replace("%3D", "%3d");
        with_plus += usize::from(query.contains("%2B"));
        for query in [&query, &raw, &lower] {
            let answer = door.get_raw(&format!("/callback/app?{query}")).await;
            assert_eq!(answer, Some((200, echo.clone())), "{query}");
        }
        let blank = raw.replace('+', "%20");
        if blank != raw {
            let answer = door.get_raw(&format!("/callback/app?{blank}")).await;
            assert_eq!(answer, Some((403, String::new())), "{blank}");
        }
    }
    let post = Letter::sealed(&sync_keys(), CORP, "<xml/>").query;
    for (receiver, query, status) in [
        ("app", post.as_str(), 400),
        ("app", "", 400),
        ("sync", &echo_query("1"), 403),
        ("nobody", &echo_query("1"), 404),
    ] {
        let answer = door.get_raw(&format!("/callback/{receiver}?{query}")).await;
        assert_eq!(answer, Some((status, String::new())), "{receiver}?{query}");
    }
    service.assert_log_tells_no_secrets(&wecom::secrets(&sim).await);
}

async fn start() -> (Service, wecom_bridge::sim::Sim) {
    let sim = wecom::start().await;
    let service = Service::start(&Ground::Embedded.keeps(), sim.base()).await;
    (service, sim)
}
