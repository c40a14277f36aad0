//! `message/send` (path/90236).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::model::ids::{TaskId, UserId};
use crate::model::text::cut_bytes;
use crate::sim::api::card_check;
use crate::sim::api::request::{Answer, Refused, Request, array, member, text};
use crate::sim::corp::Corp;
use crate::sim::message::Message;
use crate::sim::receiver::ReceiverKind;

/// Recipients at most.
const MAX_USERS: usize = 1000;
const MAX_PARTIES: usize = 100;
/// Limits in bytes; a longer text is cut, a longer url refused.
const MAX_TEXT: usize = 2048;
const MAX_URL: usize = 2048;
const MAX_ARTICLES: usize = 8;
/// `duplicate_check_interval` in seconds when it is left out, and at most.
const INTERVAL: (u64, u64) = (1800, 4 * 3600);

pub(crate) fn send(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let json = &request.json;
    check_agent(corp, json)?;
    let checks_duplicates = json.get("enable_duplicate_check").and_then(Value::as_i64) == Some(1);
    let interval = interval(json)?;
    let duplicate = corp.sends.duplicate(request.body, request.now);
    if let (true, Some(answer)) = (checks_duplicates, duplicate) {
        return Ok(answer.clone());
    }
    let recipients = Recipients::read(corp, json)?;
    let (msgtype, content) = check_content(corp, json)?;
    if recipients.to.is_empty() {
        return Err(Refused(81013, "all recipients are invalid"));
    }

    let number = corp.ledger.next_message();
    let to = recipients.to.into_iter();
    let message = Message {
        number,
        at: request.now,
        to: to
            .filter(|userid| corp.sends.allow(userid, request.now))
            .collect(),
        msgtype: msgtype.into(),
        content,
        shown: BTreeMap::new(),
    };
    let mut answer = json!({"msgid": message.msgid()});
    for (field, invalid) in [
        ("invaliduser", recipients.invaliduser),
        ("invalidparty", recipients.invalidparty),
        ("invalidtag", recipients.invalidtag),
    ] {
        if !invalid.is_empty() {
            answer[field] = json!(invalid.join("|"));
        }
    }
    if card_check::updatable(&message) {
        answer["response_code"] = json!(corp.grants.response(number, request.now));
    }
    corp.ledger.deliver(message);
    let answer = answer;
    if checks_duplicates {
        corp.sends
            .remember(request.body, &answer, request.now, interval);
    }
    Ok(answer)
}

/// 301002 for another app's number: the token belongs to this one.
fn check_agent(corp: &Corp, json: &Value) -> Result<(), Refused> {
    match json.get("agentid") {
        None => Err(Refused(41011, "agentid missing")),
        Some(agentid) => match agentid.as_u64() {
            Some(number) if number == corp.agent_id.0 => Ok(()),
            Some(_) => Err(Refused(301_002, "not allowed to operate this agent")),
            None => Err(Refused(40056, "invalid agentid")),
        },
    }
}

fn interval(json: &Value) -> Result<Duration, Refused> {
    let seconds = match json.get("duplicate_check_interval") {
        None => INTERVAL.0,
        Some(seconds) => seconds
            .as_u64()
            .filter(|seconds| *seconds <= INTERVAL.1)
            .ok_or(Refused(
                40058,
                "duplicate_check_interval is at most 4 hours",
            ))?,
    };
    Ok(Duration::from_secs(seconds))
}

#[derive(Default)]
struct Recipients {
    to: Vec<UserId>,
    /// Lower case, as WeCom answers.
    invaliduser: Vec<String>,
    invalidparty: Vec<String>,
    invalidtag: Vec<String>,
}

impl Recipients {
    fn read(corp: &Corp, json: &Value) -> Result<Self, Refused> {
        let (users, parties, tags) = (
            ids(
                json,
                "touser",
                Refused(40032, "more than 1000 users"),
                MAX_USERS,
            )?,
            ids(
                json,
                "toparty",
                Refused(82002, "more than 100 parties"),
                MAX_PARTIES,
            )?,
            ids(
                json,
                "totag",
                Refused(82003, "more than 100 tags"),
                MAX_PARTIES,
            )?,
        );
        if users.is_empty() && parties.is_empty() && tags.is_empty() {
            return Err(Refused(82001, "no recipient given"));
        }
        let mut recipients = Self::default();
        if users == ["@all"] {
            let all = corp.members().values().filter(|member| member.receives());
            recipients.to = all.map(|member| member.userid.clone()).collect();
            return Ok(recipients);
        }
        for userid in users {
            match member(corp, userid).filter(|member| member.receives()) {
                Some(member) => recipients.add(&member.userid),
                None => recipients.invaliduser.push(userid.to_ascii_lowercase()),
            }
        }
        for party in parties {
            match party
                .parse()
                .ok()
                .and_then(|id: i64| corp.departments().get(&id))
            {
                Some(department) => {
                    let members = department.members().iter();
                    let members = members.filter_map(|key| corp.members().get(key));
                    for member in members.filter(|member| member.receives()) {
                        recipients.add(&member.userid);
                    }
                }
                None => recipients.invalidparty.push(party.to_owned()),
            }
        }
        recipients.invalidtag = tags.into_iter().map(str::to_owned).collect();
        Ok(recipients)
    }

