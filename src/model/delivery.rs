//! What comes in: a callback's decrypted XML, or an event of our own in the same form.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::model::ids::{CorpId, ExternalUserId, OpenId, ReceiverName, UserId};
use crate::model::time::Timestamp;

/// Where a delivery came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// WeCom called the callback URL.
    Callback,
    /// WeChat called the callback URL of the corp's service account (服务号).
    ServiceAccount,
    /// A page of ours reported something that WeCom does not call back for.
    Beacon,
    /// The service itself asks for a refresh.
    Service,
}

impl Source {
    const fn code(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::ServiceAccount => "service_account",
            Self::Beacon => "beacon",
            Self::Service => "service",
        }
    }
}

/// The name of an event: `Event/ChangeType`, `message/MsgType`, or whatever name it came with, made safe to print.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Kind(Box<str>);

impl Kind {
    /// Keeps letters, digits and `_./-`; anything else becomes `_`. At most 96 characters.
    pub fn new(text: &str) -> Self {
        let safe = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'/' | b'-');
        // The usual case, at the door.
        if text.len() <= 96 && text.bytes().all(safe) {
            return Self(text.into());
        }
        let made_safe = |c| {
            if u8::try_from(c).is_ok_and(safe) {
                c
            } else {
                '_'
            }
        };
        Self(text.chars().take(96).map(made_safe).collect())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a delivery or an outgoing call is about. Items of one subject are worked on one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Subject(Box<str>);

impl Subject {
    /// `what:id`. Control characters become `_`; at most 200 characters.
    pub fn new(what: &str, id: &str) -> Self {
        let text = [what, ":", id].concat();
        // The usual case, at the door.
        let plain = |c: u8| matches!(c, b' '..=b'~');
        if text.len() <= 200 && (text.bytes().all(plain) || !text.contains(char::is_control)) {
            return Self(text.into());
        }
        let safe = |c: char| if c.is_control() { '_' } else { c };
        Self(text.chars().take(200).map(safe).collect())
    }

    /// Reads a subject back from a stored text, where it was checked before.
    pub(in crate::model) fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// An outside contact.
    pub fn contact(id: &ExternalUserId) -> Self {
        Self::new("contact", id.as_str())
    }

    /// A member; the same for every spelling.
    pub fn member(id: &UserId) -> Self {
        Self::new("member", &id.key())
    }

    /// A follower of the service account.
    pub fn follower(id: &OpenId) -> Self {
        Self::new("follower", id.as_str())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which lane of a queue an item takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// First, always: a welcome code lives 20 seconds.
    Urgent,
    /// In order of arrival.
    Normal,
}

impl Lane {
    /// The letter that stands for it in stored texts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Urgent => "u",
            Self::Normal => "n",
        }
    }

    /// Reads what [`code`](Self::code) gave.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "u" => Some(Self::Urgent),
            "n" => Some(Self::Normal),
            _ => None,
        }
    }
}

/// Recognises a delivery that came before: a hash of the decrypted content within its receiver, filed under something
/// that every repetition shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentKey {
    /// Hours since 1970 of the event's own `CreateTime`; a repetition has the same.
    pub window: u32,
    /// The first 128 bits of BLAKE3 over the receiver's name and the decrypted content.
    pub hash: [u8; 16],
}

/// One event as it is stored: WeCom's own XML and what the door could see of it at a glance.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The receiver it came in by; for our own events, the word `service`.
    pub receiver: ReceiverName,
    /// Who sent it.
    pub source: Source,
    /// What it is called.
    pub kind: Kind,
    /// What it is about.
    pub subject: Subject,
    /// How soon it is due.
    pub lane: Lane,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// The event that this one of our own follows from, however far.
    pub cause: Option<ItemId>,
    /// The decrypted content, byte for byte. Holds personal data and welcome codes: never logged.
    pub xml: String,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Delivery({} from {}, {}, {} bytes)",
            self.kind,
            self.receiver,
            self.subject,
            self.xml.len()
        )
    }
}

