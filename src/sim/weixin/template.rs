//! `message/template/send`: what a template message must be like, and what becomes of it.

use serde_json::{Value, json};

use crate::model::template::{KeyKind, TemplateKey};
use crate::sim::api::request::{Answer, Refused, Request, text};
use crate::sim::corp::Corp;
use crate::sim::event_xml::EventXml;
use crate::sim::ledger::Sent;
use crate::sim::weixin::api::{account, open};
use crate::sim::weixin::{Account, Reception, Template, TemplateMessage};

pub(in crate::sim::weixin) fn send(corp: &mut Corp, request: &Request<'_>) -> Answer {
    open(corp, request)?;
    let body = &request.json;
    let contact = corp.by_openid(text(body, "touser"));
    let contact = contact.ok_or(Refused(40003, "invalid openid"))?;
    let id = contact.external_userid.clone();
    let account = account(corp)?;
    let template_id = text(body, "template_id");
    let template = account.templates.get(template_id);
    let template = template.ok_or(Refused(40037, "invalid template_id"))?;
    let values = values(template, &body["data"])?;
    if !account.follows(&id) {
        return Err(Refused(43004, "require subscribe"));
    }
    let reception = account.reception.get(&id).copied();
    if reception == Some(Reception::Refuses) {
        return Err(Refused(43101, "user refuse to accept the msg"));
    }
    let client_msg_id = text(body, "client_msg_id").to_owned();
    if let Some(number) = account.sent_before(&client_msg_id, request.now) {
        return Ok(json!({"msgid": number}));
    }
    account.messages += 1;
    let number = account.messages;
    if !client_msg_id.is_empty() {
        let sent = (request.now, number);
        account.recent.insert(client_msg_id, sent);
    }
    let status = match reception {
        Some(Reception::Blocks) => "failed:user block",
        Some(Reception::Fails) => "failed: system failed",
        Some(Reception::Refuses) | None => "success",
    };
    let (openid, to) = (Account::openid(&id), account.original_id.clone());
    let event = EventXml::account(&to, request.now, "TEMPLATESENDJOBFINISH", &openid)
        .number("MsgID", number.cast_signed())
        .text("Status", status);
    let message = TemplateMessage {
        at: request.now,
        msgid: number,
        external_userid: id,
        template_id: template_id.to_owned(),
        values,
        url: body["url"].as_str().map(str::to_owned),
    };
    corp.ledger.template_jobs.push(event);
    if status == "success" {
        corp.ledger.arrived(Sent::Template(message));
    }
    Ok(json!({"msgid": number}))
}

/// Every key of the template has a value that fits it (47003).
fn values(template: &Template, data: &Value) -> Result<Vec<(String, String)>, Refused> {
    let value = |key: &String| {
        let value = text(&data[key.as_str()], "value");
        fits(template, key, value)
            .then(|| (key.clone(), value.to_owned()))
            .ok_or(Refused(47003, "argument invalid! data format"))
    };
    template.keys.iter().map(value).collect()
}

fn fits(template: &Template, key: &str, value: &str) -> bool {
    let Ok(key) = TemplateKey::parse(key) else {
        return false;
    };
    let listed = key.kind() != KeyKind::Const || template.consts.contains(value);
    listed && key.kind().takes(value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn values_fit_by_type() {
        let template = Template {
            keys: Vec::new(),
            consts: BTreeSet::from(["处理中".to_owned()]),
        };
        for (key, value, expected) in [
            ("thing1", "字".repeat(20), true),
            ("thing1", "字".repeat(21), false),
            ("thing1", "a\nb".into(), false),
            ("thing1", " ".into(), false),
            ("number2", "12".into(), true),
            ("number2", "1a".into(), false),
            ("name3", "a".repeat(20), true),
            ("name3", "字".repeat(11), false),
            ("phrase4", "已回复".into(), true),
            ("phrase4", "ok".into(), false),
            ("const5", "处理中".into(), true),
            ("const5", "别的".into(), false),
            ("time6", "2023年11月15日 06:13".into(), true),
            ("time6", "soon".into(), false),
        ] {
            assert_eq!(fits(&template, key, &value), expected, "{key} {value}");
        }
    }
}
