//! Decrypted messages: the glance at the door, the tree, the event, and what is written of it again.

use quick_xml::escape::escape;
use wecom_bridge::callback::event::{self, Body, Event};
use wecom_bridge::callback::node::Node;
use wecom_bridge::callback::reply::{self, Addressee, Reply};
use wecom_bridge::callback::{peek, peek_account};
use wecom_bridge::model::delivery::{Delivery, Source};
use wecom_bridge::model::ids::ReceiverName;

use super::wire;

/// The deepest tree and the largest one.
const DEPTH: usize = 16;
const NODES: usize = 20_000;

/// Nothing that is decrypted stops the service; what it reads in two ways it reads alike.
pub fn run(message: &[u8]) {
    let receiver = ReceiverName::parse("app").expect("it is a name");
    let seen = peek(&receiver, message, wire::NOW);
    let of_account = peek_account(&receiver, message, wire::NOW);
    let text = String::from_utf8_lossy(message);
    let delivery = Delivery {
        receiver,
        source: Source::Callback,
        kind: seen.kind.clone(),
        subject: seen.subject,
        lane: seen.lane,
        cause: None,
        received_at: wire::NOW,
        xml: text.clone().into_owned(),
    };
    assert_eq!(Delivery::decode(&delivery.encode()), Ok(delivery));
    if let Ok(root) = Node::parse(&text) {
        is_bounded(&root);
        comes_back(&root);
    }
    if let Ok(event) = event::parse(Source::Callback, &text) {
        // A parser makes one line end of another.
        if let Some(name) = name_of(&event).filter(|_| !text.contains('\r')) {
            assert_eq!(name, seen.kind.as_str());
        }
        is_answered(&event);
    }
    if let Ok(event) = event::parse(Source::ServiceAccount, &text) {
        assert!(matches!(event.body, Body::Weixin(_)));
        assert!(of_account.kind.as_str().starts_with("weixin/"));
    }
    for source in [Source::Beacon, Source::Service] {
        if let Ok(event) = event::parse(source, &text) {
            is_written_again(event, &text);
        }
    }
}

/// Where an event keeps its name.
fn name_of(event: &Event) -> Option<&str> {
    match &event.body {
        Body::Known { name, .. } => Some(name),
        Body::Unknown { name, .. } => Some(name.as_str()),
        _ => None,
    }
}

fn is_bounded(root: &Node) {
    fn measure(node: &Node, depth: usize) -> usize {
        assert!(depth <= DEPTH, "a deep tree");
        let below = node.children.iter();
        1 + below.map(|child| measure(child, depth + 1)).sum::<usize>()
    }
    assert!(measure(root, 1) <= NODES + 1, "a large tree");
}

/// A tree of plain names, written as XML, is the same tree.
fn comes_back(root: &Node) {
    fn is_plain(node: &Node) -> bool {
        let mut letters = node.name.bytes();
        let plain = !node.name.is_empty() && letters.all(|byte| byte.is_ascii_alphanumeric());
        plain && node.children.iter().all(is_plain)
    }
    fn write(node: &Node, xml: &mut String) {
        let Node {
            name,
            text,
            children,
        } = node;
        // A bare carriage return would be read as a line feed.
        let text = escape(text.as_str()).replace('\r', "&#13;");
        xml.push_str(&format!("<{name}>{text}"));
        children.iter().for_each(|child| write(child, xml));
        xml.push_str(&format!("</{name}>"));
    }
    if is_plain(root) {
        let mut xml = String::new();
        write(root, &mut xml);
        let again = Node::parse(&xml).expect("what was written is read");
        assert!(again == *root, "another tree");
    }
}

/// What may be answered is answered so that its sender can read it.
fn is_answered(event: &Event) {
    let Some(addressee) = Addressee::of(event) else {
        return;
    };
    let content = "a]]>b".to_owned();
    let body = addressee.seal(
        &Reply::Text { content },
        &wire::keys(),
        wire::RECEIVE_ID,
        wire::NOW,
        "n",
        [7; 16],
    );
    let opened = reply::open(wire::keyring(), &body).expect("what was sealed is opened");
    let root = Node::parse(&opened.text()).expect("a reply is XML");
    assert_eq!(root.text_of("Content"), Some("a]]>b"));
}

/// An event of ours that was read is written so that it is read as the same.
fn is_written_again(event: Event, text: &str) {
    let Body::Own(own) = event.body else {
        return;
    };
    let (_, delivery) = own.delivery(wire::NOW);
    let again = event::parse(delivery.source, &delivery.xml).expect("what was written is read");
    assert_eq!(again.header.create_time, Some(wire::NOW));
    let Body::Own(again) = again.body else {
        panic!("it is not ours any more");
    };
    // What XML does not allow is left out.
    let plain = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    if text.chars().all(plain) && !text.contains("&#") {
        assert_eq!(again, own);
    }
}
