//! What is wrong with a form, shown at the fields that it is about.

use crate::decide::rejection::Fault;
use crate::http::items::texts::Texts;

/// What is wrong, by the names of fields.
#[derive(Debug, Default)]
pub(in crate::http::items) struct Faults(Vec<(String, String)>);

impl Faults {
    /// Nothing is.
    pub(in crate::http::items) const fn none() -> Self {
        Self(Vec::new())
    }

    /// At one place.
    pub(in crate::http::items) fn one(place: &str, text: String) -> Self {
        Self(vec![(place.to_owned(), text)])
    }

    /// In words.
    pub(in crate::http::items) fn of(faults: &[Fault], t: &Texts) -> Self {
        let fault = |fault: &Fault| (fault.place.clone(), t.wrong(fault.wrong));
        Self(faults.iter().map(fault).collect())
    }

    /// What is wrong at a place: a paragraph, or nothing. A place also has what is wrong with a part of it that is no
    /// field of its own, such as one of the lines of `…options`.
    pub(in crate::http::items) fn mark(&self, place: &str, rest: &str) -> String {
        let own = format!("{place}{rest}");
        let is_own = |fault: &&(String, String)| {
            fault.0 == own || fault.0.strip_prefix(&own).is_some_and(is_a_line)
        };
        match self.0.iter().find(is_own) {
            // The texts are ours and hold no markup.
            Some((_, text)) => format!("<p class=\"wrong\" role=\"alert\">{text}</p>"),
            None => String::new(),
        }
    }
}

fn is_a_line(rest: &str) -> bool {
    let number = rest
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_stands_at_its_field() {
        let faults = Faults::one("fields[0].options[3]", "x".into());
        assert!(faults.mark("fields[0]", ".options").contains(">x<"));
        for (place, rest) in [("fields[0]", ""), ("fields", ""), ("fields[1]", ".options")] {
            assert_eq!(faults.mark(place, rest), "", "{place}{rest}");
        }
    }
}
