//! The blocks that template cards share (path/90236): counts, keys and what must be present.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use serde_json::Value;

use crate::sim::api::request::{Refused, array, text};

/// Limits in bytes.
const MAX_KEY: usize = 1024;
const MAX_OPTION_ID: usize = 128;

/// `type` 1 needs a url, 2 an appid.
pub(crate) fn check_jump(
    jump: &Value,
    types: RangeInclusive<i64>,
    wrong: Refused,
) -> Result<(), Refused> {
    let kind = jump.get("type").map_or(Some(0), Value::as_i64);
    match kind.filter(|kind| types.contains(kind)) {
        Some(1) => present(text(jump, "url"), Refused(42028, "url missing")),
        Some(2) => present(text(jump, "appid"), Refused(42030, "appid missing")),
        Some(_) => Ok(()),
        None => Err(wrong),
    }
}

pub(crate) fn check_quote(card: &Value) -> Result<(), Refused> {
    match card.get("quote_area") {
        Some(quote) => check_jump(quote, 0..=2, Refused(40058, "invalid quote type")),
        None => Ok(()),
    }
}

pub(crate) fn check_image(card: &Value) -> Result<(), Refused> {
    let missing = Refused(42044, "card_image.url missing");
    let area = card.get("image_text_area");
    let image = card.get("card_image");
    if area.is_none() && image.is_none() {
        return Err(missing);
    }
    if let Some(area) = area {
        present(text(area, "image_url"), missing)?;
        check_jump(area, 0..=2, Refused(40058, "invalid image_text_area type"))?;
    }
    if let Some(image) = image {
        present(text(image, "url"), missing)?;
        let ratio = image.get("aspect_ratio").map_or(Some(1.3), Value::as_f64);
        if !ratio.is_some_and(|ratio| (1.3..2.25).contains(&ratio)) {
            return Err(Refused(40058, "aspect_ratio out of range"));
        }
    }
    Ok(())
}

pub(crate) fn check_vertical(card: &Value) -> Result<(), Refused> {
    let wrong = Refused(42036, "vertical_content_list holds at most 4");
    list(card, "vertical_content_list", 0, 4, wrong)?
        .iter()
        .try_for_each(|line| present(text(line, "title"), Refused(42033, "title missing")))
}

pub(crate) fn check_horizontal(card: &Value) -> Result<(), Refused> {
    let wrong = Refused(42035, "horizontal_content_list holds at most 6");
    for line in list(card, "horizontal_content_list", 0, 6, wrong)? {
        present(text(line, "keyname"), Refused(42027, "keyname missing"))?;
        match line.get("type").map_or(Some(0), Value::as_i64) {
            Some(0) => {}
            Some(1) => present(text(line, "url"), Refused(42028, "url missing"))?,
            Some(2) => present(text(line, "media_id"), Refused(42029, "media_id missing"))?,
            Some(3) => present(text(line, "userid"), Refused(42050, "userid missing"))?,
            _ => return Err(Refused(40058, "invalid horizontal type")),
        }
    }
    Ok(())
}

/// Whether there is a menu, after checking it.
pub(crate) fn check_menu(card: &Value) -> Result<bool, Refused> {
    let Some(menu) = card.get("action_menu") else {
        return Ok(false);
    };
    let mut keys = HashSet::new();
    let wrong = Refused(40058, "action_list holds 1 to 3");
    for action in list(menu, "action_list", 1, 3, wrong)? {
        present(text(action, "text"), Refused(42038, "action text missing"))?;
        let key = key(
            action,
            "key",
            Refused(42039, "action key missing or too long"),
        )?;
        if !keys.insert(key) {
            return Err(Refused(42051, "action keys conflict"));
        }
    }
    Ok(true)
}

pub(crate) fn check_buttons(card: &Value) -> Result<(), Refused> {
    let mut keys = HashSet::new();
    let wrong = Refused(40058, "button_list holds 1 to 6");
    for button in list(card, "button_list", 1, 6, wrong)? {
        present(text(button, "text"), Refused(42038, "button text missing"))?;
        let style = button.get("style").map_or(Some(1), Value::as_i64);
        if !style.is_some_and(|style| (1..=4).contains(&style)) {
            return Err(Refused(40058, "invalid button style"));
        }
        let invalid_key = Refused(42039, "button key missing, too long or not unique");
        match button.get("type").map_or(Some(0), Value::as_i64) {
            Some(0) if keys.insert(key(button, "key", invalid_key)?) => {}
            Some(0) => return Err(invalid_key),
            Some(1) => present(text(button, "url"), Refused(42028, "url missing"))?,
            _ => return Err(Refused(40058, "invalid button type")),
        }
    }
    Ok(())
}

pub(crate) fn check_checkbox(card: &Value) -> Result<(), Refused> {
    let checkbox = card.get("checkbox").unwrap_or(&Value::Null);
    check_selection(checkbox, 20)?;
    if !matches!(
        checkbox.get("mode").map_or(Some(0), Value::as_i64),
        Some(0 | 1)
    ) {
        return Err(Refused(40058, "invalid checkbox mode"));
    }
    let checked = |option: &Value| option.get("is_checked").is_some_and(Value::is_boolean);
    if !array(checkbox, "option_list")?.iter().all(checked) {
        return Err(Refused(40058, "is_checked missing"));
    }
    Ok(())
}

pub(crate) fn check_select_list(card: &Value) -> Result<(), Refused> {
    let mut keys = HashSet::new();
    let wrong = Refused(42047, "select_list holds 1 to 3");
    for select in list(card, "select_list", 1, 3, wrong)? {
        if !keys.insert(check_selection(select, 10)?) {
            return Err(Refused(42043, "question_key is not unique"));
        }
    }
    Ok(())
}

/// A question with its options; answers the question's key.
pub(crate) fn check_selection(selection: &Value, most: usize) -> Result<&str, Refused> {
    let question = key(
        selection,
        "question_key",
        Refused(42043, "question_key missing or too long"),
    )?;
    let mut ids = HashSet::new();
    let wrong = Refused(42037, "wrong number of options");
    for option in list(selection, "option_list", 1, most, wrong)? {
        let id = text(option, "id");
        if id.is_empty() || id.len() > MAX_OPTION_ID || !ids.insert(id) {
            return Err(Refused(42040, "option id missing, too long or not unique"));
        }
        present(text(option, "text"), Refused(42041, "option text missing"))?;
    }
    Ok(question)
}

pub(crate) fn list<'v>(
    value: &'v Value,
    field: &str,
    least: usize,
    most: usize,
    wrong: Refused,
) -> Result<&'v [Value], Refused> {
    let items = array(value, field)?;
    if (least..=most).contains(&items.len()) {
        Ok(items)
    } else {
        Err(wrong)
    }
}

pub(crate) fn key<'v>(value: &'v Value, field: &str, wrong: Refused) -> Result<&'v str, Refused> {
    let key = text(value, field);
    if (1..=MAX_KEY).contains(&key.len()) {
        Ok(key)
    } else {
        Err(wrong)
    }
}

pub(crate) fn present(text: &str, missing: Refused) -> Result<(), Refused> {
    if text.is_empty() {
        Err(missing)
    } else {
        Ok(())
    }
}
