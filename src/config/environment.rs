//! The environment as settings: `WECOM_BRIDGE_CORP__0__APP__SECRET` is `corp[0].app.secret`.

use std::collections::BTreeMap;

use toml::Value;

/// What the names of our variables begin with.
const PREFIX: &str = "WECOM_BRIDGE_";

/// The path of the configuration file; not a setting.
const FILE_VARIABLE: &str = "WECOM_BRIDGE_CONFIG";

/// One step on the way to a setting. Numbers sort as numbers, so that lists are filled in order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Index(usize),
    Key(String),
}

/// A variable that points to no place in the file.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::config) struct Misplaced {
    pub(in crate::config) key: String,
    pub(in crate::config) variable: String,
    pub(in crate::config) wrong: &'static str,
}

/// Which keys were set by which variables.
pub(in crate::config) type SetBy = BTreeMap<String, String>;

/// Puts every variable of ours over what the file says. Values stay texts, so that `007` keeps its zeros.
pub(in crate::config) fn overlay(
    table: &mut toml::Table,
    env: &BTreeMap<String, String>,
) -> (SetBy, Vec<Misplaced>) {
    let ours: BTreeMap<Vec<Step>, (&String, &String)> = env
        .iter()
        .filter_map(|(name, text)| Some((steps(name)?, (name, text))))
        .collect();
    let mut root = Value::Table(std::mem::take(table));
    let (mut set_by, mut misplaced) = (SetBy::new(), Vec::new());
    for (steps, (name, text)) in &ours {
        let (key, variable) = (spell(steps), (*name).clone());
        match set(&mut root, steps, text) {
            Ok(()) => {
                set_by.insert(key, variable);
            }
            Err(wrong) => misplaced.push(Misplaced {
                key,
                variable,
                wrong,
            }),
        }
    }
    if let Value::Table(filled) = root {
        *table = filled;
    }
    (set_by, misplaced)
}

fn steps(name: &str) -> Option<Vec<Step>> {
    let path = name.strip_prefix(PREFIX)?;
    if name == FILE_VARIABLE || is_service_link(path) {
        return None;
    }
    let step = |part: &str| match part.parse() {
        Ok(index) => Step::Index(index),
        Err(_) => Step::Key(part.to_ascii_lowercase()),
    };
    Some(path.split("__").map(step).collect())
}

/// Kubernetes gives every container such variables for a service that is called `wecom-bridge`.
fn is_service_link(path: &str) -> bool {
    let linked = path == "PORT" || path.starts_with("PORT_") || path.starts_with("SERVICE_");
    linked && !path.contains("__")
}

fn set(place: &mut Value, steps: &[Step], text: &str) -> Result<(), &'static str> {
    let Some((first, rest)) = steps.split_first() else {
        *place = Value::String(text.into());
        return Ok(());
    };
    let next = match (first, place) {
        (Step::Key(key), Value::Table(table)) => match table.entry(key.as_str()) {
            toml::map::Entry::Occupied(entry) => entry.into_mut(),
            toml::map::Entry::Vacant(entry) => entry.insert(empty(rest)),
        },
        (Step::Index(index), Value::Array(list)) if *index <= list.len() => {
            if *index == list.len() {
                list.push(empty(rest));
            }
            &mut list[*index]
        }
        (Step::Index(_), Value::Array(_)) => return Err("leaves a gap in its list"),
        (Step::Index(_), _) => return Err("gives a number to something that is not a list"),
        (Step::Key(_), _) => return Err("lies in something that has no settings of its own"),
    };
    set(next, rest, text)
}

fn empty(rest: &[Step]) -> Value {
    match rest.first() {
        Some(Step::Key(_)) => Value::Table(toml::Table::new()),
        Some(Step::Index(_)) => Value::Array(Vec::new()),
        None => Value::String(String::new()),
    }
}

fn spell(steps: &[Step]) -> String {
    let mut key = String::new();
    for step in steps {
        match step {
            Step::Index(index) => key.push_str(&format!("[{index}]")),
            Step::Key(name) if key.is_empty() => key.push_str(name),
            Step::Key(name) => {
                key.push('.');
                key.push_str(name);
            }
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaid(file: &str, env: &[(&str, &str)]) -> (toml::Table, Vec<Misplaced>) {
        let mut table = file.parse().unwrap();
        let env = env.iter().map(|(k, v)| (k.to_string(), v.to_string()));
        let (_, misplaced) = overlay(&mut table, &env.collect());
        (table, misplaced)
    }

    #[test]
    fn variables_reach_every_depth() {
        let file = "[[corp]]\nid = 'a'\n[corp.app]\nsecret = 'old'\n";
        let env = [
            ("WECOM_BRIDGE_CORP__0__APP__SECRET", "007"),
            ("WECOM_BRIDGE_CORP__0__RECEIVER__0__RECEIVE_IDS__0", "a"),
            ("WECOM_BRIDGE_CORP__1__ID", "b"),
            ("WECOM_BRIDGE_PUBLIC_URL", "https://x"),
            ("HOME", "/root"),
        ];
        let expected: toml::Table = "
            public_url = 'https://x'
            corp = [
                { id = 'a', app = { secret = '007' }, receiver = [{ receive_ids = ['a'] }] },
                { id = 'b' },
            ]"
        .parse()
        .unwrap();
        let (table, misplaced) = overlaid(file, &env);
        assert_eq!((table, misplaced), (expected, vec![]));
    }

    #[test]
    fn lists_are_filled_in_the_order_of_their_numbers() {
        let names: Vec<String> = (0..12)
            .map(|index| format!("WECOM_BRIDGE_API__TOKENS__{index}"))
            .collect();
        let env: Vec<_> = names.iter().map(|name| (name.as_str(), "t")).collect();
        let (table, misplaced) = overlaid("", &env);
        assert_eq!(misplaced, vec![]);
        assert_eq!(table["api"]["tokens"].as_array().unwrap().len(), 12);
    }

    #[test]
    fn misplaced_variables_are_told() {
        let file = "listen = 'x'\n[[corp]]\nid = 'a'\n";
        let cases = [
            ("WECOM_BRIDGE_CORP__2__ID", "corp[2].id", "gap"),
            ("WECOM_BRIDGE_LISTEN__PORT", "listen.port", "no settings"),
            ("WECOM_BRIDGE_LISTEN__0", "listen[0]", "not a list"),
            ("WECOM_BRIDGE_CORP__ID", "corp.id", "no settings"),
        ];
        for (variable, key, wrong) in cases {
            let (_, misplaced) = overlaid(file, &[(variable, "x")]);
            assert_eq!(misplaced.len(), 1, "{variable}");
            assert_eq!(misplaced[0].key, key);
            assert!(misplaced[0].wrong.contains(wrong), "{misplaced:?}");
        }
    }

    #[test]
    fn what_others_set_under_our_prefix_is_left_alone() {
        let env = [
            ("WECOM_BRIDGE_CONFIG", "/etc/bridge.toml"),
            ("WECOM_BRIDGE_SERVICE_HOST", "10.0.0.1"),
            ("WECOM_BRIDGE_PORT", "tcp://10.0.0.1:8080"),
            ("WECOM_BRIDGE_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ];
        assert!(overlaid("", &env).0.is_empty());
        let typo = [("WECOM_BRIDGE_SERVICE__LISTEN", "x")];
        assert!(overlaid("", &typo).0.contains_key("service"));
    }
}
