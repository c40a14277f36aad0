//! The "与我协作" link in a member's external profile (对外名片, path/92230): read, merge, write, read back.
//!
//! WeCom does not say whether an attribute that is absent from a write is kept, so a write carries every attribute that
//! was read. It answers "ok" when the attribute does not exist in the console and keeps nothing, so only reading back
//! tells. Members edit their profiles at any time: what vanished between a write and its read-back is put back. An edit
//! between our read and our write cannot be seen, because WeCom has no write that insists on what was read; the two calls
//! follow each other at once.

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::model::ids::UserId;
use crate::model::outgoing::{Answer, LinkCheck, WriteLink};
use crate::model::text::cut_chars;
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::limit::BASE;
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

/// 更新成员 (path/90197).
pub(in crate::wecom) const UPDATE: Api = Api {
    path: "user/update",
    secret: Secret::ContactSync,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "user/update",
};

/// How often a profile is written in one go: once, and twice more when somebody edits it at the same time.
const WRITES_MAX: usize = 3;

/// Several writers (6000): what is said of a profile that changed under every write.
const VERSION_CONFLICT: i64 = 6000;

impl Client {
    /// Brings the link into the profile unless it stands there.
    ///
    /// # Errors
    /// [`ApiError::Misconfigured`] without the contact-sync secret, unless the link stands there already;
    /// [`ApiError::State`] when the app cannot see the member; [`ApiError::Busy`] while somebody else keeps editing.
    pub(in crate::wecom) async fn write_link(
        &self,
        link: &WriteLink,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let mut known = self.attributes(&link.userid, now).await?;
        if holds(&known, link) {
            return Ok(Answer::Link(LinkCheck::AlreadyThere));
        }
        for _ in 0..WRITES_MAX {
            let written = merge(&known, link);
            self.write_attributes(&link.userid, &written, now).await?;
            // The write is done; whoever reads the profile next sees what came of it.
            let Ok(found) = self.attributes(&link.userid, now).await else {
                return Ok(Answer::Link(LinkCheck::Unseen));
            };
            match compare(&written, &found, link) {
                Seen::Kept => return Ok(Answer::Link(LinkCheck::Confirmed)),
                Seen::OursMissing => return Ok(Answer::Link(LinkCheck::Ignored)),
                Seen::Edited(both) => known = both,
            }
        }
        Err(ApiError::Busy {
            api: UPDATE.path,
            errcode: VERSION_CONFLICT,
            errmsg: "the profile is being edited".into(),
        })
    }

    async fn attributes(&self, id: &UserId, now: Timestamp) -> Result<Vec<Value>, ApiError> {
        let mut profile = self.external_profile(id, now).await?;
        match profile.remove("external_attr") {
            Some(Value::Array(attributes)) => Ok(attributes),
            _ => Ok(Vec::new()),
        }
    }

    /// Writes all attributes and nothing else: the corp's name and the Channels account are not ours to send (41036).
    async fn write_attributes(
        &self,
        userid: &UserId,
        external_attr: &[Value],
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let body = UpdateBody {
            userid,
            external_profile: ExternalProfile { external_attr },
        };
        let _: IgnoredAny = self.post(&UPDATE, &body, now).await?;
        Ok(())
    }
}

#[derive(Serialize)]
struct UpdateBody<'a> {
    userid: &'a UserId,
    external_profile: ExternalProfile<'a>,
}

#[derive(Serialize)]
struct ExternalProfile<'a> {
    external_attr: &'a [Value],
}

/// The attributes to write: every other one untouched, ours in its place or at the end.
fn merge(attributes: &[Value], link: &WriteLink) -> Vec<Value> {
    let ours = json!({
        "type": 1,
        "name": link.name,
        "web": { "url": link.url, "title": cut_chars(&link.name, 12) },
    });
    let mut merged = Vec::with_capacity(attributes.len() + 1);
    let mut ours = Some(ours);
    for attribute in attributes {
        if name(attribute) == Some(&link.name) {
            merged.extend(ours.take());
        } else {
            merged.push(attribute.clone());
        }
    }
    merged.extend(ours);
    merged
}

/// What a read-back shows.
#[derive(Debug, PartialEq)]
enum Seen {
    /// Ours is there and no other attribute was lost.
    Kept,
    /// Only ours is missing: WeCom ignored it.
    OursMissing,
    /// Somebody else wrote at the same time: what stands there now, and what was lost.
    Edited(Vec<Value>),
}

fn compare(written: &[Value], found: &[Value], link: &WriteLink) -> Seen {
    let others = |list: &[Value]| -> Vec<Value> {
        let other = |attribute: &&Value| name(attribute) != Some(&link.name);
        list.iter().filter(other).cloned().collect()
    };
    let (before, now) = (others(written), others(found));
    let lost: Vec<Value> = before
        .iter()
        .filter(|attribute| !now.iter().any(|other| name(other) == name(attribute)))
        .cloned()
        .collect();
    // A later edit of another attribute stands; only what it lacks is put back.
    if holds(found, link) && lost.is_empty() {
        return Seen::Kept;
    }
    if before == now {
        return Seen::OursMissing;
    }
    Seen::Edited([now, lost].concat())
}

