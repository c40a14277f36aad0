//! Does the attribute exist that carries the link in external profiles (对外名片)? WeCom does not tell; it ignores entries
//! of an attribute that does not (path/92230). So the profiles of a few members are read, and what came of earlier writes.

use std::collections::HashMap;

use reqwest::Client as Caller;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::caller::{ask, local};
use crate::app::check::Check;
use crate::app::check::app::refuses_all;
use crate::app::check::corp::fault;
use crate::config::Config;
use crate::decide::wording::LINK_NAME;
use crate::model::ids::{CorpId, UserId};
use crate::model::member::{Link, LinkState};
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::record::{Record, Table};
use crate::wecom::error::ApiError;
use crate::wecom::{Client, Secret};

/// How many profiles are read.
const PROFILES_MAX: usize = 10;

/// How many links are looked at.
const LINKS_MAX: usize = 50;

/// Where the attribute is made.
const PAGE: &str = "我的企业 → 通讯录管理 → 成员资料显示 → 对外信息 (or 客户联系 → 对外资料)";

/// What came of the links that were written, as far as it can be seen.
pub(in crate::app::check) type Kept = HashMap<CorpId, Vec<LinkState>>;

/// Reads it from the store; from the running service where that holds the store, which takes one of `api.tokens`.
pub(in crate::app::check) async fn kept(
    config: &Config,
    caller: &Caller,
    store: Option<&Store>,
) -> Kept {
    let mut kept = Kept::new();
    for corp in &config.corps {
        let states = match store {
            Some(store) => stored(store, &corp.id).await,
            None => told(config, caller, &corp.id).await,
        };
        kept.extend(states.map(|states| (corp.id.clone(), states)));
    }
    kept
}

async fn stored(store: &Store, corp: &CorpId) -> Option<Vec<LinkState>> {
    let records = store.list(corp, Table::Links, None, LINKS_MAX).await.ok()?;
    let links = records.iter().map(Record::parse::<Link>);
    let links = links.filter_map(|link| link.ok().flatten());
    Some(links.map(|link| link.state).collect())
}

async fn told(config: &Config, caller: &Caller, corp: &CorpId) -> Option<Vec<LinkState>> {
    #[derive(Deserialize)]
    struct Members {
        items: Vec<Member>,
    }

    #[derive(Deserialize)]
    struct Member {
        link: Option<Link>,
    }

    let token = config.token_of_everything()?.expose_secret();
    let url = format!("http://{}/api/v1/members", local(config.listen));
    let query = [("corp", corp.as_str()), ("limit", &LINKS_MAX.to_string())];
    let request = caller.get(url).query(&query).bearer_auth(token);
    let answer = ask(request).await.ok()?;
    let members: Members = serde_json::from_slice(&answer.body).ok()?;
    let links = members.items.into_iter().filter_map(|member| member.link);
    Some(links.map(|link| link.state).collect())
}

/// What profiles show.
#[derive(Debug, Default)]
struct Profiles {
    read: usize,
    with_it: usize,
    problem: Option<ApiError>,
}

/// Reads profiles of some of these members, and judges. Without members there is nothing to say,
/// nor when WeCom refuses every call.
pub(in crate::app::check) async fn check(
    corp: &CorpId,
    client: &Client,
    members: &[UserId],
    kept: &Kept,
    now: Timestamp,
) -> Option<Check> {
    let mut profiles = Profiles::default();
    for member in members.iter().take(PROFILES_MAX) {
        match client.external_profile(member, now).await {
            Ok(profile) => {
                profiles.read += 1;
                profiles.with_it += usize::from(has_it(&profile));
            }
            Err(ApiError::State { .. }) => {}
            Err(problem) => profiles.problem = Some(problem),
        }
        if profiles.with_it > 0 || profiles.problem.is_some() {
            break;
        }
    }
    let refused = profiles.problem.as_ref().is_some_and(refuses_all);
    if members.is_empty() || refused {
        return None;
    }
    let links = kept.get(corp).map_or(&[][..], Vec::as_slice);
    Some(judge(corp, &profiles, links))
}

fn has_it(profile: &Map<String, Value>) -> bool {
    let attributes = profile.get("external_attr").and_then(Value::as_array);
    let mut attributes = attributes.into_iter().flatten();
    attributes.any(|attribute| attribute.get("name").and_then(Value::as_str) == Some(LINK_NAME))
}

fn judge(corp: &CorpId, profiles: &Profiles, links: &[LinkState]) -> Check {
    let name = format!("attribute {LINK_NAME} of {corp}");
    let count = |wanted: &[LinkState]| links.iter().filter(|state| wanted.contains(state)).count();
    if profiles.with_it > 0 {
        return Check::ok(name, "it exists: a member's profile has it");
    }
    if let Some(problem) = &profiles.problem {
        return fault(name, problem, Secret::App);
    }
    let (found, ignored) = (
        count(&[LinkState::Confirmed, LinkState::FilledByHand]),
        count(&[LinkState::Ignored]),
    );
    if found > 0 {
        let seen = format!("it exists: links found in profiles before: {found}");
        return Check::ok(name, seen);
    }
    let make = format!("{PAGE}: add an attribute of the kind 网页 with exactly this name");
    if ignored > 0 {
        let seen = format!("WeCom kept none of the links that were written: {ignored}");
        return Check::fault(name, seen, make);
    }
    Check::warning(
        name,
        format!(
            "not known yet: none of the profiles that were read has it ({}), and no link was written",
            profiles.read
        ),
        format!("{make}; the first link that is written shows whether WeCom keeps it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::Verdict;

    #[test]
    fn profiles_count_more_than_what_came_of_earlier_writes() {
        use LinkState::{Confirmed, Failed, FilledByHand, Ignored, Wanted};
        let table: [(usize, &[LinkState], Verdict, &str); 7] = [
            (1, &[], Verdict::Ok, ""),
            (1, &[Ignored], Verdict::Ok, ""),
            (0, &[Ignored, Confirmed], Verdict::Ok, ""),
            (0, &[FilledByHand], Verdict::Ok, ""),
            (0, &[Ignored, Wanted], Verdict::Fault, "成员资料显示"),
            (0, &[Wanted, Failed], Verdict::Warning, "成员资料显示"),
            (0, &[], Verdict::Warning, "成员资料显示"),
        ];
        for (with_it, links, verdict, advice) in table {
            let profiles = Profiles {
                read: 1,
                with_it,
                problem: None,
            };
            let check = judge(&CorpId::parse("ww1").unwrap(), &profiles, links);
            assert_eq!(check.verdict, verdict, "{check:?}");
            let told = check.advice.as_deref().unwrap_or_default();
            assert!(told.contains(advice), "{check:?}");
            assert_eq!(told.is_empty(), verdict == Verdict::Ok, "{check:?}");
        }
    }
}
