//! `public_url` from outside: is it reached, and for how long is its certificate valid?

use std::time::Duration;

use reqwest::Client;

use crate::app::caller::{Answer, ask};
use crate::app::check::{Check, certificate};
use crate::config::Config;
use crate::model::time::Timestamp;

const NAME: &str = "public URL";

/// Certificates that renew themselves do so some weeks before their end. With less than this, that has failed.
const DAYS_MIN: u64 = 14;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Asks; any answer will do. `Err`: there is none, so that asking on makes no sense.
pub(in crate::app::check) async fn check(
    client: &Client,
    config: &Config,
    now: Timestamp,
) -> Result<Check, Check> {
    let url = &config.public_url;
    match ask(client.get(url.clone())).await {
        Ok(answer) => Ok(judge(url.as_str(), &answer, now)),
        Err(problem) => Err(Check::fault(
            NAME,
            format!("{url}: {problem}"),
            advice(&problem),
        )),
    }
}

/// TLS says what it has against a certificate.
fn advice(problem: &str) -> &'static str {
    match problem.contains("certificate") {
        true => {
            "renew the certificate, or install the one for this host, with its whole chain: WeCom does not come without"
        }
        false => {
            "check DNS, firewall and reverse proxy; some networks cannot reach their own public address from inside"
        }
    }
}

fn judge(url: &str, answer: &Answer, now: Timestamp) -> Check {
    if !url.starts_with("https:") {
        return Check::ok(NAME, format!("{url} answers, without TLS"));
    }
    let end = answer.certificate.as_deref();
    let Some(end) = end.and_then(certificate::not_after) else {
        let seen = format!("{url} answers; its certificate does not tell until when it is valid");
        return Check::warning(NAME, seen, "look at the certificate");
    };
    let days = end.since(now).as_secs() / DAY.as_secs();
    let seen = format!("{url} answers; its certificate is valid for {days} more days");
    match days {
        0 => Check::fault(
            NAME,
            seen,
            "renew the certificate now: WeCom sends nothing to a host without a valid one",
        ),
        1..DAYS_MIN => Check::warning(
            NAME,
            seen,
            "renew the certificate, and see why that has not happened by itself",
        ),
        _ => Check::ok(NAME, seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::Verdict;

    const CERTIFICATE: &[u8] = include_bytes!("certificate/localhost.der");

    #[test]
    fn certificates_are_renewed_in_time() {
        let end = certificate::not_after(CERTIFICATE).unwrap();
        let days = |days: u64| end.minus(DAY * u32::try_from(days).unwrap());
        let table = [
            (
                "https://h/",
                Some(CERTIFICATE),
                days(90),
                Verdict::Ok,
                "90 more days",
            ),
            (
                "https://h/",
                Some(CERTIFICATE),
                days(14),
                Verdict::Ok,
                "14 more",
            ),
            (
                "https://h/",
                Some(CERTIFICATE),
                days(13),
                Verdict::Warning,
                "13 more",
            ),
            (
                "https://h/",
                Some(CERTIFICATE),
                days(1),
                Verdict::Warning,
                "1 more",
            ),
            (
                "https://h/",
                Some(CERTIFICATE),
                days(0),
                Verdict::Fault,
                "0 more",
            ),
            (
                "https://h/",
                Some(b"no"),
                days(90),
                Verdict::Warning,
                "does not tell",
            ),
            (
                "http://127.0.0.1/",
                None,
                days(90),
                Verdict::Ok,
                "without TLS",
            ),
        ];
        for (url, der, now, verdict, part) in table {
            let answer = Answer {
                status: 404,
                body: Vec::new(),
                took: Duration::ZERO,
                certificate: der.map(<[u8]>::to_vec),
            };
            let check = judge(url, &answer, now);
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(check.seen.contains(part), "{check:?}");
            assert_eq!(check.advice.is_none(), verdict == Verdict::Ok, "{check:?}");
        }
    }
}
