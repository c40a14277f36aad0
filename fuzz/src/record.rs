//! What a store may give back: records, deliveries, calls, and the lines of an export.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wecom_bridge::model::attachment::Attachment;
use wecom_bridge::model::chat::Chat;
use wecom_bridge::model::contact::{Contact, Ending, Greeting, TransferFailure};
use wecom_bridge::model::delivery::{Delivery, ItemId};
use wecom_bridge::model::effect::SentCard;
use wecom_bridge::model::follower::Follower;
use wecom_bridge::model::forgetting::Forgetting;
use wecom_bridge::model::grant::{Grant, Seen};
use wecom_bridge::model::item::{Item, ItemRef};
use wecom_bridge::model::member::{Link, Member};
use wecom_bridge::model::outgoing::{Outgoing, OutgoingHead};
use wecom_bridge::model::request::Carried;
use wecom_bridge::model::switches::Switches;
use wecom_bridge::model::sync::{Sighting, SyncBatch, SyncRun};
use wecom_bridge::model::tag::TagGroup;
use wecom_bridge::model::thread::{Comment, Thread};
use wecom_bridge::model::visit::Visit;
use wecom_bridge::store::record::{Key, Record, Table};
use wecom_bridge::store::transfer::Piece;

use super::wire::NOW;

/// Reads a record, and looks whether it is written as the same.
type Check = fn(&str);

/// By the name of a table, which stands in the first line.
const RECORDS: [(&str, Check); 22] = [
    ("contacts", record::<Contact>),
    ("greetings", record::<Greeting>),
    ("endings", record::<Ending>),
    ("transfer_failures", record::<TransferFailure>),
    ("chats", record::<Chat>),
    ("tag_groups", record::<TagGroup>),
    ("members", record::<Member>),
    ("links", record::<Link>),
    ("visits", record::<Visit>),
    ("followers", record::<Follower>),
    ("cards", record::<SentCard>),
    ("syncs", record::<SyncRun>),
    ("batches", record::<SyncBatch>),
    ("sightings", record::<Sighting>),
    ("switches", record::<Switches>),
    ("items", record::<Item>),
    ("grants", record::<Grant>),
    ("seen", record::<Seen>),
    ("comments", record::<Comment>),
    ("threads", record::<Thread>),
    ("attachments", record::<Attachment>),
    ("carried", record::<Carried>),
];

/// Whatever a store gives back is read or refused, and what is read is written so that it is read as the same.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    if let Some((_, check)) = RECORDS.iter().find(|(name, _)| *name == first) {
        check(rest);
        return;
    }
    match first {
        "forgettings" => record::<Forgetting>(rest),
        "piece" => json::<Piece>(rest),
        "id" => ids(rest),
        _ => queued(&text),
    }
}

fn record<T: Serialize + DeserializeOwned>(text: &str) {
    let table = Table::Contacts;
    let read = |json: String| {
        let key = Key {
            table,
            key: "k".into(),
        };
        let record = Record {
            key,
            version: 1,
            json: Some(json),
        };
        record.parse::<T>().ok().flatten()
    };
    again(text, read);
}

fn json<T: Serialize + DeserializeOwned>(text: &str) {
    again(text, |json| serde_json::from_str::<T>(&json).ok());
}

fn again<T: Serialize>(text: &str, read: impl Fn(String) -> Option<T>) {
    let Some(value) = read(text.to_owned()) else {
        return;
    };
    let written = value_of(&value);
    let again = read(written.to_string()).expect("what was written is read");
    assert_eq!(value_of(&again), written);
}

fn value_of(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("a record is JSON")
}

fn ids(text: &str) {
    same(text, |text| text.parse::<ItemRef>().ok());
    same(text, |text| text.parse::<ItemId>().ok());
    if let Ok(id) = text.parse::<ItemId>() {
        let _ = (id.millis(), id.order(), id.caused(1));
    }
}

fn same<T: ToString + PartialEq + Debug>(text: &str, read: impl Fn(&str) -> Option<T>) {
    if let Some(id) = read(text) {
        assert_eq!(read(&id.to_string()), Some(id));
    }
}

/// The two queues keep texts with a first line of facts.
fn queued(text: &str) {
    if let Ok(delivery) = Delivery::decode(text) {
        assert_eq!(Delivery::shown(text), delivery);
        assert_eq!(Delivery::decode(&delivery.encode()), Ok(delivery));
    }
    let head = OutgoingHead::of(text);
    if let Ok(outgoing) = Outgoing::decode(text) {
        assert_eq!(
            (&head.subject, head.lane),
            (&outgoing.subject, outgoing.lane)
        );
        assert_eq!(head.deadline, outgoing.deadline);
        let written = outgoing.encode(NOW);
        let again = Outgoing::decode(&written).expect("what was written is read");
        assert_eq!(again.encode(NOW), written);
    }
}
