//! What the contact-sync secret (通讯录同步助手) may do: it is asked to change nothing about nobody.

use crate::app::check::Check;
use crate::app::check::app::refuses_all;
use crate::app::check::corp::{fault, fault_with};
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::{Client, Secret};

/// The address is too new to read from (path/96079).
const NEW_ADDRESS: i64 = 48009;

/// It may not edit, or only a part of the contacts.
const NO_EDIT: [i64; 4] = [48001, 48002, 48008, 60011];

/// Asks, and judges whether it is heard, and what it may do.
pub(in crate::app::check) async fn check(
    corp: &CorpId,
    client: &Client,
    now: Timestamp,
) -> Vec<Check> {
    judge(corp, client.may_write(now).await)
}

fn judge(corp: &CorpId, answer: Result<(), ApiError>) -> Vec<Check> {
    let (name, rights) = (
        format!("contact-sync of {corp}"),
        format!("rights of contact-sync of {corp}"),
    );
    let heard = Check::ok(&name, "WeCom takes its calls from this address");
    match answer {
        Ok(()) => vec![heard, Check::ok(rights, "it may write external profiles")],
        Err(problem) if refuses_all(&problem) => {
            vec![fault(name, &problem, Secret::ContactSync)]
        }
        Err(problem) => match problem.errcode() {
            Some(NEW_ADDRESS) => {
                let advice = "管理工具 → 通讯录同步 → 企业可信IP: add this address";
                vec![fault_with(name, &problem, advice)]
            }
            Some(code) if NO_EDIT.contains(&code) => {
                let advice = "管理工具 → 通讯录同步: switch \"API接口同步\" on, with the right \"API编辑通讯录\"";
                vec![heard, fault_with(rights, &problem, advice)]
            }
            Some(_) | None => vec![fault(rights, &problem, Secret::ContactSync)],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::Verdict;

    #[test]
    fn address_and_rights_are_told_apart() {
        let table: [(Option<i64>, &[Verdict], &str); 7] = [
            (None, &[Verdict::Ok, Verdict::Ok], ""),
            (Some(60020), &[Verdict::Fault], "企业可信IP"),
            (Some(48009), &[Verdict::Fault], "企业可信IP"),
            (Some(48002), &[Verdict::Ok, Verdict::Fault], "API编辑通讯录"),
            (Some(48008), &[Verdict::Ok, Verdict::Fault], "API编辑通讯录"),
            (Some(40001), &[Verdict::Fault], "通讯录同步 → Secret"),
            (Some(610_024), &[Verdict::Fault], "e=610024"),
        ];
        for (errcode, verdicts, advice) in table {
            let answer = match errcode {
                None => Ok(()),
                errcode => Err(ApiError::Misconfigured {
                    errcode,
                    what: String::new(),
                }),
            };
            let checks = judge(&CorpId::parse("ww1").unwrap(), answer);
            let found: Vec<_> = checks.iter().map(|check| check.verdict).collect();
            assert_eq!(found, verdicts, "{checks:?}");
            let told = checks.iter().filter_map(|check| check.advice.as_deref());
            let told: String = told.collect();
            assert!(told.contains(advice), "{checks:?}");
        }
    }
}