/// A stored text that is not a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored text is not a delivery")]
pub struct NotADelivery;

impl Delivery {
    /// One line of tab-separated facts, then the XML: what both stores keep, readable with `redis-cli`. The cause stands
    /// there where there is one.
    ///
    /// ```text
    /// received_ms ⇥ source ⇥ receiver ⇥ kind ⇥ subject ⇥ u|n [⇥ cause] ⏎
    /// <xml>…
    /// ```
    pub fn encode(&self) -> String {
        let Self {
            receiver,
            source,
            kind,
            subject,
            lane,
            received_at,
            cause,
            xml,
        } = self;
        let millis = received_at.millis().to_string();
        let cause = cause.as_ref().map(|cause| format!("\t{cause}"));
        // At the door every event comes through here; formatting would cost five times as much.
        [
            &*millis,
            "\t",
            source.code(),
            "\t",
            receiver.as_str(),
            "\t",
            kind.as_str(),
            "\t",
            subject.as_str(),
            "\t",
            lane.code(),
            cause.as_deref().unwrap_or_default(),
            "\n",
            xml,
        ]
        .concat()
    }

    /// Reads what [`encode`](Self::encode) wrote; a text of another form is shown as `unreadable`: one such item must not
    /// hide the others in a list.
    pub fn shown(text: &str) -> Self {
        Self::decode(text).unwrap_or_else(|_| Self {
            receiver: ReceiverName::parse("unreadable").expect("a plain word is an id"),
            source: Source::Service,
            kind: Kind::new("unreadable"),
            subject: Subject::new("unreadable", ""),
            lane: Lane::Normal,
            received_at: Timestamp::default(),
            cause: None,
            xml: text.to_owned(),
        })
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`NotADelivery`] when the text has another form.
    pub fn decode(text: &str) -> Result<Self, NotADelivery> {
        let (head, xml) = text.split_once('\n').ok_or(NotADelivery)?;
        let fields: Vec<&str> = head.split('\t').collect();
        let ([millis, source, receiver, kind, subject, lane], cause) =
            with_cause(&fields).ok_or(NotADelivery)?;
        Ok(Self {
            receiver: ReceiverName::parse(receiver).map_err(|_| NotADelivery)?,
            source: match source {
                "callback" => Source::Callback,
                "service_account" => Source::ServiceAccount,
                "beacon" => Source::Beacon,
                "service" => Source::Service,
                _ => return Err(NotADelivery),
            },
            kind: Kind(kind.into()),
            subject: Subject::stored(subject),
            lane: Lane::from_code(lane).ok_or(NotADelivery)?,
            received_at: Timestamp::from_millis(millis.parse().map_err(|_| NotADelivery)?),
            cause,
            xml: xml.into(),
        })
    }
}

/// The six facts of a first line, and the cause that may stand behind them.
pub(in crate::model) fn with_cause<'t>(
    fields: &[&'t str],
) -> Option<([&'t str; 6], Option<ItemId>)> {
    let (facts, rest) = fields.split_first_chunk()?;
    match rest {
        [] => Some((*facts, None)),
        [cause] => Some((*facts, Some(cause.parse().ok()?))),
        _ => None,
    }
}

/// Names a stored item: the corp it belongs to and its place in that corp's log, `corp:millis-number`. An outgoing
/// call is named after what caused it: `corp:millis-number.0`, `.1`, and so on; a message to one of the company's
/// systems after its cause and what it says to whom, `corp:millis-number.3141592653.589793238`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId {
    corp: CorpId,
    place: Box<str>,
}

impl ItemId {
    /// The item at this place of the corp's log.
    pub fn new(corp: CorpId, place: &str) -> Self {
        Self {
            corp,
            place: place.into(),
        }
    }

    /// Whose it is.
    pub const fn corp(&self) -> &CorpId {
        &self.corp
    }

    /// Its name within the corp.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The name of the `n`th outgoing call that this item causes; the same whenever it is asked.
    #[must_use]
    pub fn caused(&self, n: usize) -> Self {
        Self {
            corp: self.corp.clone(),
            place: format!("{}.{n}", self.place).into(),
        }
    }

