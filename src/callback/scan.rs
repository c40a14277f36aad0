//! One pass over XML that looks only at what stands directly below the root: for the envelope, which must be cheap to
//! refuse, and for the glance at the door. The tree of all elements is [`crate::callback::node`].

use std::borrow::Cow;

use memchr::memchr;
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
                let end = memchr(b'<', self.rest.as_bytes()).unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Ok(Some(Piece::Text(text)));
            };
            match markup.as_bytes().first() {
                Some(b'!') => {
                    if let Some(after) = markup.strip_prefix("![CDATA[") {
                        return self
                            .until(after, "]]>")
                            .map(|text| Some(Piece::Cdata(text)));
                    }
                    let comment = markup.strip_prefix("!--");
                    self.until(comment.ok_or("it has a document type")?, "-->")?;
                }
                Some(b'?') => {
                    let name = markup.as_bytes().get(1);
                    if !name.is_some_and(u8::is_ascii_alphabetic) {
                        return Err("an instruction has no name");
                    }
                    self.until(markup, "?>")?;
                }
                _ => return self.tag(markup).map(Some),
            }
        }
    }

    /// What stands before `end`; goes on behind it. Looking for the last character alone is cheaper than for the text.
    fn until(&mut self, after: &'a str, end: &str) -> Result<&'a str, &'static str> {
        let mut from = 0;
        while let Some(found) = memchr(b'>', &after.as_bytes()[from..]) {
            from += found + 1;
            if let Some(inside) = after[..from].strip_suffix(end) {
                self.rest = &after[from..];
                return Ok(inside);
            }
        }
        Err("it ends too early")
    }

    fn tag(&mut self, markup: &'a str) -> Result<Piece<'a>, &'static str> {
        let end = match markup.as_bytes().first() {
            // It is compared with a name, which has no quotes.
            Some(b'/') => memchr(b'>', markup.as_bytes()).ok_or("it ends too early")?,
            _ => tag_end(markup)?,
        };
        let (tag, rest) = markup.split_at(end);
        self.rest = &rest[1..];
        if let Some(name) = tag.strip_prefix('/') {
            return Ok(Piece::End(name.trim_end_matches([' ', '\t', '\r', '\n'])));
        }
        let inside = tag.strip_suffix('/').unwrap_or(tag);
        let blank = inside.bytes().position(is_blank);
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

/// What XML takes for a blank; a form feed is none.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Where the `>` of a tag is; one within quotes does not count.
///
/// # Errors
/// Another tag begins before it, or there is none.
pub(in crate::callback) fn tag_end(markup: &str) -> Result<usize, &'static str> {
    const EARLY: &str = "it ends too early";
    let first = memchr(b'>', markup.as_bytes()).ok_or(EARLY)?;
    if !markup.as_bytes()[..first]
        .iter()
        .any(|byte| matches!(byte, b'<' | b'"' | b'\''))
    {
        return Ok(first);
    }
    let mut place = 0;
    loop {
        let mut rest = markup.as_bytes()[place..].iter();
        let special = |byte: &u8| matches!(byte, b'>' | b'<' | b'"' | b'\'');
        place += rest.position(special).ok_or(EARLY)?;
        match markup.as_bytes()[place] {
            b'>' => return Ok(place),
            b'<' => return Err("a tag begins within a tag"),
            quote => place += 2 + rest.position(|&byte| byte == quote).ok_or(EARLY)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_named() {
        for (xml, fault) in [
            ("", "it has no element"),
            ("<!-- -->", "it has no element"),
            ("<xml>", "it ends too early"),
            ("<xml></b>", "an element ends that has not begun"),
            ("</xml>", "an element ends that has not begun"),
            ("<xml/><xml/>", "there is more than one root"),
        ] {
            assert_eq!(children(xml, |_| ()), Err(fault), "{xml}");
        }
    }
}
