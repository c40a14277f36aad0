//! What becomes of what is kept when a customer is to be forgotten.
//!
//! The rule looks at stored texts, not at types: whatever is kept under an id of theirs or speaks of them goes, and what
//! belongs to others stays without them. So it holds for tables that are still to be made.

use serde_json::Value;

use crate::model::forgetting::{Forgetting, Place};
use crate::model::time::Timestamp;

/// What stands in what others have, in place of an id.
const NOBODY: &str = "forgotten";

/// After so many rounds it ends, whatever comes in meanwhile: then it is new.
const ROUNDS_MAX: u32 = 100;

/// Whose a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Theirs, if it speaks of them.
    WhoItSpeaksOf,
    /// Theirs, if it stands under an id of theirs.
    ItsKey,
    /// Theirs, if it is an item with them for its customer.
    ItsContact,
}

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It has nothing to do with them.
    Stays,
    /// It goes.
    Goes,
    /// It stays with this JSON.
    Becomes(String),
}

/// What becomes of a record.
pub fn record(whose: Whose, key: &str, json: &str, place: &Place) -> Fate {
    let goes = match whose {
        Whose::WhoItSpeaksOf => {
            let names_them = |text| speaks_of(text, ids(place)) || speaks_of(text, items(place));
            names_them(key) || names_them(json)
        }
        Whose::ItsKey => speaks_of(key, ids(place)),
        Whose::ItsContact => is_theirs(json, place),
    };
    match goes {
        true => Fate::Goes,
        false if whose != Whose::WhoItSpeaksOf && speaks_of(json, ids(place)) => {
            cleared(json, place)
        }
        false => Fate::Stays,
    }
}

/// Whether an event goes.
pub fn event(text: &str, place: &Place) -> bool {
    speaks_of(text, ids(place)) || speaks_of(text, items(place))
}

/// Whether a call goes: cards may say a name and no id.
pub fn call(text: &str, place: &Place) -> bool {
    event(text, place) || place.names.iter().any(|name| says(text, name))
}

/// How far it is after a step that has removed so much: `next` is where the part goes on, `parts` how many there are.
pub fn moved(
    forgetting: &Forgetting,
    place: Place,
    next: Option<String>,
    removed: u64,
    parts: usize,
    now: Timestamp,
) -> Forgetting {
    let removed = forgetting.removed + removed;
    let moved = |place| Forgetting {
        removed,
        place: Some(place),
        ..forgetting.clone()
    };
    if next.is_some() {
        return moved(Place {
            after: next,
            ..place
        });
    }
    let part = place.part + 1;
    if part < parts {
        let after = None;
        return moved(Place {
            part,
            after,
            ..place
        });
    }
    // What was in work while it was looked for may have written since.
    if removed > place.removed_before && place.round < ROUNDS_MAX {
        return moved(Place {
            items: Vec::new(),
            round: place.round + 1,
            removed_before: removed,
            part: 0,
            after: None,
            ..place
        });
    }
    Forgetting {
        removed,
        done_at: Some(now),
        place: None,
        ..forgetting.clone()
    }
}

fn ids(place: &Place) -> impl Iterator<Item = &str> {
    let others = place.ids.iter().map(String::as_str);
    [place.contact.as_str()].into_iter().chain(others)
}

fn items(place: &Place) -> impl Iterator<Item = &str> {
    place.items.iter().map(String::as_str)
}

fn is_theirs(json: &str, place: &Place) -> bool {
    let item: Value = serde_json::from_str(json).unwrap_or_default();
    item["contact"] == place.contact.as_str()
}

fn speaks_of<'a>(text: &str, mut words: impl Iterator<Item = &'a str>) -> bool {
    words.any(|word| found(text, word).next().is_some())
}

/// Where an id stands by itself, and not as a part of a longer one.
fn found<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let (before, after) = (&text[..*at], &text[at + word.len()..]);
            !before.ends_with(is_part) && !after.starts_with(is_part)
        })
}

/// Whether a text says a name. One character says too much: it has to stand for itself.
fn says(text: &str, name: &str) -> bool {
    let quoted = Value::from(name).to_string();
    match name.chars().count() {
        0 => false,
        1 => text.contains(&quoted),
        _ => text.contains(name) || text.contains(quoted.trim_matches('"')),
    }
}

fn cleared(json: &str, place: &Place) -> Fate {
    match serde_json::from_str(json) {
        Ok(mut value) => {
            clear(&mut value, place);
            Fate::Becomes(value.to_string())
        }
        Err(_) => Fate::Goes,
    }
}

