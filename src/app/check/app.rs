//! What the self-built app may do: each line is judged by what WeCom answers to a call that needs it.

use url::Url;

use crate::app::check::Check;
use crate::app::check::corp::{fault, fault_at};
use crate::model::ids::{CorpId, UserId};
use crate::model::time::Timestamp;
use crate::wecom::codes::APP;
use crate::wecom::error::ApiError;
use crate::wecom::fault::{Scope, scope};
use crate::wecom::jssdk::Identity;
use crate::wecom::probe::Visible;
use crate::wecom::{Client, Secret};

/// What was answered.
pub(in crate::app::check) struct Answers {
    callback_ips: Result<Vec<String>, ApiError>,
    visible: Result<Visible, ApiError>,
    follow_users: Result<Vec<UserId>, ApiError>,
    signed: Result<(), ApiError>,
}

/// Asks for everything.
pub(in crate::app::check) async fn ask(
    client: &Client,
    public_url: &Url,
    now: Timestamp,
) -> Answers {
    let (callback_ips, visible, follow_users, signed) = tokio::join!(
        client.callback_ips(now),
        client.visible(now),
        client.follow_users(now),
        sign(client, public_url, now),
    );
    Answers {
        callback_ips,
        visible,
        follow_users,
        signed,
    }
}

/// Signs the toolbar's page as both identities; nobody sees the signatures.
async fn sign(client: &Client, public_url: &Url, now: Timestamp) -> Result<(), ApiError> {
    let mut page = public_url.clone();
    page.set_path("/sidebar");
    for identity in [Identity::Corp, Identity::App] {
        client.jsapi_signature(identity, &page, now).await?;
    }
    Ok(())
}

impl Answers {
    /// Members that the app sees, as far as they were asked for.
    pub(in crate::app::check) fn members(&self) -> Vec<UserId> {
        let visible = self.visible.iter().flat_map(|visible| &visible.members);
        let follow_users = self.follow_users.iter().flatten();
        let mut members: Vec<UserId> = visible.chain(follow_users).cloned().collect();
        members.sort_by_key(UserId::key);
        members.dedup_by_key(|id| id.key());
        members
    }

    /// A line for each. What cannot be seen because WeCom refuses every call, has none.
    pub(in crate::app::check) fn checks(&self, corp: &CorpId) -> Vec<Check> {
        let refused = [
            self.callback_ips.as_ref().err(),
            self.visible.as_ref().err(),
            self.follow_users.as_ref().err(),
            self.signed.as_ref().err(),
        ];
        let whole = refused.iter().flatten().find(|error| refuses_all(error));
        let name = format!("app of {corp}");
        let whole = match whole {
            Some(problem) => Some(fault(name, problem, Secret::App)),
            None if refused.iter().all(Option::is_some) => None,
            None => Some(Check::ok(
                name,
                "it is on, and WeCom takes its calls from this address",
            )),
        };
        let lines = [
            whole,
            judged(&self.visible, |found| self.range(corp, found)),
            judged(&self.follow_users, |found| customer_api(corp, found)),
            judged(&self.follow_users, |found| self.customer_scope(corp, found)),
            judged(&self.callback_ips, |found| callback_ips(corp, found)),
            judged(&self.signed, |found| jssdk(corp, found)),
        ];
        lines.into_iter().flatten().collect()
    }

    fn range(&self, corp: &CorpId, found: Result<&Visible, &ApiError>) -> Option<Check> {
        let name = format!("visible range of the app of {corp}");
        let page = format!("{APP} → 可见范围");
        Some(match found {
            Err(problem) => fault_at(name, problem, Secret::App, &page),
            Ok(Visible { departments, .. }) if self.members().is_empty() => {
                let seen = format!("the app sees no member (departments: {departments})");
                let advice = format!("{page}: add the members who are to work with customers");
                match self.follow_users {
                    Ok(_) => Check::fault(name, seen, advice),
                    // Members who stand in it one by one, without a department, may be there all the same.
                    Err(_) => Check::warning(name, seen, advice),
                }
            }
            Ok(Visible { departments, .. }) => {
                Check::ok(name, format!("it has members; departments: {departments}"))
            }
        })
    }

    /// Who may have customers. Whom the app does not see, it is not told of, so that an empty range goes first.
    fn customer_scope(
        &self,
        corp: &CorpId,
        found: Result<&Vec<UserId>, &ApiError>,
    ) -> Option<Check> {
        let name = format!("customer scope of {corp}");
        match found {
            Ok(members) if !members.is_empty() => Some(Check::ok(
                name,
                format!("members who may have customers: {}", members.len()),
            )),
            Ok(_) if !self.members().is_empty() => Some(Check::fault(
                name,
                "no member whom the app sees may have customers, so no customer events come",
                format!(
                    "客户联系 → 权限配置 → 使用范围, and {APP} → 可见范围: put the same members into both"
                ),
            )),
            Ok(_) | Err(_) => None,
        }
    }
}

/// The line of an answer, unless it says no more than that every call is refused.
fn judged<T>(
    answer: &Result<T, ApiError>,
    judge: impl FnOnce(Result<&T, &ApiError>) -> Option<Check>,
) -> Option<Check> {
    match answer {
        Err(problem) if refuses_all(problem) => None,
        other => judge(other.as_ref()),
    }
}

