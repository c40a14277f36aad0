//! What was filled in, against the fields that it is for. Pages look at forms by the same rules before they are sent.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::decide::facts::Facts;
use crate::decide::item::access::follows;
use crate::decide::rejection::{Fault, Rejection, Wrong};
use crate::model::form::{CustomerUse, Field, FieldKind, Value};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Actor, ItemRef};

/// Who fills in.
#[derive(Debug, Clone, Copy)]
pub enum Filler<'a> {
    /// The customer: only what is theirs to fill in, and all of it that is required.
    Contact(&'a ExternalUserId),
    /// The company: any field, and what is required may follow later.
    Company,
}

/// The values in the form in which they are kept: trimmed, without empty ones, numbers as they are written in full.
///
/// # Errors
/// [`Rejection::Invalid`] with every fault, place by place.
pub(in crate::decide) fn check(
    fields: &[Field],
    values: &BTreeMap<String, Value>,
    filler: &Filler<'_>,
    item: &ItemRef,
    facts: &Facts<'_>,
) -> Result<BTreeMap<String, Value>, Rejection> {
    let mut faults = Vec::new();
    let mut checked = BTreeMap::new();
    for key in values.keys() {
        if !fields
            .iter()
            .any(|field| field.key == *key && is_theirs(field, filler))
        {
            faults.push(Fault::new(key, Wrong::Unknown));
        }
    }
    for field in fields.iter().filter(|field| is_theirs(field, filler)) {
        match one(field, values.get(&field.key), filler, item, facts) {
            Ok(Some(value)) => {
                checked.insert(field.key.clone(), value);
            }
            Ok(None) => {}
            Err(wrong) => faults.push(Fault::new(&field.key, wrong)),
        }
    }
    match faults.is_empty() {
        true => Ok(checked),
        false => Err(Rejection::Invalid(faults)),
    }
}

/// What stands in a field before it is filled in, in the form in which it is kept.
pub(in crate::decide::item) fn default(
    field: &Field,
    form: &ItemRef,
    facts: &Facts<'_>,
) -> Result<Option<Value>, Wrong> {
    one(field, field.default.as_ref(), &Filler::Company, form, facts)
}

fn is_theirs(field: &Field, filler: &Filler<'_>) -> bool {
    match filler {
        Filler::Contact(_) => field.customer == CustomerUse::FillsIn,
        Filler::Company => true,
    }
}

fn one(
    field: &Field,
    value: Option<&Value>,
    filler: &Filler<'_>,
    item: &ItemRef,
    facts: &Facts<'_>,
) -> Result<Option<Value>, Wrong> {
    let texts = value.map(Value::texts).unwrap_or_default().iter();
    let texts: Vec<&str> = texts
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
        .collect();
    let needed = field.required && matches!(filler, Filler::Contact(_));
    if texts.is_empty() {
        return if needed {
            Err(Wrong::Missing)
        } else {
            Ok(None)
        };
    }
    let single = |check: &dyn Fn(&str) -> Result<String, Wrong>| match texts[..] {
        [text] => check(text).map(Value::One),
        _ => Err(Wrong::TooMany(1)),
    };
    let several = |max: usize, check: &dyn Fn(&str) -> Result<(), Wrong>| {
        if texts.len() > max {
            return Err(Wrong::TooMany(max));
        }
        for (n, text) in texts.iter().enumerate() {
            check(text)?;
            if texts[..n].contains(text) {
                return Err(Wrong::Twice);
            }
        }
        Ok(Value::Many(
            texts.iter().map(|text| (*text).to_owned()).collect(),
        ))
    };
    match &field.kind {
        FieldKind::Text { max } => single(&|text| line(text, *max)),
        FieldKind::LongText { max } => single(&|text| lines(text, *max)),
        FieldKind::Number { min, max, decimals } => {
            single(&|text| number(text, *min, *max, *decimals))
        }
        FieldKind::Date { min, max } => single(&|text| day(text, *min, *max)),
        FieldKind::Choice { options } => {
            single(&|text| option(text, options).map(|()| text.to_owned()))
        }
        FieldKind::Choices { options, max } => {
            several(max.unwrap_or(options.len()), &|text| option(text, options))
        }
        FieldKind::Member => single(&|text| member(text, filler, facts)),
        FieldKind::Phone => single(&phone),
        FieldKind::Attachment { max } => several(*max, &|id| file(id, filler, item, facts)),
    }
    .map(Some)
}

fn line(text: &str, max: usize) -> Result<String, Wrong> {
    match text.chars().any(char::is_control) {
        true => Err(Wrong::BadCharacters),
        false => lines(text, max),
    }
}

/// Text of several lines, with one kind of line end.
fn lines(text: &str, max: usize) -> Result<String, Wrong> {
    let text = text.replace("\r\n", "\n");
    if text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Err(Wrong::BadCharacters);
    }
    match text.chars().count() > max {
        true => Err(Wrong::TooLong(max)),
        false => Ok(text),
    }
}

