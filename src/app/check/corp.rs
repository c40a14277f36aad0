//! WeCom's side, corp by corp: do the secrets bring tokens, what may they do, and does our clock agree?

use std::time::Duration;

use futures_util::future::join_all;

use crate::act;
use crate::app::check::attribute::Kept;
use crate::app::check::{Check, app, attribute, contact_sync, service_account, webhook};
use crate::clock::Clock;
use crate::config::{Config, Corp};
use crate::model::time::Timestamp;
use crate::wecom::codes::{look_up, place};
use crate::wecom::error::ApiError;
use crate::wecom::{Client, Secret};

/// A difference that people notice: cards and log lines show wrong times.
const CLOCK_WARNING: Duration = Duration::from_secs(30);

/// As long before their end tokens are renewed: with a larger difference expired ones would be used.
const CLOCK_FAULT: Duration = Duration::from_secs(300);

/// How our time differs from WeCom's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Skew {
    ours: Timestamp,
    wecoms: Timestamp,
}

/// The checks of every corp, and the one of the clock.
pub(in crate::app::check) async fn check(
    config: &Config,
    clock: &Clock,
    kept: &Kept,
) -> (Vec<Check>, Check) {
    let clients = match crate::app::corps(config, None) {
        Ok(clients) => clients,
        Err(problem) => {
            let check = fault("WeCom's API".into(), &problem, Secret::App);
            return (vec![check], clock_check(None));
        }
    };
    let corps = config.corps.iter().filter_map(|corp| {
        let built = clients.get(&corp.id)?;
        Some(check_corp(config, corp, built, clock, kept))
    });
    let (checks, skews): (Vec<_>, Vec<_>) = join_all(corps).await.into_iter().unzip();
    let skew = skews.into_iter().flatten().next();
    (checks.into_iter().flatten().collect(), clock_check(skew))
}

async fn check_corp(
    config: &Config,
    corp: &Corp,
    built: &act::Corp,
    clock: &Clock,
    kept: &Kept,
) -> (Vec<Check>, Option<Skew>) {
    let client = &built.client;
    let (app, skew) = token(corp, client, Secret::App, clock).await;
    let mut checks = vec![app];
    let mut members = Vec::new();
    if skew.is_ok() {
        let answers = app::ask(client, &config.public_url, clock.now()).await;
        checks.extend(answers.checks(&corp.id));
        members = answers.members();
    }
    let mut skew = skew.ok().flatten();
    if corp.contact_sync_secret.is_some() {
        let (check, other) = token(corp, client, Secret::ContactSync, clock).await;
        checks.push(check);
        if other.is_ok() {
            checks.extend(contact_sync::check(&corp.id, client, clock.now()).await);
        }
        skew = skew.or(other.ok().flatten());
    } else {
        checks.push(Check::ok(
            format!("contact-sync secret of {}", corp.id),
            "none configured: members fill in the 与我协作 link by hand",
        ));
    }
    if let Some((account, built)) = corp.service_account.as_ref().zip(built.account.as_ref()) {
        let lines = service_account::check(config, corp, account, &built.client, clock.now());
        checks.extend(lines.await);
    }
    checks.extend(webhook::check(corp).await);
    checks.extend(attribute::check(&corp.id, client, &members, kept, clock.now()).await);
    (checks, skew)
}

/// One secret. `Err`: there is no token, so that asking on makes no sense.
async fn token(
    corp: &Corp,
    client: &Client,
    secret: Secret,
    clock: &Clock,
) -> (Check, Result<Option<Skew>, ()>) {
    let what = match secret {
        Secret::App => "app secret",
        Secret::ContactSync => "contact-sync secret",
    };
    let name = format!("{what} of {}", corp.id);
    match client.check_token(secret, clock.now()).await {
        Ok(found) => {
            let ours = clock.now();
            let skew = found.server_time.map(|wecoms| Skew { ours, wecoms });
            (Check::ok(name, "WeCom gives a token for it"), Ok(skew))
        }
        Err(problem) => (fault(name, &problem, secret), Err(())),
    }
}

