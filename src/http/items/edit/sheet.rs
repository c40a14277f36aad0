//! What is typed in an editor, as text, whether or not it is right.

use crate::decide::item::sight::{is_authorised, may_be_shown_to};
use crate::decide::rejection::{Fault, Wrong};
use crate::decide::request::Content;
use crate::http::items::access::{Posted, Reader};
use crate::http::items::change::new_id;
use crate::http::items::edit::approval::ApprovalSheet;
use crate::http::items::edit::attached::FileField;
use crate::http::items::edit::fields::Do;
use crate::http::items::edit::form::FormSheet;
use crate::http::items::edit::project::ProjectSheet;
use crate::http::items::edit::record::RecordSheet;
use crate::http::items::names::Names;
use crate::http::items::people;
use crate::http::items::texts::Texts;
use crate::http::items::turned::Turned;
use crate::model::contact::Contact;
use crate::model::form::Form;
use crate::model::ids::UserId;
use crate::model::item::{Circle, Item, ItemKey, ItemKind, ItemRef};
use crate::store::record::{Key, Record};

/// What an item is and is about that its editor does not change.
#[derive(Debug)]
pub(in crate::http::items::edit) struct About {
    /// The item. Of a new one the editor knows the id from the beginning: files are brought for it.
    pub(in crate::http::items::edit) own: ItemRef,
    /// Of a new record, its form.
    pub(in crate::http::items::edit) form: Option<Form>,
    /// Of a record or an approval, its customer.
    pub(in crate::http::items::edit) contact: Option<Contact>,
    /// Of an approval, the item that it is about.
    pub(in crate::http::items::edit) item: Option<Item>,
    /// The item itself, unless it is new.
    pub(in crate::http::items::edit) before: Option<Item>,
}

/// What all kinds have in common.
#[derive(Debug, Default)]
pub(in crate::http::items::edit) struct HeadSheet {
    pub(in crate::http::items::edit) title: String,
    pub(in crate::http::items::edit) description: String,
    pub(in crate::http::items::edit) picture: String,
    pub(in crate::http::items::edit) owner: String,
    pub(in crate::http::items::edit) followers_only: bool,
}

/// What belongs to a kind.
pub(in crate::http::items::edit) enum Part {
    /// Of a project.
    Project(ProjectSheet),
    /// Of a form.
    Form(FormSheet),
    /// Of a record.
    Record(RecordSheet),
    /// Of an approval.
    Approval(ApprovalSheet),
}

/// The whole of it.
pub(in crate::http::items::edit) struct Sheet {
    pub(in crate::http::items::edit) head: HeadSheet,
    pub(in crate::http::items::edit) part: Part,
}

impl About {
    /// What a new item is about, as a query or a form says it. `None`: the customer is still to be chosen.
    pub(in crate::http::items::edit) async fn new<'a>(
        reader: &Reader,
        kind: ItemKind,
        asked: impl Fn(&str) -> &'a str,
    ) -> Result<Option<Self>, Turned> {
        let id = match ItemKey::parse(asked("new_id")) {
            Ok(id) => id,
            Err(_) => new_id(reader)?,
        };
        let mut about = Self {
            own: ItemRef::new(kind, id),
            form: None,
            contact: None,
            item: None,
            before: None,
        };
        if let ItemKind::Record = kind {
            match reader.item("form", asked("form")).await? {
                Item::Form(form) => about.form = Some(form),
                Item::Project(_) | Item::Record(_) | Item::Approval(_) => {
                    return Err(Turned::Missing);
                }
            }
        }
        if let ItemKind::Record | ItemKind::Approval = kind {
            about.contact = people::customer(reader, asked("contact")).await?;
            let Some(contact) = &about.contact else {
                return Ok(None);
            };
            if let Ok(item) = asked("about").parse::<ItemRef>() {
                let found = reader.read_item(&item).await?;
                about.item = found
                    .filter(|_| is_authorised(reader.authorised(), item.kind))
                    .filter(|item| may_be_shown_to(&contact.external_userid, item));
            }
        }
        Ok(Some(about))
    }

    /// What an item is about.
    pub(in crate::http::items::edit) async fn of(
        reader: &Reader,
        before: &Item,
    ) -> Result<Self, Turned> {
        let mut about = Self {
            own: before.item_ref(),
            form: None,
            contact: None,
            item: None,
            before: Some(before.clone()),
        };
        if let Some(contact) = before.contact() {
            let records = reader.read(&[Key::contact(contact)]).await?;
            let found = records.first().map(Record::parse::<Contact>).transpose()?;
            about.contact = found.flatten();
        }
        if let Item::Approval(approval) = before
            && let Some(item) = &approval.about
        {
            about.item = reader.read_item(item).await?;
        }
        Ok(about)
    }
}

impl Sheet {
    /// An empty one.
    pub(in crate::http::items::edit) fn blank(reader: &Reader, about: &About) -> Self {
        let head = about.form.as_ref().map(|form| HeadSheet {
            title: form.head.title.clone(),
            followers_only: form.head.circle == Circle::Followers,
            ..HeadSheet::default()
        });
        Self {
            head: head.unwrap_or_default(),
            part: match about.own.kind {
                ItemKind::Project | ItemKind::Plan => Part::Project(ProjectSheet::blank(reader.t)),
                ItemKind::Form => Part::Form(FormSheet::blank(reader.t)),
                ItemKind::Record => Part::Record(RecordSheet::blank(about)),
                ItemKind::Approval => Part::Approval(ApprovalSheet::of(about)),
            },
        }
    }

