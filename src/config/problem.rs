//! What is wrong with a configuration, for the person who wrote it.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong. It never repeats a value, because any value may be a secret in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigProblem {
    /// Which key, such as `corp[0].receiver[1].aes_key`; the line or the path where no key can be told.
    pub key: String,
    /// The environment variable that set it, when one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// What is wrong.
    pub wrong: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            variable,
            wrong,
            remedy,
        } = self;
        match variable {
            Some(variable) => write!(f, "{key} (set by {variable}) {wrong}: {remedy}"),
            None => write!(f, "{key} {wrong}: {remedy}"),
        }
    }
}

/// Everything that is wrong, at once. Printed one per line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigProblems(Vec<ConfigProblem>);

impl ConfigProblems {
    pub(in crate::config) fn new(problems: Vec<ConfigProblem>) -> Self {
        Self(problems)
    }

    /// In the order of the settings; at least one.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigProblem> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}
