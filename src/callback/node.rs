//! A message as a tree: every element kept, in order, repeated ones too.

use std::fmt;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserializer, Serialize, Serializer};

use crate::callback::scan::{MAX_DEPTH, is_json, tag_end};

/// Most elements that are read. The largest documented event has about 1000.
const MAX_NODES: usize = 20_000;

/// An element. Its text may be personal or secret, so `Debug` shows names only.
#[derive(Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name as it is spelled.
    pub name: String,
    /// Its own text and CDATA, concatenated, without the blanks around.
    pub text: String,
    /// The elements in it, in order.
    pub children: Vec<Self>,
}

/// A text that is no tree: what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotATree(pub(in crate::callback) &'static str);

impl Node {
    /// Reads XML, or JSON when the first non-blank character is `{`. Keys of JSON become elements, arrays repeated
    /// elements.
    ///
    /// # Errors
    /// [`NotATree`]: not well-formed, a DOCTYPE, an entity beyond the five, too deep, too many elements.
    pub fn parse(text: &str) -> Result<Self, NotATree> {
        if is_json(text) {
            from_json(text)
        } else {
            from_xml(text)
        }
    }

    /// The first element of this name directly below; WeCom's spelling varies, so case does not count.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.named(name).next()
    }

    /// All elements of this name directly below.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children
            .iter()
            .filter(move |child| child.name.eq_ignore_ascii_case(name))
    }

    /// The text of the first element of this name directly below; present but empty is `Some("")`.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            text: String::new(),
            children: Vec::new(),
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.children.is_empty() {
            f.debug_list().entries(&self.children).finish()?;
        }
        Ok(())
    }
}

/// `{"name": "text"}`, or `{"name": [children]}`: order and repetition survive.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        if self.children.is_empty() {
            map.serialize_entry(&self.name, &self.text)?;
        } else {
            map.serialize_entry(&self.name, &self.children)?;
        }
        map.end()
    }
}

fn from_xml(text: &str) -> Result<Node, NotATree> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Node> = Vec::new();
    let mut root = None;
    let mut left = MAX_NODES;
    loop {
        let event = reader
            .read_event()
            .map_err(|_| NotATree("it is not well-formed"))?;
        match event {
            Event::Start(tag) => {
                is_one_tag(&tag)?;
                begin(&mut open, &root, &mut left, tag.name().as_ref())?;
            }
            Event::Empty(tag) => {
                is_one_tag(&tag)?;
                begin(&mut open, &root, &mut left, tag.name().as_ref())?;
                end(&mut open, &mut root);
            }
            Event::End(_) => end(&mut open, &mut root),
            Event::Text(part) => add(&mut open, &part.xml10_content())?,
            Event::CData(_) if open.is_empty() => {
                return Err(NotATree("there is text outside the root"));
            }
            Event::CData(part) => add(&mut open, &part.xml10_content())?,
            Event::GeneralRef(entity) => add(&mut open, &character(&entity)?)?,
            Event::DocType(_) => return Err(NotATree("it has a document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof if open.is_empty() => return root.ok_or(NotATree("it has no element")),
            Event::Eof => return Err(NotATree("it ends too early")),
        }
    }
}

/// The reader lets a tag begin within a tag, which the glance at the door does not.
fn is_one_tag(tag: &str) -> Result<(), NotATree> {
    if tag.contains('<') {
        tag_end(&format!("{tag}>")).map_err(NotATree)?;
    }
    Ok(())
}

fn begin(
    open: &mut Vec<Node>,
    root: &Option<Node>,
    left: &mut usize,
    name: &str,
) -> Result<(), NotATree> {
    if open.is_empty() && root.is_some() {
        return Err(NotATree("there is more than one root"));
    }
    if open.len() == MAX_DEPTH {
        return Err(NotATree("it is nested too deeply"));
    }
    *left = left
        .checked_sub(1)
        .ok_or(NotATree("it has too many elements"))?;
    open.push(Node::new(name));
    Ok(())
}

/// The reader has checked that something is open and that the names agree.
fn end(open: &mut Vec<Node>, root: &mut Option<Node>) {
    let Some(mut node) = open.pop() else {
        return;
    };
    node.text = node.text.trim_ascii().to_owned();
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None => *root = Some(node),
    }
}

fn add(open: &mut [Node], part: &str) -> Result<(), NotATree> {
    match open.last_mut() {
        Some(node) => node.text.push_str(part),
        None if part.trim_ascii().is_empty() => {}
        None => return Err(NotATree("there is text outside the root")),
    }
    Ok(())
}

fn character(entity: &BytesRef<'_>) -> Result<String, NotATree> {
    let unknown = NotATree("it has an entity beyond the five");
    match entity.resolve_char_ref() {
        Ok(Some(c)) => Ok(c.into()),
        Ok(None) => resolve_predefined_entity(entity)
            .map(str::to_owned)
            .ok_or(unknown),
        Err(_) => Err(unknown),
    }
}

fn from_json(text: &str) -> Result<Node, NotATree> {
    let mut root = Node::new("xml");
    let mut left = MAX_NODES;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let fill = Fill {
        name: None,
        node: &mut root,
        left: &mut left,
        depth: 1,
    };
    fill.deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|_| NotATree("it is not JSON, or too large"))?;
    Ok(root)
}

/// Puts one JSON value below `node`: as elements called `name`, or, for the outermost object, as the children itself.
struct Fill<'n> {
    name: Option<&'n str>,
    node: &'n mut Node,
    /// How many more elements there may be.
    left: &'n mut usize,
    depth: usize,
}