    /// The name of the message with this hash that this item causes; the same whatever else it causes. No outgoing call
    /// that is numbered has it: those never come to 2^31.
    #[must_use]
    pub fn told(&self, hash: [u8; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = hash;
        let high = u32::from_be_bytes([a, b, c, d]) | 1 << 31;
        let low = u32::from_be_bytes([e, f, g, h]);
        Self {
            corp: self.corp.clone(),
            place: format!("{}.{high}.{low}", self.place).into(),
        }
    }

    /// Milliseconds since 1970 at which the log took the item (or its cause) in.
    pub fn millis(&self) -> i64 {
        self.place
            .split('-')
            .next()
            .and_then(|millis| millis.parse().ok())
            .unwrap_or(0)
    }

    /// Orders items of one corp as their log does: by time, then number, then the path of causes.
    pub fn order(&self) -> Vec<u64> {
        self.place
            .split(['-', '.'])
            .map(|part| part.parse().unwrap_or(0))
            .collect()
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.corp, self.place)
    }
}

impl FromStr for ItemId {
    type Err = crate::model::ids::NotAnId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (corp, place) = text.rsplit_once(':').ok_or(crate::model::ids::NotAnId)?;
        let shaped = !place.is_empty() && place.contains('-') && place.len() <= 128;
        let clean = place
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'-' || b == b'.');
        if !(shaped && clean) {
            return Err(crate::model::ids::NotAnId);
        }
        Ok(Self::new(CorpId::parse(corp)?, place))
    }
}

impl Serialize for ItemId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            receiver: ReceiverName::parse("app").unwrap(),
            source: Source::Callback,
            kind: Kind::new("change_external_contact/add_external_contact"),
            subject: Subject::new("contact", "wm\t1"),
            lane: Lane::Urgent,
            received_at: Timestamp::from_millis(1_700_000_000_123),
            cause: None,
            xml: "<xml>\n\t<A/>\n</xml>".into(),
        }
    }

    #[test]
    fn stored_form_and_back() {
        let before = delivery();
        let follows = Delivery {
            cause: Some("ww1:1700000000123-4".parse().unwrap()),
            ..before.clone()
        };
        for before in [&before, &follows] {
            assert_eq!(Delivery::decode(&before.encode()).as_ref(), Ok(before));
        }
        assert_eq!(before.subject.as_str(), "contact:wm_1");
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "",
            "x",
            "1\tcallback\tapp\tk\ts\tn",
            "1\tcallback\tapp\tk\ts\tz\n",
            "1\tcallback\tapp\tk\ts\tn\tx\n",
            "1\tcallback\tapp\tk\ts\tn\tww1:1-1\tww1:1-1\n",
            "x\tcallback\tapp\tk\ts\tn\n",
        ] {
            assert_eq!(Delivery::decode(bad), Err(NotADelivery), "{bad:?}");
        }
    }

    #[test]
    fn kinds_are_safe_to_print() {
        assert_eq!(Kind::new("a b\n\u{1b}[31m/é").as_str(), "a_b___31m/_");
    }

    #[test]
    fn item_ids_are_text_and_back() {
        let id: ItemId = "ww1:1700000000123-4".parse().unwrap();
        assert_eq!(id.caused(1).to_string(), "ww1:1700000000123-4.1");
        assert_eq!(id.millis(), 1_700_000_000_123);
        assert!(id.order() < id.caused(0).order());
        let told = id.told([1, 2, 3, 4, 0xff, 0, 0, 2]);
        assert_eq!(
            told.to_string(),
            "ww1:1700000000123-4.2164392708.4278190082"
        );
        assert_eq!(told.to_string().parse(), Ok(told));
        for bad in ["", "ww1", "ww1:", "ww1:abc", ":1-1", "ww1:1-1\n", "ww1:11"] {
            assert!(bad.parse::<ItemId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn debug_hides_the_content() {
        assert!(!format!("{:?}", delivery()).contains("<A/>"));
    }
}
