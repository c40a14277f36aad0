//! Numbered rows of a form as they are sent, and the buttons that add, remove and move them.

use crate::http::items::access::Posted;

/// What a button of an editor does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http::items) enum Do {
    /// The whole thing is ready.
    Save,
    /// Only shows the form again, for what depends on a choice.
    Again,
    /// A new row in the list of this name.
    Add(String),
    /// Takes a row away.
    Remove(String, usize),
    /// Puts a row before the one before it.
    Up(String, usize),
    /// Puts a row behind the one behind it.
    Down(String, usize),
}

impl Do {
    /// Reads the value of the button, such as `add:stages[0].tasks` or `up:fields[3]`.
    pub(in crate::http::items) fn parse(text: &str) -> Self {
        let Some((what, place)) = text.split_once(':') else {
            return match text {
                "" | "save" => Self::Save,
                _ => Self::Again,
            };
        };
        if what == "add" {
            return Self::Add(place.to_owned());
        }
        let row = place
            .strip_suffix(']')
            .and_then(|place| place.rsplit_once('['));
        let row = row.and_then(|(list, row)| Some((list.to_owned(), row.parse().ok()?)));
        match (what, row) {
            ("remove", Some((list, row))) => Self::Remove(list, row),
            ("up", Some((list, row))) => Self::Up(list, row),
            ("down", Some((list, row))) => Self::Down(list, row),
            _ => Self::Again,
        }
    }

    /// Does it to the rows of this list, at most so many.
    pub(in crate::http::items) fn turn<T>(
        &self,
        list: &str,
        rows: &mut Vec<T>,
        max: usize,
        new: impl FnOnce() -> T,
    ) {
        match self {
            Self::Add(name) if name == list && rows.len() < max => rows.push(new()),
            Self::Remove(name, row) if name == list && *row < rows.len() => {
                rows.remove(*row);
            }
            Self::Up(name, row) if name == list && (1..rows.len()).contains(row) => {
                rows.swap(*row, row - 1);
            }
            Self::Down(name, row) if name == list && row + 1 < rows.len() => {
                rows.swap(*row, row + 1);
            }
            Self::Save
            | Self::Again
            | Self::Add(_)
            | Self::Remove(..)
            | Self::Up(..)
            | Self::Down(..) => {}
        }
    }
}

/// How many rows of a list were sent; every row has a field of this name. One more than allowed is enough to refuse.
pub(in crate::http::items) fn count(posted: &Posted, list: &str, field: &str, max: usize) -> usize {
    let is_sent = |n: &usize| posted.raw(&format!("{list}[{n}].{field}")).is_some();
    (0..=max).take_while(is_sent).count()
}

/// The lines of a text that are not empty.
pub(in crate::http::items) fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

/// A key for a row whose key was left empty. It is never one that a row had before: what is kept under a key stays what
/// it was about.
pub(in crate::http::items) fn key(letter: char, random: [u8; 4]) -> String {
    format!("{letter}{:08x}", u32::from_be_bytes(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_turn_rows() {
        for (button, expected) in [
            ("save", "abc"),
            ("", "abc"),
            ("kind", "abc"),
            ("add:x", "abcd"),
            ("add:y", "abc"),
            ("remove:x[0]", "bc"),
            ("remove:x[9]", "abc"),
            ("up:x[0]", "abc"),
            ("up:x[2]", "acb"),
            ("down:x[0]", "bac"),
            ("down:x[2]", "abc"),
            ("down:x[99999999999999999999]", "abc"),
        ] {
            let mut rows: Vec<char> = "abc".chars().collect();
            Do::parse(button).turn("x", &mut rows, 4, || 'd');
            let rows: String = rows.into_iter().collect();
            assert_eq!(rows, expected, "{button}");
        }
        let nested = Do::parse("remove:stages[1].tasks[2]");
        assert_eq!(nested, Do::Remove("stages[1].tasks".into(), 2));
    }
}
