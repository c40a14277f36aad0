//! The fields of a form as a customer fills them in.

use crate::decide::rejection::Wrong;
use crate::http::files::show::{FieldFor, UploadField, upload_field};
use crate::http::home::opened::Opened;
use crate::http::home::posted::{FIELD, Typed};
use crate::http::home::texts::Texts;
use crate::http::home::visit::Visit;
use crate::http::language::fill;
use crate::model::attachment::Attachment;
use crate::model::contact::Contact;
use crate::model::form::{CustomerUse, Field, FieldKind, Form, Value};
use crate::model::ids::UserId;

/// One field.
pub(in crate::http::home) struct Widget {
    pub(in crate::http::home) name: String,
    pub(in crate::http::home) label: String,
    pub(in crate::http::home) hint: String,
    pub(in crate::http::home) required: bool,
    pub(in crate::http::home) fault: Option<String>,
    /// The ids of what describes it.
    pub(in crate::http::home) described: String,
    pub(in crate::http::home) input: Input,
}

/// What a field looks like.
pub(in crate::http::home) enum Input {
    /// One line: `text` or `tel`.
    Line {
        kind: &'static str,
        value: String,
        max: usize,
    },
    /// Several lines.
    Lines { value: String, max: usize },
    /// A number.
    Number {
        value: String,
        min: Option<i64>,
        max: Option<i64>,
        step: String,
    },
    /// A day.
    Day {
        value: String,
        min: String,
        max: String,
    },
    /// One of several.
    One(Vec<Choice>),
    /// Any of several.
    Any(Vec<Choice>),
    /// Files; without a place for them, a note.
    Files(Option<UploadField>),
}

/// Something to choose.
pub(in crate::http::home) struct Choice {
    pub(in crate::http::home) value: String,
    pub(in crate::http::home) title: String,
    pub(in crate::http::home) chosen: bool,
}

/// The fields that are the customer's to fill in, with what was typed into them.
pub(in crate::http::home) fn widgets(
    visit: &Visit,
    opened: &Opened,
    form: &Form,
    typed: Option<&Typed>,
) -> Vec<Widget> {
    let t = visit.place.t;
    let fields = form.fields.iter();
    let fields = fields.filter(|field| field.customer == CustomerUse::FillsIn);
    let widget = |field: &Field| {
        let name = format!("{FIELD}{}", field.key);
        let texts: Vec<String> = match typed {
            Some(typed) => typed.fields.all(&name).map(str::to_owned).collect(),
            None => field
                .default
                .as_ref()
                .map_or_else(Vec::new, |value| defaults(visit, field, value)),
        };
        let fault = typed.and_then(|typed| typed.fault(&field.key));
        let mut described = Vec::new();
        if !field.hint.is_empty() {
            described.push(format!("{name}-hint"));
        }
        if fault.is_some() {
            described.push(format!("{name}-fault"));
        }
        Widget {
            described: described.join(" "),
            name,
            label: field.label.clone(),
            hint: field.hint.clone(),
            required: field.required,
            fault: fault.map(|fault| wrong(fault, t)),
            input: if let FieldKind::Attachment { max } = &field.kind {
                Input::Files(upload(visit, opened, field, *max, &texts))
            } else {
                input(visit, opened, &field.kind, texts)
            },
        }
    };
    fields.map(widget).collect()
}

fn defaults(visit: &Visit, field: &Field, value: &Value) -> Vec<String> {
    if field.kind != FieldKind::Member {
        return value.texts().to_vec();
    }
    let ids = value.texts().iter().map(|text| UserId::parse(text));
    ids.filter_map(Result::ok)
        .map(|userid| alias(visit, &userid))
        .collect()
}

/// A field for files: those that were brought for it before stand in it.
fn upload(
    visit: &Visit,
    opened: &Opened,
    field: &Field,
    max: usize,
    texts: &[String],
) -> Option<UploadField> {
    let place = &visit.place;
    let here = |file: &&Attachment| texts.contains(&file.id);
    let files: Vec<Attachment> = opened.files.iter().filter(here).cloned().collect();
    let wanted = FieldFor {
        key: &format!("{FIELD}{}", field.key),
        max,
        item: &opened.shown,
        tenant_key: Some(place.tenant_key()),
        files: &files,
        language: place.t.lang,
    };
    upload_field(&place.doors, visit.uploader.as_ref()?, &wanted)
}

