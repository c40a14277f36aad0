//! A form as it is typed: fields of all kinds.

use std::str::FromStr;

use jiff::civil::Date;

use crate::decide::rejection::{Fault, Wrong};
use crate::decide::request::Content;
use crate::http::items::access::{Posted, Reader};
use crate::http::items::edit::fields::{Do, count, key, lines};
use crate::http::items::edit::project::day;
use crate::http::items::look::Choice;
use crate::http::items::texts::Texts;
use crate::http::items::turned::Turned;
use crate::model::form::{CustomerUse, Field, FieldKind, Form, Submissions, Value};

/// The most fields.
const FIELDS_MAX: usize = 60;

/// The kinds of fields, by their words in JSON.
pub(in crate::http::items) const KINDS: [&str; 9] = [
    "text",
    "long_text",
    "number",
    "date",
    "choice",
    "choices",
    "member",
    "phone",
    "attachment",
];

/// The form.
#[derive(Debug, Default)]
pub(in crate::http::items) struct FormSheet {
    pub(in crate::http::items) fields: Vec<FieldSheet>,
    pub(in crate::http::items) many: bool,
    /// One a line.
    pub(in crate::http::items) steps: String,
}

/// A field.
#[derive(Debug, Default)]
pub(in crate::http::items) struct FieldSheet {
    pub(in crate::http::items) key: String,
    pub(in crate::http::items) label: String,
    pub(in crate::http::items) kind: String,
    pub(in crate::http::items) required: bool,
    pub(in crate::http::items) hint: String,
    /// One a line.
    pub(in crate::http::items) options: String,
    pub(in crate::http::items) min: String,
    pub(in crate::http::items) max: String,
    pub(in crate::http::items) decimals: String,
    pub(in crate::http::items) default: String,
    pub(in crate::http::items) customer: String,
}

impl FieldSheet {
    fn blank() -> Self {
        Self {
            kind: "text".to_owned(),
            ..Self::default()
        }
    }

    /// Whether the kind that is chosen is one of these, with blanks between them.
    pub(in crate::http::items) fn is(&self, kinds: &str) -> bool {
        kinds.split(' ').any(|kind| kind == self.kind)
    }

    /// The kinds to choose from.
    pub(in crate::http::items) fn kinds(&self, t: &Texts) -> Vec<Choice> {
        let choice = |kind: &&str| Choice {
            name: (*kind).to_owned(),
            title: t.field_kind(kind).to_owned(),
            chosen: *kind == self.kind,
        };
        KINDS.iter().map(choice).collect()
    }

    /// What customers have to do with it.
    pub(in crate::http::items) fn customers(&self, t: &Texts) -> Vec<Choice> {
        let uses = [
            ("fills_in", t.customer_fills_in),
            ("sees", t.customer_sees),
            ("nothing", t.customer_nothing),
        ];
        let choice = |(name, title): (&str, &str)| Choice {
            name: name.to_owned(),
            title: title.to_owned(),
            chosen: name == self.customer,
        };
        uses.into_iter().map(choice).collect()
    }
}

impl FormSheet {
    /// One field to begin with, and the steps that most have.
    pub(in crate::http::items::edit) fn blank(t: &Texts) -> Self {
        Self {
            fields: vec![FieldSheet::blank()],
            many: false,
            steps: t.first_steps.to_owned(),
        }
    }

    /// What a form is.
    pub(in crate::http::items::edit) fn of(form: &Form) -> Self {
        Self {
            fields: form.fields.iter().map(field_of).collect(),
            many: form.submissions == Submissions::Many,
            steps: form.steps.join("\n"),
        }
    }

    /// What was sent.
    pub(in crate::http::items::edit) fn read(posted: &Posted) -> Self {
        let field = |n: usize| {
            let text = |name: &str| {
                let field = posted.raw(&format!("fields[{n}].{name}"));
                field.unwrap_or_default().trim().to_owned()
            };
            FieldSheet {
                key: text("key"),
                label: text("label"),
                kind: text("kind"),
                required: text("required") == "1",
                hint: text("hint"),
                options: text("options"),
                min: text("min"),
                max: text("max"),
                decimals: text("decimals"),
                default: text("default"),
                customer: text("customer"),
            }
        };
        Self {
            fields: (0..count(posted, "fields", "label", FIELDS_MAX))
                .map(field)
                .collect(),
            many: posted.field("submissions") == "many",
            steps: posted.field("steps").to_owned(),
        }
    }

    /// Does what a button says.
    pub(in crate::http::items::edit) fn turn(&mut self, button: &Do) {
        button.turn("fields", &mut self.fields, FIELDS_MAX, FieldSheet::blank);
    }

    /// As commands take it. Fields get the keys that were left empty; rows in which nothing stands are left out.
    pub(in crate::http::items::edit) fn content(
        &mut self,
        reader: &Reader,
        faults: &mut Vec<Fault>,
    ) -> Result<Content, Turned> {
        let is_empty = |field: &FieldSheet| {
            let texts = [
                &field.key,
                &field.label,
                &field.hint,
                &field.options,
                &field.default,
            ];
            texts.iter().all(|text| text.is_empty())
        };
        self.fields.retain(|field| !is_empty(field));
        for field in self.fields.iter_mut().filter(|field| field.key.is_empty()) {
            field.key = key('f', reader.random()?);
        }
        if self.fields.is_empty() {
            faults.push(Fault::new("fields", Wrong::Missing));
        }
        let fields = self.fields.iter().enumerate();
        let fields = fields.map(|(n, field)| made(field, &format!("fields[{n}]"), faults));
        Ok(Content::Form {
            fields: fields.collect(),
            submissions: match self.many {
                true => Submissions::Many,
                false => Submissions::One,
            },
            steps: lines(&self.steps),
        })
    }

