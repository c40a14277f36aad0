//! The callback URLs: does each answer the URL check that the console makes when it saves one (path/90238)?

use std::time::Duration;

use reqwest::Client;
use reqwest::header::USER_AGENT;
use url::Url;

use crate::app::caller::{Answer, ask, local};
use crate::app::check::service::Service;
use crate::app::check::{Check, Through};
use crate::callback;
use crate::config::{Config, Receiver};
use crate::model::time::Timestamp;

/// WeCom waits this long for the answer (path/90930).
const WECOM_WAITS: Duration = Duration::from_secs(1);

/// What WeCom calls itself; bot checks go by it.
const WECOM_AGENT: &str = "Mozilla/4.0";

/// Where the service's addresses begin, if it makes sense to try them.
pub(in crate::app::check) fn base(
    config: &Config,
    through: Through,
    service: &Service,
) -> Option<Base> {
    let listen = match service.answers() {
        true => Url::parse(&format!("http://{}/", local(config.listen))).ok(),
        false => None,
    };
    match through {
        Through::Public => Some(Base {
            url: config.public_url.clone(),
            past: listen,
            through,
        }),
        Through::Listen => Some(Base {
            url: listen?,
            past: None,
            through,
        }),
    }
}

/// Where the service's addresses begin.
pub(in crate::app::check) struct Base {
    url: Url,
    /// The same past the reverse proxy, if that can be tried.
    past: Option<Url>,
    through: Through,
}

impl Base {
    /// The address that everything else stands below.
    pub(in crate::app::check) fn url(&self) -> &Url {
        &self.url
    }
}

/// How the service itself answers what came back wrong through the reverse proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    /// As it should.
    Right,
    /// With another status.
    Refused(u16),
    /// It was not or could not be asked.
    Unknown,
}

/// Asks as the console does: an echo, signed and sealed with the receiver's keys.
pub(in crate::app::check) async fn check(
    client: &Client,
    base: &Base,
    receiver: &Receiver,
    now: Timestamp,
) -> Check {
    let name = format!("callback URL {}", receiver.name);
    let Some((query, echo)) = question(receiver, now) else {
        return Check::fault(
            name,
            "the system gives no random numbers",
            "restart the machine",
        );
    };
    let asked = |base: &Url| {
        let mut url = base.clone();
        url.set_path(&format!("callback/{}", receiver.name));
        url.set_query(Some(&query));
        ask(client.get(url).header(USER_AGENT, WECOM_AGENT))
    };
    let shown = format!("{}callback/{}", base.url, receiver.name);
    match asked(&base.url).await {
        Ok(answer) => {
            let past = match &base.past {
                Some(past) if !is_echo(&answer, &echo) => beside(asked(past).await, &echo),
                Some(_) | None => Past::Unknown,
            };
            judge(name, &shown, base.through, &answer, &echo, past)
        }
        Err(problem) => Check::fault(
            name,
            format!("{shown}: {problem}"),
            match base.through {
                Through::Listen => "see the service's log",
                Through::Public => {
                    "check DNS, firewall, certificate (with its chain) and reverse proxy; some networks cannot reach \
                     their own public address from inside"
                }
            },
        ),
    }
}

/// The query and the answer that it must get. There is a `+` in the ciphertext: that is what proxies spoil.
fn question(receiver: &Receiver, now: Timestamp) -> Option<(String, String)> {
    let receive_id = receiver.receive_ids.first().map_or("", String::as_str);
    let mut query = String::new();
    let mut echo = String::new();
    for _ in 0..64 {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).ok()?;
        let number = u64::from_be_bytes(random[..8].try_into().ok()?);
        echo = number.to_string();
        query = callback::seal_echo(
            &receiver.keys,
            receive_id,
            echo.as_bytes(),
            now,
            &echo,
            random,
        );
        if query.contains("%2B") {
            break;
        }
    }
    Some((query, echo))
}

fn is_echo(answer: &Answer, echo: &str) -> bool {
    answer.status == 200 && answer.body == echo.as_bytes()
}

fn beside(answer: Result<Answer, String>, echo: &str) -> Past {
    match answer {
        Ok(answer) if is_echo(&answer, echo) => Past::Right,
        Ok(answer) => Past::Refused(answer.status),
        Err(_) => Past::Unknown,
    }
}

