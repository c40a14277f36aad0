//! What opens the API, and how far.

use secrecy::SecretString;

use crate::model::ids::CorpId;

/// A bearer token of the API.
#[derive(Debug, Clone)]
pub struct ApiToken {
    /// The token.
    pub secret: SecretString,
    /// What it is for.
    pub may: May,
    /// The corps that it is for. `None`: all of them.
    pub corps: Option<Vec<CorpId>>,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Looking at everything, and changing nothing.
    Read,
    /// Items (事项), who has them and what is said about them: to read and to write, and nothing else.
    Items,
    /// All that the API does.
    Everything,
}

impl May {
    /// What stands in the configuration.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "read" => Some(Self::Read),
            "items" => Some(Self::Items),
            "everything" => Some(Self::Everything),
            _ => None,
        }
    }
}

impl ApiToken {
    /// One for everything.
    pub const fn of_everything(secret: SecretString) -> Self {
        Self {
            secret,
            may: May::Everything,
            corps: None,
        }
    }

    /// Whether it is for everything, of every corp.
    pub fn is_of_everything(&self) -> bool {
        self.may == May::Everything && self.corps.is_none()
    }
}