/// Whether every call with this secret is refused: from an address that is not trusted (60020), for an app that is
/// switched off.
pub(in crate::app::check) fn refuses_all(problem: &ApiError) -> bool {
    problem
        .errcode()
        .is_some_and(|errcode| scope(errcode) == Scope::Secret)
}

fn customer_api(corp: &CorpId, found: Result<&Vec<UserId>, &ApiError>) -> Option<Check> {
    let name = format!("customer API of {corp}");
    Some(match found {
        Ok(_) => Check::ok(name, "the app may call it"),
        Err(problem) => fault(name, problem, Secret::App),
    })
}

fn callback_ips(corp: &CorpId, found: Result<&Vec<String>, &ApiError>) -> Option<Check> {
    let name = format!("callback addresses of {corp}");
    Some(match found {
        Ok(list) if list.is_empty() => Check::warning(
            name,
            "WeCom names none that its callbacks come from",
            "let no firewall stand before /callback/ that goes by addresses",
        ),
        Ok(list) => Check::ok(
            name,
            format!(
                "WeCom names those that its callbacks come from: {}",
                list.len()
            ),
        ),
        Err(problem) => fault_at(name, problem, Secret::App, APP),
    })
}

fn jssdk(corp: &CorpId, found: Result<&(), &ApiError>) -> Option<Check> {
    let name = format!("JS-SDK of {corp}");
    let page = format!("{APP} → 网页授权及JS-SDK");
    Some(match found {
        Ok(()) => Check::ok(name, "both tickets come, and the toolbar's page is signed"),
        Err(problem) => fault_at(name, problem, Secret::App, &page),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::Verdict;

    fn refused<T>(errcode: i64) -> Result<T, ApiError> {
        Err(ApiError::Misconfigured {
            errcode: Some(errcode),
            what: "words".into(),
        })
    }

    fn members(ids: &[&str]) -> Vec<UserId> {
        ids.iter().map(|id| UserId::parse(id).unwrap()).collect()
    }

    fn visible(ids: &[&str]) -> Visible {
        Visible {
            departments: 1,
            members: members(ids),
        }
    }

    fn well() -> Answers {
        Answers {
            callback_ips: Ok(vec!["101.226.103.*".into()]),
            visible: Ok(visible(&["Zhang"])),
            follow_users: Ok(members(&["zhang", "li"])),
            signed: Ok(()),
        }
    }

    #[test]
    fn each_answer_has_its_lines() {
        use Verdict::{Fault, Warning};
        /// A change, the lines that are not ok, and how many lines there are.
        type Case = (fn(&mut Answers), &'static [(&'static str, Verdict)], usize);
        let table: [Case; 8] = [
            (|_| {}, &[], 6),
            // They stand in the range one by one.
            (|a| a.visible = Ok(visible(&[])), &[], 6),
            (
                |a| {
                    a.visible = Ok(visible(&[]));
                    a.follow_users = Ok(vec![]);
                },
                &[("visible range", Fault)],
                5,
            ),
            (
                |a| {
                    a.visible = Ok(visible(&[]));
                    a.follow_users = refused(48002);
                },
                &[("visible range", Warning), ("customer API", Fault)],
                5,
            ),
            (
                |a| a.follow_users = Ok(vec![]),
                &[("customer scope", Fault)],
                6,
            ),
            (
                |a| a.callback_ips = Ok(vec![]),
                &[("callback addresses", Warning)],
                6,
            ),
            (|a| a.signed = refused(85005), &[("JS-SDK", Fault)], 6),
            (
                |a| {
                    a.visible = refused(60020);
                    a.follow_users = refused(60020);
                },
                &[("app of", Fault)],
                3,
            ),
        ];
        for (number, (change, expected, lines)) in table.into_iter().enumerate() {
            let mut answers = well();
            change(&mut answers);
            let checks = answers.checks(&CorpId::parse("ww1").unwrap());
            assert_eq!(checks.len(), lines, "{number}: {checks:?}");
            let bad: Vec<_> = checks.iter().filter(|c| c.verdict != Verdict::Ok).collect();
            assert_eq!(bad.len(), expected.len(), "{number}: {checks:?}");
            for (check, (name, verdict)) in bad.iter().zip(expected) {
                assert!(check.name.starts_with(name), "{number}: {check:?}");
                assert_eq!(check.verdict, *verdict, "{number}: {check:?}");
            }
        }
    }

    #[test]
    fn a_connection_that_fails_says_nothing_of_the_app() {
        fn network<T>() -> Result<T, ApiError> {
            Err(ApiError::Network {
                api: "x",
                what: "no connection".into(),
            })
        }
        let answers = Answers {
            callback_ips: network(),
            visible: network(),
            follow_users: network(),
            signed: network(),
        };
        let checks = answers.checks(&CorpId::parse("ww1").unwrap());
        let named = |name: &str| checks.iter().any(|check| check.name.starts_with(name));
        assert!(!named("app of") && named("visible range"), "{checks:?}");
    }

    #[test]
    fn a_member_who_is_seen_twice_is_one() {
        assert_eq!(well().members().len(), 2);
    }
}
