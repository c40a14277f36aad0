//! The query that WeCom appends to the callback URL, both ways.

use std::fmt;

use memchr::memchr;

use crate::callback::Query;
use crate::callback::error::CallbackError;

/// Longest query that is read, in bytes. The echo of a URL check has about 90, the rest about 120.
const MAX_QUERY_BYTES: usize = 8 * 1024;

impl Query {
    /// Reads a raw query. Values are percent-decoded once and `+` stays `+`; the order is free; other parameters are
    /// ignored, because the configured URL may have its own.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`] when a parameter is missing, doubled, too long or not UTF-8.
    pub fn parse(raw_query: &str) -> Result<Self, CallbackError> {
        if raw_query.len() > MAX_QUERY_BYTES {
            return Err(CallbackError::Malformed("it is too long"));
        }
        let (mut msg_signature, mut timestamp, mut nonce, mut echostr) = (None, None, None, None);
        let mut rest = raw_query;
        while !rest.is_empty() {
            let (pair, after) = cut(rest, b'&');
            let (name, value) = cut(pair, b'=');
            rest = after;
            let (place, max) = match name {
                "msg_signature" => (&mut msg_signature, 64),
                "timestamp" => (&mut timestamp, 32),
                "nonce" => (&mut nonce, 256),
                "echostr" => (&mut echostr, 4096),
                _ => continue,
            };
            if place.replace(decode(value, max)?).is_some() {
                return Err(CallbackError::Malformed("a parameter is doubled"));
            }
        }
        let missing = || CallbackError::Malformed("a parameter is missing");
        Ok(Self {
            msg_signature: msg_signature.ok_or_else(missing)?,
            timestamp: timestamp.ok_or_else(missing)?,
            nonce: nonce.ok_or_else(missing)?,
            echostr,
        })
    }

    /// Writes what [`parse`](Self::parse) reads.
    pub(in crate::callback) fn render(&self) -> String {
        let mut raw = String::with_capacity(256);
        let echostr = self.echostr.as_deref().map(|value| ("echostr", value));
        let signed = [
            ("msg_signature", &*self.msg_signature),
            ("timestamp", &*self.timestamp),
            ("nonce", &*self.nonce),
        ];
        for (name, value) in signed.into_iter().chain(echostr) {
            if !raw.is_empty() {
                raw.push('&');
            }
            raw.push_str(name);
            raw.push('=');
            encode(value, &mut raw);
        }
        raw
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Query(…)")
    }
}

/// What stands before the first of these ASCII characters, and what stands behind it.
fn cut(text: &str, at: u8) -> (&str, &str) {
    match memchr(at, text.as_bytes()) {
        Some(place) => (&text[..place], &text[place + 1..]),
        None => (text, ""),
    }
}

fn decode(value: &str, max: usize) -> Result<Box<str>, CallbackError> {
    let text = match memchr(b'%', value.as_bytes()) {
        None => value.into(),
        Some(_) => decoded(value)?,
    };
    if text.is_empty() {
        return Err(CallbackError::Malformed("a parameter is empty"));
    }
    if text.len() > max {
        return Err(CallbackError::Malformed("a parameter is too long"));
    }
    Ok(text)
}

fn decoded(value: &str) -> Result<Box<str>, CallbackError> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some(place) = memchr(b'%', rest) {
        bytes.extend_from_slice(&rest[..place]);
        let [high, low, after @ ..] = &rest[place + 1..] else {
            return Err(CallbackError::Malformed("a percent code is cut off"));
        };
        let digit = |c: u8| char::from(c).to_digit(16);
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
            return Err(CallbackError::Malformed(
                "a percent code is not hexadecimal",
            ));
        };
        bytes.push((high * 16 + low) as u8);
        rest = after;
    }
    bytes.extend_from_slice(rest);
    let text = String::from_utf8(bytes)
        .map_err(|_| CallbackError::Malformed("a parameter is not UTF-8"))?;
    Ok(text.into())
}

fn encode(value: &str, raw: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            raw.push(byte.into());
        } else {
            raw.push('%');
            raw.push(HEX[usize::from(byte >> 4)].into());
            raw.push(HEX[usize::from(byte & 15)].into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "msg_signature=s&timestamp=1&nonce=n";

    #[test]
    fn order_is_free_and_other_parameters_are_ignored() {
        let query = Query::parse("x=%zz&nonce=007&&echostr=a%2Bb+c&timestamp=1&y&msg_signature=5c")
            .unwrap();
        assert_eq!(&*query.nonce, "007");
        assert_eq!(query.echostr.as_deref(), Some("a+b+c"));
        assert_eq!(&*query.msg_signature, "5c");
        assert!(Query::parse(GOOD).unwrap().echostr.is_none());
    }

    #[test]
    fn values_are_decoded_once() {
        let query = Query::parse(&format!("{GOOD}&echostr=%252B%e4%bd%A0")).unwrap();
        assert_eq!(query.echostr.as_deref(), Some("%2B你"));
    }

    #[test]
    fn other_queries_are_refused() {
        let long = format!("{GOOD}&echostr={}", "a".repeat(4097));
        let longer = format!("{GOOD}&other={}", "a".repeat(MAX_QUERY_BYTES));
        for bad in [
            "",
            "msg_signature=s&timestamp=1",
            "msg_signature=s&nonce=1",
            "timestamp=1&nonce=1",
            "msg_signature=s&timestamp=1&nonce=",
            "msg_signature=s&timestamp=1&nonce",
            "msg_signature=s&timestamp=1&nonce=n&nonce=n",
            "msg_signature=s&timestamp=1&nonce=%",
            "msg_signature=s&timestamp=1&nonce=%2",
            "msg_signature=s&timestamp=1&nonce=%+1",
            "msg_signature=s&timestamp=1&nonce=%ff",
            &long,
            &longer,
        ] {
            let refused = matches!(Query::parse(bad), Err(CallbackError::Malformed(_)));
            assert!(refused, "{}", &bad[..bad.len().min(80)]);
        }
    }

    #[test]
    fn the_longest_are_read() {
        let longest = format!("{GOOD}&echostr={}", "a".repeat(4096));
        assert!(Query::parse(&longest).is_ok());
        let filler = MAX_QUERY_BYTES - GOOD.len() - "&other=".len();
        let longest = format!("{GOOD}&other={}", "a".repeat(filler));
        assert!(Query::parse(&longest).is_ok());
        assert!(Query::parse(&(longest + "a")).is_err());
    }

    #[test]
    fn rendered_and_read_back() {
        let query = Query {
            msg_signature: "0a".into(),
            timestamp: "1".into(),
            nonce: "a b&c=+%你".into(),
            echostr: Some("+/=".into()),
        };
        let raw = query.render();
        assert!(raw.ends_with("&echostr=%2B%2F%3D"), "{raw}");
        assert_eq!(Query::parse(&raw).unwrap().nonce, query.nonce);
    }
}
