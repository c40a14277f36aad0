//! A member fills a form in for the customer.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::decide::request::{Command, Content, Draft, Target};
use crate::http::files::asker::Asker;
use crate::http::files::show::{FieldFor, UploadField, upload_field};
use crate::http::sidebar::access::Dealing;
use crate::http::sidebar::show::{Names, fragment};
use crate::http::sidebar::texts::Texts;
use crate::http::sidebar::turned::Turned;
use crate::model::form::{Field, FieldKind, Form, Value};
use crate::model::ids::UserId;
use crate::model::item::{Item, ItemKey, ItemKind, ItemRef, ItemState};
use crate::model::text::cut_chars;
use crate::store::record::{Key, Record};

/// Which form.
#[derive(Deserialize)]
pub(in crate::http::sidebar) struct Which {
    form: ItemKey,
}

/// What was filled in.
#[derive(Serialize, Deserialize)]
pub(in crate::http::sidebar) struct Filled {
    /// The record's, which its files name already.
    id: ItemKey,
    form: ItemKey,
    title: String,
    values: BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct Made {
    item: Option<ItemRef>,
}

#[derive(Template)]
#[template(path = "sidebar/record.html")]
struct RecordPart<'a> {
    t: &'static Texts,
    form: &'a Form,
    id: &'a ItemKey,
    title: String,
    fields: Vec<FieldRow<'a>>,
}

struct FieldRow<'a> {
    field: &'a Field,
    input: Input<'a>,
    /// What stands in it at first.
    texts: &'a [String],
}

/// How a field is filled in.
enum Input<'a> {
    Line(&'static str),
    Lines,
    /// One of these: what is kept, and what is shown.
    One(Vec<(&'a str, String)>),
    Several(&'a [String]),
    /// Files; without a place for them, a note.
    Files(Option<UploadField>),
}

/// The form to fill in.
pub(in crate::http::sidebar) async fn form(
    dealing: Dealing,
    which: web::Query<Which>,
    request: HttpRequest,
) -> Result<HttpResponse, Turned> {
    let Dealing { toolbar, contact } = &dealing;
    let t = toolbar.t;
    let form = open_form(&dealing, &which.form).await?;
    let members = contact.follow_users.iter().map(|follow| &follow.userid);
    let names = Names::read(toolbar, members.clone()).await?;
    let members: Vec<(&UserId, String)> =
        members.map(|userid| (userid, names.of(userid))).collect();
    let id = ItemKey::new(toolbar.now(), toolbar.random()?);
    let own = ItemRef::new(ItemKind::Record, id.clone());
    let uploader = Asker::of(&request, &toolbar.doors);
    let upload = |field: &Field, max| {
        let wanted = FieldFor {
            key: &field.key,
            max,
            item: &own,
            tenant_key: None,
            files: &[],
            language: t.lang,
        };
        upload_field(&toolbar.doors, uploader.as_ref()?, &wanted)
    };
    let fields = form.fields.iter().map(|field| FieldRow {
        field,
        input: if let FieldKind::Attachment { max } = field.kind {
            Input::Files(upload(field, max))
        } else {
            input(field, &members)
        },
        texts: field.default.as_ref().map_or(&[], Value::texts),
    });
    let part = RecordPart {
        t,
        title: title(&form, &contact.name),
        fields: fields.collect(),
        form: &form,
        id: &id,
    };
    fragment(&part)
}

/// Makes the record and tells which it is.
pub(in crate::http::sidebar) async fn make(
    dealing: Dealing,
    filled: web::Json<Filled>,
) -> Result<HttpResponse, Turned> {
    let toolbar = &dealing.toolbar;
    let form = open_form(&dealing, &filled.form).await?;
    let draft = Draft {
        target: Target::New(filled.id.clone()),
        title: filled.title.clone(),
        description: String::new(),
        picture: form.head.picture.clone(),
        owner: None,
        followers: Some(form.followers_of_record(Some(&toolbar.userid))),
        circle: form.head.circle,
        content: Content::Record {
            form: filled.form.clone(),
            contact: Some(dealing.id().clone()),
            values: filled.values.clone(),
            project: None,
        },
    };
    let item = toolbar.ask(Command::Put(Box::new(draft)), &*filled).await?;
    Ok(HttpResponse::Created().json(Made { item }))
}

/// The form, if this member may fill it in for customers now.
async fn open_form(dealing: &Dealing, id: &ItemKey) -> Result<Form, Turned> {
    let toolbar = &dealing.toolbar;
    let own = ItemRef::new(ItemKind::Form, id.clone());
    let records = toolbar.read(&[Key::item(&own)]).await?;
    let item = records.first().map(Record::parse::<Item>).transpose()?;
    match item.flatten().filter(|item| toolbar.sees(item)) {
        Some(Item::Form(form)) if form.head.state == ItemState::Open => Ok(form),
        Some(Item::Form(_) | Item::Project(_) | Item::Record(_) | Item::Approval(_)) | None => {
            Err(Turned::Missing)
        }
    }
}

/// Such as `报修 · 王女士`, so that records of one form are told apart.
fn title(form: &Form, customer: &str) -> String {
    let text = format!("{} · {customer}", form.head.title);
    cut_chars(&text, 100).to_owned()
}

fn input<'a>(field: &'a Field, members: &[(&'a UserId, String)]) -> Input<'a> {
    match &field.kind {
        FieldKind::Text { .. } | FieldKind::Number { .. } => Input::Line("text"),
        FieldKind::Phone => Input::Line("tel"),
        FieldKind::Date { .. } => Input::Line("date"),
        FieldKind::LongText { .. } => Input::Lines,
        FieldKind::Choice { options } => {
            let options = options.iter();
            Input::One(options.map(|text| (text.as_str(), text.clone())).collect())
        }
        FieldKind::Choices { options, .. } => Input::Several(options),
        FieldKind::Member => {
            let members = members.iter();
            Input::One(
                members
                    .map(|(userid, name)| (userid.as_str(), name.clone()))
                    .collect(),
            )
        }
        // It is made of files, not of texts.
        FieldKind::Attachment { .. } => Input::Files(None),
    }
}

impl FieldRow<'_> {
    /// Whether this is what stands in it at first.
    fn is_first(&self, value: &str) -> bool {
        self.texts.first().is_some_and(|text| text == value)
    }
}
