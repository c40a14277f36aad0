//! What WeCom checks about a card before it takes it (path/90236; codes 42027 to 42051).

use crate::model::text::cut_chars;

/// The longest `key` and `question_key`, in bytes.
pub(in crate::model::card) const KEY_BYTES: usize = 1024;

/// The longest option `id` and `task_id`, in bytes.
pub(in crate::model::card) const ID_BYTES: usize = 128;

/// Why WeCom would refuse a card. Fields are named as in its JSON; texts are not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardProblem {
    /// A required text is empty.
    #[error("{0} may not be empty")]
    Missing(&'static str),
    /// A list is empty or too long.
    #[error("{list} has {count} entries; 1 to {max} are allowed")]
    Count {
        /// Which list.
        list: &'static str,
        /// How many it has.
        count: usize,
        /// How many it may have.
        max: usize,
    },
    /// A key or id is too long. It is not cut: what comes back in the event would differ.
    #[error("{field} has more than {max} bytes")]
    TooLong {
        /// Which text.
        field: &'static str,
        /// Its limit in bytes.
        max: usize,
    },
    /// Two keys or ids of one list are the same.
    #[error("{0} is used twice")]
    Repeated(&'static str),
    /// A number, or a character of an id, is outside what is allowed.
    #[error("{0} is outside what WeCom allows")]
    OutOfRange(&'static str),
}

/// A required text: present, then cut to `max` characters.
pub(in crate::model::card) fn required(
    field: &'static str,
    text: &mut String,
    max: usize,
) -> Result<(), CardProblem> {
    present(field, text)?;
    cut(text, max);
    Ok(())
}

/// Refuses an empty text.
pub(in crate::model::card) fn present(field: &'static str, text: &str) -> Result<(), CardProblem> {
    if text.is_empty() {
        return Err(CardProblem::Missing(field));
    }
    Ok(())
}

/// A key or an id: present and at most `max` bytes.
pub(in crate::model::card) fn key(
    field: &'static str,
    text: &str,
    max: usize,
) -> Result<(), CardProblem> {
    present(field, text)?;
    if text.len() > max {
        return Err(CardProblem::TooLong { field, max });
    }
    Ok(())
}

/// A list that must have entries: 1 to `max`.
pub(in crate::model::card) fn count(
    list: &'static str,
    count: usize,
    max: usize,
) -> Result<(), CardProblem> {
    if count == 0 || count > max {
        return Err(CardProblem::Count { list, count, max });
    }
    Ok(())
}

/// A list that is left out when it is empty: at most `max`.
pub(in crate::model::card) fn at_most(
    list: &'static str,
    entries: usize,
    max: usize,
) -> Result<(), CardProblem> {
    if entries == 0 {
        return Ok(());
    }
    count(list, entries, max)
}

/// No text may come twice. The lists have at most 20 entries.
pub(in crate::model::card) fn unique<'a>(
    field: &'static str,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<(), CardProblem> {
    let mut seen = Vec::new();
    for text in texts {
        if seen.contains(&text) {
            return Err(CardProblem::Repeated(field));
        }
        seen.push(text);
    }
    Ok(())
}

/// Cuts to `max` characters: WeCom calls these limits advice and clips what is longer.
pub(in crate::model::card) fn cut(text: &mut String, max: usize) {
    text.truncate(cut_chars(text, max).len());
}

/// Cuts an optional text; an empty one is left out.
pub(in crate::model::card) fn cut_optional(text: &mut Option<String>, max: usize) {
    if let Some(text) = text {
        cut(text, max);
    }
    if text.as_deref() == Some("") {
        *text = None;
    }
}
