//! The outer XML or JSON, both ways. Only `Encrypt` is read; the rest is nobody's word.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::callback::Query;
use crate::callback::error::CallbackError;
use crate::callback::scan::{children, is_json};
use crate::callback::write::{close, element, open};

/// Longest body that is read, in bytes. WeCom names no figure; its largest documented events are far below.
pub(in crate::callback) const MAX_BODY_BYTES: usize = 1 << 20;

/// A ciphertext that nobody has vouched for yet. Made by this file alone.
pub(in crate::callback) struct Sealed<'a>(Cow<'a, str>);

impl<'a> Sealed<'a> {
    /// Takes `Encrypt` out of a POST body: XML, or JSON when the first non-blank byte is `{`.
    ///
    /// # Errors
    /// [`CallbackError::Envelope`].
    pub(in crate::callback) fn from_body(body: &'a [u8]) -> Result<Self, CallbackError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(CallbackError::Envelope("it is too long"));
        }
        let body = str::from_utf8(body).map_err(|_| CallbackError::Envelope("it is not UTF-8"))?;
        let encrypt = if is_json(body) {
            let envelope: JsonEnvelope<'_> = serde_json::from_str(body)
                .map_err(|_| CallbackError::Envelope("it is not a JSON object with one Encrypt"))?;
            envelope.encrypt
        } else {
            let [encrypt] = texts(body, ["Encrypt"])?;
            encrypt
        };
        if encrypt.is_empty() {
            return Err(CallbackError::Envelope("Encrypt is empty"));
        }
        Ok(Self(encrypt))
    }

    /// Takes the `echostr` of a URL check.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`] when there is none.
    pub(in crate::callback) fn from_echostr(query: &'a Query) -> Result<Self, CallbackError> {
        let echostr = query.echostr.as_deref();
        echostr
            .map(|text| Self(text.into()))
            .ok_or(CallbackError::Malformed("there is no echostr"))
    }

    /// Takes `Encrypt` out of a passive reply, and what signs it.
    ///
    /// # Errors
    /// [`CallbackError::Envelope`].
    pub(in crate::callback) fn from_reply(xml: &'a str) -> Result<(Query, Self), CallbackError> {
        let [encrypt, signature, timestamp, nonce] =
            texts(xml, ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"])?;
        let query = Query {
            msg_signature: signature.into(),
            timestamp: timestamp.into(),
            nonce: nonce.into(),
            echostr: None,
        };
        Ok((query, Self(encrypt)))
    }

    /// The Base64 text, without the blanks around it.
    pub(in crate::callback) fn ciphertext(&self) -> &str {
        &self.0
    }
}

/// The XML body of a callback (path/90930).
pub(in crate::callback) fn request_xml(to_user_name: &str, encrypt: &str) -> String {
    let mut xml = String::with_capacity(encrypt.len() + 120);
    open(&mut xml, "xml");
    element(&mut xml, "ToUserName", to_user_name);
    element(&mut xml, "Encrypt", encrypt);
    close(&mut xml, "xml");
    xml
}

/// The body of a passive reply (path/90930), the mirror image of a callback.
pub(in crate::callback) fn reply_xml(query: &Query, encrypt: &str) -> String {
    let mut xml = String::with_capacity(encrypt.len() + 240);
    open(&mut xml, "xml");
    element(&mut xml, "Encrypt", encrypt);
    element(&mut xml, "MsgSignature", &query.msg_signature);
    element(&mut xml, "TimeStamp", &query.timestamp);
    element(&mut xml, "Nonce", &query.nonce);
    close(&mut xml, "xml");
    xml
}

/// The JSON body of a callback (path/97478).
pub(in crate::callback) fn request_json(to_user_name: &str, encrypt: &str) -> String {
    serde_json::json!({"tousername": to_user_name, "encrypt": encrypt}).to_string()
}

/// The texts of these elements below the root, each exactly once and without elements inside.
fn texts<'a, const N: usize>(
    xml: &'a str,
    names: [&str; N],
) -> Result<[Cow<'a, str>; N], CallbackError> {
    let mut found = [const { None }; N];
    let mut fault = None;
    children(xml, |child| {
        let Some(place) = names.iter().position(|name| *name == child.name) else {
            return;
        };
        if child.nested {
            fault = Some("an element has elements inside where a text is expected");
        }
        if found[place].replace(child.text).is_some() {
            fault = Some("an element is doubled");
        }
    })
    .map_err(CallbackError::Envelope)?;
    if let Some(fault) = fault {
        return Err(CallbackError::Envelope(fault));
    }
    if found.iter().any(Option::is_none) {
        return Err(CallbackError::Envelope("an element is missing"));
    }
    Ok(found.map(Option::unwrap_or_default))
}

/// Both spellings of the keys occur, so case does not count.
struct JsonEnvelope<'a> {
    encrypt: Cow<'a, str>,
}

impl<'de> Deserialize<'de> for JsonEnvelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = JsonEnvelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one Encrypt")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut encrypt = None;
        while let Some(Text(key)) = map.next_key()? {
            if !key.eq_ignore_ascii_case("encrypt") {
                map.next_value::<IgnoredAny>()?;
            } else if encrypt.replace(map.next_value::<Text<'de>>()?.0).is_some() {
                return Err(A::Error::duplicate_field("Encrypt"));
            }
        }
        let encrypt = encrypt.ok_or_else(|| A::Error::missing_field("Encrypt"))?;
        Ok(JsonEnvelope { encrypt })
    }
}

