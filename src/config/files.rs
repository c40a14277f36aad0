//! The settings of attachments.

use std::path::Path;

use crate::config::reader::Reader;
use crate::config::service::secret;
use crate::config::{Files, StoreChoice};
use crate::model::file_type::FileType;
use crate::model::files_url::FilesUrl;

/// The largest file unless another size is set: ten pages of scans, a good photograph.
const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// A larger file does not go through a chat's browser in one piece.
const MAX_MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// No store's key names are longer.
const MAX_KEY_ID_CHARS: usize = 128;

/// Reads the section.
pub(in crate::config) fn read(section: &mut Reader<'_, '_>, store: Option<&StoreChoice>) -> Files {
    let write = "\"folder:PATH\" or \"s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION\"";
    let url = section.text("url", write, FilesUrl::parse);
    // What is wrong was told; it is not missing as well.
    let mut written = 0;
    let id = section.text("access_key_id", "the key's id", |text| {
        written += 1;
        key_id(text)
    });
    let key = section.text("secret_access_key", "the key", |text| {
        written += 1;
        secret(text, 1)
    });
    let write = "the largest file in bytes, at most 1073741824 (1 GiB)";
    let max_bytes = section.number_up_to(MAX_MAX_BYTES, "max_bytes", write);
    let names: Vec<&str> = FileType::ALL.iter().map(|known| known.name()).collect();
    let write = format!("some of {}", names.join(", "));
    let types = section.list("types", &write, |name| {
        FileType::parse(name).ok_or_else(|| "is no type that is known here".into())
    });
    if matches!(url, Some(FilesUrl::S3(_))) && written < 2 {
        let write = "write access_key_id and secret_access_key as well";
        section.note("url", "is a bucket without its keys", write.into());
    }
    Files {
        url: url.or_else(|| beside(store)),
        keys: id.zip(key),
        max_bytes: max_bytes.unwrap_or(MAX_BYTES),
        types: types.unwrap_or_else(|| FileType::ALL.to_vec()),
    }
}

/// One process has its store on a disk of its own, where files can be too; several share none.
fn beside(store: Option<&StoreChoice>) -> Option<FilesUrl> {
    let store = match store {
        Some(StoreChoice::Redis(_)) => return None,
        Some(StoreChoice::Embedded(path)) => path,
        None => Path::new(""),
    };
    let folder = store.parent().unwrap_or(Path::new(""));
    Some(FilesUrl::Folder(folder.join("files")))
}

fn key_id(text: &str) -> Result<String, String> {
    let fits = (1..=MAX_KEY_ID_CHARS).contains(&text.len());
    match fits && text.bytes().all(|c| c.is_ascii_graphic()) {
        true => Ok(text.into()),
        false => Err("is no key's id".into()),
    }
}
