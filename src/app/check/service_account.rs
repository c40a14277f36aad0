//! The service account (服务号): does its secret bring a token, and is there what reminders need? WeChat tells nobody which
//! templates or domains an account has, so what is configured is named here and proved by the first message and login.

use crate::app::check::Check;
use crate::config::{Config, Corp, ServiceAccount};
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::weixin::Client;
use crate::weixin::error::{WeixinError, remedy};

/// The account's console.
const CONSOLE: &str = "https://mp.weixin.qq.com";

/// The lines of a corp's account.
pub(in crate::app::check) async fn check(
    config: &Config,
    corp: &Corp,
    account: &ServiceAccount,
    client: &Client,
    now: Timestamp,
) -> Vec<Check> {
    let answer = client.check_token(now).await;
    let mut checks = vec![token(&corp.id, answer.map(drop))];
    checks.push(template(&corp.id, account));
    checks.push(receiver(&corp.id, account));
    checks.push(domain(config, &corp.id));
    checks
}

fn token(corp: &CorpId, answer: Result<(), WeixinError>) -> Check {
    let name = format!("service account of {corp}");
    match answer {
        Ok(()) => Check::ok(name, "WeChat gives a token for its secret"),
        Err(problem) => Check::fault(name, problem.to_string(), advice(&problem)),
    }
}

fn template(corp: &CorpId, account: &ServiceAccount) -> Check {
    let name = format!("reply template of {corp}");
    match &account.reply {
        Some(reply) => {
            let keys: Vec<&str> = reply.keys.iter().map(|(key, _)| key.as_str()).collect();
            let seen = format!(
                "{} with {}; only a first message shows whether the account has it with these keys",
                reply.template_id,
                keys.join(", ")
            );
            Check::ok(name, seen)
        }
        None => Check::warning(
            name,
            "none is configured, so customers are not told of replies",
            format!(
                "choose a template message (模板消息) at {CONSOLE} and configure its id and keys in \
                 [corp.service_account.templates.reply]"
            ),
        ),
    }
}

fn receiver(corp: &CorpId, account: &ServiceAccount) -> Check {
    let name = format!("followers of the service account of {corp}");
    match account.receivers.is_empty() {
        false => Check::ok(
            name,
            "its callback URL is configured: new followers become known at once",
        ),
        true => Check::warning(
            name,
            "it has no callback URL here, so nobody tells who follows",
            format!(
                "configure a [[corp.service_account.receiver]] and enter its address at {CONSOLE}, in the safe mode \
                 with an EncodingAESKey"
            ),
        ),
    }
}

fn domain(config: &Config, corp: &CorpId) -> Check {
    let host = config.public_url.host_str().unwrap_or_default();
    let seen = format!(
        "WeChat does not tell: 网页授权域名 has to be {host}; the verification file that its page gives goes into \
         `server.verify_files`"
    );
    Check::ok(
        format!("login domain of the service account of {corp}"),
        seen,
    )
}

fn advice(problem: &WeixinError) -> String {
    match problem {
        WeixinError::Network { .. } => {
            "see that this machine reaches `weixin.api_base`: DNS, firewall, `wecom.proxy`".into()
        }
        WeixinError::BadReply { .. } => {
            "something answers in WeChat's place: check `weixin.api_base` and `wecom.proxy`".into()
        }
        WeixinError::Misconfigured {
            errcode: Some(errcode),
            ..
        } => format!("{CONSOLE}: {}", remedy(*errcode)),
        WeixinError::Misconfigured { errcode: None, .. } => {
            "check `weixin.api_base` and `wecom.proxy`".into()
        }
        WeixinError::RateLimited { .. }
        | WeixinError::Busy { .. }
        | WeixinError::TokenRejected { .. } => "ask again in a minute".into(),
        WeixinError::Refused { .. }
        | WeixinError::NotFollowing { .. }
        | WeixinError::RefusedByUser { .. }
        | WeixinError::BadCode { .. }
        | WeixinError::FieldFormat { .. } => format!("{CONSOLE}: see what the code says"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::Verdict;

    #[test]
    fn each_trouble_has_its_remedy() {
        let api = "cgi-bin/stable_token";
        let errmsg = || "words".to_owned();
        let misconfigured = |errcode| WeixinError::Misconfigured {
            errcode: Some(errcode),
            what: errmsg(),
        };
        let network = WeixinError::Network {
            api,
            what: errmsg(),
        };
        for (problem, remedy) in [
            (misconfigured(40125), "secret"),
            (misconfigured(40164), "IP白名单"),
            (network, "weixin.api_base"),
        ] {
            let check = token(&CorpId::parse("ww1").unwrap(), Err(problem));
            assert_eq!(check.verdict, Verdict::Fault);
            assert!(check.advice.unwrap().contains(remedy), "{remedy}");
        }
    }
}
