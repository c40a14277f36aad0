//! The architecture, checked: who may import whom, and the house rules that keep that table complete.

#![expect(clippy::unwrap_used, reason = "a test may stop where it cannot go on")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may use of the others. Nothing points upwards.
const TABLE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &["model"]),
    ("telemetry", &["model"]),
    ("callback", &["model"]),
    ("config", &["model"]),
    ("store", &["model"]),
    ("files", &["model"]),
    ("wecom", &["model"]),
    ("weixin", &["model", "wecom"]),
    ("webhook", &["model", "wecom"]),
    ("decide", &["model", "callback"]),
    ("sim", &["model", "clock", "callback"]),
    (
        "act",
        &["model", "decide", "store", "wecom", "weixin", "webhook"],
    ),
    (
        "http",
        &[
            "model", "clock", "callback", "decide", "store", "files", "wecom", "weixin", "act",
        ],
    ),
    (
        "worker",
        &[
            "model", "clock", "callback", "decide", "store", "files", "wecom", "weixin", "webhook",
            "act",
        ],
    ),
    (
        "app",
        &[
            "model",
            "clock",
            "config",
            "telemetry",
            "callback",
            "decide",
            "store",
            "files",
            "wecom",
            "weixin",
            "webhook",
            "act",
            "http",
            "worker",
        ],
    ),
    (
        "cli",
        &[
            "model",
            "clock",
            "config",
            "telemetry",
            "callback",
            "store",
            "app",
            "sim",
        ],
    ),
];

/// Lines that are neither blank nor only a comment; a longer file has become two.
const MAX_CODE_LINES: usize = 400;

