//! Reads one table of settings key by key and notes every problem on the way, instead of stopping at the first.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use toml::Value;
use zeroize::Zeroizing;

use crate::config::environment::SetBy;
use crate::config::problem::ConfigProblem;
use crate::config::reference;

/// What is known about the whole configuration while its tables are read.
pub(in crate::config) struct Ledger<'e> {
    env: &'e BTreeMap<String, String>,
    set_by: SetBy,
    /// The key at which a name that must be unique was seen first.
    seen: BTreeMap<(&'static str, String), String>,
    problems: Vec<ConfigProblem>,
}

impl<'e> Ledger<'e> {
    pub(in crate::config) fn new(env: &'e BTreeMap<String, String>, set_by: SetBy) -> Self {
        Self {
            env,
            set_by,
            seen: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    pub(in crate::config) fn note(&mut self, key: &str, wrong: impl Into<String>, remedy: String) {
        self.problems.push(ConfigProblem {
            variable: self.variable(key).cloned(),
            key: key.into(),
            wrong: wrong.into(),
            remedy,
        });
    }

    /// The variable that set this key, or something below it.
    fn variable(&self, key: &str) -> Option<&String> {
        let below = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
        let mut set = self.set_by.iter();
        let (_, variable) = set.find(|(path, _)| path.strip_prefix(key).is_some_and(below))?;
        Some(variable)
    }

    pub(in crate::config) fn into_problems(self) -> Vec<ConfigProblem> {
        self.problems
    }
}

/// One table. Everything that answers `None` is absent, or wrong and noted.
pub(in crate::config) struct Reader<'l, 'e> {
    at: String,
    table: toml::Table,
    asked: Vec<&'static str>,
    ledger: &'l mut Ledger<'e>,
}

/// Reads a whole table with `read`; what `read` did not ask for is noted as unknown.
pub(in crate::config) fn read_table<T>(
    at: &str,
    table: toml::Table,
    ledger: &mut Ledger<'_>,
    read: impl FnOnce(&mut Reader<'_, '_>) -> T,
) -> T {
    let mut reader = Reader {
        at: at.into(),
        table,
        asked: Vec::new(),
        ledger,
    };
    let outcome = read(&mut reader);
    reader.note_unknown();
    outcome
}

impl Reader<'_, '_> {
    /// A text. `write` says what belongs here, for whoever wrote something else.
    pub(in crate::config) fn text<T>(
        &mut self,
        key: &'static str,
        write: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(key)?;
        self.parsed(&self.path(key), value, write, parse)
    }

    /// A text that must be there.
    pub(in crate::config) fn required<T>(
        &mut self,
        key: &'static str,
        write: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !self.table.contains_key(key) {
            self.asked.push(key);
            self.note(key, "is missing", format!("write {write}"));
            return None;
        }
        self.text(key, write, parse)
    }

    /// A whole number that must be there; digits in quotes are one as well.
    pub(in crate::config) fn required_number(
        &mut self,
        key: &'static str,
        write: &str,
    ) -> Option<u64> {
        self.quote_digits(key);
        self.required(key, write, whole_number)
    }

    /// A whole number of at most `max`; digits in quotes are one as well.
    pub(in crate::config) fn number_up_to(
        &mut self,
        max: u64,
        key: &'static str,
        write: &str,
    ) -> Option<u64> {
        self.quote_digits(key);
        self.text(key, write, |text| match whole_number(text)? {
            number if number > max => Err("is too much".into()),
            number => Ok(number),
        })
    }

    /// `true` or `false`, with or without quotes.
    pub(in crate::config) fn switch(&mut self, key: &'static str) -> Option<bool> {
        if let Some(Value::Boolean(on)) = self.table.get(key) {
            let word = Value::String(on.to_string());
            self.table.insert(key.into(), word);
        }
        let parse = |text: &str| text.parse().map_err(|_| "is neither true nor false".into());
        self.text(key, "true or false", parse)
    }

    /// Whether this key is there.
    pub(in crate::config) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A list of texts.
    pub(in crate::config) fn list<T>(
        &mut self,
        key: &'static str,
        write: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let Value::Array(values) = self.take(key)? else {
            self.note(
                key,
                "is not a list",
                format!("write [\"…\", \"…\"]: {write}"),
            );
            return None;
        };
        let read = |(index, value): (usize, Value)| {
            let path = format!("{}[{index}]", self.path(key));
            self.parsed(&path, value, write, &parse)
        };
        // Every entry is looked at before the first bad one ends it.
        let items: Vec<Option<T>> = values.into_iter().enumerate().map(read).collect();
        items.into_iter().collect()
    }

    /// A table of texts under names that are not known beforehand.
    pub(in crate::config) fn texts(
        &mut self,
        key: &'static str,
        write: &str,
        check: impl Fn(&str, &str) -> Result<(), String>,
    ) -> Option<BTreeMap<String, String>> {
        let Value::Table(table) = self.take(key)? else {
            self.note(
                key,
                "is not a table",
                format!("write {{ \"…\" = \"…\" }}: {write}"),
            );
            return None;
        };
        let read = |(name, value): (String, Value)| {
            let path = format!("{}.{name}", self.path(key));
            let parse = |text: &str| check(&name, text).map(|()| text.to_owned());
            let text = self.parsed(&path, value, write, parse);
            Some((name, text?))
        };
        let texts: Vec<Option<(String, String)>> = table.into_iter().map(read).collect();
        texts.into_iter().collect()
    }

    /// A table whose settings all have defaults, or that is required: an absent one is read as an empty one.
    pub(in crate::config) fn section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Reader<'_, '_>) -> T,
    ) -> T {
        let table = match self.take(key) {
            Some(Value::Table(table)) => table,
            Some(_) => {
                // `corp[0].app` has the heading [corp.app].
                let path = self.path(key);
                let heading: String = path.split(['[', ']']).step_by(2).collect();
                self.note(key, "is not a table", format!("begin it with [{heading}]"));
                toml::Table::new()
            }
            None => toml::Table::new(),
        };
        read_table(&self.path(key), table, self.ledger, read)
    }

