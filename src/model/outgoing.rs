//! Every call that we can owe WeCom, and what came of it.

use std::borrow::Cow;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::ZeroizeOnDrop;

use crate::model::card::TemplateCard;
use crate::model::card::change::CardChange;
use crate::model::delivery::{ItemId, Lane, Subject, with_cause};
use crate::model::ids::{ExternalUserId, TaskId, UserId};
use crate::model::item::ItemRef;
use crate::model::reminder::Reminder;
use crate::model::time::Timestamp;
use crate::model::webhook::Webhook;

/// A call that is owed. It is stored with the change that caused it and made by the outbox.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Calls of one subject are made one at a time.
    pub subject: Subject,
    /// How soon it is due.
    pub lane: Lane,
    /// After this it is pointless: it is not made, and its receipt says "too late".
    pub deadline: Option<Timestamp>,
    /// The event that it follows from, however far; none when somebody asked for it.
    pub cause: Option<ItemId>,
    /// What to do.
    pub call: Call,
}

/// One thing to do at WeCom, at WeChat, or at one of the company's own systems.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// `externalcontact/send_welcome_msg` (path/92137).
    Welcome(Welcome),
    /// `message/send` with a template card to one member (path/90236).
    Card(CardMessage),
    /// `message/update_template_card` (path/94888).
    UpdateCard(CardUpdate),
    /// Read, merge, write and read back the "与我协作" attribute of one member (path/92230).
    WriteLink(WriteLink),
    /// `message/template/send` of the service account to a customer who follows it.
    Remind(Reminder),
    /// A message to one of the company's own systems.
    Webhook(Webhook),
}

impl Call {
    /// The call's name for lists and logs; for a message to one of the company's systems with its name, `webhook/erp`.
    pub fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Welcome(_) => "welcome",
            Self::Card(_) => "card",
            Self::UpdateCard(_) => "update_card",
            Self::WriteLink(_) => "write_link",
            Self::Remind(_) => "remind",
            Self::Webhook(webhook) => return format!("webhook/{}", webhook.target).into(),
        };
        name.into()
    }

    /// Why it is not made after its deadline; for people.
    pub const fn too_late(&self) -> &'static str {
        match self {
            Self::Welcome(_) => "too late: the welcome code is older than 20 seconds",
            Self::UpdateCard(_) => "too late: the response code is older than 72 hours",
            Self::Card(_) | Self::WriteLink(_) | Self::Remind(_) | Self::Webhook(_) => {
                "too late: its deadline has passed"
            }
        }
    }
}

/// A welcome message (欢迎语) for a contact who was just added.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Welcome {
    /// Good for 20 seconds and one use.
    pub welcome_code: OneTimeCode,
    /// The member who was added.
    pub userid: UserId,
    /// The contact who added.
    pub external_userid: ExternalUserId,
    /// Plain text, at most 4000 bytes.
    pub text: String,
    /// Title of the link card, at most 128 bytes.
    pub title: String,
    /// Description of the link card, at most 512 bytes.
    pub desc: String,
    /// Where the link card leads.
    pub url: String,
}

/// A template card (模板卡片) for one member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CardMessage {
    /// Who gets it.
    pub touser: UserId,
    /// What it says.
    pub card: TemplateCard,
    /// The item that it is about, and with which customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<(ItemRef, ExternalUserId)>,
    /// The customer whom it names without being about an item: a name tells nobody whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ExternalUserId>,
}

/// A change to a card that was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CardUpdate {
    /// Whose card changes.
    pub userid: UserId,
    /// Which card; for the receipt.
    pub task_id: TaskId,
    /// Good for 72 hours and one use.
    pub response_code: OneTimeCode,
    /// The customer whom it may name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ExternalUserId>,
    /// What becomes of it.
    #[serde(flatten)]
    pub change: CardChange,
}

/// The link that a member's external profile should carry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WriteLink {
    /// Whose profile.
    pub userid: UserId,
    /// The attribute's name in the console, `与我协作`.
    pub name: String,
    /// The address.
    pub url: String,
}

/// A code that WeCom gives for one later call: a welcome code or a response code. It is stored, never shown.
#[derive(Clone, Deserialize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct OneTimeCode(SecretString);

impl OneTimeCode {
    /// Takes a code from an event or an answer.
    pub fn new(code: impl Into<String>) -> Self {
        Self(SecretString::from(code.into()))
    }

    /// The code itself, for the call that uses it up.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

impl Serialize for OneTimeCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

/// What came of a call; an input like any other.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// What was to be done.
    pub call: Call,
    /// What came of it.
    pub outcome: Outcome,
}

