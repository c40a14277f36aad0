//! What a customer asks for, as a command that is carried out once.

use std::collections::BTreeMap;

use crate::act::error::ActError;
use crate::decide::request::{Command, NewAnswer, NewComment, Request, Submission};
use crate::http::home::posted::{Doing, Fields};
use crate::http::home::visit::Visit;
use crate::http::home::widget;
use crate::model::approval::Consent;
use crate::model::contact::Contact;
use crate::model::form::{Form, Value};
use crate::model::item::{Actor, ItemKey, ItemRef};
use crate::model::request::RequestId;
use crate::model::thread::Comment;
use crate::model::time::Timestamp;

/// Carries a command of the customer out.
pub(in crate::http::home) async fn carry_out(
    visit: &Visit,
    id: Option<RequestId>,
    digest: String,
    command: Command,
    now: Timestamp,
) -> Result<Option<ItemRef>, ActError> {
    let place = &visit.place;
    let request = Request {
        id,
        digest,
        by: Actor::Contact(visit.contact.clone()),
        command,
    };
    place.doors.act.ask(place.corp(), &request, now).await
}

/// A comment on this item.
pub(in crate::http::home) fn comment(
    visit: &Visit,
    item: &ItemRef,
    fields: &Fields,
    now: Timestamp,
) -> Option<Command> {
    Some(Command::Comment(NewComment {
        item: item.clone(),
        contact: visit.contact.clone(),
        id: Comment::new_id(now, random()?),
        text: fields.text("text").to_owned(),
    }))
}

/// An answer to this approval.
pub(in crate::http::home) fn answer(
    visit: &Visit,
    approval: &ItemKey,
    fields: &Fields,
) -> Option<Command> {
    let verdict = match fields.text("verdict") {
        "agreed" => Consent::Agreed,
        "declined" => Consent::Declined,
        _ => return None,
    };
    let seen = fields.text("seen").parse().ok()?;
    Some(Command::Answer(NewAnswer {
        approval: approval.clone(),
        contact: visit.contact.clone(),
        seen: Timestamp::from_millis(seen),
        verdict,
        remark: fields.text("remark").to_owned(),
    }))
}

/// This form, filled in.
pub(in crate::http::home) fn submission(
    visit: &Visit,
    form: &Form,
    contact: Option<&Contact>,
    fields: &Fields,
    now: Timestamp,
) -> Option<Command> {
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    for (key, mut texts) in fields.values() {
        if form
            .fields
            .iter()
            .any(|field| widget::is_member(field, &key))
        {
            texts = widget::userids(visit, contact, texts);
        }
        let value = match <[String; 1]>::try_from(texts) {
            Ok([text]) => Value::One(text),
            Err(texts) => Value::Many(texts),
        };
        values.insert(key, value);
    }
    Some(Command::Submit(Submission {
        form: form.head.id.clone(),
        contact: visit.contact.clone(),
        record: ItemKey::new(now, random()?),
        values,
    }))
}

/// The hidden number of a form: it stays the same while what the form is about stays as it was, so that a form which is
/// sent twice acts once.
pub(in crate::http::home) fn number(
    visit: &Visit,
    item: &ItemRef,
    doing: Doing,
    version: &str,
) -> String {
    visit.tag(
        "home request",
        &format!("{item}\n{}\n{version}", doing.name()),
    )
}

/// A tag of what is asked: the same number with another tag is another request.
pub(in crate::http::home) fn digest(
    visit: &Visit,
    item: &ItemRef,
    doing: Doing,
    fields: &Fields,
) -> String {
    let content = serde_json::to_string(&fields.content());
    let content = content.expect("texts in lists are JSON");
    visit.tag(
        "home asked",
        &format!("{item}\n{}\n{content}", doing.name()),
    )
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}
