//! Every file in `fixtures/callbacks` is read as its `.expected` says, compared whole.
//!
//! A new `case.xml` without `case.expected` fails. `BLESS=1 cargo test fixtures` writes what is missing or different; read
//! it before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wecom_bridge::callback::{event, peek, peek_account};
use wecom_bridge::model::delivery::Source;
use wecom_bridge::model::ids::ReceiverName;
use wecom_bridge::model::time::Timestamp;

#[test]
fn every_fixture_is_read_as_expected() {
    let bless = std::env::var_os("BLESS").is_some();
    let cases = files("xml");
    assert!(
        cases.len() > 150,
        "only {} fixtures were found",
        cases.len()
    );
    let mut wrong = Vec::new();
    for case in cases {
        let found = read(&case, &fs::read_to_string(&case).unwrap());
        let expected = case.with_extension("expected");
        if bless {
            fs::write(&expected, format!("{found:#}\n")).unwrap();
        }
        let expected = fs::read_to_string(expected).unwrap_or_default();
        if serde_json::from_str(&expected).ok() != Some(found) {
            wrong.push(case);
        }
    }
    assert!(wrong.is_empty(), "not as expected: {wrong:#?}");
}

#[test]
fn nothing_is_expected_of_a_fixture_that_is_gone() {
    for expected in files("expected") {
        assert!(
            expected.with_extension("xml").is_file(),
            "{}",
            expected.display()
        );
    }
}

/// The folder tells by which kind of receiver it came.
fn read(case: &Path, xml: &str) -> Value {
    let receiver = ReceiverName::parse("app").unwrap();
    let now = Timestamp::from_secs(1_795_400_000);
    let (source, peek) = match case.parent().unwrap().ends_with("service_account") {
        true => (
            Source::ServiceAccount,
            peek_account(&receiver, xml.as_bytes(), now),
        ),
        false => (Source::Callback, peek(&receiver, xml.as_bytes(), now)),
    };
    let event = event::parse(source, xml).unwrap();
    json!({
        "kind": peek.kind,
        "subject": peek.subject,
        "lane": peek.lane.code(),
        "header": event.header,
        "body": event.body,
    })
}

fn files(extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/callbacks");
    let mut files = Vec::new();
    for family in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(family.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|found| found == extension) {
                files.push(file);
            }
        }
    }
    files.sort();
    files
}
