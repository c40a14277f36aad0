//! An approval in its editor: its text is in the head; whom and what it is about is chosen before.

use crate::decide::request::Content;
use crate::http::items::access::Reader;
use crate::http::items::edit::sheet::About;
use crate::http::items::turned::{Turned, Why};
use crate::model::ids::ExternalUserId;
use crate::model::item::{Item, ItemRef};

/// The approval.
#[derive(Debug)]
pub(in crate::http::items) struct ApprovalSheet {
    contact: Option<ExternalUserId>,
    about: Option<ItemRef>,
    attachments: Vec<String>,
    pub(in crate::http::items) contact_id: String,
    pub(in crate::http::items) contact_name: String,
    pub(in crate::http::items) about_ref: String,
    pub(in crate::http::items) about_title: String,
}

impl ApprovalSheet {
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
            attachments: before.map_or_else(Vec::new, |approval| approval.attachments.clone()),
            contact: id,
            about: item,
        }
    }

    /// As commands take it.
    pub(in crate::http::items::edit) fn content(&self, reader: &Reader) -> Result<Content, Turned> {
        let contact = self.contact.clone();
        Ok(Content::Approval {
            contact: contact.ok_or_else(|| Why::Missing.to(reader.t))?,
            about: self.about.clone(),
            attachments: self.attachments.clone(),
        })
    }
}
