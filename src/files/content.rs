//! What a file is, by its content: never by its name, and never by what a browser says of it.

use crate::files::error::FilesError;
use crate::model::file_type::FileType;

/// What is looked at for the marks of a type; an Office document names its parts within this.
const HEAD: usize = 16 * 1024;

/// Looks at a file as it comes.
#[derive(Debug, Default)]
pub(in crate::files) struct Content {
    head: Vec<u8>,
    text: Text,
}

impl Content {
    /// The next bytes of the file.
    ///
    /// # Errors
    /// [`FilesError::WrongType`] as soon as it cannot be of any known type.
    pub(in crate::files) fn see(&mut self, chunk: &[u8]) -> Result<(), FilesError> {
        let room = HEAD - self.head.len();
        self.head.extend(chunk.iter().take(room));
        self.text.see(chunk);
        let hopeless = self.head.len() == HEAD && self.text.broken && marked(&self.head).is_none();
        match hopeless {
            true => Err(FilesError::WrongType),
            false => Ok(()),
        }
    }

    /// What it is, when all of it was seen.
    ///
    /// # Errors
    /// [`FilesError::Empty`], [`FilesError::WrongType`].
    pub(in crate::files) fn end(self) -> Result<FileType, FilesError> {
        if self.head.is_empty() {
            return Err(FilesError::Empty);
        }
        match marked(&self.head) {
            Some(found) => Ok(found),
            None if self.text.is_whole() && !is_markup(&self.head) => Ok(FileType::Text),
            None => Err(FilesError::WrongType),
        }
    }
}

/// The type whose mark a file begins with.
fn marked(head: &[u8]) -> Option<FileType> {
    let at = |offset: usize, mark: &[u8]| head.get(offset..).is_some_and(|h| h.starts_with(mark));
    if at(0, &[0xff, 0xd8, 0xff]) {
        Some(FileType::Jpeg)
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        Some(FileType::Png)
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        Some(FileType::Gif)
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Some(FileType::Webp)
    } else if at(0, b"%PDF-") {
        Some(FileType::Pdf)
    } else if at(0, b"PK\x03\x04") {
        Some(office(head).unwrap_or(FileType::Zip))
    } else if at(0, b"PK\x05\x06") {
        Some(FileType::Zip)
    } else if at(4, b"ftyp") {
        film(head.get(8..12)?)
    } else {
        None
    }
}

/// An Office document is an archive with a part of this name. Names stand 30 bytes behind the mark of an entry.
fn office(head: &[u8]) -> Option<FileType> {
    let mut entries = memchr::memmem::find_iter(head, b"PK\x03\x04");
    entries.find_map(|at| {
        let name = head.get(at + 30..)?;
        let parts: [(&[u8], FileType); 3] = [
            (b"word/", FileType::Docx),
            (b"xl/", FileType::Xlsx),
            (b"ppt/", FileType::Pptx),
        ];
        let mut parts = parts.iter();
        parts
            .find(|(part, _)| name.starts_with(part))
            .map(|part| part.1)
    })
}

/// The brands of ISO/IEC 14496-12 that are in use.
fn film(brand: &[u8]) -> Option<FileType> {
    match brand {
        b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" => Some(FileType::Heic),
        b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V "
        | b"MSNV" | b"dash" => Some(FileType::Mp4),
        _ => None,
    }
}

/// A page or a drawing that some program might run. It is text, but nobody sends it as such.
fn is_markup(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let tag = head.trim_ascii_start().strip_prefix(b"<");
    let first = tag.and_then(<[u8]>::first);
    first.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, b'!' | b'?' | b'/'))
}

/// Whether a file is text in UTF-8, without control characters.
#[derive(Debug, Default)]
struct Text {
    /// The begin of a character whose end is to come, then what is looked at.
    rest: Vec<u8>,
    broken: bool,
}

impl Text {
    fn see(&mut self, chunk: &[u8]) {
        if self.broken {
            return;
        }
        self.rest.extend_from_slice(chunk);
        let valid = match std::str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            Err(problem) => {
                self.broken = problem.error_len().is_some();
                problem.valid_up_to()
            }
        };
        let control = |c: &u8| c.is_ascii_control() && !matches!(c, b'\t' | b'\n' | b'\r' | 0x0c);
        self.broken |= self.rest[..valid].iter().any(control);
        self.rest.drain(..valid);
    }

    fn is_whole(&self) -> bool {
        !self.broken && self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(content: &[u8], piece: usize) -> Option<FileType> {
        let mut look = Content::default();
        for chunk in content.chunks(piece) {
            look.see(chunk).ok()?;
        }
        look.end().ok()
    }

    fn archive(names: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for name in names {
            bytes.extend(b"PK\x03\x04");
            bytes.extend([0; 26]);
            bytes.extend(name.as_bytes());
            bytes.extend([7; 400]);
        }
        bytes
    }

    #[test]
    fn content_tells_the_type() {
        let mut executable = b"MZ\x90\x00".to_vec();
        executable.extend([0; 20_000]);
        let table: &[(&[u8], Option<FileType>)] = &[
            (b"\xff\xd8\xff\xe0JFIF", Some(FileType::Jpeg)),
            (b"\x89PNG\r\n\x1a\nIHDR", Some(FileType::Png)),
            (b"GIF89a...", Some(FileType::Gif)),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Some(FileType::Webp)),
            (b"RIFF\x01\x02\x03\x04WAVEfmt ", None),
            (b"%PDF-1.7\n\xe2\xe3", Some(FileType::Pdf)),
            (b"\0\0\0\x18ftypmp42", Some(FileType::Mp4)),
            (b"\0\0\0\x18ftypheic", Some(FileType::Heic)),
            (b"\0\0\0\x18ftypcrx ", None),
            (
                "姓名,金额\r\n王女士,12\r\n".as_bytes(),
                Some(FileType::Text),
            ),
            (b"\xef\xbb\xbfa,b", Some(FileType::Text)),
            (b"<3 you", Some(FileType::Text)),
            (b"", None),
            (b"<html><script>alert(1)</script>", None),
            (b"\xef\xbb\xbf \n<!DOCTYPE html>", None),
            (b"<?xml version='1.0'?><svg/>", None),
            (b"\xd0\xd5\xc3\xfb,1", None),
            (b"a\0b", None),
            ("半个".as_bytes().split_last().unwrap().1, None),
            (&executable, None),
            (b"\x7fELF\x02\x01\x01", None),
        ];
        for (content, expected) in table {
            for piece in [1, 3, 4096] {
                assert_eq!(seen(content, piece), *expected, "{content:?}");
            }
        }
    }

    #[test]
    fn archives_are_told_apart_by_their_parts() {
        let first = "[Content_Types].xml";
        for (names, expected) in [
            (&[first, "_rels/.rels", "word/document.xml"], FileType::Docx),
            (
                &["docProps/app.xml", first, "xl/workbook.xml"],
                FileType::Xlsx,
            ),
            (&[first, "x", "ppt/presentation.xml"], FileType::Pptx),
            (&["a.txt", "keyword/b", "c"], FileType::Zip),
        ] {
            assert_eq!(seen(&archive(names), 100), Some(expected), "{names:?}");
        }
    }

    #[test]
    fn what_is_nothing_is_refused_before_its_end() {
        let mut look = Content::default();
        let (mut taken, chunk) = (0, [0_u8; 4096]);
        while look.see(&chunk).is_ok() && taken < 1_000_000 {
            taken += chunk.len();
        }
        assert!(taken <= HEAD, "{taken}");
    }
}
