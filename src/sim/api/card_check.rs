//! What WeCom checks in a template card (模板卡片, path/90236): required blocks, list lengths and keys. Texts that are
//! too long are clipped on screen, not refused, and blocks that a card type does not have are passed over.

use serde_json::Value;

use crate::sim::api::card_blocks::{
    check_buttons, check_checkbox, check_horizontal, check_image, check_jump, check_menu,
    check_quote, check_select_list, check_selection, check_vertical, key, list, present,
};
use crate::sim::api::request::{Refused, text};
use crate::sim::message::Message;

/// `task_id` in bytes.
const MAX_TASK_ID: usize = 128;

/// An update sends no `task_id` and may leave out the submit button (path/94888).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `message/send`.
    Send,
    /// `message/update_template_card`.
    Update,
}

/// The whole card.
pub(crate) fn check(card: &Value, purpose: Purpose) -> Result<(), Refused> {
    let card_type = text(card, "card_type");
    match card_type {
        "text_notice" => {
            if main_title(card).is_empty() && text(card, "sub_title_text").is_empty() {
                return Err(Refused(
                    41016,
                    "main_title.title and sub_title_text are empty",
                ));
            }
            check_notice(card)?;
        }
        "news_notice" => {
            check_title(card)?;
            check_image(card)?;
            check_vertical(card)?;
            check_notice(card)?;
        }
        "button_interaction" => {
            check_title(card)?;
            check_horizontal(card)?;
            check_quote(card)?;
            if card.get("card_action").is_some() {
                check_jump(
                    &card["card_action"],
                    0..=2,
                    Refused(42045, "invalid card_action"),
                )?;
            }
            if let Some(selection) = card.get("button_selection") {
                check_selection(selection, 10)?;
            }
            check_buttons(card)?;
        }
        "vote_interaction" => {
            check_title(card)?;
            check_checkbox(card)?;
            check_submit(card, purpose)?;
        }
        "multiple_interaction" => {
            check_title(card)?;
            check_select_list(card)?;
            check_submit(card, purpose)?;
        }
        _ => return Err(Refused(42031, "invalid card_type")),
    }
    let interacts = card_type.ends_with("_interaction");
    let has_menu =
        !card_type.starts_with("vote") && !card_type.starts_with("multiple") && check_menu(card)?;
    match purpose {
        Purpose::Send => check_task_id(card, interacts || has_menu),
        Purpose::Update => Ok(()),
    }
}

/// Whether `message/send` answers a `response_code`: only for cards that can be updated.
pub(crate) fn updatable(message: &Message) -> bool {
    message.msgtype == "template_card" && calls_back(&message.content)
}

/// Whether people can send something back with the card.
pub(crate) fn calls_back(card: &Value) -> bool {
    text(card, "card_type").ends_with("_interaction") || card.get("action_menu").is_some()
}

/// Whether the card has buttons that can be made grey.
pub(crate) fn has_buttons(card: &Value) -> bool {
    text(card, "card_type").ends_with("_interaction")
}

fn main_title(card: &Value) -> &str {
    card.get("main_title")
        .map_or("", |title| text(title, "title"))
}

fn check_title(card: &Value) -> Result<(), Refused> {
    present(main_title(card), Refused(41016, "main_title.title missing"))
}

/// What both notices share.
fn check_notice(card: &Value) -> Result<(), Refused> {
    check_horizontal(card)?;
    check_quote(card)?;
    let jumps = list(
        card,
        "jump_list",
        0,
        3,
        Refused(42042, "jump_list holds at most 3"),
    )?;
    for jump in jumps {
        present(text(jump, "title"), Refused(42033, "jump title missing"))?;
        check_jump(jump, 0..=2, Refused(40058, "invalid jump type"))?;
    }
    let action = card.get("card_action").unwrap_or(&Value::Null);
    check_jump(
        action,
        1..=2,
        Refused(42045, "card_action missing or invalid"),
    )
}

fn check_submit(card: &Value, purpose: Purpose) -> Result<(), Refused> {
    let Some(button) = card.get("submit_button") else {
        return match purpose {
            Purpose::Send => Err(Refused(42046, "submit_button missing")),
            Purpose::Update => Ok(()),
        };
    };
    key(
        button,
        "key",
        Refused(42046, "submit_button.key missing or too long"),
    )?;
    present(
        text(button, "text"),
        Refused(42049, "submit_button.text missing"),
    )
}

fn check_task_id(card: &Value, required: bool) -> Result<(), Refused> {
    let task_id = text(card, "task_id");
    if task_id.is_empty() && !required {
        return Ok(());
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'@');
    if (1..=MAX_TASK_ID).contains(&task_id.len()) && task_id.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Refused(42014, "invalid task_id"))
    }
}
