//! A record as it is typed: the values of its form's fields, for a customer.

use std::collections::BTreeMap;

use crate::decide::rejection::Fault;
use crate::decide::request::Content;
use crate::http::items::access::{Posted, Reader};
use crate::http::items::edit::attached::{Attached, FileField};
use crate::http::items::edit::sheet::About;
use crate::http::items::people;
use crate::http::items::turned::Turned;
use crate::model::form::{Field, FieldKind, Value};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Item, ItemKey};
use crate::model::record::Record;

/// The record.
pub(in crate::http::items) struct RecordSheet {
    form: ItemKey,
    contact: Option<ExternalUserId>,
    project: Option<ItemKey>,
    fields: Vec<Field>,
    /// The members whom the values name already.
    kept: Vec<UserId>,
    pub(in crate::http::items) form_id: String,
    pub(in crate::http::items) contact_id: String,
    pub(in crate::http::items) contact_name: String,
    pub(in crate::http::items) values: Vec<ValueSheet>,
}

/// A value.
pub(in crate::http::items) struct ValueSheet {
    /// The name of the field, and where its faults stand.
    pub(in crate::http::items) name: String,
    pub(in crate::http::items) label: String,
    pub(in crate::http::items) kind: &'static str,
    pub(in crate::http::items) required: bool,
    pub(in crate::http::items) hint: String,
    pub(in crate::http::items) options: Vec<String>,
    pub(in crate::http::items) texts: Vec<String>,
    /// Of a field for files, these.
    pub(in crate::http::items) files: Attached,
}

impl ValueSheet {
    /// The only text.
    pub(in crate::http::items) fn text(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }

    /// Whether an option is chosen.
    pub(in crate::http::items) fn has(&self, option: &String) -> bool {
        self.texts.contains(option)
    }
}

/// The name of a field's input.
fn name(field: &Field) -> String {
    format!("v:{}", field.key)
}

fn sheet(about: &About, texts: impl Fn(&Field) -> Vec<String>) -> RecordSheet {
    let before = about.before.as_ref().and_then(|item| match item {
        Item::Record(record) => Some(record),
        Item::Project(_) | Item::Form(_) | Item::Approval(_) => None,
    });
    let form = about.form.as_ref();
    let fields = before.map(|record| &record.fields);
    let fields = fields.or(form.map(|form| &form.fields));
    let fields = fields.cloned().unwrap_or_default();
    let id = before.map(|record| &record.form);
    let id = id.or(form.map(|form| &form.head.id)).cloned();
    let contact = about.contact.as_ref();
    let contact_id = before
        .and_then(|record| record.contact.clone())
        .or(contact.map(|contact| contact.external_userid.clone()));
    let value = |field: &Field| {
        let texts = texts(field);
        ValueSheet {
            name: name(field),
            label: field.label.clone(),
            kind: field.kind.name(),
            required: field.required,
            hint: field.hint.clone(),
            options: match &field.kind {
                FieldKind::Choice { options } | FieldKind::Choices { options, .. } => {
                    options.clone()
                }
                FieldKind::Text { .. }
                | FieldKind::LongText { .. }
                | FieldKind::Number { .. }
                | FieldKind::Date { .. }
                | FieldKind::Member
                | FieldKind::Phone
                | FieldKind::Attachment { .. } => Vec::new(),
            },
            files: match &field.kind {
                FieldKind::Attachment { .. } => Attached::of(&texts),
                FieldKind::Choice { .. }
                | FieldKind::Choices { .. }
                | FieldKind::Text { .. }
                | FieldKind::LongText { .. }
                | FieldKind::Number { .. }
                | FieldKind::Date { .. }
                | FieldKind::Member
                | FieldKind::Phone => Attached::default(),
            },
            texts,
        }
    };
    RecordSheet {
        form_id: id.as_ref().map_or_else(String::new, ToString::to_string),
        form: id.unwrap_or_else(|| ItemKey::parse("0").expect("one digit is an id")),
        project: before.and_then(|record| record.project.clone()),
        contact_id: contact_id
            .as_ref()
            .map_or_else(String::new, ToString::to_string),
        contact_name: contact.map_or_else(String::new, |contact| contact.name.clone()),
        contact: contact_id,
        kept: before.map_or_else(Vec::new, members),
        values: fields.iter().map(value).collect(),
        fields,
    }
}

