//! Documents name what is there: files of code, and tests by name.

use std::fs;
use std::path::Path;

#[test]
fn documents_name_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut named, mut broken) = (0, Vec::new());
    let entries = fs::read_dir(root.join("docs")).unwrap();
    let documents = entries.map(|entry| entry.unwrap().path());
    for document in documents.filter(|path| path.extension().is_some_and(|kind| kind == "md")) {
        let text = fs::read_to_string(&document).unwrap();
        for place in named_places(&text) {
            named += 1;
            if !is_there(root, place) {
                broken.push(format!("{}: {place}", document.display()));
            }
        }
    }
    assert!(named > 100, "{named}");
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// What stands between backticks and begins as a file of code or of tests does.
fn named_places(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|place| place.starts_with("src/") || place.starts_with("tests/"))
}

/// Whether there is such a file or folder and, after `::`, such a function in it.
fn is_there(root: &Path, place: &str) -> bool {
    match place.split_once("::") {
        None => root.join(place).exists(),
        Some((file, name)) => fs::read_to_string(root.join(file))
            .is_ok_and(|code| code.contains(&format!("fn {name}("))),
    }
}

#[test]
fn places_in_documents_are_looked_up() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = "See `src/lib.rs`, `tests/documents.rs::is_there`, `cargo test`, and\n\
                `src/nothing.rs`, `tests/documents.rs::nowhere`.\n```console\n$ `make`\n```\n`src/`";
    let places: Vec<&str> = named_places(text).collect();
    let found: Vec<bool> = places.iter().map(|place| is_there(root, place)).collect();
    assert_eq!(found, [true, true, false, false, true], "{places:?}");
}
