//! The records of a form as a table for spreadsheets: CSV (RFC 4180) in UTF-8 with a mark at its begin, which Excel needs.

use std::fmt::Write;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::items::access::Reader;
use crate::http::items::names::{Names, Wanted};
use crate::http::items::records;
use crate::http::items::turned::Turned;
use crate::http::moment::Moment;
use crate::model::form::{Field, Value};
use crate::model::item::{Item, ItemState};
use crate::model::record::Record;

/// How many records are read in one round trip.
const STEP: usize = 100;

/// The most records that are looked at for one table, and its most bytes; its last row says that there are more.
const RECORDS_MAX: usize = 20_000;
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// The table, with the records that the reader sees.
pub(in crate::http::items) async fn download(
    reader: Reader,
    request: HttpRequest,
) -> Result<HttpResponse, Turned> {
    let t = reader.t;
    let id = request.match_info().query("id");
    let Item::Form(form) = reader.item("form", id).await? else {
        return Err(Turned::Missing);
    };
    let mut table = String::from("\u{feff}");
    let head = [
        t.id,
        t.customer,
        "external_userid",
        t.made,
        t.step,
        t.handler,
        t.owner,
        t.state,
    ];
    let labels = form.fields.iter().map(|field| field.label.as_str());
    line(&mut table, head.into_iter().chain(labels));
    let (mut after, mut count) = (None, 0);
    loop {
        let (items, next) = records::some(&reader, &form.head.id, after, STEP).await?;
        count += STEP;
        let items: Vec<Item> = items.into_iter().filter(|item| reader.sees(item)).collect();
        let mut wanted = Wanted::default();
        items.iter().for_each(|item| wanted.row(item));
        let names = wanted.read(&reader).await?;
        for item in &items {
            if table.len() >= BYTES_MAX {
                break;
            }
            if let Item::Record(record) = item {
                let row = row(record, &form.fields, &names, (t.open, t.closed));
                line(&mut table, row.iter().map(String::as_str));
            }
        }
        after = next;
        if table.len() >= BYTES_MAX || count >= RECORDS_MAX && after.is_some() {
            line(&mut table, [t.csv_cut].into_iter());
            break;
        }
        if after.is_none() {
            break;
        }
    }
    let name = format!("attachment; filename=\"records-{id}.csv\"");
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(table))
}

fn row(
    record: &Record,
    fields: &[Field],
    names: &Names,
    (open, closed): (&str, &str),
) -> Vec<String> {
    let head = &record.head;
    let contact = record.contact.as_ref();
    let handler = record.handler.as_ref();
    let state = match head.state {
        ItemState::Open => open,
        ItemState::Closed => closed,
    };
    let mut row = vec![
        head.id.to_string(),
        contact.map_or_else(String::new, |contact| names.contact(contact)),
        contact.map_or_else(String::new, ToString::to_string),
        Moment::of(head.created_at, "%Y-%m-%d %H:%M").to_string(),
        record.step.clone(),
        handler.map_or_else(String::new, |userid| names.member(userid)),
        names.member(&head.owner),
        state.to_owned(),
    ];
    let value = |field: &Field| record.values.get(&field.key).map(Value::texts);
    let value = |field: &Field| value(field).map_or_else(String::new, |texts| texts.join("; "));
    row.extend(fields.iter().map(value));
    row
}

fn line<'a>(table: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (n, cell) in cells.enumerate() {
        if n > 0 {
            table.push(',');
        }
        let cell = cell.replace('"', "\"\"");
        let guard = match is_formula(&cell) {
            true => "'",
            false => "",
        };
        // Writing into a String cannot fail.
        let _ = write!(table, "\"{guard}{cell}\"");
    }
    table.push_str("\r\n");
}

/// Whether a spreadsheet would calculate with it instead of showing it. Plain numbers may have their sign.
fn is_formula(cell: &str) -> bool {
    let begins = cell.trim_start_matches([' ', '\u{3000}']);
    let begins = begins.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let number = cell.strip_prefix('-').unwrap_or(cell);
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    begins && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_text_for_spreadsheets() {
        for (cell, expected) in [
            ("门", "\"门\""),
            ("a \"b\", c\nd", "\"a \"\"b\"\", c\nd\""),
            ("-3.50", "\"-3.50\""),
            ("=1+1", "\"'=1+1\""),
            (" =1+1", "\"' =1+1\""),
            ("+86 138", "\"'+86 138\""),
            ("-2+3", "\"'-2+3\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("＝1", "\"'＝1\""),
            ("", "\"\""),
        ] {
            let mut table = String::new();
            line(&mut table, [cell].into_iter());
            assert_eq!(table, format!("{expected}\r\n"), "{cell}");
        }
    }
}
