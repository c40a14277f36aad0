//! Where the bytes of files (附件) are kept: a folder, or a bucket of an S3-compatible store.
//!
//! What a file is, whose, and who sees it are records of the store; here are only bytes, by corp and id. Bytes are taken
//! in as they come, hashed, and looked at for what they are; a file that is too large or of no wanted type leaves
//! nothing behind. [`Files::take_in`] returns when the bytes would outlive a loss of power. Until then nobody can read
//! them: they have another name. Bytes that no record speaks of are for the caller to find with [`Files::before`].

pub mod error;

mod content;
mod picture;
mod s3;

use std::path::{Path as FolderPath, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use ring::digest::{Context, SHA256};
use secrecy::SecretString;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;

use crate::files::content::Content;
use crate::files::error::FilesError;
use crate::model::file_type::FileType;
use crate::model::files_url::FilesUrl;
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;

/// A file is written to a folder in pieces of this size.
const FOLDER_PIECE: usize = 256 * 1024;

/// A file is sent to a bucket in pieces of this size; no store takes smaller ones but the last.
const BUCKET_PIECE: usize = 5 * 1024 * 1024;

/// What is behind an id in the name of its thumbnail.
const THUMBNAIL: &str = ".thumbnail";

/// What the names of files that try the place out begin with.
const TRIAL: &str = "trial-";

/// Keeps files.
#[derive(Debug)]
pub struct Files {
    kept: Arc<dyn ObjectStore>,
    /// What the names of all objects begin with.
    prefix: Path,
    /// The folder, if it is one.
    folder: Option<PathBuf>,
    piece: usize,
    max_bytes: u64,
    types: Vec<FileType>,
    /// A picture in memory is many times its file: one at a time.
    drawing: Arc<Semaphore>,
}

/// Where files are kept, and which.
#[derive(Debug, Clone)]
pub struct FilesSettings {
    /// The place. A folder is made if there is none.
    pub url: FilesUrl,
    /// What opens a bucket.
    pub keys: Option<S3Keys>,
    /// The largest file.
    pub max_bytes: u64,
    /// The types that are taken in.
    pub types: Vec<FileType>,
}

/// What opens a bucket.
#[derive(Debug, Clone)]
pub struct S3Keys {
    /// Names the key.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: SecretString,
}

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it is.
    pub file_type: FileType,
    /// How large it is.
    pub bytes: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Whether there is a thumbnail.
    pub thumbnail: bool,
}

/// The bytes of a file as they come.
pub type Chunks = BoxStream<'static, Result<Bytes, FilesError>>;

impl Files {
    /// Opens the place. A bucket is not asked before it is used.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`] when the folder cannot be made, or the bucket's settings do not go together.
    pub fn open(settings: FilesSettings) -> Result<Self, FilesError> {
        let (kept, prefix, folder, piece): (Arc<dyn ObjectStore>, _, _, _) = match &settings.url {
            FilesUrl::Folder(path) => {
                make_folder(path)?;
                let kept = LocalFileSystem::new_with_prefix(path)?.with_fsync(true);
                let path = path.canonicalize().map_err(FilesError::of_system)?;
                (Arc::new(kept), Path::default(), Some(path), FOLDER_PIECE)
            }
            FilesUrl::S3(bucket) => {
                let prefix = Path::parse(&bucket.prefix).map_err(FilesError::unavailable)?;
                let kept = s3::open(bucket, settings.keys.as_ref())?;
                (Arc::new(kept), prefix, None, BUCKET_PIECE)
            }
        };
        Ok(Self {
            kept,
            prefix,
            folder,
            piece,
            max_bytes: settings.max_bytes,
            types: settings.types,
            drawing: Arc::new(Semaphore::new(1)),
        })
    }

    /// The largest file that is taken in.
    pub const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// The types that are taken in.
    pub fn types(&self) -> &[FileType] {
        &self.types
    }