    /// What an item is.
    pub(in crate::http::items::edit) fn of(
        reader: &Reader,
        item: &Item,
        about: &About,
        names: &Names,
    ) -> Self {
        let head = item.head();
        Self {
            head: HeadSheet {
                title: head.title.clone(),
                description: head.description.clone(),
                picture: head.picture.clone().unwrap_or_default(),
                owner: String::new(),
                followers_only: head.circle == Circle::Followers,
            },
            part: match item {
                Item::Project(project) => Part::Project(ProjectSheet::of(project, names, reader.t)),
                Item::Form(form) => Part::Form(FormSheet::of(form)),
                Item::Record(record) => Part::Record(RecordSheet::of(record, about)),
                Item::Approval(_) => Part::Approval(ApprovalSheet::of(about)),
            },
        }
    }

    /// What was sent.
    pub(in crate::http::items::edit) fn read(posted: &Posted, about: &About) -> Self {
        let text = |name: &str| posted.raw(name).unwrap_or_default().to_owned();
        Self {
            head: HeadSheet {
                title: text("title"),
                description: text("description"),
                picture: posted.field("picture").to_owned(),
                owner: text("owner"),
                followers_only: posted.field("circle") == "followers",
            },
            part: match about.own.kind {
                ItemKind::Project | ItemKind::Plan => Part::Project(ProjectSheet::read(posted)),
                ItemKind::Form => Part::Form(FormSheet::read(posted)),
                ItemKind::Record => Part::Record(RecordSheet::read(posted, about)),
                ItemKind::Approval => Part::Approval(ApprovalSheet::read(posted, about)),
            },
        }
    }

    /// Its fields for files.
    pub(in crate::http::items::edit) fn file_fields(&mut self) -> Vec<FileField<'_>> {
        match &mut self.part {
            Part::Record(sheet) => sheet.file_fields(),
            Part::Approval(sheet) => vec![sheet.file_field()],
            Part::Project(_) | Part::Form(_) => Vec::new(),
        }
    }

    /// Does what a button says.
    pub(in crate::http::items::edit) fn turn(&mut self, button: &Do) {
        match &mut self.part {
            Part::Project(sheet) => sheet.turn(button),
            Part::Form(sheet) => sheet.turn(button),
            Part::Record(_) | Part::Approval(_) => {}
        }
    }

    /// The owner whom an administrator has chosen.
    pub(in crate::http::items::edit) async fn owner(
        &self,
        reader: &Reader,
        faults: &mut Vec<Fault>,
    ) -> Result<Option<UserId>, Turned> {
        let owner = people::member(reader, &self.head.owner, &[]).await?;
        let owner = owner.and_then(|owner| owner.ok_or(Wrong::Missing));
        Ok(match owner {
            Ok(owner) => Some(owner),
            Err(wrong) => {
                faults.push(Fault::new("owner", wrong));
                None
            }
        })
    }

    /// What belongs to the kind, as commands take it, and what cannot even be read.
    pub(in crate::http::items::edit) async fn content(
        &mut self,
        reader: &Reader,
        before: Option<&Item>,
        faults: &mut Vec<Fault>,
    ) -> Result<Content, Turned> {
        match &mut self.part {
            Part::Project(sheet) => sheet.content(reader, before, faults).await,
            Part::Form(sheet) => sheet.content(reader, faults),
            Part::Record(sheet) => sheet.content(reader, faults).await,
            Part::Approval(sheet) => sheet.content(),
        }
    }

    /// Faults at the names of the editor's fields.
    pub(in crate::http::items::edit) fn placed(&self, faults: Vec<Fault>) -> Vec<Fault> {
        match &self.part {
            Part::Record(sheet) => sheet.placed(faults),
            Part::Project(_) | Part::Form(_) | Part::Approval(_) => faults,
        }
    }

    /// Line by line, for people who compare; files were read.
    pub(in crate::http::items::edit) fn lines(&self, t: &Texts) -> Vec<String> {
        let head = &self.head;
        let mut lines = Vec::new();
        let texts = [
            (t.title, &head.title),
            (t.description, &head.description),
            (t.picture, &head.picture),
        ];
        for (name, text) in texts {
            let text = text.trim().replace("\r\n", "\n");
            if !text.is_empty() {
                lines.push(format!("{name}: {text}"));
            }
        }
        lines.push(format!(
            "{}: {}",
            t.circle,
            match head.followers_only {
                true => t.circle_followers,
                false => t.circle_corp,
            }
        ));
        match &self.part {
            Part::Project(sheet) => sheet.lines(t, &mut lines),
            Part::Form(sheet) => sheet.lines(t, &mut lines),
            Part::Record(sheet) => sheet.lines(&mut lines),
            Part::Approval(sheet) => sheet.lines(t, &mut lines),
        }
        lines
    }
}