/// The ways in which a call can end for good. A call that may still succeed has no receipt yet.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// WeCom took it.
    Done(Answer),
    /// The deadline passed first.
    TooLate,
    /// WeCom refused it, or every attempt failed.
    Failed {
        /// What to tell people; without secrets.
        reason: String,
        /// WeCom's code, where it gave one.
        errcode: Option<i64>,
    },
}

/// What WeCom answered to a call that it took.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The welcome message went out.
    Welcomed,
    /// The contact had been welcomed, or had begun to write, before (41051).
    WelcomedBefore,
    /// The card went out.
    CardSent {
        /// Changes the card later, once; absent for cards that cannot change.
        response_code: Option<OneTimeCode>,
    },
    /// The member is not in the app's visible range: errcode 0 and listed in `invaliduser`.
    NotDelivered,
    /// The card changed, or had changed before (60140).
    CardUpdated,
    /// The service account has sent the reminder.
    Reminded,
    /// The customer does not follow the service account (43004).
    NotFollowing,
    /// The profile was written where needed and read back.
    Link(LinkCheck),
    /// The company's system took the message.
    Taken,
}

/// What the read-back of a member's external profile showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkCheck {
    /// Our entry stands there; we wrote it.
    Confirmed,
    /// Our entry stood there before we wrote anything.
    AlreadyThere,
    /// WeCom answered "ok" to the write, and the profile could not be read back.
    Unseen,
    /// WeCom answered "ok" and our entry is not there: the attribute does not exist in the console.
    Ignored,
}

/// A stored text that is not an outgoing call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored text is not an outgoing call")]
pub struct NotAnOutgoing;

impl Outgoing {
    /// One line of tab-separated facts, then the call as JSON: what both stores keep. Subject and lane stand where
    /// [`Delivery`](crate::model::delivery::Delivery::encode) has them.
    ///
    /// ```text
    /// owed_ms ⇥ service ⇥ deadline_ms or - ⇥ call ⇥ subject ⇥ u|n [⇥ cause] ⏎
    /// {"call":…}
    /// ```
    pub fn encode(&self, now: Timestamp) -> String {
        let Self {
            subject,
            lane,
            deadline,
            cause,
            call,
        } = self;
        let cause = cause.as_ref().map(|cause| format!("\t{cause}"));
        let deadline = deadline.map_or_else(|| "-".into(), |at| at.millis().to_string());
        let json = serde_json::to_string(call).expect("calls are plain structs with text keys");
        format!(
            "{}\tservice\t{deadline}\t{}\t{subject}\t{}{}\n{json}",
            now.millis(),
            call.name(),
            lane.code(),
            cause.unwrap_or_default(),
        )
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`NotAnOutgoing`] when the text has another form.
    pub fn decode(text: &str) -> Result<Self, NotAnOutgoing> {
        let (head, json) = text.split_once('\n').ok_or(NotAnOutgoing)?;
        let (head, cause) = OutgoingHead::read(head).ok_or(NotAnOutgoing)?;
        let OutgoingHead {
            subject,
            deadline,
            lane,
            call: _,
        } = head;
        let call = serde_json::from_str(json).map_err(|_| NotAnOutgoing)?;
        Ok(Self {
            subject,
            lane,
            deadline,
            cause,
            call,
        })
    }
}

/// What a list shows of an outgoing call: its first line. Codes and texts stay unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingHead {
    /// The call's name.
    pub call: Box<str>,
    /// What it is about.
    pub subject: Subject,
    /// How soon it is due.
    pub lane: Lane,
    /// After this it is pointless.
    pub deadline: Option<Timestamp>,
}

impl OutgoingHead {
    /// Reads the first line of a stored text. A text of another form is shown as `unreadable`: one such item must not
    /// hide the others.
    pub fn of(text: &str) -> Self {
        let head = text.lines().next().unwrap_or_default();
        let read = Self::read(head).map(|(head, _)| head);
        read.unwrap_or_else(|| Self {
            call: "unreadable".into(),
            subject: Subject::new("unreadable", ""),
            lane: Lane::Normal,
            deadline: None,
        })
    }

    fn read(head: &str) -> Option<(Self, Option<ItemId>)> {
        let fields: Vec<&str> = head.split('\t').collect();
        let ([_owed, _source, deadline, call, subject, lane], cause) = with_cause(&fields)?;
        let deadline = match deadline {
            "-" => None,
            millis => Some(Timestamp::from_millis(millis.parse().ok()?)),
        };
        let (call, subject) = (call.into(), Subject::stored(subject));
        let head = Self {
            call,
            subject,
            lane: Lane::from_code(lane)?,
            deadline,
        };
        Some((head, cause))
    }
}