fn input(visit: &Visit, opened: &Opened, kind: &FieldKind, texts: Vec<String>) -> Input {
    let value = texts.first().cloned().unwrap_or_default();
    let choices = |options: &[String]| {
        let choice = |option: &String| Choice {
            value: option.clone(),
            title: option.clone(),
            chosen: texts.contains(option),
        };
        options.iter().map(choice).collect()
    };
    match kind {
        FieldKind::Text { max } => Input::Line {
            kind: "text",
            value,
            max: *max,
        },
        FieldKind::Phone => Input::Line {
            kind: "tel",
            value,
            max: 30,
        },
        FieldKind::LongText { max } => Input::Lines { value, max: *max },
        FieldKind::Number { min, max, decimals } => Input::Number {
            value,
            min: *min,
            max: *max,
            step: match decimals {
                0 => "1".to_owned(),
                digits => format!("0.{:0>width$}", 1, width = usize::from(*digits)),
            },
        },
        FieldKind::Date { min, max } => Input::Day {
            value,
            min: min.map_or_else(String::new, |day| day.to_string()),
            max: max.map_or_else(String::new, |day| day.to_string()),
        },
        FieldKind::Choice { options } => Input::One(choices(options)),
        FieldKind::Choices { options, .. } => Input::Any(choices(options)),
        FieldKind::Member => {
            let choice = |userid: &UserId| {
                let value = alias(visit, userid);
                Choice {
                    title: opened.names.member(userid),
                    chosen: texts.contains(&value),
                    value,
                }
            };
            Input::One(follows(opened.contact.as_ref()).map(choice).collect())
        }
        // It is made of files, not of texts.
        FieldKind::Attachment { .. } => Input::Files(None),
    }
}

/// Whether this is the field of that key, and takes a member.
pub(in crate::http::home) fn is_member(field: &Field, key: &str) -> bool {
    field.key == key && field.kind == FieldKind::Member
}

/// The members whom a customer may choose from, by what stands for them on the page.
pub(in crate::http::home) fn userids(
    visit: &Visit,
    contact: Option<&Contact>,
    texts: Vec<String>,
) -> Vec<String> {
    let userid = |text: String| {
        let found = follows(contact).find(|userid| alias(visit, userid) == text);
        found.map_or(text, |userid| userid.as_str().to_owned())
    };
    texts.into_iter().map(userid).collect()
}

fn follows(contact: Option<&Contact>) -> impl Iterator<Item = &UserId> {
    let follows = contact.map(|contact| &contact.follow_users[..]);
    follows
        .unwrap_or_default()
        .iter()
        .map(|follow| &follow.userid)
}

/// Stands for a member on a customer's page.
fn alias(visit: &Visit, userid: &UserId) -> String {
    visit.tag("home member", &userid.key())
}

/// What is wrong, in words.
pub(in crate::http::home) fn wrong(wrong: Wrong, t: &Texts) -> String {
    match wrong {
        Wrong::Missing => t.wrong_missing.to_owned(),
        Wrong::TooLong(max) => fill(t.wrong_too_long, max),
        Wrong::TooMany(max) => fill(t.wrong_too_many, max),
        Wrong::NotANumber(0) => t.wrong_whole.to_owned(),
        Wrong::NotANumber(decimals) => fill(t.wrong_number, decimals),
        Wrong::Below(min) => fill(t.wrong_below, min),
        Wrong::Above(max) => fill(t.wrong_above, max),
        Wrong::NotADay => t.wrong_day.to_owned(),
        Wrong::OutsideDays => t.wrong_days.to_owned(),
        Wrong::NotAnOption | Wrong::NotAMember => t.wrong_option.to_owned(),
        Wrong::NotAPhone => t.wrong_phone.to_owned(),
        Wrong::NotAFile => t.wrong_file.to_owned(),
        Wrong::BadCharacters => t.wrong_characters.to_owned(),
        Wrong::Twice => t.wrong_twice.to_owned(),
        Wrong::NotAContact | Wrong::NotAnAddress | Wrong::Unknown => t.wrong_other.to_owned(),
    }
}