fn members(record: &Record) -> Vec<UserId> {
    let fields = record.fields.iter();
    let fields = fields.filter(|field| matches!(field.kind, FieldKind::Member));
    let texts = fields.filter_map(|field| record.values.get(&field.key));
    let texts = texts.flat_map(Value::texts);
    texts.filter_map(|text| UserId::parse(text).ok()).collect()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value.map(Value::texts).unwrap_or_default().to_vec()
}

impl RecordSheet {
    /// With what stands in the fields beforehand.
    pub(in crate::http::items::edit) fn blank(about: &About) -> Self {
        sheet(about, |field| texts(field.default.as_ref()))
    }

    /// What a record is.
    pub(in crate::http::items::edit) fn of(record: &Record, about: &About) -> Self {
        sheet(about, |field| texts(record.values.get(&field.key)))
    }

    /// What was sent.
    pub(in crate::http::items::edit) fn read(posted: &Posted, about: &About) -> Self {
        sheet(about, |field| posted.all(&name(field)).to_vec())
    }

    /// Its fields for files.
    pub(in crate::http::items::edit) fn file_fields(&mut self) -> Vec<FileField<'_>> {
        let mut files = Vec::new();
        for (field, value) in self.fields.iter().zip(&mut self.values) {
            if let FieldKind::Attachment { max } = field.kind {
                files.push(FileField {
                    files: &mut value.files,
                    key: &value.name,
                    max,
                });
            }
        }
        files
    }

    /// As commands take it.
    pub(in crate::http::items::edit) async fn content(
        &self,
        reader: &Reader,
        faults: &mut Vec<Fault>,
    ) -> Result<Content, Turned> {
        let kept: Vec<&UserId> = self.kept.iter().collect();
        let mut values = BTreeMap::new();
        for (field, value) in self.fields.iter().zip(&self.values) {
            let value = match &field.kind {
                FieldKind::Choices { .. } | FieldKind::Attachment { .. } => {
                    Value::Many(value.texts.clone())
                }
                FieldKind::Member => match people::member(reader, value.text(), &kept).await? {
                    Ok(userid) => {
                        Value::One(userid.map_or_else(String::new, |userid| userid.to_string()))
                    }
                    Err(wrong) => {
                        faults.push(Fault::new(&field.key, wrong));
                        continue;
                    }
                },
                FieldKind::Text { .. }
                | FieldKind::LongText { .. }
                | FieldKind::Number { .. }
                | FieldKind::Date { .. }
                | FieldKind::Choice { .. }
                | FieldKind::Phone => Value::One(value.text().to_owned()),
            };
            values.insert(field.key.clone(), value);
        }
        Ok(Content::Record {
            form: self.form.clone(),
            contact: self.contact.clone(),
            values,
            project: self.project.clone(),
        })
    }

    /// Faults of values are named after the fields' keys, which may be words of our own.
    pub(in crate::http::items::edit) fn placed(&self, faults: Vec<Fault>) -> Vec<Fault> {
        let place = |fault: &Fault| {
            let mut fields = self.fields.iter();
            let field = fields.find(|field| field.key == fault.place)?;
            Some(Fault::new(name(field), fault.wrong))
        };
        let more: Vec<Fault> = faults.iter().filter_map(place).collect();
        faults.into_iter().chain(more).collect()
    }

    /// Line by line.
    pub(in crate::http::items::edit) fn lines(&self, to: &mut Vec<String>) {
        for value in &self.values {
            let text = match value.files.ids.is_empty() {
                true => value.texts.join(" / "),
                false => value.files.names(),
            };
            to.push(format!("{}: {text}", value.label));
        }
    }
}