fn clock_check(skew: Option<Skew>) -> Check {
    let name = "clock";
    let Some(Skew { ours, wecoms }) = skew else {
        return Check::warning(
            name,
            "not compared: no answer told WeCom's time",
            "see to the secrets first",
        );
    };
    let (ahead, behind) = (ours.since(wecoms), wecoms.since(ours));
    let (off, side) = match behind.is_zero() {
        true => (ahead, "ahead of"),
        false => (behind, "behind"),
    };
    let seen = format!("{} s {side} WeCom's", off.as_secs());
    let advice = "let the machine set its clock by the network (NTP): tokens, signatures and codes live by it";
    if off > CLOCK_FAULT {
        Check::fault(name, seen, advice)
    } else if off > CLOCK_WARNING {
        Check::warning(name, seen, advice)
    } else {
        Check::ok(name, seen)
    }
}

/// What an error is to be met with.
pub(in crate::app::check) fn fault(name: String, problem: &ApiError, secret: Secret) -> Check {
    fault_with(name, problem, advice(problem, secret))
}

/// The same; a code that has no page of its own leads to the page that the line is about.
pub(in crate::app::check) fn fault_at(
    name: String,
    problem: &ApiError,
    secret: Secret,
    page: &str,
) -> Check {
    let general = advice(problem, secret);
    match problem.errcode() {
        Some(code) if general == look_up(code) => {
            fault_with(name, problem, format!("{page}; {general}"))
        }
        Some(_) | None => fault_with(name, problem, general),
    }
}

/// A fault of which the caller knows what to do.
pub(in crate::app::check) fn fault_with(
    name: String,
    problem: &ApiError,
    advice: impl Into<String>,
) -> Check {
    Check::fault(name, problem.to_string(), advice)
}

fn advice(problem: &ApiError, secret: Secret) -> String {
    match problem {
        ApiError::Network { .. } => {
            "see that this machine reaches `wecom.api_base`: DNS, firewall, `wecom.proxy`".into()
        }
        ApiError::BadReply { .. } => {
            "something answers in WeCom's place: check `wecom.api_base` and `wecom.proxy`".into()
        }
        ApiError::RateLimited { .. } => {
            "wait that long; several wrong secrets bring an hour's pause, which \
             https://open.work.weixin.qq.com/wwopen/devtool/checkCorpSpamBlock can end"
                .into()
        }
        ApiError::Busy { .. } | ApiError::TokenRejected { .. } => "ask again in a minute".into(),
        ApiError::Misconfigured { errcode, .. } => place(*errcode, secret),
        ApiError::Refused { errcode, .. } | ApiError::State { errcode, .. } => look_up(*errcode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::Verdict;

    #[test]
    fn a_clock_may_be_off_by_half_a_minute() {
        let at = Timestamp::from_secs;
        let table = [
            (0, Verdict::Ok, "0 s"),
            (30, Verdict::Ok, "30 s ahead"),
            (-30, Verdict::Ok, "30 s behind"),
            (31, Verdict::Warning, "31 s ahead"),
            (-300, Verdict::Warning, "300 s behind"),
            (301, Verdict::Fault, "301 s ahead"),
            (-86_400, Verdict::Fault, "86400 s behind"),
        ];
        for (off, verdict, part) in table {
            let check = clock_check(Some(Skew {
                ours: at(1_700_000_000 + off),
                wecoms: at(1_700_000_000),
            }));
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(check.seen.contains(part), "{check:?}");
        }
        assert_eq!(clock_check(None).verdict, Verdict::Warning);
    }

    #[test]
    fn an_error_leads_to_its_page_of_the_console() {
        let misconfigured = |errcode| ApiError::Misconfigured {
            errcode: Some(errcode),
            what: String::new(),
        };
        let table = [
            (40001, Secret::App, "自建 → the app → Secret"),
            (40001, Secret::ContactSync, "通讯录同步 → Secret"),
            (40013, Secret::App, "企业ID"),
            (40056, Secret::App, "AgentId"),
            (60020, Secret::App, "自建 → the app → 企业可信IP"),
            (60020, Secret::ContactSync, "通讯录同步 → 企业可信IP"),
            (48002, Secret::App, "可调用接口的应用"),
            (610_024, Secret::App, "e=610024"),
        ];
        for (errcode, secret, part) in table {
            let advice = advice(&misconfigured(errcode), secret);
            assert!(advice.contains(part), "{errcode}: {advice}");
        }
        let network = ApiError::Network {
            api: "gettoken",
            what: "no connection".into(),
        };
        assert!(advice(&network, Secret::App).contains("wecom.proxy"));
    }
}
