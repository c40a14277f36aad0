//! Callbacks as WeCom sends them, made before the clock starts: distinct, encrypted, signed, 1.2 KB each.

use std::ops::Range;

use wecom_bridge::callback::seal;
use wecom_bridge::clock::Clock;
use wecom_bridge::model::keys::CallbackKeys;
use wecom_bridge::model::time::Timestamp;

use crate::corps;

/// How long the inner XML is: a long `change_external_contact`.
const PLAINTEXT_BYTES: usize = 600;

/// Members who share the contacts.
const MEMBERS: usize = 4_000;

/// What happened to the contact.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// It was added, without a welcome code: its member is owed a card.
    Added,
    /// It was edited: it is read anew, and that is all.
    Edited,
}

/// One HTTP request, ready to be written.
pub(crate) type Request = Box<[u8]>;

/// Whom callbacks are about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    /// They go to so many corps in turn.
    pub(crate) corps: usize,
    /// They tell of so many contacts in turn.
    pub(crate) contacts: usize,
}

/// One corp, and a contact of its own for each callback.
pub(crate) const APART: About = About {
    corps: 1,
    contacts: usize::MAX,
};

/// The member who has contact number `n`.
pub(crate) fn member(n: usize) -> String {
    format!("member{:04}", n % MEMBERS)
}

/// The id of contact number `n`.
pub(crate) fn contact(n: usize) -> String {
    format!("wmBENCH{n:09}")
}

/// Makes the callbacks of these numbers; no two numbers give the same.
pub(crate) fn make(
    change: Change,
    about: About,
    numbers: Range<usize>,
) -> anyhow::Result<Vec<Request>> {
    let keys = corps::keys()?;
    let now = Clock::system().now();
    let request = |n| {
        let corp = n % about.corps;
        let plaintext = plaintext(change, corp, n % about.contacts, n, now);
        request(&keys, corp, &plaintext, now, n)
    };
    Ok(numbers.map(request).collect())
}

/// The same callback with a signature that does not fit.
pub(crate) fn forged(request: &Request) -> Request {
    let mut forged = request.clone();
    let name = b"msg_signature=";
    let at = forged.windows(name.len()).position(|part| part == name);
    if let Some(digit) = at.and_then(|at| forged.get_mut(at + name.len())) {
        *digit = if *digit == b'0' { b'1' } else { b'0' };
    }
    forged
}

/// As in the samples of path/92130; the channel holds the number and takes up the rest of the length.
pub(crate) fn plaintext(
    change: Change,
    corp: usize,
    contact: usize,
    number: usize,
    now: Timestamp,
) -> String {
    let change = match change {
        Change::Added => "add_external_contact",
        Change::Edited => "edit_external_contact",
    };
    let (corp, member, contact) = (corps::id(corp), member(contact), self::contact(contact));
    let now = now.secs();
    let mut xml = format!(
        "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>\
         <CreateTime>{now}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[{change}]]></ChangeType>\
         <UserID><![CDATA[{member}]]></UserID><ExternalUserID><![CDATA[{contact}]]></ExternalUserID>\
         <State><![CDATA[{number:010}"
    );
    let end = "]]></State></xml>";
    let filler = PLAINTEXT_BYTES.saturating_sub(xml.len() + end.len());
    xml.extend(std::iter::repeat_n('x', filler));
    xml + end
}

fn request(keys: &CallbackKeys, corp: usize, plaintext: &str, now: Timestamp, n: usize) -> Request {
    let mut random = [0; 16];
    random[..8].copy_from_slice(&n.to_be_bytes());
    let nonce = format!("{n:010}");
    let id = corps::id(corp);
    let sealed = seal(keys, &id, plaintext.as_bytes(), now, &nonce, random);
    let head = format!(
        "POST {}?{} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n\
         Content-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        corps::path(corp),
        sealed.query,
        sealed.body.len()
    );
    [head.as_bytes(), sealed.body.as_bytes()].concat().into()
}
