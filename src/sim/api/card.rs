//! `message/update_template_card` (path/94888).

use serde_json::{Value, json};

use crate::model::ids::UserId;
use crate::sim::api::card_check;
use crate::sim::api::request::{Answer, Refused, Request, array, member, text};
use crate::sim::corp::Corp;
use crate::sim::grants::Spent;
use crate::sim::ledger::CardUpdate;
use crate::sim::message::{Message, Shown};

const MAX_USERS: usize = 1000;
const MAX_PARTIES: usize = 100;

pub(crate) fn update_template_card(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let json = &request.json;
    match json.get("agentid").map(Value::as_u64) {
        None => return Err(Refused(41011, "agentid missing")),
        Some(Some(number)) if number == corp.agent_id.0 => {}
        Some(_) => return Err(Refused(42015, "another app sent this card")),
    }
    let code = text(json, "response_code");
    let spent = |_: Spent| Refused(60140, "response_code invalid or expired");
    let number = corp
        .grants
        .look_response(code, request.now)
        .map_err(spent)?;
    let invalid = Refused(60140, "response_code invalid or expired");
    let message = corp.ledger.message(number).ok_or(invalid)?;
    let (userids, invaliduser) = targets(corp, message, json)?;
    let shown = shown(message, json)?;

    corp.grants.use_response(code, request.now).map_err(spent)?;
    corp.ledger.update_card(CardUpdate {
        at: request.now,
        message: number,
        userids,
        shown,
    });
    Ok(json!({"invaliduser": invaliduser}))
}

/// Whose windows change, and the ids (in lower case) that did not get the message.
fn targets(
    corp: &Corp,
    message: &Message,
    json: &Value,
) -> Result<(Vec<UserId>, Vec<String>), Refused> {
    if json.get("atall").and_then(Value::as_i64) == Some(1) {
        return Ok((message.to.clone(), Vec::new()));
    }
    let (users, parties, tags) = (
        array(json, "userids")?,
        array(json, "partyids")?,
        array(json, "tagids")?,
    );
    if users.len() > MAX_USERS {
        return Err(Refused(40032, "more than 1000 users"));
    }
    if parties.len() > MAX_PARTIES || tags.len() > MAX_PARTIES {
        return Err(Refused(82002, "more than 100 parties or tags"));
    }
    if users.is_empty() && parties.is_empty() && tags.is_empty() {
        return Err(Refused(82101, "nothing to update"));
    }
    let (mut to, mut invalid) = (Vec::new(), Vec::new());
    for userid in users {
        let userid = userid.as_str().ok_or(Refused(40035, "userids are texts"))?;
        match member(corp, userid).filter(|member| message.reached(&member.userid)) {
            Some(member) => to.push(member.userid.clone()),
            None => invalid.push(userid.to_ascii_lowercase()),
        }
    }
    for party in parties {
        let department = party.as_i64().and_then(|id| corp.departments().get(&id));
        let members = department
            .into_iter()
            .flat_map(|department| department.members());
        let members = members.filter_map(|key| corp.members().get(key));
        let reached = members.filter(|member| message.reached(&member.userid));
        to.extend(reached.map(|member| member.userid.clone()));
    }
    if to.is_empty() {
        return Err(Refused(82102, "no target among the receivers"));
    }
    Ok((to, invalid))
}

/// Either dead buttons or another card.
fn shown(message: &Message, json: &Value) -> Result<Shown, Refused> {
    if let Some(button) = json.get("button") {
        let text = text(button, "replace_name");
        if text.is_empty() {
            return Err(Refused(40063, "replace_name empty"));
        }
        if !card_check::has_buttons(&message.content) {
            return Err(Refused(40058, "the card has no buttons"));
        }
        return Ok(Shown::Greyed(text.into()));
    }
    let card = json
        .get("template_card")
        .ok_or(Refused(82101, "nothing to update"))?;
    card_check::check(card, card_check::Purpose::Update)?;
    Ok(Shown::Replaced(card.clone()))
}