    /// A table that may be absent as a whole.
    pub(in crate::config) fn optional_section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Reader<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        if !self.table.contains_key(key) {
            self.asked.push(key);
            return None;
        }
        self.section(key, read)
    }

    /// A list of at least one table, `[[corp]]`. `write` says what a table of it is for.
    pub(in crate::config) fn sections<T>(
        &mut self,
        key: &'static str,
        write: &str,
        mut read: impl FnMut(&mut Reader<'_, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let values = match self.take(key) {
            Some(Value::Array(values)) if !values.is_empty() => values,
            Some(Value::Array(_)) | None => {
                self.note(key, "is missing", format!("write {write}"));
                return None;
            }
            Some(_) => {
                self.note(key, "is not a list of tables", format!("write {write}"));
                return None;
            }
        };
        let mut items = Vec::new();
        for (index, value) in values.into_iter().enumerate() {
            let path = format!("{}[{index}]", self.path(key));
            let Value::Table(table) = value else {
                let remedy = format!("write {write}");
                self.ledger.note(&path, "is not a table", remedy);
                items.push(None);
                continue;
            };
            items.push(read_table(&path, table, self.ledger, &mut read));
        }
        items.into_iter().collect()
    }

    /// The same list, which may be absent.
    pub(in crate::config) fn optional_sections<T>(
        &mut self,
        key: &'static str,
        write: &str,
        read: impl FnMut(&mut Reader<'_, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if !self.table.contains_key(key) {
            self.asked.push(key);
            return Some(Vec::new());
        }
        self.sections(key, write, read)
    }

    /// Notes a second place that has the same `name` of its `kind`.
    pub(in crate::config) fn unique(&mut self, kind: &'static str, key: &str, name: &str) {
        let path = self.path(key);
        match self.ledger.seen.entry((kind, name.into())) {
            Entry::Vacant(first) => {
                first.insert(path);
            }
            Entry::Occupied(first) => {
                let first = first.get().clone();
                let remedy = format!("give each its own {kind}");
                self.ledger
                    .note(&path, format!("is the same as {first}"), remedy);
            }
        }
    }

    /// Notes something about a key of this table.
    pub(in crate::config) fn note(&mut self, key: &str, wrong: &str, remedy: String) {
        let path = self.path(key);
        self.ledger.note(&path, wrong, remedy);
    }

    fn quote_digits(&mut self, key: &'static str) {
        if let Some(Value::Integer(number)) = self.table.get(key) {
            let digits = Value::String(number.to_string());
            self.table.insert(key.into(), digits);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.table.remove(key)
    }

    fn path(&self, key: &str) -> String {
        match self.at.as_str() {
            "" => key.into(),
            at => format!("{at}.{key}"),
        }
    }

    /// What is made of a value, which may be a secret and is wiped.
    fn parsed<T>(
        &mut self,
        path: &str,
        value: Value,
        write: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let outcome = if let Value::String(text) = value {
            let text = Zeroizing::new(text);
            reference::resolve(&text, self.ledger.env)
                .map_err(|wrong| ("put there", wrong))
                .and_then(|text| parse(&text).map_err(|wrong| ("write", wrong)))
        } else {
            Err(("write", "is not a text in quotes".into()))
        };
        match outcome {
            Ok(parsed) => Some(parsed),
            Err((verb, wrong)) => {
                self.ledger.note(path, wrong, format!("{verb} {write}"));
                None
            }
        }
    }

    fn note_unknown(&mut self) {
        let left: Vec<String> = self.table.keys().cloned().collect();
        for key in left {
            let closest = self
                .asked
                .iter()
                .map(|known| (strsim::damerau_levenshtein(known, &key), *known))
                .min();
            let remedy = match closest {
                Some((distance, known)) if distance <= 2 => format!("did you mean `{known}`?"),
                _ => format!("the settings here are {}", self.asked.join(", ")),
            };
            self.note(&key, "is no setting", remedy);
        }
    }
}