/// Whether our attribute stands there with our address.
fn holds(attributes: &[Value], link: &WriteLink) -> bool {
    attributes.iter().any(|attribute| {
        let url = attribute.pointer("/web/url").and_then(Value::as_str);
        name(attribute) == Some(&link.name) && url == Some(&link.url)
    })
}

fn name(attribute: &Value) -> Option<&str> {
    attribute.get("name").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

    use super::*;
    use crate::model::outgoing::Call;
    use crate::wecom::error::Retry;
    use crate::wecom::script::{NOW, Script, reply};

    const URL: &str = "https://a.example/home?tenantKey=1";

    fn link() -> WriteLink {
        WriteLink {
            userid: UserId::parse("zhang").unwrap(),
            name: "与我协作".into(),
            url: URL.into(),
        }
    }

    fn ours() -> Value {
        web("与我协作", URL)
    }

    fn web(name: &str, url: &str) -> Value {
        json!({"type": 1, "name": name, "web": {"url": url, "title": name}})
    }

    fn text(name: &str, value: &str) -> Value {
        json!({"type": 0, "name": name, "text": {"value": value}})
    }

    fn odd() -> Value {
        json!({"type": 7, "name": "新", "hologram": {"depth": 3, "list": [1, null]}, "flag": true})
    }

    fn list(value: &Value) -> Vec<Value> {
        value.as_array().unwrap().clone()
    }

    #[test]
    fn merging_keeps_everything_else() {
        for (before, after) in [
            (json!([]), json!([ours()])),
            (
                json!([text("电话", "1"), odd()]),
                json!([text("电话", "1"), odd(), ours()]),
            ),
            (
                json!([web("与我协作", "https://old.example"), odd()]),
                json!([ours(), odd()]),
            ),
            (
                json!([text("与我协作", "文字"), text("电话", "1")]),
                json!([ours(), text("电话", "1")]),
            ),
            (
                json!([odd(), ours(), web("与我协作", "")]),
                json!([odd(), ours()]),
            ),
        ] {
            assert_eq!(merge(&list(&before), &link()), list(&after), "{before}");
        }
    }

    /// An entry of an array that is anything at all, named like ours now and then.
    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        let nested = leaf.prop_recursive(3, 12, 3, |inner| {
            let map = prop::collection::btree_map("[a-z]{1,4}", inner.clone(), 0..3);
            prop_oneof![
                prop::collection::vec(inner, 0..3).prop_map(Value::from),
                map.prop_map(|map| json!(map)),
            ]
        });
        let names = prop_oneof![
            Just("与我协作".to_owned()),
            Just("电话".to_owned()),
            ".{0,4}"
        ];
        let named =
            (names, nested.clone()).prop_map(|(name, rest)| json!({"name": name, "x": rest}));
        prop_oneof![named, nested]
    }

    proptest! {
        #[test]
        fn what_is_not_ours_is_written_as_it_was_read(before in prop::collection::vec(anything(), 0..6)) {
            let link = link();
            let other = |entry: &&Value| name(entry) != Some(&link.name);
            let others = |list: &[Value]| list.iter().filter(other).cloned().collect::<Vec<_>>();
            let merged = merge(&before, &link);
            prop_assert_eq!(others(&merged), others(&before));
            let mine: Vec<_> = merged.iter().filter(|entry| !other(entry)).collect();
            prop_assert_eq!(mine, [&ours()]);
            // Written whole and found whole, or found without ours, there is nothing to put back.
            prop_assert_eq!(compare(&merged, &merged, &link), Seen::Kept);
            prop_assert_eq!(compare(&merged, &others(&merged), &link), Seen::OursMissing);
            prop_assert_eq!(merge(&merged, &link), merged);
        }
    }

    #[test]
    fn a_read_back_is_compared_with_what_was_written() {
        let (a, b) = (text("甲", "1"), text("乙", "1"));
        for (written, found, expected) in [
            (json!([ours()]), json!([ours()]), Seen::Kept),
            (json!([a, ours()]), json!([ours(), a]), Seen::Kept),
            // Another attribute was edited or added after our write: the newer text stands.
            (
                json!([a, ours()]),
                json!([text("甲", "2"), ours()]),
                Seen::Kept,
            ),
            (json!([a, ours()]), json!([a, b, ours()]), Seen::Kept),
            (json!([ours()]), json!([]), Seen::OursMissing),
            (json!([a, ours()]), json!([a]), Seen::OursMissing),
            (
                json!([a, ours()]),
                json!([a, web("与我协作", "https://old.example")]),
                Seen::OursMissing,
            ),
            (
                json!([a, b, ours()]),
                json!([b, ours()]),
                Seen::Edited(vec![b.clone(), a.clone()]),
            ),
            (
                json!([a, ours()]),
                json!([text("甲", "2")]),
                Seen::Edited(vec![text("甲", "2")]),
            ),
        ] {
            let seen = compare(&list(&written), &list(&found), &link());
            assert_eq!(seen, expected, "{written} {found}");
        }
    }

    /// How a scripted WeCom treats a write.
    #[derive(Clone, Copy)]
    enum Mode {
        /// The write is the whole list.
        Replace,
        /// The write changes what it names.
        Merge,
        /// "ok", and an attribute that the console does not have is not kept.
        Ignore,
        /// The first write meets another writer, who saves the profile as it was plus an attribute.
        Race,
        /// Every write does.
        RaceForever,
    }

    async fn wecom(before: Value, mode: Mode) -> Script {
        let stored = Mutex::new(list(&before));
        Script::start(move |asked, writes| {
            let mut stored = stored.lock().unwrap();
            match asked.path.as_str() {
                "user/get" => {
                    let profile = json!({"external_corp_name": "公司", "external_attr": *stored});
                    reply(json!({"errcode": 0, "userid": "zhang", "external_profile": profile}))
                }
                "user/update" => {
                    let body: Value = serde_json::from_str(&asked.body).unwrap();
                    let sent = list(&body["external_profile"]["external_attr"]);
                    let raced = match mode {
                        Mode::Race => writes == 0,
                        Mode::RaceForever => true,
                        Mode::Replace | Mode::Merge | Mode::Ignore => false,
                    };
                    match mode {
                        _ if raced => stored.push(text(&format!("乙{writes}"), "1")),
                        Mode::Merge => {
                            stored.retain(|old| !sent.iter().any(|new| name(new) == name(old)));
                            stored.extend(sent);
                        }
                        Mode::Ignore => {
                            *stored = sent;
                            stored.retain(|new| name(new) != Some("与我协作"));
                        }
                        Mode::Replace | Mode::Race | Mode::RaceForever => *stored = sent,
                    }
                    None
                }
                _ => None,
            }
        })
        .await
    }

    async fn write(script: &Script) -> Result<LinkCheck, ApiError> {
        let client = script.client();
        let answer = client.perform(&Call::WriteLink(link()), NOW).await?;
        let Answer::Link(check) = answer else {
            panic!("{answer:?}");
        };
        Ok(check)
    }

    async fn stored(script: &Script) -> Vec<Value> {
        let id = link().userid;
        script.client().attributes(&id, NOW).await.unwrap()
    }

    #[tokio::test]
    async fn the_link_is_written_and_confirmed() {
        for mode in [Mode::Replace, Mode::Merge] {
            let script = wecom(json!([text("电话", "1"), odd()]), mode).await;
            assert_eq!(write(&script).await, Ok(LinkCheck::Confirmed));
            let expected = json!({
                "userid": "zhang",
                "external_profile": {"external_attr": [text("电话", "1"), odd(), ours()]},
            });
            assert_eq!(script.body("user/update"), expected);
            let asked = &script.asked("user/update")[0];
            assert!(asked.query["access_token"].starts_with("token-sync-"));
            assert_eq!(
                stored(&script).await,
                list(&expected["external_profile"]["external_attr"])
            );
        }
    }

    #[tokio::test]
    async fn a_link_that_stands_there_is_not_written() {
        let script = wecom(json!([odd(), ours()]), Mode::Replace).await;
        assert_eq!(write(&script).await, Ok(LinkCheck::AlreadyThere));
        assert!(script.asked("user/update").is_empty());
    }

    #[tokio::test]
    async fn an_attribute_that_the_console_lacks_is_noticed() {
        let script = wecom(json!([odd()]), Mode::Ignore).await;
        assert_eq!(write(&script).await, Ok(LinkCheck::Ignored));
        assert_eq!(script.asked("user/update").len(), 1);
        assert_eq!(stored(&script).await, [odd()]);
    }

    #[tokio::test]
    async fn a_link_that_another_writer_removes_is_written_again() {
        let script = wecom(json!([odd()]), Mode::Race).await;
        assert_eq!(write(&script).await, Ok(LinkCheck::Confirmed));
        assert_eq!(script.asked("user/update").len(), 2);
        assert_eq!(stored(&script).await, [odd(), text("乙0", "1"), ours()]);
    }

    #[tokio::test]
    async fn an_everlasting_edit_is_left_for_later() {
        let script = wecom(json!([odd()]), Mode::RaceForever).await;
        let error = write(&script).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Again { after: None });
        assert_eq!(script.asked("user/update").len(), WRITES_MAX);
    }

    #[tokio::test]
    async fn without_the_contact_sync_secret_nothing_is_written() {
        let script = wecom(json!([odd()]), Mode::Replace).await;
        let client = script.client_without_contact_sync();
        let error = client.write_link(&link(), NOW).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Configuration);
        assert!(
            error.to_string().contains("管理工具 → 通讯录同步"),
            "{error}"
        );
        assert!(script.asked("user/update").is_empty());

        let by_hand = wecom(json!([ours()]), Mode::Replace).await;
        let client = by_hand.client_without_contact_sync();
        let answer = client.write_link(&link(), NOW).await;
        assert!(matches!(answer, Ok(Answer::Link(LinkCheck::AlreadyThere))));
    }
}
