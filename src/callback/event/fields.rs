//! How elements become values. Numbers are read softly: one that is no number counts as absent.

use std::fmt;

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::node::Node;
use crate::model::ids::NotAnId;

/// A text about or by a person. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    /// Takes a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

impl Node {
    /// The first text that is not empty, or the empty text.
    pub(in crate::callback) fn first(&self, name: &str) -> &str {
        self.named(name)
            .map(|child| child.text.as_str())
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }

    /// The text, if it is there and not empty.
    pub(in crate::callback) fn filled(&self, name: &str) -> Option<String> {
        let text = self.first(name);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The text, if the element is there.
    pub(in crate::callback) fn present(&self, name: &str) -> Option<String> {
        self.text_of(name).map(str::to_owned)
    }

    /// The text, if the element is there.
    pub(in crate::callback) fn personal(&self, name: &str) -> Option<Personal> {
        self.text_of(name).map(Personal::new)
    }

    /// The text, which must not be empty.
    pub(in crate::callback) fn required(&self, name: &'static str) -> Result<&str, EventError> {
        match self.first(name) {
            "" => Err(EventError::Missing(name)),
            text => Ok(text),
        }
    }

    /// The id, which must be there.
    pub(in crate::callback) fn id<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, NotAnId>,
    ) -> Result<T, EventError> {
        parse(self.required(name)?).map_err(|_| EventError::NotAnId(name))
    }

    /// The number, if there is one.
    pub(in crate::callback) fn number(&self, name: &str) -> Option<i64> {
        self.first(name).parse().ok()
    }

    /// The parts of a comma list, if the element is there. Parts that cannot be read are left out.
    pub(in crate::callback) fn list<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let parts = self.text_of(name)?.split(',').map(str::trim_ascii);
        Some(
            parts
                .filter(|part| !part.is_empty())
                .filter_map(parse)
                .collect(),
        )
    }
}
