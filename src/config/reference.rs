//! Values that stand elsewhere: `env:NAME` and `file:PATH`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

/// A file that holds one value is smaller than this.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// The value that `text` refers to, or `text` itself. One line break at the end of a file is not part of its value.
///
/// The error says what is wrong with the reference and repeats only the name or path in it.
pub(in crate::config) fn resolve<'t>(
    text: &'t str,
    env: &'t BTreeMap<String, String>,
) -> Result<Cow<'t, str>, String> {
    if let Some(name) = text.strip_prefix("env:") {
        return match env.get(name) {
            Some(value) => Ok(Cow::Borrowed(value)),
            None => Err(format!("refers to the variable {name:?}, which is not set")),
        };
    }
    let Some(path) = text.strip_prefix("file:") else {
        return Ok(Cow::Borrowed(text));
    };
    let mut value = read(path)
        .map_err(|error| format!("refers to the file {path:?}, which cannot be read ({error})"))?;
    for end in ['\n', '\r'] {
        if value.ends_with(end) {
            value.pop();
        }
    }
    Ok(Cow::Owned(value))
}

fn read(path: &str) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(path)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)?;
    if length as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other("it is larger than 64 KiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_followed_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            format!("file:{}", path.display())
        };
        let env = BTreeMap::from([("SECRET".to_string(), "env:OTHER".to_string())]);
        let cases = [
            ("plain".to_string(), "plain"),
            ("env:SECRET".to_string(), "env:OTHER"),
            (path("unix", "value\n"), "value"),
            (path("windows", "value\r\n"), "value"),
            (path("two", "value\n\n"), "value\n"),
            (path("bare", "value"), "value"),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(&text, &env).as_deref(), Ok(expected), "{text}");
        }
        let large = path("large", &"x".repeat(64 * 1024 + 1));
        let missing = format!("file:{}/none", folder.path().display());
        for bad in ["env:NONE", "env:", &large, &missing, "file:"] {
            assert!(resolve(bad, &env).is_err(), "{bad}");
        }
    }
}