/// A decimal number of at most 15 digits before the point, with both kinds of digits that Chinese keyboards write.
fn number(text: &str, min: Option<i64>, max: Option<i64>, decimals: u8) -> Result<String, Wrong> {
    let not = Wrong::NotANumber(decimals);
    let text: String = text.chars().map(half_width).collect();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.as_str()),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    let fits = (1..=15).contains(&whole.len()) && part.len() <= usize::from(decimals);
    if !fits || !all_digits(whole) || !all_digits(part) || digits.ends_with('.') {
        return Err(not);
    }
    // Compared without a rounding: in units of the last digit.
    let scale = 10_i128.pow(u32::from(decimals));
    let unit = format!("{whole}{part:0<width$}", width = usize::from(decimals));
    let value = sign * unit.parse::<i128>().map_err(|_| not)?;
    if let Some(min) = min.filter(|min| value < i128::from(*min) * scale) {
        return Err(Wrong::Below(min));
    }
    if let Some(max) = max.filter(|max| value > i128::from(*max) * scale) {
        return Err(Wrong::Above(max));
    }
    Ok(text)
}

fn half_width(c: char) -> char {
    match c {
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10).unwrap_or(c),
        '．' | '。' => '.',
        '－' => '-',
        c => c,
    }
}

fn day(text: &str, min: Option<Date>, max: Option<Date>) -> Result<String, Wrong> {
    let day: Date = text.parse().map_err(|_| Wrong::NotADay)?;
    let outside = min.is_some_and(|min| day < min) || max.is_some_and(|max| day > max);
    match outside {
        true => Err(Wrong::OutsideDays),
        false => Ok(day.to_string()),
    }
}

fn option(text: &str, options: &[String]) -> Result<(), Wrong> {
    match options.iter().any(|option| option == text) {
        true => Ok(()),
        false => Err(Wrong::NotAnOption),
    }
}

/// A customer names one of their own members.
fn member(text: &str, filler: &Filler<'_>, facts: &Facts<'_>) -> Result<String, Wrong> {
    let userid = UserId::parse(text).map_err(|_| Wrong::NotAMember)?;
    match filler {
        Filler::Contact(_) if !follows(&userid, facts) => Err(Wrong::NotAMember),
        Filler::Contact(_) | Filler::Company => Ok(text.to_owned()),
    }
}

/// Digits with the marks that people write between them; 5 to 20 of them.
fn phone(text: &str) -> Result<String, Wrong> {
    let text: String = text.chars().map(half_width).collect();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let (first, rest) = (text.chars().next(), text.chars().skip(1));
    let mut rest = rest.map(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')'));
    let begins = first.is_some_and(|c| c.is_ascii_digit() || matches!(c, '+' | '('));
    match begins && rest.all(|fits| fits) && (5..=20).contains(&digits) && text.len() <= 30 {
        true => Ok(text),
        false => Err(Wrong::NotAPhone),
    }
}

/// Files are those that whoever fills in has brought for this item.
fn file(id: &str, filler: &Filler<'_>, item: &ItemRef, facts: &Facts<'_>) -> Result<(), Wrong> {
    let mut kept = facts.attachments.iter();
    let kept = kept.find(|kept| kept.id == id).ok_or(Wrong::NotAFile)?;
    let theirs = match filler {
        Filler::Contact(contact) => kept.by == Actor::Contact((*contact).clone()),
        Filler::Company => true,
    };
    match theirs && kept.item == *item {
        true => Ok(()),
        false => Err(Wrong::NotAFile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_and_bounded() {
        let not = |decimals| Err(Wrong::NotANumber(decimals));
        for (text, bounds, decimals, expected) in [
            ("12", (None, None), 0, Ok("12")),
            ("-3.50", (None, None), 2, Ok("-3.50")),
            ("１２．５", (None, None), 1, Ok("12.5")),
            ("12.5", (None, None), 0, not(0)),
            ("1.", (None, None), 2, not(2)),
            (".5", (None, None), 2, not(2)),
            ("1e3", (None, None), 2, not(2)),
            ("0x1", (None, None), 2, not(2)),
            ("9999999999999999", (None, None), 0, not(0)),
            ("-0.01", (Some(0), None), 2, Err(Wrong::Below(0))),
            ("100.01", (None, Some(100)), 2, Err(Wrong::Above(100))),
            ("100", (Some(100), Some(100)), 2, Ok("100")),
        ] {
            let (min, max) = bounds;
            let seen = number(text, min, max, decimals);
            assert_eq!(seen.as_deref().map_err(|wrong| *wrong), expected, "{text}");
        }
    }

    #[test]
    fn telephone_numbers_are_as_people_write_them() {
        for good in [
            "13800138000",
            "+86 138-0013-8000",
            "(010) 8888 8888",
            "12345",
        ] {
            assert!(phone(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "1234",
            "138x0138000",
            "javascript:1",
            "++8612345",
            "123456789012345678901",
        ] {
            assert_eq!(phone(bad), Err(Wrong::NotAPhone), "{bad}");
        }
    }

    #[test]
    fn text_keeps_its_lines_and_no_controls() {
        assert_eq!(lines("a\r\nb", 3).as_deref(), Ok("a\nb"));
        assert_eq!(line("a\nb", 9), Err(Wrong::BadCharacters));
        assert_eq!(lines("a\u{0}b", 9), Err(Wrong::BadCharacters));
        assert_eq!(lines("与我协作", 3), Err(Wrong::TooLong(3)));
    }
}