fn judge(
    name: String,
    url: &str,
    through: Through,
    answer: &Answer,
    echo: &str,
    past: Past,
) -> Check {
    let millis = answer.took.as_millis();
    if answer.status != 200 {
        let seen = format!("{url} answers HTTP status {}", answer.status);
        return Check::fault(name, seen, advice(answer, through, past));
    }
    if !is_echo(answer, echo) {
        let seen = format!("{url} answers {}", other_than(echo, &answer.body));
        let advice = "something in front answers in place of the service, or changes its answer: let it pass \
                      /callback/ on unchanged";
        return Check::fault(name, seen, advice);
    }
    if answer.took > WECOM_WAITS {
        let seen = format!("{url} answers right, after {millis} ms; WeCom waits 1000");
        let advice = "find what keeps the service or the way to it busy";
        return Check::fault(name, seen, advice);
    }
    let seen = format!("{url} answers the URL check after {millis} ms");
    Check::ok(name, seen)
}

/// What came instead of the echo.
fn other_than(echo: &str, body: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(body);
    match text.trim_start() {
        "" => "nothing, where the echo belongs",
        text if text.starts_with('<') => "a web page, where the echo belongs",
        text if text.contains(echo) => "more than the echo",
        _ => "something else than the echo",
    }
}

fn advice(answer: &Answer, through: Through, past: Past) -> &'static str {
    match (answer.status, through, past) {
        // What is wrong without the proxy has to be put right first.
        (400..=499, Through::Public, Past::Refused(status)) => of_the_service(status),
        (status, Through::Listen, _) => of_the_service(status),
        // The service's own refusal has no body.
        (403, Through::Public, _) if !answer.body.is_empty() => {
            "something in front refuses it: no login, bot check or list of addresses goes before /callback/; WeCom's \
             user agent is `Mozilla/4.0`"
        }
        (401 | 407 | 429, Through::Public, _) => {
            "something in front refuses it: no login, bot check or limit goes before /callback/; WeCom's user agent \
             is `Mozilla/4.0`"
        }
        (400 | 403, Through::Public, Past::Right) => {
            "the service itself answers right, so the reverse proxy changes the query: it must pass it on as it came, \
             with every `%2B` and every parameter"
        }
        (400 | 403, Through::Public, _) => {
            "either the running service has other keys (see the check without --through), or the reverse proxy changes \
             the query: `+` and `%2B` must stay what they are"
        }
        (404, Through::Public, Past::Right) => {
            "the service itself answers right, so the reverse proxy changes the path, or has no rule for /callback/; \
             in nginx, nothing follows the port in `proxy_pass`"
        }
        (300..=399, Through::Public, _) => {
            "the reverse proxy redirects, which WeCom does not follow: pass /callback/ on directly"
        }
        (502..=504, Through::Public, _) => {
            "the reverse proxy does not reach the service: let it pass requests on to `server.listen`"
        }
        (_, Through::Public, _) => "let the reverse proxy pass /callback/ on unchanged",
    }
}

fn of_the_service(status: u16) -> &'static str {
    match status {
        403 => {
            "the running service has another token, key or receive id: restart it so that it takes this configuration, \
             then save the same pair in the console (应用管理 → 应用 → 自建 → the app → 接收消息 → 设置API接收)"
        }
        404 => {
            "the running service does not know this receiver: restart it so that it takes this configuration"
        }
        _ => "see the service's log",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::Verdict;

    #[test]
    fn only_the_echo_in_time_will_do() {
        let table = [
            (200, "77", 3, Verdict::Ok, ""),
            (200, "77", 1001, Verdict::Fault, "WeCom waits 1000"),
            (200, "\"77\"", 3, Verdict::Fault, "more than"),
            (200, "88", 3, Verdict::Fault, "something else"),
            (200, "\n<html>77", 3, Verdict::Fault, "a web page"),
            (200, "", 3, Verdict::Fault, "nothing"),
            (403, "", 3, Verdict::Fault, "403"),
            (302, "", 3, Verdict::Fault, "302"),
        ];
        for (status, body, millis, verdict, part) in table {
            let answer = Answer {
                status,
                body: body.into(),
                took: Duration::from_millis(millis),
                certificate: None,
            };
            let through = Through::Public;
            let check = judge("x".into(), "http://h/", through, &answer, "77", Past::Right);
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(check.seen.contains(part), "{check:?}");
            assert_eq!(check.advice.is_none(), verdict == Verdict::Ok, "{check:?}");
        }
    }
}
