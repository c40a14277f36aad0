//! An approval in its editor: its text is in the head; whom and what it is about is chosen before.

use crate::decide::request::Content;
use crate::http::items::access::Posted;
use crate::http::items::edit::attached::{Attached, FileField};
use crate::http::items::edit::sheet::About;
use crate::http::items::texts::Texts;
use crate::http::items::turned::Turned;
use crate::model::approval::Approval;
use crate::model::ids::ExternalUserId;
use crate::model::item::{Item, ItemRef};

/// The name of the field for files, and where their faults stand.
const FILES: &str = "attachments";

/// The approval.
pub(in crate::http::items) struct ApprovalSheet {
    contact: Option<ExternalUserId>,
    about: Option<ItemRef>,
    pub(in crate::http::items) files: Attached,
    pub(in crate::http::items) contact_id: String,
    pub(in crate::http::items) contact_name: String,
    pub(in crate::http::items) about_ref: String,
    pub(in crate::http::items) about_title: String,
}

impl ApprovalSheet {
    /// What was sent.
    pub(in crate::http::items::edit) fn read(posted: &Posted, about: &About) -> Self {
        Self {
            files: Attached::of(posted.all(FILES)),
            ..Self::of(about)
        }
    }

    /// With what it is about.
    pub(in crate::http::items::edit) fn of(about: &About) -> Self {
        let before = about.before.as_ref().and_then(|item| match item {
            Item::Approval(approval) => Some(approval),
            Item::Project(_) | Item::Form(_) | Item::Record(_) => None,
        });
        let contact = about.contact.as_ref();
        let id = before.map(|approval| approval.contact.clone());
        let id = id.or(contact.map(|contact| contact.external_userid.clone()));
        let item = match before {
            Some(approval) => approval.about.clone(),
            None => about.item.as_ref().map(Item::item_ref),
        };
        let title = about.item.as_ref().map(|item| item.head().title.clone());
        Self {
            contact_id: id.as_ref().map_or_else(String::new, ToString::to_string),
            contact_name: contact.map_or_else(String::new, |contact| contact.name.clone()),
            about_ref: item.as_ref().map_or_else(String::new, ToString::to_string),
            about_title: title.unwrap_or_default(),
            files: Attached::of(before.map_or(&[], |approval| &approval.attachments)),
            contact: id,
            about: item,
        }
    }

    /// Its field for files.
    pub(in crate::http::items::edit) fn file_field(&mut self) -> FileField<'_> {
        FileField {
            files: &mut self.files,
            key: FILES,
            max: Approval::FILES_MAX,
        }
    }

    /// Line by line.
    pub(in crate::http::items::edit) fn lines(&self, t: &Texts, to: &mut Vec<String>) {
        if !self.files.ids.is_empty() {
            to.push(format!("{}: {}", t.file, self.files.names()));
        }
    }

    /// As commands take it.
    pub(in crate::http::items::edit) fn content(&self) -> Result<Content, Turned> {
        let contact = self.contact.clone();
        Ok(Content::Approval {
            contact: contact.ok_or(Turned::Missing)?,
            about: self.about.clone(),
            attachments: self.files.ids.clone(),
        })
    }
}
