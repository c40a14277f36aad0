//! What a tap on a part of a card opens (path/90236). In JSON it is a number, `type`, beside the fields that belong to
//! that number; left out, a tap opens nothing.

use serde::{Deserialize, Serialize};

use crate::model::card::problem::{CardProblem, present};
use crate::model::ids::UserId;

/// Where a tap leads: `type` 1 with an address, or `type` 2 with a mini program that is linked to the app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "RawAction", try_from = "RawAction")]
pub enum CardAction {
    /// A web page; the address needs its scheme.
    Url(String),
    /// A mini program.
    MiniProgram {
        /// Which.
        appid: String,
        /// Which page of it.
        pagepath: Option<String>,
    },
}

impl CardAction {
    pub(in crate::model::card) fn fit(&self, field: &'static str) -> Result<(), CardProblem> {
        match self {
            Self::Url(url) => present(field, url),
            Self::MiniProgram { appid, .. } => present(field, appid),
        }
    }

    pub(in crate::model::card) fn fit_optional(
        action: Option<&Self>,
        field: &'static str,
    ) -> Result<(), CardProblem> {
        action.map_or(Ok(()), |action| action.fit(field))
    }
}

#[derive(Serialize, Deserialize)]
struct RawAction {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    appid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pagepath: Option<String>,
}

impl From<CardAction> for RawAction {
    fn from(action: CardAction) -> Self {
        let (kind, url, appid, pagepath) = match action {
            CardAction::Url(url) => (1, Some(url), None, None),
            CardAction::MiniProgram { appid, pagepath } => (2, None, Some(appid), pagepath),
        };
        Self {
            kind,
            url,
            appid,
            pagepath,
        }
    }
}

impl TryFrom<RawAction> for CardAction {
    type Error = CardProblem;

    fn try_from(raw: RawAction) -> Result<Self, CardProblem> {
        match (raw.kind, raw.url, raw.appid) {
            (1, Some(url), _) => Ok(Self::Url(url)),
            (2, _, Some(appid)) => Ok(Self::MiniProgram {
                appid,
                pagepath: raw.pagepath,
            }),
            _ => Err(CardProblem::OutOfRange("card_action.type")),
        }
    }
}

/// What a line of name and value opens: `type` 1, 2 or 3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "RawOpens", try_from = "RawOpens")]
pub enum Opens {
    /// A web page.
    Url(String),
    /// An uploaded file.
    Attachment {
        /// From `media/upload`.
        media_id: String,
    },
    /// A member's details.
    Member(UserId),
}

#[derive(Serialize, Deserialize)]
struct RawOpens {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    userid: Option<UserId>,
}

impl From<Opens> for RawOpens {
    fn from(opens: Opens) -> Self {
        let (kind, url, media_id, userid) = match opens {
            Opens::Url(url) => (1, Some(url), None, None),
            Opens::Attachment { media_id } => (2, None, Some(media_id), None),
            Opens::Member(userid) => (3, None, None, Some(userid)),
        };
        Self {
            kind,
            url,
            media_id,
            userid,
        }
    }
}

impl TryFrom<RawOpens> for Opens {
    type Error = CardProblem;

    fn try_from(raw: RawOpens) -> Result<Self, CardProblem> {
        match (raw.kind, raw.url, raw.media_id, raw.userid) {
            (1, Some(url), ..) => Ok(Self::Url(url)),
            (2, _, Some(media_id), _) => Ok(Self::Attachment { media_id }),
            (3, .., Some(userid)) => Ok(Self::Member(userid)),
            _ => Err(CardProblem::OutOfRange("horizontal_content_list.type")),
        }
    }
}
