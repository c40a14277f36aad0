//! What a call reads from its request, and how it refuses.

use std::collections::HashMap;

use serde_json::Value;

use crate::model::ids::UserId;
use crate::model::time::Timestamp;
use crate::sim::corp::Corp;
use crate::sim::faults::Fault;
use crate::sim::person::Member;

/// A global error code (path/90313) and a text for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) i64, pub(crate) &'static str);

/// An object with the fields beside `errcode` and `errmsg`, or a refusal.
pub(crate) type Answer = Result<Value, Refused>;

/// A request whose token is good.
pub(crate) struct Request<'a> {
    query: HashMap<String, String>,
    /// The body as it was sent.
    pub(crate) body: &'a [u8],
    /// The body as JSON; `null` for GET.
    pub(crate) json: Value,
    /// When it came.
    pub(crate) now: Timestamp,
    fault: Option<&'a Fault>,
}

impl<'a> Request<'a> {
    /// A request before its body is read.
    pub(crate) fn new(
        query: HashMap<String, String>,
        body: &'a [u8],
        now: Timestamp,
        fault: Option<&'a Fault>,
    ) -> Self {
        Self {
            query,
            body,
            json: Value::Null,
            now,
            fault,
        }
    }

    /// Reads the body: a JSON object without `\u` escapes (40033).
    pub(crate) fn read_json(&mut self) -> Result<(), Refused> {
        self.json = serde_json::from_slice(self.body)
            .ok()
            .filter(Value::is_object)
            .ok_or(Refused(40058, "the body is not a JSON object"))?;
        if has_unicode_escape(self.body) {
            return Err(Refused(40033, "illegal characters: \\u escapes"));
        }
        Ok(())
    }

    /// A query parameter; empty when it is missing.
    pub(crate) fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// Whether attributes are to be dropped without a word.
    pub(crate) fn ignores_attributes(&self) -> bool {
        self.fault == Some(&Fault::IgnoreAttribute)
    }
}

fn has_unicode_escape(body: &[u8]) -> bool {
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'\\' && bytes.next() == Some(&b'u') {
            return true;
        }
    }
    false
}

/// A text field; empty when it is missing or something else.
pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A field that must hold an array; empty when it is missing (40035).
pub(crate) fn array<'v>(value: &'v Value, key: &str) -> Result<&'v [Value], Refused> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Refused(40035, "an array is required")),
    }
}

/// The member with this id in the contacts.
pub(crate) fn member<'c>(corp: &'c Corp, userid: &str) -> Option<&'c Member> {
    corp.member(&UserId::parse(userid).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_objects_without_escapes() {
        let table: [(&[u8], Result<(), i64>); 6] = [
            (b"{\"a\":\"\xe4\xbd\xa0\"}", Ok(())),
            (br#"{"a":"C:\\users"}"#, Ok(())),
            (br#"{"a":"\u4f60"}"#, Err(40033)),
            (b"[]", Err(40058)),
            (b"", Err(40058)),
            (b"{\"a\":\"\xff\"}", Err(40058)),
        ];
        for (body, expected) in table {
            let mut request = Request::new(HashMap::new(), body, Timestamp::default(), None);
            let read = request.read_json().map_err(|refused| refused.0);
            assert_eq!(read, expected, "{}", String::from_utf8_lossy(body));
        }
    }
}
