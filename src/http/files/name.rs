//! The names of files: what somebody's browser said, made harmless.

use std::fmt::Write;

use crate::model::file_type::FileType;

/// The longest name, in characters.
const NAME_MAX: usize = 120;

/// A name without a path, without characters that deceive, and with an ending that its content keeps.
pub(in crate::http::files) fn clean(given: &str, file_type: FileType) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !deceives(*c)).collect();
    let name = name.trim().trim_start_matches('.').trim_end_matches('.');
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if fits(ending, file_type) => (stem, ending.to_owned()),
        _ => (name, file_type.endings()[0].to_owned()),
    };
    let stem = match stem.trim() {
        "" => "file",
        stem => stem,
    };
    let room = NAME_MAX - 1 - ending.len();
    let stem: String = stem.chars().take(room).collect();
    format!("{}.{ending}", stem.trim_end())
}

/// Control characters, those that turn the direction of text, those that cannot be seen, and those that mean something
/// to file systems.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || matches!(c, '"' | '<' | '>' | ':' | '|' | '?' | '*')
}

fn fits(ending: &str, file_type: FileType) -> bool {
    let ending = ending.to_ascii_lowercase();
    let office = ["docx", "xlsx", "pptx"];
    // Some programs write documents whose parts come late.
    file_type.endings().contains(&ending.as_str())
        || (file_type == FileType::Zip && office.contains(&ending.as_str()))
}

/// What the header `Content-Disposition` says of a file (RFC 6266): it is to be kept, not shown, under this name.
pub(in crate::http::files) fn disposition(name: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') => c,
        _ => '_',
    };
    let fallback: String = name.chars().map(plain).collect();
    let mut encoded = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_') => {
                encoded.push(char::from(b));
            }
            // Writing into a String cannot fail.
            b => drop(write!(encoded, "%{b:02X}")),
        }
    }
    format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_harmless() {
        for (given, file_type, expected) in [
            ("现场 照片.JPG", FileType::Jpeg, "现场 照片.JPG"),
            ("../../etc/passwd", FileType::Text, "passwd.txt"),
            ("C:\\Temp\\a.png", FileType::Png, "a.png"),
            ("page.html", FileType::Text, "page.html.txt"),
            ("a.exe", FileType::Zip, "a.exe.zip"),
            ("report.docx", FileType::Zip, "report.docx"),
            ("x\u{202e}gpj.exe", FileType::Jpeg, "xgpj.exe.jpg"),
            ("a\r\nSet-Cookie: b.png", FileType::Png, "aSet-Cookie b.png"),
            (".htaccess", FileType::Text, "htaccess.txt"),
            ("", FileType::Pdf, "file.pdf"),
            ("..", FileType::Pdf, "file.pdf"),
            ("a\".pdf", FileType::Pdf, "a.pdf"),
            ("data.csv", FileType::Text, "data.csv"),
        ] {
            assert_eq!(clean(given, file_type), expected, "{given:?}");
        }
        let long = clean(&"长".repeat(400), FileType::Jpeg);
        assert_eq!(long.chars().count(), NAME_MAX);
        assert!(long.ends_with(".jpg"));
    }

    #[test]
    fn headers_carry_any_name() {
        let seen = disposition("照片 1.jpg");
        let expected =
            "attachment; filename=\"__ 1.jpg\"; filename*=UTF-8''%E7%85%A7%E7%89%87%201.jpg";
        assert_eq!(seen, expected);
    }
}
