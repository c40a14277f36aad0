//! One pass over XML that looks only at what stands directly below the root: for the envelope, which must be cheap to
//! refuse, and for the glance at the door. The tree of all elements is [`crate::callback::node`].

use std::borrow::Cow;

use memchr::memchr_iter;
use quick_xml::escape::unescape;

/// Deepest nesting that is read. Official samples have 5.
pub(in crate::callback) const MAX_DEPTH: usize = 16;

/// An element directly below the root.
pub(in crate::callback) struct Child<'a> {
    /// Its name as it is spelled.
    pub(in crate::callback) name: &'a str,
    /// Its own text and CDATA, concatenated, without the blanks around.
    pub(in crate::callback) text: Cow<'a, str>,
    /// Whether it has elements inside.
    pub(in crate::callback) nested: bool,
}

/// Whether a text is to be read as JSON.
pub(in crate::callback) fn is_json(text: &str) -> bool {
    text.trim_ascii_start().starts_with('{')
}

/// Bytes as text; what is not UTF-8 becomes U+FFFD. Nearly every message is UTF-8, which is quicker to see than to mend.
pub(in crate::callback) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// Shows every element directly below the root, in order.
///
/// # Errors
/// What is wrong with the XML: a DOCTYPE, an entity beyond the five, wrong nesting, more than one root, an early end.
/// The elements before that have been shown.
pub(in crate::callback) fn children<'a>(
    xml: &'a str,
    mut show: impl FnMut(Child<'a>),
) -> Result<(), &'static str> {
    let mut pieces = Pieces::new(xml);
    let mut open = [""; MAX_DEPTH];
    let (mut depth, mut has_root) = (0, false);
    let (mut text, mut nested) = (Text::default(), false);
    while let Some(piece) = pieces.next()? {
        match piece {
            Piece::Start(_) if depth == 0 && has_root => return Err("there is more than one root"),
            Piece::Start(name) => {
                *open.get_mut(depth).ok_or("it is nested too deeply")? = name;
                depth += 1;
                has_root = true;
                nested = depth > 2;
            }
            Piece::End(name) => {
                if depth == 0 || open[depth - 1] != name {
                    return Err("an element ends that has not begun");
                }
                if depth == 2 {
                    let text = text.take();
                    show(Child { name, text, nested });
                }
                depth -= 1;
            }
            Piece::Text(raw) => {
                let part = unescape(raw).map_err(|_| "it has an entity beyond the five")?;
                match depth {
                    0 if !part.trim_ascii().is_empty() => {
                        return Err("there is text outside the root");
                    }
                    2 => text.push(part),
                    _ => {}
                }
            }
            Piece::Cdata(_) if depth == 0 => return Err("there is text outside the root"),
            Piece::Cdata(part) if depth == 2 => text.push(part.into()),
            Piece::Cdata(_) => {}
        }
    }
    match (depth, has_root) {
        (0, true) => Ok(()),
        (0, false) => Err("it has no element"),
        _ => Err("it ends too early"),
    }
}

/// Parts of one text; a single part is not copied.
#[derive(Default)]
struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    fn push(&mut self, part: Cow<'a, str>) {
        if !self.0.is_empty() {
            self.0.to_mut().push_str(&part);
        } else if !part.trim_ascii().is_empty() {
            self.0 = part;
        }
    }

    fn take(&mut self) -> Cow<'a, str> {
        match std::mem::take(&mut self.0) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
            Cow::Owned(text) => Cow::Owned(text.trim_ascii().to_owned()),
        }
    }
}

enum Piece<'a> {
    Start(&'a str),
    End(&'a str),
    Text(&'a str),
    Cdata(&'a str),
}

struct Pieces<'a> {
    rest: &'a str,
    /// The end of an element written as `<A/>`, still to be given.
    end: Option<&'a str>,
}

impl<'a> Pieces<'a> {
    fn new(xml: &'a str) -> Self {
        Self {
            rest: xml.strip_prefix('\u{feff}').unwrap_or(xml),
            end: None,
        }
    }

    fn next(&mut self) -> Result<Option<Piece<'a>>, &'static str> {
        if let Some(name) = self.end.take() {
            return Ok(Some(Piece::End(name)));
        }
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let Some(markup) = self.rest.strip_prefix('<') else {
                let (text, rest) = self
                    .rest
                    .split_at(self.rest.find('<').unwrap_or(self.rest.len()));
                self.rest = rest;
                return Ok(Some(Piece::Text(text)));
            };
            if let Some(after) = markup.strip_prefix("![CDATA[") {
                return self
                    .until(after, "]]>")
                    .map(|text| Some(Piece::Cdata(text)));
            }
            if let Some(after) = markup.strip_prefix("!--") {
                self.until(after, "-->")?;
            } else if let Some(after) = markup.strip_prefix('?') {
                self.until(after, "?>")?;
            } else if markup.starts_with('!') {
                return Err("it has a document type");
            } else {
                return self.tag(markup).map(Some);
            }
        }
    }

    /// What stands before `end`; goes on behind it.
    fn until(&mut self, after: &'a str, end: &str) -> Result<&'a str, &'static str> {
        // Every end has its only `>` at its end, and one byte is found quicker than three.
        let mut ends = memchr_iter(b'>', after.as_bytes()).map(|place| place + 1);
        let found = ends.find(|&place| after[..place].ends_with(end));
        let (inside, rest) = after.split_at(found.ok_or("it ends too early")?);
        self.rest = rest;
        Ok(&inside[..inside.len() - end.len()])
    }

    fn tag(&mut self, markup: &'a str) -> Result<Piece<'a>, &'static str> {
        let (tag, rest) = markup.split_at(tag_end(markup)?);
        self.rest = &rest[1..];
        if let Some(name) = tag.strip_prefix('/') {
            return Ok(Piece::End(name.trim_ascii_end()));
        }
        let inside = tag.strip_suffix('/').unwrap_or(tag);
        let blank = inside.bytes().position(|byte| byte.is_ascii_whitespace());
        let name = &inside[..blank.unwrap_or(inside.len())];
        if name.is_empty() {
            return Err("an element has no name");
        }
        if inside.len() < tag.len() {
            self.end = Some(name);
        }
        Ok(Piece::Start(name))
    }
}

/// Where the `>` of a tag is; one within quotes does not count.
fn tag_end(markup: &str) -> Result<usize, &'static str> {
    // Without attributes there are no quotes.
    let special = |byte| matches!(byte, b'>' | b'<' | b'"' | b'\'');
    if let Some(place) = markup.bytes().position(special)
        && markup.as_bytes()[place] == b'>'
    {
        return Ok(place);
    }
    let mut quote = None;
    for (place, byte) in markup.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Ok(place),
            (None, b'<') => return Err("a tag begins within a tag"),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    Err("it ends too early")
}
