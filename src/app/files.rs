//! Where attachments are kept.

use std::sync::Arc;

use crate::config::Config;
use crate::files::error::FilesError;
use crate::files::{Files, FilesSettings, S3Keys};

/// Opens the place for attachments, if there is one.
pub(in crate::app) fn open(config: &Config) -> Result<Option<Arc<Files>>, FilesError> {
    let Some(url) = &config.files.url else {
        tracing::warn!(
            "Attachments are off: processes that share a Redis share no disk. To have them, set `files.url` to a bucket, \
             or to a folder that all processes share."
        );
        return Ok(None);
    };
    let keys = config.files.keys.as_ref();
    let files = Files::open(FilesSettings {
        url: url.clone(),
        keys: keys.map(|(id, key)| S3Keys {
            access_key_id: id.clone(),
            secret_access_key: key.clone(),
        }),
        max_bytes: config.files.max_bytes,
        types: config.files.types.clone(),
    })?;
    Ok(Some(Arc::new(files)))
}
