//! Values that stand elsewhere: `env:NAME` and `file:PATH`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// A file that holds one value is smaller than this.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// The value that `text` refers to, or `text` itself. One line break at the end of a file is not part of its value.
///
/// The error says what is wrong with the reference and repeats only the name or path in it. The value may be a secret.
pub(in crate::config) fn resolve(
    text: &str,
    env: &BTreeMap<String, String>,
) -> Result<Zeroizing<String>, String> {
    if let Some(name) = text.strip_prefix("env:") {
        return match env.get(name) {
            Some(value) => Ok(Zeroizing::new(value.clone())),
            None => Err(format!("refers to the variable {name:?}, which is not set")),
        };
    }
    let Some(path) = text.strip_prefix("file:") else {
        return Ok(Zeroizing::new(text.to_owned()));
    };
    let mut value = read(Path::new(path), MAX_FILE_BYTES)
        .map_err(|error| format!("refers to the file {path:?}, which cannot be read ({error})"))?;
    for end in ['\n', '\r'] {
        if value.ends_with(end) {
            value.pop();
        }
    }
    Ok(value)
}

/// A whole file of at most so many bytes. There is room for it from the beginning: making more would leave a copy of the
/// secrets in it behind.
pub(in crate::config) fn read(path: &Path, max: u64) -> io::Result<Zeroizing<String>> {
    let file = File::open(path)?;
    let room = file.metadata()?.len().min(max) + 1;
    let mut text = Zeroizing::new(String::with_capacity(room as usize));
    let length = file.take(max + 1).read_to_string(&mut text)?;
    if length as u64 > max {
        let kib = max / 1024;
        return Err(io::Error::other(format!("it is larger than {kib} KiB")));
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
            let value = resolve(&text, &env).unwrap();
            assert_eq!(value.as_str(), expected, "{text}");
        }
        let large = path("large", &"x".repeat(64 * 1024 + 1));
        let missing = format!("file:{}/none", folder.path().display());
        for bad in ["env:NONE", "env:", &large, &missing, "file:"] {
            assert!(resolve(bad, &env).is_err(), "{bad}");
        }
    }
}