    /// Takes a file in under an id of 32 hexadecimal digits that no other has. It is durable when this returns; when it
    /// fails, or is dropped, there is no such file.
    ///
    /// # Errors
    /// [`FilesError`]; all but [`FilesError::Unavailable`] are about the file.
    pub async fn take_in<S, E>(
        &self,
        corp: &CorpId,
        id: &str,
        chunks: S,
    ) -> Result<Kept, FilesError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let (kept, path) = (Arc::clone(&self.kept), self.path(corp, id));
        let writer = BufWriter::with_capacity(kept, path, self.piece);
        let mut writer = writer.with_max_concurrency(1);
        let (file_type, bytes, sha256) = match self.pour(chunks, &mut writer).await {
            Ok(poured) => poured,
            Err(problem) => {
                // What is left behind without a name is removed later.
                let _ = writer.abort().await;
                return Err(problem);
            }
        };
        writer.shutdown().await.map_err(FilesError::of_system)?;
        let thumbnail = match self.draw(corp, id, file_type).await {
            Ok(drawn) => drawn,
            Err(problem) => {
                // A picture that is none has no record; should this fail, it is found as such.
                let _ = self.remove(corp, id).await;
                return Err(problem);
            }
        };
        Ok(Kept {
            file_type,
            bytes,
            sha256,
            thumbnail,
        })
    }

    async fn pour<S, E>(
        &self,
        mut chunks: S,
        writer: &mut BufWriter,
    ) -> Result<(FileType, u64, String), FilesError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let (mut content, mut hash, mut bytes) = (Content::default(), Context::new(&SHA256), 0_u64);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| FilesError::BrokenOff)?;
            bytes += chunk.len() as u64;
            if bytes > self.max_bytes {
                return Err(FilesError::TooLarge);
            }
            hash.update(&chunk);
            content.see(&chunk)?;
            writer.put(chunk).await?;
        }
        let file_type = content.end()?;
        match self.types.contains(&file_type) {
            true => Ok((file_type, bytes, hex(hash.finish().as_ref()))),
            false => Err(FilesError::WrongType),
        }
    }

    /// Makes the thumbnail of a picture. Whether there is one now.
    async fn draw(&self, corp: &CorpId, id: &str, file_type: FileType) -> Result<bool, FilesError> {
        let Some(format) = picture::format(file_type) else {
            return Ok(false);
        };
        let one = Arc::clone(&self.drawing).acquire_owned().await;
        let file = self.kept.get(&self.path(corp, id)).await?.bytes().await?;
        let drawn = tokio::task::spawn_blocking(move || {
            // Whoever waits for it may go away; the picture is in memory until it is drawn.
            let _one = one;
            picture::thumbnail(&file, format)
        });
        let drawn = drawn.await;
        // A decoder that panics has met a picture that nobody needs small.
        let Some(drawn) = drawn.unwrap_or(Ok(None))? else {
            return Ok(false);
        };
        let path = self.path(corp, &format!("{id}{THUMBNAIL}"));
        self.kept.put(&path, drawn.into()).await?;
        Ok(true)
    }

    /// Writes a small file that no corp has, reads it, and removes it.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`]: the place does not keep what is given to it.
    pub async fn try_out(&self) -> Result<(), FilesError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(FilesError::unavailable)?;
        let name = hex(&bytes);
        let path = self.prefix.clone().join(format!("{TRIAL}{name}"));
        self.kept.put(&path, name.clone().into()).await?;
        let read = match self.kept.get(&path).await {
            Ok(found) => found.bytes().await,
            Err(problem) => Err(problem),
        };
        // It goes, whatever was read.
        self.kept.delete(&path).await?;
        match read? == name {
            true => Ok(()),
            false => Err(FilesError::unavailable("it gives back something else")),
        }
    }

    /// The bytes of a file, and how many. `None`: there is no such file.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`].
    pub async fn read(&self, corp: &CorpId, id: &str) -> Result<Option<(u64, Chunks)>, FilesError> {
        match self.kept.get(&self.path(corp, id)).await {
            Ok(found) => {
                let bytes = found.meta.size;
                let chunks = found.into_stream().map_err(FilesError::from);
                Ok(Some((bytes, chunks.boxed())))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(problem) => Err(problem.into()),
        }
    }

    /// The small picture of a file: JPEG or PNG, at most 320 pixels wide and high, without what the file tells about
    /// its making. `None`: there is none.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`].
    pub async fn thumbnail(&self, corp: &CorpId, id: &str) -> Result<Option<Bytes>, FilesError> {
        match self
            .kept
            .get(&self.path(corp, &format!("{id}{THUMBNAIL}")))
            .await
        {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(problem) => Err(problem.into()),
        }
    }

    /// Removes a file and its thumbnail. That there is none is no error.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`].
    pub async fn remove(&self, corp: &CorpId, id: &str) -> Result<(), FilesError> {
        // The file goes last: as long as it is there, it is found again.
        for name in [format!("{id}{THUMBNAIL}"), id.to_owned()] {
            match self.kept.delete(&self.path(corp, &name)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(problem) => return Err(problem.into()),
            }
        }
        Ok(())
    }

    /// The ids of all files of a corp that were taken in before a time by the place's own clock, in no order.
    pub fn before(
        &self,
        corp: &CorpId,
        time: Timestamp,
    ) -> BoxStream<'static, Result<String, FilesError>> {
        let below = self.prefix.clone().join(corp.as_str());
        let listed = self.kept.list(Some(&below)).map_err(FilesError::from);
        let ids = listed.try_filter_map(move |object| {
            let old = object.last_modified.timestamp_millis() < time.millis();
            let id = object.location.filename().filter(|name| old && is_id(name));
            std::future::ready(Ok(id.map(str::to_owned)))
        });
        ids.boxed()
    }

    /// Removes what uploads have left in a folder that a crash has ended before a time. In a bucket, a lifecycle rule
    /// for incomplete multipart uploads does that.
    ///
    /// # Errors
    /// [`FilesError::Unavailable`].
    pub async fn remove_unfinished(
        &self,
        corp: &CorpId,
        time: Timestamp,
    ) -> Result<usize, FilesError> {
        let Some(folder) = &self.folder else {
            return Ok(0);
        };
        let folder = folder.join(corp.as_str());
        let removed = tokio::task::spawn_blocking(move || unfinished(&folder, time)).await;
        removed
            .map_err(FilesError::unavailable)?
            .map_err(FilesError::of_system)
    }

    fn path(&self, corp: &CorpId, name: &str) -> Path {
        self.prefix.clone().join(corp.as_str()).join(name)
    }
}

/// Makes a folder that outlives a loss of power, closed to other users.
fn make_folder(path: &FolderPath) -> Result<(), FilesError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(FilesError::of_system)?;
    let above = path.canonicalize().map_err(FilesError::of_system)?;
    if let Some(above) = above.parent() {
        // Not every system lets a folder be synced; then it has ways of its own.
        let _ = std::fs::File::open(above).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

/// Unfinished files have the name that they would have got, `#` and a number.
fn unfinished(folder: &FolderPath, time: Timestamp) -> std::io::Result<usize> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(problem) => return Err(problem),
    };
    let time = UNIX_EPOCH + Duration::from_millis(time.millis().unsigned_abs());
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name.to_str().and_then(|name| name.split_once('#'));
        let is_ours = is_ours.is_some_and(|(name, _)| is_id(name.trim_end_matches(THUMBNAIL)));
        let changed = entry.metadata().and_then(|about| about.modified());
        if is_ours && changed.unwrap_or(SystemTime::now()) < time {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn is_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|c| c.is_ascii_hexdigit())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