/// Borrowed unless it has escapes; a plain `Cow` would always copy.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_found(body: &str) {
        let sealed = Sealed::from_body(body.as_bytes());
        assert_eq!(
            sealed.map(|s| s.0.into_owned()),
            Ok("aB+/=".into()),
            "{body}"
        );
    }

    #[track_caller]
    fn assert_refused(body: &[u8]) {
        let problem = Sealed::from_body(body).err();
        let text = String::from_utf8_lossy(body);
        assert!(
            matches!(problem, Some(CallbackError::Envelope(_))),
            "{text}: {problem:?}"
        );
    }

    #[test]
    fn encrypt_is_found_wherever_it_stands() {
        for body in [
            "<xml><Encrypt>aB+/=</Encrypt></xml>",
            "<xml><Encrypt><![CDATA[aB+/=]]></Encrypt></xml>",
            "<?xml version=\"1.0\"?>\n<xml a='>' b=\"<\">\n <Encrypt>\n <![CDATA[aB+/=]]>\n</Encrypt >\n</xml>\n",
            "\u{feff}<xml><ToUserName><![CDATA[<Encrypt>x</Encrypt>]]></ToUserName><AgentID/><Encrypt>aB+/=</Encrypt></xml>",
            "<xml><!-- <Encrypt>x</Encrypt> --><Encrypt>aB<!-- - -->+<![CDATA[/]]>=</Encrypt></xml><!-- end -->",
            "<xml><Encrypt>aB&#43;&#x2f;=</Encrypt><Note>&lt;&amp;&gt;</Note></xml>",
            "<xml><A><Encrypt>x</Encrypt></A><encrypt>y</encrypt><Encrypt>aB+/=</Encrypt></xml>",
            "<xml>x<![CDATA[y]]><A/><![CDATA[z]]><Encrypt>aB+/=</Encrypt></xml>",
            r#"{"encrypt": "aB+/="}"#,
            r#" {"ToUserName": {"Encrypt": 1}, "Encrypt": "aB+\/=", "agentid": null}"#,
        ] {
            assert_found(body);
        }
    }

    #[test]
    fn other_bodies_are_refused() {
        let deep = format!("{}{}", "<a>".repeat(17), "</a>".repeat(17));
        let deep = format!("<xml>{deep}<Encrypt>x</Encrypt></xml>");
        let long = format!(
            "<xml><Encrypt>{}</Encrypt></xml>",
            "x".repeat(MAX_BODY_BYTES)
        );
        for body in [
            "",
            " ",
            "Encrypt",
            "<xml/>",
            "<xml></xml>",
            "<xml><Encrypt/></xml>",
            "<xml><Encrypt> <![CDATA[ ]]> </Encrypt></xml>",
            "<Encrypt>x</Encrypt>",
            "<xml><Encrypt>x</Encrypt><Encrypt>x</Encrypt></xml>",
            "<xml><Encrypt>x</Encrypt></xml><xml/>",
            "<xml><Encrypt>x</Encrypt></xml>x",
            "<xml><Encrypt>x</Encrypt></xml><![CDATA[]]>",
            "<xml><Encrypt>x<b/></Encrypt></xml>",
            "<xml><Encrypt>x</Encrypt>",
            "<xml><Encrypt>x</xml></Encrypt>",
            "<xml><Encrypt><![CDATA[x]]</Encrypt></xml>",
            "<xml><Encrypt>x</Encrypt><!-- </xml>",
            "<xml <Encrypt>x</Encrypt></xml>",
            "<xml><?><Encrypt>x</Encrypt></xml>",
            "<?>xml?><xml><Encrypt>x</Encrypt></xml>",
            "<xml><Encrypt\u{c}b>x</Encrypt></xml>",
            "<xml><Encrypt>x</Encrypt\u{c}></xml>",
            "<xml>< Encrypt>x</ Encrypt></xml>",
            "<!DOCTYPE xml><xml><Encrypt>x</Encrypt></xml>",
            "<!DOCTYPE xml [<!ENTITY a \"x\">]><xml><Encrypt>&a;</Encrypt></xml>",
            "<xml><A>&a;</A><Encrypt>x</Encrypt></xml>",
            "<xml><A><B>&nbsp;</B></A><Encrypt>x</Encrypt></xml>",
            "{}",
            "{\"encrypt\": \"\"}",
            "{\"encrypt\": 1}",
            "{\"encrypt\": \"x\", \"Encrypt\": \"x\"}",
            "{\"encrypt\": \"x\"} {",
            "[\"encrypt\"]",
            &deep,
            &long,
        ] {
            assert_refused(body.as_bytes());
        }
        assert_refused(b"<xml><A>\xff</A><Encrypt>x</Encrypt></xml>");
    }

    #[test]
    fn the_longest_body_is_read() {
        let body = |filler| format!("<xml>{}<Encrypt>x</Encrypt></xml>", " ".repeat(filler));
        let filler = MAX_BODY_BYTES - body(0).len();
        assert!(Sealed::from_body(body(filler).as_bytes()).is_ok());
        assert_refused(body(filler + 1).as_bytes());
    }

    #[test]
    fn a_single_text_is_not_copied() {
        let body = b"<xml><Encrypt>\n<![CDATA[aB+/=]]></Encrypt></xml>";
        let sealed = Sealed::from_body(body).ok();
        assert!(matches!(sealed, Some(Sealed(Cow::Borrowed("aB+/=")))));
        let sealed = Sealed::from_body(br#"{"encrypt": "aB+/="}"#).ok();
        assert!(matches!(sealed, Some(Sealed(Cow::Borrowed("aB+/=")))));
    }
}