    /// Line by line.
    pub(in crate::http::items::edit) fn lines(&self, t: &Texts, to: &mut Vec<String>) {
        to.push(match self.many {
            true => t.submissions_many.to_owned(),
            false => t.submissions_one.to_owned(),
        });
        to.push(format!("{}: {}", t.steps, lines(&self.steps).join(" → ")));
        for field in &self.fields {
            let mut parts = vec![
                field.label.clone(),
                t.field_kind(&field.kind).to_owned(),
                field.hint.clone(),
                lines(&field.options).join(" / "),
                field.min.clone(),
                field.max.clone(),
                field.default.clone(),
            ];
            parts.extend(field.required.then(|| t.required.to_owned()));
            parts.retain(|part| !part.is_empty());
            to.push(format!("{}: {}", t.field, parts.join(" · ")));
        }
    }
}

fn field_of(field: &Field) -> FieldSheet {
    let some = |number: Option<i64>| number.map_or_else(String::new, |number| number.to_string());
    let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
    let mut sheet = FieldSheet {
        key: field.key.clone(),
        label: field.label.clone(),
        kind: field.kind.name().to_owned(),
        required: field.required,
        hint: field.hint.clone(),
        default: field
            .default
            .as_ref()
            .map_or_else(String::new, |value| value.texts().join("\n")),
        customer: match field.customer {
            CustomerUse::FillsIn => "fills_in",
            CustomerUse::Sees => "sees",
            CustomerUse::Nothing => "nothing",
        }
        .to_owned(),
        ..FieldSheet::default()
    };
    match &field.kind {
        FieldKind::Text { max } | FieldKind::LongText { max } | FieldKind::Attachment { max } => {
            sheet.max = max.to_string();
        }
        FieldKind::Number { min, max, decimals } => {
            (sheet.min, sheet.max) = (some(*min), some(*max));
            sheet.decimals = decimals.to_string();
        }
        FieldKind::Date { min, max } => (sheet.min, sheet.max) = (day(*min), day(*max)),
        FieldKind::Choice { options } => sheet.options = options.join("\n"),
        FieldKind::Choices { options, max } => {
            sheet.options = options.join("\n");
            sheet.max = max.map_or_else(String::new, |max| max.to_string());
        }
        FieldKind::Member | FieldKind::Phone => {}
    }
    sheet
}

fn made(field: &FieldSheet, place: &str, faults: &mut Vec<Fault>) -> Field {
    Field {
        key: field.key.clone(),
        label: field.label.clone(),
        kind: kind(field, place, faults),
        required: field.required,
        hint: field.hint.clone(),
        default: default(field),
        customer: match field.customer.as_str() {
            "sees" => CustomerUse::Sees,
            "nothing" => CustomerUse::Nothing,
            _ => CustomerUse::FillsIn,
        },
    }
}

fn kind(field: &FieldSheet, place: &str, faults: &mut Vec<Fault>) -> FieldKind {
    match field.kind.as_str() {
        "text" => FieldKind::Text {
            max: number(&field.max, place, ".max", faults).unwrap_or(100),
        },
        "long_text" => FieldKind::LongText {
            max: number(&field.max, place, ".max", faults).unwrap_or(2000),
        },
        "number" => FieldKind::Number {
            min: number(&field.min, place, ".min", faults),
            max: number(&field.max, place, ".max", faults),
            decimals: number(&field.decimals, place, ".decimals", faults).unwrap_or(0),
        },
        "date" => FieldKind::Date {
            min: day(&field.min, place, ".min", faults),
            max: day(&field.max, place, ".max", faults),
        },
        "choice" => FieldKind::Choice {
            options: lines(&field.options),
        },
        "choices" => FieldKind::Choices {
            options: lines(&field.options),
            max: number(&field.max, place, ".max", faults),
        },
        "member" => FieldKind::Member,
        "phone" => FieldKind::Phone,
        "attachment" => FieldKind::Attachment {
            max: number(&field.max, place, ".max", faults).unwrap_or(3),
        },
        _ => {
            faults.push(Fault::new(format!("{place}.kind"), Wrong::Unknown));
            FieldKind::Phone
        }
    }
}

/// A number, if one is typed.
fn number<T: FromStr>(text: &str, place: &str, rest: &str, faults: &mut Vec<Fault>) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    let number = text.parse().ok();
    if number.is_none() {
        faults.push(Fault::new(format!("{place}{rest}"), Wrong::NotANumber(0)));
    }
    number
}

/// What stands in the field beforehand.
fn default(field: &FieldSheet) -> Option<Value> {
    let texts = lines(&field.default);
    if texts.is_empty() || field.is("attachment member") {
        return None;
    }
    Some(match field.is("choices") {
        true => Value::Many(texts),
        false => Value::One(field.default.clone()),
    })
}
