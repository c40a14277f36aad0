//! What people and the company's own systems ask for.

use std::collections::BTreeMap;

use crate::model::approval::Consent;
use crate::model::attachment::Attachment;
use crate::model::form::{Field, Submissions, Value};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Actor, Circle, ExternalRef, ItemKey, ItemRef, ItemState};
use crate::model::project::{Handler, Stage, TaskState};
use crate::model::request::RequestId;
use crate::model::time::Timestamp;

/// A command, who gives it, and by which name it is known when it comes again.
#[derive(Debug, Clone)]
pub struct Request {
    /// Carried out once by this name. Without one, repeating it must make no difference: the store may be asked twice.
    pub id: Option<RequestId>,
    /// A hash of what is asked, from whoever took it in.
    pub digest: String,
    /// Who.
    pub by: Actor,
    /// What.
    pub command: Command,
}

/// One thing that can be asked for.
#[derive(Debug, Clone)]
pub enum Command {
    /// Make an item, or change what it is.
    Put(Box<Draft>),
    /// Close an item, or open it again.
    SetState(ItemRef, ItemState),
    /// Change one task of a project.
    SetTask(TaskChange),
    /// Go on with a record.
    Advance(Advance),
    /// Give an item to another owner.
    GiveTo(ItemRef, UserId),
    /// Give all that is open and that one member owns or handles to another.
    HandOver {
        /// Whose it is.
        from: UserId,
        /// Whose it shall be.
        to: UserId,
    },
    /// Follow an item (`true`), or follow it no longer.
    Follow(ItemRef, UserId, bool),
    /// Let a customer see these items; at most 9.
    Share(ExternalUserId, Vec<ItemRef>),
    /// The member's client has sent the card.
    ConfirmShare(ExternalUserId, ItemRef),
    /// Take an item back from a customer.
    Revoke(ExternalUserId, ItemRef),
    /// A customer had an item open.
    MarkSeen(ExternalUserId, ItemRef),
    /// Fill a form in.
    Submit(Submission),
    /// Say something about an item, to or by this customer.
    Comment(NewComment),
    /// Answer an approval.
    Answer(NewAnswer),
    /// Take a file in. Its bytes are kept already.
    Attach(Attachment),
    /// Forget a file that nothing shows; its bytes go afterwards.
    Forget(Attachment),
}

/// What an item shall be.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Which item.
    pub target: Target,
    /// See [`Head`](crate::model::item::Head), as all that follow.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The address of a picture.
    pub picture: Option<String>,
    /// Without one: as it was; of a new item, the member who makes it.
    pub owner: Option<UserId>,
    /// Who follows it. Without it: as it was; a new item, nobody.
    pub followers: Option<Vec<UserId>>,
    /// Which members see it.
    pub circle: Circle,
    /// What belongs to its kind.
    pub content: Content,
}

/// Which item a draft is for.
#[derive(Debug, Clone)]
pub enum Target {
    /// A new one, by this id.
    New(ItemKey),
    /// One that exists; with a time, only if it has not changed since then.
    Existing(ItemKey, Option<Timestamp>),
    /// The one that the company's own system calls so; when there is none, a new one by this id. With a time, only if
    /// there is one and it has not changed since then.
    ByRef(ExternalRef, ItemKey, Option<Timestamp>),
}

/// What belongs to an item's kind.
#[derive(Debug, Clone)]
pub enum Content {
    /// A project.
    Project {
        /// Its stages.
        stages: Vec<Stage>,
    },
    /// A form.
    Form {
        /// Its fields.
        fields: Vec<Field>,
        /// How often a customer may submit it.
        submissions: Submissions,
        /// The steps of its records.
        steps: Vec<String>,
    },
    /// A record that a member or a system makes.
    Record {
        /// Of which form. A record stays with its form.
        form: ItemKey,
        /// For whom.
        contact: Option<ExternalUserId>,
        /// What is filled in; what belongs to no field is refused.
        values: BTreeMap<String, Value>,
        /// The project to whose plan it belongs.
        project: Option<ItemKey>,
    },
    /// An approval.
    Approval {
        /// Who is asked. An approval stays with its customer.
        contact: ExternalUserId,
        /// The item that it is about.
        about: Option<ItemRef>,
        /// Files to look at.
        attachments: Vec<String>,
    },
}

/// A change of one task.
#[derive(Debug, Clone)]
pub struct TaskChange {
    /// Of which project.
    pub project: ItemKey,
    /// Which task.
    pub task: String,
    /// Only if the project has not changed since then.
    pub seen: Option<Timestamp>,
    /// How far it is now.
    pub state: Option<TaskState>,
    /// Who does it now; `Some(None)`: nobody.
    pub handler: Option<Option<Handler>>,
}

/// How a record goes on.
#[derive(Debug, Clone)]
pub struct Advance {
    /// Which record.
    pub record: ItemKey,
    /// Only if it has not changed since then.
    pub seen: Option<Timestamp>,
    /// The step that it has reached.
    pub step: Option<String>,
    /// Who handles it now; `Some(None)`: nobody but its owner.
    pub handler: Option<Option<UserId>>,
    /// What was done.
    pub follow_up: Option<String>,
    /// Whether customers do not see that.
    pub internal: bool,
}

/// A filled-in form.
#[derive(Clone)]
pub struct Submission {
    /// Which form.
    pub form: ItemKey,
    /// By whom.
    pub contact: ExternalUserId,
    /// The id of the record that it makes.
    pub record: ItemKey,
    /// What was filled in, by the field's key.
    pub values: BTreeMap<String, Value>,
}

impl std::fmt::Debug for Submission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Submission({} of form {})", self.record, self.form)
    }
}

/// Something to say.
#[derive(Clone)]
pub struct NewComment {
    /// About what.
    pub item: ItemRef,
    /// With which customer.
    pub contact: ExternalUserId,
    /// The comment's id.
    pub id: String,
    /// What.
    pub text: String,
}

impl std::fmt::Debug for NewComment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewComment({} on {})", self.id, self.item)
    }
}

/// A customer's answer to an approval.
#[derive(Clone)]
pub struct NewAnswer {
    /// Which approval.
    pub approval: ItemKey,
    /// Who answers.
    pub contact: ExternalUserId,
    /// When what they answer to had changed last: another text has no answer yet.
    pub seen: Timestamp,
    /// Yes or no.
    pub verdict: Consent,
    /// Why.
    pub remark: String,
}

impl std::fmt::Debug for NewAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewAnswer({:?} to {})", self.verdict, self.approval)
    }
}