impl Fill<'_> {
    fn leaf<E: Error>(self, text: String) -> Result<(), E> {
        let mut node = Node::new(self.name.ok_or_else(|| E::custom("not an object"))?);
        node.text = text.trim_ascii().to_owned();
        push(self.node, self.left, node).map(|_| ())
    }

    fn deeper<E: Error>(&self) -> Result<usize, E> {
        match self.depth {
            MAX_DEPTH => Err(E::custom("too deep")),
            depth => Ok(depth + 1),
        }
    }
}

/// Puts `child` below `parent`, counting it.
fn push<'n, E: Error>(
    parent: &'n mut Node,
    left: &mut usize,
    child: Node,
) -> Result<&'n mut Node, E> {
    *left = left.checked_sub(1).ok_or_else(|| E::custom("too many"))?;
    parent.children.push(child);
    Ok(parent.children.last_mut().expect("one was just pushed"))
}

impl<'de> DeserializeSeed<'de> for Fill<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.leaf(String::new())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.leaf(value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.leaf(value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.leaf(value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.leaf(value.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.leaf(value.to_owned())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let depth = self.deeper()?;
        loop {
            let item = Fill {
                name: self.name,
                node: self.node,
                left: self.left,
                depth,
            };
            if seq.next_element_seed(item)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let depth = self.deeper()?;
        let inside = match self.name {
            Some(name) => push(self.node, self.left, Node::new(name))?,
            None => self.node,
        };
        while let Some(name) = map.next_key::<String>()? {
            map.next_value_seed(Fill {
                name: Some(&name),
                node: inside,
                left: self.left,
                depth,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        serde_json::to_string(&Node::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn nothing_is_lost_and_order_is_kept() {
        for (text, expected) in [
            ("<xml/>", r#"{"xml":""}"#),
            ("\u{feff}\n<xml/>", r#"{"xml":""}"#),
            (
                "<xml><A>1</A><B><Item>x</Item><Item/></B><A> <![CDATA[ 2 ]]>3 </A></xml>",
                r#"{"xml":[{"A":"1"},{"B":[{"Item":"x"},{"Item":""}]},{"A":"2 3"}]}"#,
            ),
            (
                "<xml><A>&lt;&amp;&gt;&quot;&apos;&#65;&#x4f60;</A></xml>",
                r#"{"xml":[{"A":"<&>\"'A你"}]}"#,
            ),
            (
                "<xml><A><![CDATA[&lt;]]]]><![CDATA[>]]></A ></xml>",
                r#"{"xml":[{"A":"&lt;]]>"}]}"#,
            ),
            (
                r#"{"a": "x", "b": [1, -2, 1.5, true, null, {"c": "y"}, []], "a": 7000000000000000017}"#,
                r#"{"xml":[{"a":"x"},{"b":"1"},{"b":"-2"},{"b":"1.5"},{"b":"true"},{"b":""},{"b":[{"c":"y"}]},{"a":"7000000000000000017"}]}"#,
            ),
            ("{}", r#"{"xml":""}"#),
        ] {
            assert_eq!(json(text), expected);
        }
    }

    #[test]
    fn names_are_found_in_any_spelling() {
        let node = Node::parse("<xml><AgentId>1</AgentId><agentid>2</agentid></xml>").unwrap();
        assert_eq!(node.text_of("AgentID"), Some("1"));
        assert_eq!(node.named("AGENTID").count(), 2);
        assert_eq!(node.text_of("Agent"), None);
    }

    #[test]
    fn other_texts_are_refused() {
        let nested = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        let braces = |n: usize| format!("{}1{}", r#"{"a":"#.repeat(n), "}".repeat(n));
        let wide = |n: usize| format!("<xml>{}</xml>", "<a/>".repeat(n));
        let list = |n: usize| format!(r#"{{"a":[{}1]}}"#, "1,".repeat(n));
        assert!(Node::parse(&nested(16)).is_ok());
        assert!(Node::parse(&braces(15)).is_ok());
        assert!(Node::parse(&wide(19_999)).is_ok());
        for text in [
            "",
            "text",
            "<xml>",
            "<xml></b>",
            "<xml></xml><xml/>",
            "<xml/>text",
            "text<xml/>",
            " \u{feff}<xml/>",
            "\u{feff}\u{feff}<xml/>",
            "<![CDATA[]]><xml/>",
            "<!DOCTYPE xml><xml/>",
            "<!DOCTYPE xml [<!ENTITY a 'b'>]><xml>&a;</xml>",
            "<xml>&nbsp;</xml>",
            "<xml>&#0;</xml>",
            "<xml>&#xD800;</xml>",
            "<xml>&</xml>",
            "<xml><A <B></A></xml>",
            "<xml><A <B/></xml>",
            "[]",
            r#"{"a": }"#,
            "{} {}",
            &nested(17),
            &braces(17),
            &wide(20_000),
            &list(20_000),
            &"{".repeat(100_000),
            &"<a>".repeat(100_000),
        ] {
            assert!(
                Node::parse(text).is_err(),
                "{}",
                &text[..text.len().min(60)]
            );
        }
    }

    #[test]
    fn a_fault_is_named() {
        for (text, fault) in [
            ("", "it has no element"),
            ("<xml><A>", "it ends too early"),
            ("<xml/><xml/>", "there is more than one root"),
        ] {
            assert_eq!(Node::parse(text).unwrap_err().to_string(), fault, "{text}");
        }
    }

    #[test]
    fn debug_shows_names_only() {
        let node = Node::parse("<xml><Mobile>10000000001</Mobile><B/></xml>").unwrap();
        assert_eq!(format!("{node:?}"), "xml[Mobile, B]");
    }
}
