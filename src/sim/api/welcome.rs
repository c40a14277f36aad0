//! `externalcontact/send_welcome_msg` (path/92137).

use serde_json::{Value, json};

use crate::sim::api::request::{Answer, Refused, Request, array, text};
use crate::sim::corp::Corp;
use crate::sim::grants::Spent;
use crate::sim::ledger::{Sent, WelcomeMessage};

/// Limits in bytes.
const MAX_TEXT: usize = 4000;
const MAX_TITLE: usize = 128;
const MAX_MINIPROGRAM_TITLE: usize = 64;
const MAX_DESC: usize = 512;
const MAX_URL: usize = 2048;
const MAX_ATTACHMENTS: usize = 9;

pub(crate) fn send_welcome_msg(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let code = text(&request.json, "welcome_code");
    if code.is_empty() {
        return Err(Refused(41049, "welcome code missing"));
    }
    let content = request
        .json
        .get("text")
        .map_or("", |part| text(part, "content"));
    let attachments = array(&request.json, "attachments")?;
    check(content, attachments)?;

    let people = corp
        .grants
        .look_welcome(code, request.now)
        .map_err(refuse)?;
    if corp.chatting(&people.userid, &people.external_userid) {
        return Err(DELIVERED);
    }
    let people = corp.grants.use_welcome(code, request.now).map_err(refuse)?;
    let message = Sent::Welcome(WelcomeMessage {
        at: request.now,
        userid: people.userid.clone(),
        external_userid: people.external_userid.clone(),
        text: content.into(),
        attachments: attachments.to_vec(),
    });
    corp.ledger
        .said(&people.userid, &people.external_userid, message);
    Ok(json!({}))
}

const DELIVERED: Refused = Refused(41051, "chat already started or welcome already delivered");

const fn refuse(spent: Spent) -> Refused {
    match spent {
        Spent::Unknown | Spent::Expired => Refused(41050, "welcome code invalid or expired"),
        Spent::Used => DELIVERED,
    }
}

fn check(content: &str, attachments: &[Value]) -> Result<(), Refused> {
    if content.is_empty() && attachments.is_empty() {
        return Err(Refused(40063, "text and attachments are both empty"));
    }
    if content.len() > MAX_TEXT {
        return Err(Refused(45002, "text longer than 4000 bytes"));
    }
    if attachments.len() > MAX_ATTACHMENTS {
        return Err(Refused(41064, "more than 9 attachments"));
    }
    attachments.iter().try_for_each(check_attachment)
}

fn check_attachment(attachment: &Value) -> Result<(), Refused> {
    let kind = text(attachment, "msgtype");
    let invalid = Refused(41065, "invalid attachment");
    let part = attachment.get(kind).filter(|part| part.is_object());
    let part = part.ok_or(invalid)?;
    match kind {
        "link" => check_link(part),
        "miniprogram" => {
            let needed = ["title", "pic_media_id", "appid", "page"];
            if needed.iter().any(|field| text(part, field).is_empty()) {
                return Err(invalid);
            }
            fits(part, "title", MAX_MINIPROGRAM_TITLE)
        }
        // Nothing can be uploaded here, so that no media id is good.
        "image" if !text(part, "media_id").is_empty() => Err(Refused(40007, "invalid media_id")),
        "image" if text(part, "pic_url").is_empty() => Err(Refused(41006, "media_id missing")),
        "image" => Ok(()),
        "video" | "file" if text(part, "media_id").is_empty() => {
            Err(Refused(41006, "media_id missing"))
        }
        "video" | "file" => Err(Refused(40007, "invalid media_id")),
        _ => Err(invalid),
    }
}

fn check_link(link: &Value) -> Result<(), Refused> {
    if text(link, "title").is_empty() {
        return Err(Refused(41016, "title missing"));
    }
    let url = text(link, "url");
    if url.is_empty() {
        return Err(Refused(41010, "url missing"));
    }
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(Refused(40094, "url without a scheme"));
    }
    fits(link, "title", MAX_TITLE)?;
    fits(link, "desc", MAX_DESC)?;
    fits(link, "url", MAX_URL)?;
    fits(link, "picurl", MAX_URL)
}

fn fits(part: &Value, field: &str, bytes: usize) -> Result<(), Refused> {
    if text(part, field).len() > bytes {
        return Err(Refused(40058, "a value is too long"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(field: &str, value: &str) -> Value {
        let mut link = json!({"title": "t", "url": "https://a.example/"});
        link[field] = json!(value);
        json!({"msgtype": "link", "link": link})
    }

    #[test]
    fn content_is_checked_at_its_limits() {
        let fits = [
            ("字".repeat(1333), vec![]),
            (String::new(), vec![link("title", &"t".repeat(128))]),
            (String::new(), vec![link("desc", &"d".repeat(512))]),
            ("t".into(), vec![link("title", "t"); 9]),
            (
                "t".into(),
                vec![json!({"msgtype": "image", "image": {"pic_url": "https://p"}})],
            ),
        ];
        for (content, attachments) in fits {
            assert_eq!(check(&content, &attachments), Ok(()));
        }
        let refused = [
            (String::new(), vec![], 40063),
            ("字".repeat(1334), vec![], 45002),
            (String::new(), vec![link("title", &"t".repeat(129))], 40058),
            (String::new(), vec![link("desc", &"d".repeat(513))], 40058),
            (String::new(), vec![link("title", "")], 41016),
            (String::new(), vec![link("url", "")], 41010),
            (String::new(), vec![link("url", "a.example")], 40094),
            ("t".into(), vec![link("title", "t"); 10], 41064),
            ("t".into(), vec![json!({"msgtype": "link"})], 41065),
            (
                "t".into(),
                vec![json!({"msgtype": "song", "song": {}})],
                41065,
            ),
            (
                "t".into(),
                vec![json!({"msgtype": "image", "image": {}})],
                41006,
            ),
            (
                "t".into(),
                vec![json!({"msgtype": "file", "file": {"media_id": "m"}})],
                40007,
            ),
            (
                "t".into(),
                vec![json!({"msgtype": "miniprogram", "miniprogram": {"title": "t"}})],
                41065,
            ),
        ];
        for (content, attachments, code) in refused {
            assert_eq!(
                check(&content, &attachments).unwrap_err().0,
                code,
                "{attachments:?}"
            );
        }
    }
}