#[test]
fn the_hallway_is_kept_free() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&root);
    assert!(files.len() > 10, "{files:?}");
    let mut broken = Vec::new();
    for path in files {
        let file = path.strip_prefix(&root).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let rules = broken_rules(&module_of(file), is_at_the_top(file), &text);
        broken.extend(
            rules
                .iter()
                .map(|rule| format!("{}: {rule}", file.display())),
        );
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// `store` for `store.rs`, `store/mod.rs` and `store/redis/keys.rs`.
fn module_of(file: &Path) -> String {
    let first = file.iter().next().unwrap().to_str().unwrap();
    first.trim_end_matches(".rs").to_string()
}

/// In `store.rs` and `store/mod.rs`, `super` is the crate.
fn is_at_the_top(file: &Path) -> bool {
    match file.iter().count() {
        1 => true,
        2 => file.ends_with("mod.rs"),
        _ => false,
    }
}

fn broken_rules(module: &str, at_the_top: bool, text: &str) -> Vec<String> {
    let code = without_comments_and_texts(text);
    let mut broken = Vec::new();
    let row = TABLE.iter().find(|(name, _)| *name == module);
    let is_root = ["lib", "main"].contains(&module);
    if row.is_none() && !is_root {
        broken.push(format!("`{module}` has no row in the import table"));
    }
    for used in imports(&code) {
        let allowed = row.is_some_and(|(_, may_use)| may_use.contains(&used.as_str()));
        if used != module && !allowed {
            broken.push(format!("`{module}` may not use `{used}`"));
        }
    }
    let squeezed: String = code.split_whitespace().collect();
    if squeezed.contains("super::super") {
        broken.push("`super::super` hides where it leads; write `crate::…`".into());
    }
    if at_the_top && !is_root {
        for name in names_after("super::", &squeezed) {
            if TABLE.iter().any(|(module, _)| *module == name) {
                broken.push(format!("`super::{name}` is written `crate::{name}` here"));
            }
        }
    }
    for line in code.split(';').filter(|line| line.contains("use ")) {
        if line.contains("::*") && !line.trim_end().ends_with("use super::*") {
            broken.push("a glob import hides where names come from".into());
        }
        if line.contains("pub use ") && !is_root {
            broken.push("a re-export gives one thing two names".into());
        }
    }
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    let lines = lines.count();
    if lines > MAX_CODE_LINES {
        broken.push(format!(
            "{lines} lines of code; {MAX_CODE_LINES} are the limit"
        ));
    }
    broken
}

/// The modules that are named as `crate::…`.
fn imports(code: &str) -> BTreeSet<String> {
    let squeezed: String = code.split_whitespace().collect();
    let mut used = names_after("crate::", &squeezed);
    // `use crate as x` would open a second way to everything.
    if squeezed.contains("usecrateas") {
        used.insert("crate as".into());
    }
    used
}

/// The names that follow `start`, alone or in braces.
fn names_after(start: &str, squeezed: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in squeezed.match_indices(start) {
        let rest = &squeezed[at + start.len()..];
        match rest.strip_prefix('{') {
            None => names.extend(first_name(rest)),
            Some(tree) => names.extend(names_of_tree(tree)),
        }
    }
    names
}

/// The first names of `a::b, c::{d, e}, f}`.
fn names_of_tree(tree: &str) -> Vec<String> {
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (at, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                names.extend(first_name(&tree[start..at]));
                start = at + 1;
            }
            '}' if depth == 0 => {
                names.extend(first_name(&tree[start..at]));
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

fn first_name(path: &str) -> Option<String> {
    let name = path
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()?;
    (!name.is_empty()).then(|| name.to_string())
}

/// The code with comments and the insides of texts blanked out.
fn without_comments_and_texts(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = comment_or_text(rest);
        if skipped > 0 {
            code.push(' ');
            rest = &rest[skipped..];
        } else {
            code.push(c);
            // An identifier is taken whole, so that the r of `for` begins no raw text.
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            let length = word.filter(|length| *length > 0).unwrap_or(c.len_utf8());
            code.push_str(&rest[c.len_utf8()..length]);
            rest = &rest[length..];
        }
    }
    code
}

/// How many bytes the comment or text at the start of `rest` has; 0 when there is none.
fn comment_or_text(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    let opening = rest.trim_start_matches(['b', 'c']).trim_start_matches('r');
    let prefix = rest.len() - opening.len();
    let hashes = opening.len() - opening.trim_start_matches('#').len();
    let is_raw = rest[..prefix].ends_with('r');
    if is_raw && opening[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = prefix + hashes + 1;
        return rest[start..]
            .find(&end)
            .map_or(rest.len(), |at| start + at + end.len());
    }
    if opening.starts_with('"') && prefix <= 1 {
        return prefix + quoted(opening, '"');
    }
    // A lifetime has no closing quote after one character.
    let mut after = rest.strip_prefix('\'').unwrap_or_default().chars();
    match (after.next(), after.next()) {
        (Some('\\'), _) => quoted(rest, '\''),
        (Some(c), Some('\'')) => c.len_utf8() + 2,
        _ => 0,
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn imports_are_found_wherever_they_stand() {
    let cases: [(&str, &[&str]); 13] = [
        ("use crate::store::Store;", &["store"]),
        (
            "use crate::{store, model::{ids, time}, act::Act as A};",
            &["store", "model", "act"],
        ),
        (
            "use crate::{\n    store::{self, error::{A, B}},\n    http,\n};",
            &["store", "http"],
        ),
        ("fn f(x: &crate :: http::Door) {}", &["http"]),
        ("pub(in crate::model) fn f() {}", &["model"]),
        (
            "macro_rules! m { () => { $crate::wecom::call() } }",
            &["wecom"],
        ),
        ("use crate as everything;", &["crate as"]),
        (
            "// use crate::store;\n/* crate::http /* crate::act */ crate::sim */",
            &[],
        ),
        ("/// See [`Act`](crate::act::Act).\nfn f() {}", &[]),
        (
            r##"let a = "crate::store \" crate::http"; let b = r#"crate::act " crate::sim"#;"##,
            &[],
        ),
        (r#"let c = '"'; use crate::store; let d = '"';"#, &["store"]),
        (
            r"let c = '\''; fn f<'a>(x: &'a str) { crate::http::g(x) }",
            &["http"],
        ),
        (
            r##"for x in "a" { crate::act::f(b"crate::sim", br#"crate::sim"#) }"##,
            &["act"],
        ),
    ];
    for (text, expected) in cases {
        let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(
            imports(&without_comments_and_texts(text)),
            expected,
            "{text}"
        );
    }
}

#[test]
fn broken_rules_are_told() {
    let long = "x();\n".repeat(MAX_CODE_LINES + 1);
    let cases = [
        (
            "decide",
            "use crate::http::Door;",
            "`decide` may not use `http`",
        ),
        (
            "model",
            "use crate::store::Store;",
            "`model` may not use `store`",
        ),
        ("gadgets", "", "`gadgets` has no row"),
        ("gadgets", "use crate::model;", "`gadgets` has no row"),
        ("lib", "use crate::model;", "`lib` may not use `model`"),
        ("http", "use super::super::store;", "`super::super` hides"),
        (
            "model",
            "use super::store::Store;",
            "`super::store` is written `crate::store`",
        ),
        ("act", "use crate::model::*;", "a glob import hides"),
        ("act", "pub use crate::model::ids;", "a re-export gives"),
        ("act", &long, "401 lines of code"),
    ];
    for (module, text, expected) in cases {
        let broken = broken_rules(module, true, text);
        assert!(
            broken.iter().any(|rule| rule.starts_with(expected)),
            "{text}: {broken:?}"
        );
    }
}

#[test]
fn kept_rules_are_not_told() {
    let cases = [
        (
            "act",
            "use crate::model::ids;\nuse crate::act::gather;\nmod tests { use super::*; }",
        ),
        ("lib", "pub mod model;"),
        ("main", "fn main() { wecom_bridge::cli::run() }"),
        ("store", &"// a comment\n\n".repeat(MAX_CODE_LINES)),
    ];
    for (module, text) in cases {
        assert_eq!(
            broken_rules(module, true, text),
            Vec::<String>::new(),
            "{text}"
        );
    }
}

#[test]
fn the_table_points_only_downwards() {
    for (row, (module, may_use)) in TABLE.iter().enumerate() {
        for used in *may_use {
            let above = TABLE[..row].iter().any(|(name, _)| name == used);
            assert!(above, "`{module}` uses `{used}`, which stands below it");
        }
    }
}

#[test]
fn files_belong_to_their_top_module() {
    let cases = [
        ("store.rs", "store", true),
        ("store/mod.rs", "store", true),
        ("store/redis.rs", "store", false),
        ("store/redis/mod.rs", "store", false),
    ];
    for (file, module, at_the_top) in cases {
        let file = Path::new(file);
        assert_eq!(
            (module_of(file).as_str(), is_at_the_top(file)),
            (module, at_the_top)
        );
    }
}
