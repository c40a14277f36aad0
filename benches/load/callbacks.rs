//! Callbacks as WeCom sends them, made before the clock starts: distinct, encrypted, signed, 1.2 KB each.

use wecom_bridge::callback::seal;
use wecom_bridge::clock::Clock;
use wecom_bridge::model::keys::{AesKey, CallbackKeys};
use wecom_bridge::model::time::Timestamp;

/// The corp of every run.
pub(crate) const CORP: &str = "wwbench000000001";
/// The callback token of every run; an invented one.
pub(crate) const TOKEN: &str = "benchtoken";
/// The `EncodingAESKey` of every run; an invented one.
pub(crate) const AES_KEY: &str = "benchbenchbenchbenchbenchbenchbenchbenchabc";

/// How long the inner XML is: a long `change_external_contact`.
const PLAINTEXT_BYTES: usize = 600;

/// Members who share the contacts.
const MEMBERS: usize = 400;

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

/// The member who has contact number `n`.
pub(crate) fn member(n: usize) -> String {
    format!("member{:03}", n % MEMBERS)
}

/// The id of contact number `n`.
pub(crate) fn contact(n: usize) -> String {
    format!("wmBENCH{n:09}")
}

/// Both secrets.
pub(crate) fn keys() -> anyhow::Result<CallbackKeys> {
    Ok(CallbackKeys {
        token: TOKEN.to_owned().into(),
        aes_key: AesKey::parse(AES_KEY)?,
    })
}

/// Makes `count` callbacks about as many contacts.
pub(crate) fn make(change: Change, count: usize) -> anyhow::Result<Vec<Request>> {
    let keys = keys()?;
    let now = Clock::system().now();
    let request = |n| request(&keys, &plaintext(change, n, now), now, n);
    Ok((0..count).map(request).collect())
}

/// As in the samples of path/92130; the channel takes up the rest of the length.
fn plaintext(change: Change, n: usize, now: Timestamp) -> String {
    let change = match change {
        Change::Added => "add_external_contact",
        Change::Edited => "edit_external_contact",
    };
    let (member, contact, now) = (member(n), contact(n), now.secs());
    let mut xml = format!(
        "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>\
         <CreateTime>{now}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[{change}]]></ChangeType>\
         <UserID><![CDATA[{member}]]></UserID><ExternalUserID><![CDATA[{contact}]]></ExternalUserID>\
         <State><![CDATA["
    );
    let end = "]]></State></xml>";
    let filler = PLAINTEXT_BYTES.saturating_sub(xml.len() + end.len());
    xml.extend(std::iter::repeat_n('x', filler));
    xml + end
}

fn request(keys: &CallbackKeys, plaintext: &str, now: Timestamp, n: usize) -> Request {
    let mut random = [0; 16];
    random[..8].copy_from_slice(&n.to_be_bytes());
    let nonce = format!("{n:010}");
    let sealed = seal(keys, CORP, plaintext.as_bytes(), now, &nonce, random);
    let head = format!(
        "POST /callback/app?{} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n\
         Content-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        sealed.query,
        sealed.body.len()
    );
    [head.as_bytes(), sealed.body.as_bytes()].concat().into()
}
