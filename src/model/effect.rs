//! Every change that this service can make.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::attachment::Attachment;
use crate::model::card::change::ShownCard;
use crate::model::chat::Chat;
use crate::model::contact::{Contact, Ending, Greeting, TransferFailure};
use crate::model::delivery::{Delivery, ItemId};
use crate::model::follower::Follower;
use crate::model::forgetting::Forgetting;
use crate::model::grant::{Grant, Seen};
use crate::model::ids::{ChatId, ExternalUserId, TaskId, UserId};
use crate::model::item::{ExternalRef, Item, ItemKey, ItemKind, ItemRef};
use crate::model::member::{Link, Member};
use crate::model::outgoing::{OneTimeCode, Outgoing};
use crate::model::relation::Relation;
use crate::model::request::{Carried, RequestId};
use crate::model::switches::Switches;
use crate::model::sync::{Sighting, SyncBatch, SyncRun};
use crate::model::tag::TagGroup;
use crate::model::thread::{Comment, Thread};
use crate::model::time::Timestamp;
use crate::model::visit::Visit;

/// One change. A decision is a list of them; the store carries out all or none.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Keep the contact as it is now.
    PutContact(Contact),
    /// Keep what has been done to welcome a contact.
    PutGreeting(Greeting),
    /// Keep that a relation ended.
    PutEnding(Ending),
    /// The relation ended: should it begin again, the contact is welcomed again.
    DropGreeting(ExternalUserId, UserId),
    /// Keep why a contact could not be handed over.
    PutTransferFailure(TransferFailure),
    /// Forget this, because it has passed to another id of the member.
    DropRelation(Relation),
    /// Keep the member as it is now.
    PutMember(Member),
    /// Forget a member whose id is another now.
    DropMember(UserId),
    /// Keep how far a member's link is.
    PutLink(Link),
    /// Forget the link of a member whose id is another now.
    DropLink(UserId),
    /// Keep the customer group as it is now.
    PutChat(Chat),
    /// Forget a customer group that was heard of and that WeCom does not show.
    DropChat(ChatId),
    /// Keep the group of customer tags as it is now.
    PutTagGroup(TagGroup),
    /// Keep that the toolbar was opened.
    PutVisit(Visit),
    /// Keep whether a person follows the service account.
    PutFollower(Follower),
    /// Keep what a sent card needs to be changed later.
    PutCard(SentCard),
    /// Forget a card that was sent long ago.
    DropCard(Box<SentCard>),
    /// Keep how far a sync is.
    PutSync(Box<SyncRun>),
    /// Forget an old sync, by its id.
    DropSync(String),
    /// Keep ids that a sync has listed.
    PutBatch(SyncBatch),
    /// Forget them, by their key.
    DropBatch(String),
    /// Keep that a sync has seen somebody.
    PutSighting(Sighting),
    /// Keep what is switched on, and which sync is the newest.
    PutSwitches(Switches),
    /// Keep the item as it is now.
    PutItem(Box<Item>),
    /// Have the item found on this shelf.
    PutOnShelf(Shelf, ItemRef),
    /// Have it found there no longer.
    TakeFromShelf(Shelf, ItemRef),
    /// Keep whether a customer may see an item.
    PutGrant(Grant),
    /// Keep that a customer had an item open.
    PutSeen(Seen),
    /// Keep a comment.
    PutComment(Comment),
    /// Keep who is still to be told of what.
    PutThread(Thread),
    /// Keep what a file is.
    PutAttachment(Attachment),
    /// Forget a file, by its id.
    DropAttachment(String),
    /// Keep that a request was carried out.
    PutCarried(Carried),
    /// Forget a request that was carried out long ago.
    DropCarried(RequestId),
    /// Keep how far a customer is forgotten.
    PutForgetting(Box<Forgetting>),
    /// Put a delivery of our own into the inbox. While one of the same subject and kind still waits, this one is
    /// dropped; one that waits for its next attempt is made due at once.
    Refresh(Delivery),
    /// Owe WeCom a call.
    Send(Outgoing),
}

impl Effect {
    /// The item that is kept by this.
    pub fn item(&self) -> Option<ItemRef> {
        if let Self::PutItem(item) = self {
            Some(item.item_ref())
        } else {
            None
        }
    }

    /// Notes down the event that this follows from, where it makes work of its own.
    pub fn follows(&mut self, event: &ItemId) {
        if let Self::Refresh(Delivery { cause, .. }) | Self::Send(Outgoing { cause, .. }) = self {
            *cause = Some(event.clone());
        }
    }

    /// What work it makes, by name. One refresh may be done for several events: its subject tells which.
    pub fn work(&self) -> Option<Cow<'_, str>> {
        if let Self::Refresh(delivery) = self {
            Some(delivery.subject.as_str().into())
        } else if let Self::Send(outgoing) = self {
            Some(outgoing.call.name())
        } else {
            None
        }
    }
}

/// A card that was sent and can change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SentCard {
    /// Which card.
    pub task_id: TaskId,
    /// Who got it.
    pub touser: UserId,
    /// For the next change; used up by it. An event brings a fresh one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_code: Option<OneTimeCode>,
    /// When it was sent; response codes live 72 hours.
    pub sent_at: Timestamp,
    /// The button that was pressed, once one was: buttons act once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressed: Option<String>,
    /// The item that it is about, and with which customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<(ItemRef, ExternalUserId)>,
    /// What it shows, while a change of the item may change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<ShownCard>,
}

/// Where items are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shelf {
    /// By the company's own name for it: one item.
    Ref(ItemKind, ExternalRef),
    /// Those that this member owns or handles.
    Member(UserId),
    /// The records and approvals of this customer.
    Contact(ExternalUserId),
    /// The records of this form.
    Form(ItemKey),
    /// The record of this form that this customer submitted last: one item.
    Submission(ItemKey, ExternalUserId),
}