    fn add(&mut self, userid: &UserId) {
        if !self.to.contains(userid) {
            self.to.push(userid.clone());
        }
    }
}

fn ids<'j>(
    json: &'j Value,
    field: &str,
    refused: Refused,
    most: usize,
) -> Result<Vec<&'j str>, Refused> {
    let list = match json.get(field) {
        None => "",
        Some(Value::String(list)) => list,
        Some(_) => return Err(Refused(40035, "recipients are one text joined by |")),
    };
    let ids: Vec<_> = list.split('|').filter(|id| !id.is_empty()).collect();
    if ids.len() > most {
        Err(refused)
    } else {
        Ok(ids)
    }
}

/// The msgtype and the object under its name, as it will be shown.
fn check_content<'j>(corp: &Corp, json: &'j Value) -> Result<(&'j str, Value), Refused> {
    let msgtype = text(json, "msgtype");
    let content = json.get(msgtype).unwrap_or(&Value::Null);
    match msgtype {
        "text" | "markdown" => return check_text(msgtype, content),
        "textcard" => check_textcard(content)?,
        "news" => check_news(content)?,
        "template_card" => {
            card_check::check(content, card_check::Purpose::Send)?;
            if card_check::calls_back(content) && !hears(corp) {
                return Err(Refused(43012, "the app needs a callback url"));
            }
            let task_id = text(content, "task_id");
            let taken =
                TaskId::parse(task_id).is_ok_and(|task_id| corp.ledger.task(&task_id).is_some());
            if taken {
                return Err(Refused(42014, "task_id is not unique"));
            }
        }
        // Nothing can be uploaded here, so that no media id is good.
        "image" | "voice" | "video" | "file" | "mpnews" => {
            return Err(Refused(40007, "invalid media_id"));
        }
        "miniprogram_notice" => return Err(Refused(48002, "the app is no mini program")),
        _ => return Err(Refused(40008, "invalid msgtype")),
    }
    Ok((msgtype, content.clone()))
}

fn hears(corp: &Corp) -> bool {
    corp.receivers
        .iter()
        .any(|receiver| receiver.kind == ReceiverKind::App)
}

fn check_text<'j>(msgtype: &'j str, content: &Value) -> Result<(&'j str, Value), Refused> {
    let content = text(content, "content");
    if content.is_empty() {
        return Err(Refused(44004, "text content empty"));
    }
    Ok((msgtype, json!({"content": cut_bytes(content, MAX_TEXT)})))
}

fn check_textcard(content: &Value) -> Result<(), Refused> {
    if text(content, "title").is_empty() {
        return Err(Refused(41016, "title missing"));
    }
    if text(content, "description").is_empty() {
        return Err(Refused(41033, "description missing"));
    }
    check_url(text(content, "url"))
}

fn check_news(content: &Value) -> Result<(), Refused> {
    let articles = array(content, "articles")?;
    if articles.is_empty() || articles.len() > MAX_ARTICLES {
        return Err(Refused(45008, "1 to 8 articles"));
    }
    articles.iter().try_for_each(|article| {
        if text(article, "title").is_empty() {
            return Err(Refused(41016, "title missing"));
        }
        if text(article, "appid").is_empty() {
            check_url(text(article, "url"))?;
        }
        Ok(())
    })
}

fn check_url(url: &str) -> Result<(), Refused> {
    if url.is_empty() {
        return Err(Refused(41010, "url missing"));
    }
    if url.len() > MAX_URL {
        return Err(Refused(40058, "url longer than 2048 bytes"));
    }
    if !url.contains("://") {
        return Err(Refused(45034, "url without a scheme"));
    }
    Ok(())
}
