//! The place for attachments: does it keep what is given to it?

use std::time::Duration;

use tokio::time::timeout;

use crate::app;
use crate::app::check::Check;
use crate::config::Config;
use crate::files::error::FilesError;
use crate::model::files_url::FilesUrl;

const NAME: &str = "attachments";

/// Whoever uploads waits no longer for a small file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes, reads and removes a small file. A folder that does not exist yet is not made. `None`: there is no place.
pub(in crate::app::check) async fn check(config: &Config) -> Option<Check> {
    let (shown, advice) = match config.files.url.as_ref()? {
        FilesUrl::Folder(path) => {
            let shown = path.display().to_string();
            if matches!(path.try_exists(), Ok(false)) {
                let seen = format!("{shown} does not exist yet; the service makes it");
                return Some(Check::ok(NAME, seen));
            }
            (
                shown,
                "run the doctor as the service's user; let that user write to the folder, and see that its disk has \
                 room; or name another folder in `files.url`",
            )
        }
        FilesUrl::S3(bucket) => (
            format!("bucket {}", bucket.name),
            "see that the bucket exists, that this machine reaches its endpoint, and that the key of \
             `files.access_key_id` may read, write and delete in it",
        ),
    };
    let late = || FilesError::Unavailable("no answer within 10 s".into());
    let tried = timeout(PATIENCE, tried(config)).await;
    Some(match tried.unwrap_or_else(|_elapsed| Err(late())) {
        Ok(()) => Check::ok(NAME, format!("{shown} keeps and removes a file")),
        Err(problem) => Check::fault(NAME, format!("{shown}: {problem}"), advice),
    })
}

async fn tried(config: &Config) -> Result<(), FilesError> {
    match app::files::open(config)? {
        Some(files) => files.try_out().await,
        None => Ok(()),
    }
}