fn whole_number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "is not a whole number".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedies(file: &str, read: impl FnOnce(&mut Reader<'_, '_>)) -> Vec<String> {
        let env = BTreeMap::from([("SET".to_string(), "value".to_string())]);
        let mut ledger = Ledger::new(&env, SetBy::new());
        read_table("", file.parse().unwrap(), &mut ledger, read);
        let problems = ledger.into_problems();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn close_misspellings_are_corrected_and_others_listed() {
        let read = |reader: &mut Reader<'_, '_>| {
            for key in ["listen", "level"] {
                reader.text(key, "anything", |text| Ok(text.len()));
            }
        };
        assert_eq!(
            remedies("listne = 'x'\nport = 1", read),
            [
                "listne is no setting: did you mean `listen`?",
                "port is no setting: the settings here are listen, level"
            ]
        );
    }

    #[test]
    fn every_entry_of_a_list_is_looked_at() {
        let short = |text: &str| match text.len() {
            0..=3 => Ok(()),
            _ => Err("is too long".into()),
        };
        assert_eq!(
            remedies("names = ['long one', 'ok', 5, 'env:SET']", |reader| {
                assert_eq!(reader.list("names", "short names", short), None);
            }),
            [
                "names[0] is too long: write short names",
                "names[2] is not a text in quotes: write short names",
                "names[3] is too long: write short names"
            ]
        );
    }

    #[test]
    fn numbers_and_switches_may_come_from_the_environment_as_texts() {
        let file = "a = 7\nb = '7'\nc = -1\nd = 1.5\ne = true\nf = 'false'\ng = 'no'\ni = 3\nj = 4";
        let found = remedies(file, |reader| {
            let numbers = ["a", "b", "c", "d"].map(|key| reader.required_number(key, "a number"));
            assert_eq!(numbers, [Some(7), Some(7), None, None]);
            let switches = ["e", "f", "g", "h"].map(|key| reader.switch(key));
            assert_eq!(switches, [Some(true), Some(false), None, None]);
            let limited = ["i", "j", "k"].map(|key| reader.number_up_to(3, key, "a number"));
            assert_eq!(limited, [Some(3), None, None]);
        });
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn shapes_that_do_not_fit_are_told() {
        let cases = [
            ("s = 1", "s is not a table: begin it with [s]"),
            ("s = []", "s is not a table: begin it with [s]"),
            ("l = 'x'", "l is not a list: write [\"…\", \"…\"]: names"),
            ("m = 1", "m is not a list of tables: write [[m]]"),
            ("m = [1]", "m[0] is not a table: write [[m]]"),
            ("m = []", "m is missing: write [[m]]"),
        ];
        for (file, expected) in cases {
            let found = remedies(file, |reader| {
                reader.optional_section("s", |_| Some(()));
                reader.list("l", "names", |_| Ok(()));
                reader.sections("m", "[[m]]", |_| Some(()));
            });
            assert!(
                found.iter().any(|line| line.starts_with(expected)),
                "{file}: {found:?}"
            );
        }
    }
}
