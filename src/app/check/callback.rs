//! The callback URLs: does each answer the URL check that the console makes when it saves one (path/90238)?

use std::time::Duration;

use reqwest::Client;
use url::Url;

use crate::app::caller::{Answer, ask, local};
use crate::app::check::service::Service;
use crate::app::check::{Check, Through};
use crate::callback;
use crate::config::{Config, Receiver};
use crate::model::time::Timestamp;

/// WeCom waits this long for the answer (path/90930).
const WECOM_WAITS: Duration = Duration::from_secs(1);

/// Where callback URLs begin, if it makes sense to try them.
pub(in crate::app::check) fn base(
    config: &Config,
    through: Through,
    service: &Service,
) -> Option<Base> {
    match through {
        Through::Public => Some(Base {
            url: config.public_url.clone(),
            through,
        }),
        Through::Listen if service.answers() => {
            let url = Url::parse(&format!("http://{}/", local(config.listen))).ok()?;
            Some(Base { url, through })
        }
        Through::Listen => None,
    }
}

/// Where callback URLs begin.
pub(in crate::app::check) struct Base {
    url: Url,
    through: Through,
}

/// Asks as the console does: an echo, signed and sealed with the receiver's keys.
pub(in crate::app::check) async fn check(
    client: &Client,
    base: &Base,
    receiver: &Receiver,
    now: Timestamp,
) -> Check {
    let name = format!("callback URL {}", receiver.name);
    let mut url = base.url.clone();
    url.set_path(&format!("callback/{}", receiver.name));
    let Some((query, echo)) = question(receiver, now) else {
        return Check::fault(
            name,
            "the system gives no random numbers",
            "restart the machine",
        );
    };
    let shown = url.to_string();
    url.set_query(Some(&query));
    match ask(client.get(url)).await {
        Ok(answer) => judge(name, &shown, base.through, &answer, &echo),
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

fn judge(name: String, url: &str, through: Through, answer: &Answer, echo: &str) -> Check {
    let right = answer.body == echo.as_bytes();
    match answer.status {
        200 if right && answer.took <= WECOM_WAITS => Check::ok(
            name,
            format!(
                "{url} answers the URL check after {} ms",
                answer.took.as_millis()
            ),
        ),
        200 if right => Check::fault(
            name,
            format!(
                "{url} answers right, after {} ms; WeCom waits 1000",
                answer.took.as_millis()
            ),
            "find what keeps the service or the way to it busy",
        ),
        200 => Check::fault(
            name,
            format!("{url} answers something else than the echo"),
            "something in front answers in place of the service: let it pass /callback/ on unchanged",
        ),
        status => Check::fault(
            name,
            format!("{url} answers HTTP status {status}"),
            advice(status, through),
        ),
    }
}

fn advice(status: u16, through: Through) -> &'static str {
    match (status, through) {
        (403, Through::Listen) => {
            "the running service has another token, key or receive id: restart it so that it takes this configuration, \
             then save the same pair in the console (应用管理 → 应用 → 自建 → the app → 接收消息 → 设置API接收)"
        }
        (400 | 403, Through::Public) => {
            "either the running service has other keys (see the check without --through), or the reverse proxy changes \
             the query: `+` and `%2B` must stay what they are"
        }
        (404, Through::Listen) => {
            "the running service does not know this receiver: restart it so that it takes this configuration"
        }
        (300..=399, Through::Public) => {
            "the reverse proxy redirects, which WeCom does not follow: pass /callback/ on directly"
        }
        (502..=504, Through::Public) => {
            "the reverse proxy does not reach the service: let it pass requests on to `server.listen`"
        }
        (_, Through::Public) => "let the reverse proxy pass /callback/ on unchanged",
        (_, Through::Listen) => "see the service's log",
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
            (200, "\"77\"", 3, Verdict::Fault, "something else"),
            (200, "<html>", 3, Verdict::Fault, "something else"),
            (403, "", 3, Verdict::Fault, "403"),
            (302, "", 3, Verdict::Fault, "302"),
        ];
        for (status, body, millis, verdict, part) in table {
            let answer = Answer {
                status,
                body: body.into(),
                took: Duration::from_millis(millis),
            };
            let check = judge("x".into(), "http://h/", Through::Public, &answer, "77");
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(check.seen.contains(part), "{check:?}");
            assert_eq!(check.advice.is_none(), verdict == Verdict::Ok, "{check:?}");
        }
    }
}