/// Takes them out of a list, and their id out of any other text.
fn clear(value: &mut Value, place: &Place) {
    match value {
        Value::Array(values) => {
            values.retain(|value| !is_about(value, place));
            values.iter_mut().for_each(|value| clear(value, place));
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| clear(value, place)),
        Value::String(text) => {
            for id in ids(place) {
                let at: Vec<usize> = found(text, id).collect();
                for at in at.into_iter().rev() {
                    text.replace_range(at..at + id.len(), NOBODY);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether an entry of a list is their id, or has it in a field, or was made by them.
fn is_about(entry: &Value, place: &Place) -> bool {
    let is_id = |value: &Value| ids(place).any(|id| value == id);
    let Value::Object(fields) = entry else {
        return is_id(entry);
    };
    fields
        .values()
        .any(|value| is_id(value) || is_id(&value["contact"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::ExternalUserId;
    use crate::model::item::Actor;

    fn place() -> Place {
        Place {
            ids: vec!["uWang".into()],
            names: vec!["王女士".into(), "王".into(), "Tom \"T\"".into()],
            items: vec!["record:0a".into()],
            ..Place::of(ExternalUserId::parse("wm1").unwrap())
        }
    }

    #[test]
    fn what_speaks_of_them_goes_and_what_is_alike_stays() {
        use Whose::{ItsContact, ItsKey, WhoItSpeaksOf};
        for (whose, key, json, goes) in [
            (WhoItSpeaksOf, "wm1 zhang", "{}", true),
            (WhoItSpeaksOf, "wm10 zhang", "{}", false),
            (WhoItSpeaksOf, "x-wm1", "{}", false),
            (WhoItSpeaksOf, "contact uWang", "\"wm2\"", true),
            (WhoItSpeaksOf, "a", r#"{"by":{"contact":"wm1"}}"#, true),
            (WhoItSpeaksOf, "record:0a wm2", "\"wm2\"", true),
            (WhoItSpeaksOf, "record:0ab wm2", "\"wm2\"", false),
            (ItsKey, "wm1", "{}", true),
            (ItsContact, "record:0a", r#"{"contact":"wm1"}"#, true),
            (ItsContact, "record:0b", r#"{"contact":"wm2"}"#, false),
        ] {
            let fate = record(whose, key, json, &place());
            assert_eq!(fate == Fate::Goes, goes, "{key} {json}");
        }
    }

    #[test]
    fn what_is_anothers_stays_without_them() {
        let cases = [
            (
                r#"{"members":[{"external_userid":"wm1","name":"王女士"},{"userid":"zhang"}]}"#,
                r#"{"members":[{"userid":"zhang"}]}"#,
            ),
            (
                r#"{"by":{"contact":"wm1"},"says":["wm1 left wm10","a"],"list":["wm1"]}"#,
                r#"{"by":{"contact":"forgotten"},"list":[],"says":["forgotten left wm10","a"]}"#,
            ),
            (
                r#"{"follow_ups":[{"by":{"contact":"wm1"},"text":"t"}]}"#,
                r#"{"follow_ups":[]}"#,
            ),
        ];
        for (json, expected) in cases {
            let Fate::Becomes(cleared) = record(Whose::ItsContact, "x", json, &place()) else {
                panic!("{json}")
            };
            let value = |text| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(value(&cleared), value(expected));
        }
        let other = r#"{"members":["wm10"]}"#;
        assert_eq!(record(Whose::ItsKey, "wr1", other, &place()), Fate::Stays);
    }

    #[test]
    fn calls_go_by_name_as_well() {
        for (text, goes) in [
            (r#"{"title":"王女士 已提交"}"#, true),
            (r#"{"title":"王","id":"x"}"#, true),
            (r#"{"title":"王先生"}"#, false),
            (r#"{"title":"of Tom \"T\""}"#, true),
            (r#"{"url":"https://a.example/?c=wm1"}"#, true),
            (r#"{"title":"陈先生"}"#, false),
        ] {
            assert_eq!(call(text, &place()), goes, "{text}");
        }
        assert!(!event("<a>王女士</a>", &place()));
    }

    #[test]
    fn it_goes_round_until_nothing_is_left() {
        let now = Timestamp::from_secs(1);
        let contact = ExternalUserId::parse("wm1").unwrap();
        let mut forgetting = Forgetting::asked(contact, Actor::Admin, now);
        let mut steps = Vec::new();
        for (next, removed) in [
            (Some("k".to_owned()), 2),
            (None, 0),
            (None, 0),
            (None, 0),
            (None, 0),
        ] {
            let place = forgetting.place.clone().unwrap();
            steps.push((place.round, place.part));
            forgetting = moved(&forgetting, place, next, removed, 2, now);
        }
        assert_eq!(steps, [(0, 0), (0, 0), (0, 1), (1, 0), (1, 1)]);
        assert_eq!((forgetting.removed, forgetting.place), (2, None));
        assert_eq!(forgetting.done_at, Some(now));
    }
}
