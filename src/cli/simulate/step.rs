//! The steps of the story, in their order, and what came of each.

use serde::Serialize;
use url::Url;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::simulate) enum Scene {
    Welcomed,
    CardPressed,
    MemberJoins,
    ToolbarOpens,
    ItemsMade,
    ItemsSent,
    FormFilledIn,
    AccountFollowed,
    Commented,
    Replied,
    Reminded,
    Overview,
    HandedOver,
}

impl Scene {
    pub(in crate::cli::simulate) const ALL: [Self; 13] = [
        Self::Welcomed,
        Self::CardPressed,
        Self::MemberJoins,
        Self::ToolbarOpens,
        Self::ItemsMade,
        Self::ItemsSent,
        Self::FormFilledIn,
        Self::AccountFollowed,
        Self::Commented,
        Self::Replied,
        Self::Reminded,
        Self::Overview,
        Self::HandedOver,
    ];

    const fn title(self) -> &'static str {
        match self {
            Self::Welcomed => "王女士 adds 张三 and is welcomed",
            Self::CardPressed => {
                "李先生 is welcomed by WeCom; 张三 gets a card and presses its button"
            }
            Self::MemberJoins => "王五 joins and has “与我协作” in the profile",
            Self::ToolbarOpens => "张三 opens the toolbar beside the chat with 王女士",
            Self::ItemsMade => {
                "The company's system makes a form, a project with its plan, a record"
            }
            Self::ItemsSent => "张三 sends them to 王女士 from the toolbar",
            Self::FormFilledIn => "王女士 taps the card, fills in the form; 张三 gets a card",
            Self::AccountFollowed => "王女士 follows the service account",
            Self::Commented => "王女士 comments on the record; 张三 gets a card",
            Self::Replied => "张三 opens the card and replies",
            Self::Reminded => "王女士 is reminded by the service account and reads the reply",
            Self::Overview => "The home page of 王女士 shows everything",
            Self::HandedOver => {
                "张三 hands everything over to 王五; the old card shows the new owner"
            }
        }
    }
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli::simulate) enum Ended {
    Done,
    Failed,
    /// One before it failed.
    NotPlayed,
}

/// A step of the story, as it is told.
#[derive(Debug, Serialize)]
pub(in crate::cli::simulate) struct Step {
    pub(in crate::cli::simulate) step: &'static str,
    pub(in crate::cli::simulate) state: Ended,
    /// What came of it, or why it failed.
    pub(in crate::cli::simulate) came: String,
    /// Where it can be clicked by hand.
    pub(in crate::cli::simulate) open: Vec<String>,
}

/// What came of a step, and where it can be clicked by hand.
pub(in crate::cli::simulate) struct Came(
    pub(in crate::cli::simulate) String,
    pub(in crate::cli::simulate) Vec<Url>,
);

impl Step {
    /// One that was played.
    pub(in crate::cli::simulate) fn played(scene: Scene, outcome: anyhow::Result<Came>) -> Self {
        let (state, came, open) = match outcome {
            Ok(Came(came, open)) => {
                let open = open.into_iter().map(String::from).collect();
                (Ended::Done, came, open)
            }
            Err(problem) => (Ended::Failed, format!("{problem:#}"), Vec::new()),
        };
        Self {
            step: scene.title(),
            state,
            came,
            open,
        }
    }

    /// One that comes after a failure.
    pub(in crate::cli::simulate) const fn left_out(scene: Scene) -> Self {
        Self {
            step: scene.title(),
            state: Ended::NotPlayed,
            came: String::new(),
            open: Vec::new(),
        }
    }
}
