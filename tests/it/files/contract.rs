//! What both places promise.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use image::ImageFormat;
use tempfile::TempDir;
use wecom_bridge::files::error::FilesError;
use wecom_bridge::files::{Files, FilesSettings, Kept};
use wecom_bridge::model::file_type::FileType;
use wecom_bridge::model::files_url::FilesUrl;
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::model::time::Timestamp;

use super::bucket::{Bucket, KEY, keys};
use super::picture;

const MAX_BYTES: u64 = 6 * 1024 * 1024;
const LATER: Timestamp = Timestamp::from_secs(4_000_000_000);

/// A place and what is in it, seen from outside.
struct Place {
    files: Files,
    folder: TempDir,
    bucket: Option<Bucket>,
}

impl Place {
    fn folder() -> Self {
        let folder = TempDir::new().unwrap();
        let url = FilesUrl::Folder(folder.path().join("data/files"));
        let files = Files::open(settings(url)).unwrap();
        Self {
            files,
            folder,
            bucket: None,
        }
    }

    fn bucket() -> Self {
        let bucket = Bucket::start();
        let url = FilesUrl::parse(&bucket.url()).unwrap();
        Self {
            files: Files::open(settings(url)).unwrap(),
            folder: TempDir::new().unwrap(),
            bucket: Some(bucket),
        }
    }

    /// The names of everything that is there, finished or not.
    fn names(&self) -> Vec<String> {
        let Some(bucket) = &self.bucket else {
            return below(&self.folder.path().join("data/files"));
        };
        let shelf = bucket.shelf();
        let whole = shelf
            .objects
            .keys()
            .map(|key| key["bridge/".len()..].to_owned());
        whole.chain(shelf.uploads.keys().cloned()).collect()
    }

    async fn take(&self, id: &str, content: &[u8]) -> Result<Kept, FilesError> {
        let chunks: Vec<Result<Bytes, Infallible>> = content
            .chunks(60_000)
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .collect();
        self.files.take_in(&corp(), id, stream::iter(chunks)).await
    }

    async fn content(&self, id: &str) -> Option<Vec<u8>> {
        let (bytes, chunks) = self.files.read(&corp(), id).await.unwrap()?;
        let chunks: Vec<Bytes> = chunks.try_collect().await.unwrap();
        let content = chunks.concat();
        assert_eq!(bytes, content.len() as u64);
        Some(content)
    }

    async fn before(&self, time: Timestamp) -> Vec<String> {
        let found: Vec<_> = self
            .files
            .before(&corp(), time)
            .try_collect()
            .await
            .unwrap();
        let mut found: Vec<String> = found;
        found.sort();
        found
    }
}

fn settings(url: FilesUrl) -> FilesSettings {
    FilesSettings {
        url,
        keys: Some(keys(KEY)),
        max_bytes: MAX_BYTES,
        types: vec![FileType::Text, FileType::Png, FileType::Jpeg, FileType::Pdf],
    }
}

fn corp() -> CorpId {
    CorpId::parse("ww1").unwrap()
}

/// A file of more than one piece, even of a bucket's.
fn large(filling: u8) -> Vec<u8> {
    let mut content = b"%PDF-".to_vec();
    content.resize(5_500_000, filling);
    content
}

fn id(n: u32) -> String {
    format!("{n:032x}")
}

fn below(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let mut names: Vec<String> = paths
        .iter()
        .flat_map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            match path.is_dir() {
                true => below(path)
                    .iter()
                    .map(|under| format!("{name}/{under}"))
                    .collect(),
                false => vec![name.to_owned()],
            }
        })
        .collect();
    names.sort();
    names
}

macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod folder {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() { super::$test(super::Place::folder()).await; })+
        }
        mod bucket {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() { super::$test(super::Place::bucket()).await; })+
        }
    };
}

on_both!(
    what_is_taken_in_is_there,
    what_is_refused_leaves_nothing,
    what_is_removed_is_gone,
    two_at_once_are_two,
    an_upload_that_is_dropped_is_no_file,
);

async fn what_is_taken_in_is_there(place: Place) {
    for (n, content, file_type, thumbnail) in [
        (1, b"a,b\n1,2\n".to_vec(), FileType::Text, false),
        // More than one piece of a bucket.
        (2, large(2), FileType::Pdf, false),
        (3, picture(700, 70, ImageFormat::Png), FileType::Png, true),
        (4, picture(64, 64, ImageFormat::Jpeg), FileType::Jpeg, true),
    ] {
        let kept = place.take(&id(n), &content).await.unwrap();
        let sha256 = sha256(&content);
        let bytes = content.len() as u64;
        let expected = Kept {
            file_type,
            bytes,
            sha256,
            thumbnail,
        };
        assert_eq!(kept, expected, "{n}");
        assert_eq!(place.content(&id(n)).await, Some(content), "{n}");
        let small = place.files.thumbnail(&corp(), &id(n)).await.unwrap();
        assert_eq!(small.is_some(), thumbnail, "{n}");
    }
    let small = place
        .files
        .thumbnail(&corp(), &id(3))
        .await
        .unwrap()
        .unwrap();
    let small = image::load_from_memory(&small).unwrap();
    assert_eq!((small.width(), small.height()), (320, 32));
    assert_eq!(place.content(&id(9)).await, None);
    let other = CorpId::parse("ww2").unwrap();
    assert!(place.files.read(&other, &id(1)).await.unwrap().is_none());
    assert_eq!(place.before(LATER).await, [id(1), id(2), id(3), id(4)]);
    assert!(place.before(Timestamp::from_secs(1)).await.is_empty());
}

async fn what_is_refused_leaves_nothing(place: Place) {
    let mut too_large = large(0);
    too_large.resize(MAX_BYTES as usize + 1, 0);
    let mut late = vec![b'a'; 300_000];
    late.push(0);
    let table: [(&[u8], &str); 7] = [
        (&too_large, "the file is too large"),
        (&late, "the file is of no wanted type"),
        (b"", "the file is empty"),
        (b"<html>", "the file is of no wanted type"),
        (b"GIF89a", "the file is of no wanted type"),
        (
            b"\x89PNG\r\n\x1a\nno picture",
            "the file is of no wanted type",
        ),
        (&[0xff; 100_000], "the file is of no wanted type"),
    ];
    for (content, expected) in table {
        let refused = place.take(&id(1), content).await.unwrap_err();
        assert_eq!(refused.to_string(), expected);
        assert_eq!(place.names(), Vec::<String>::new(), "{expected}");
    }
    let broken = [Ok(Bytes::from(large(1))), Err("gone")];
    let (corp, id) = (corp(), id(1));
    let broken = place.files.take_in(&corp, &id, stream::iter(broken)).await;
    assert!(matches!(broken, Err(FilesError::BrokenOff)), "{broken:?}");
    assert_eq!(place.names(), Vec::<String>::new());
}

async fn what_is_removed_is_gone(place: Place) {
    let content = picture(400, 300, ImageFormat::Jpeg);
    place.take(&id(1), &content).await.unwrap();
    place.take(&id(2), b"stays").await.unwrap();
    assert_eq!(place.names().len(), 3);
    for _ in 0..2 {
        place.files.remove(&corp(), &id(1)).await.unwrap();
        assert_eq!(place.names(), [format!("ww1/{}", id(2))]);
    }
}

async fn two_at_once_are_two(place: Place) {
    let (one, other) = (large(1), large(2));
    let (first, second) = (id(1), id(2));
    let taken = tokio::join!(place.take(&first, &one), place.take(&second, &other));
    assert_ne!(taken.0.unwrap().sha256, taken.1.unwrap().sha256);
    assert_eq!(place.content(&first).await, Some(one));
    assert_eq!(place.content(&second).await, Some(other));
}

async fn an_upload_that_is_dropped_is_no_file(place: Place) {
    let begun = stream::iter([Ok::<_, Infallible>(Bytes::from(large(1)))]);
    let never = begun.chain(stream::pending());
    let (corp, id) = (corp(), id(1));
    let mut upload = Box::pin(place.files.take_in(&corp, &id, Box::pin(never)));
    // As far as it goes without its end.
    let begun = async {
        while futures_util::poll!(&mut upload).is_pending() && place.names().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let begun = tokio::time::timeout(Duration::from_secs(30), begun).await;
    assert!(begun.is_ok(), "nothing is written before the end");
    drop(upload);
    assert_eq!(place.content(&id).await, None);
    assert!(place.before(LATER).await.is_empty());
}

fn sha256(content: &[u8]) -> String {
    use ring::digest::{SHA256, digest};

    let hash = digest(&SHA256, content);
    hash.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What a crash leaves in a folder is no file, and goes when it is old.
#[tokio::test]
async fn what_a_crash_leaves_is_removed() {
    let place = Place::folder();
    place.take(&id(1), b"whole").await.unwrap();
    let folder = place.folder.path().join("data/files/ww1");
    std::fs::write(folder.join(format!("{}#1", id(2))), "ha").unwrap();
    std::fs::write(folder.join(format!("{}.thumbnail#1", id(1))), "lf").unwrap();
    std::fs::write(folder.join("README"), "not ours").unwrap();
    assert_eq!(place.content(&id(2)).await, None);
    assert_eq!(place.before(LATER).await, [id(1)]);
    let early = Timestamp::from_secs(1);
    let removed = place.files.remove_unfinished(&corp(), early).await.unwrap();
    assert_eq!(removed, 0);
    let removed = place.files.remove_unfinished(&corp(), LATER).await.unwrap();
    assert_eq!(removed, 2);
    let left = [format!("ww1/{}", id(1)), "ww1/README".into()];
    assert_eq!(place.names(), left);
}

/// Another key opens nothing, and a bucket that is down is told apart from a file that is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_wants_its_key() {
    let bucket = Bucket::start();
    let mut wrong = settings(FilesUrl::parse(&bucket.url()).unwrap());
    wrong.keys = Some(keys("another-key"));
    let files = Files::open(wrong).unwrap();
    let content = [Ok::<_, Infallible>(Bytes::from_static(b"text"))];
    let refused = files.take_in(&corp(), &id(1), stream::iter(content)).await;
    assert!(
        matches!(refused, Err(FilesError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(bucket.shelf().unsigned > 0 && bucket.shelf().objects.is_empty());
    let mut none = settings(FilesUrl::parse(&bucket.url()).unwrap());
    none.keys = None;
    assert!(matches!(Files::open(none), Err(FilesError::Unavailable(_))));

    let right = Files::open(settings(FilesUrl::parse(&bucket.url()).unwrap())).unwrap();
    bucket.shelf().down = true;
    let down = right.read(&corp(), &id(1)).await;
    assert!(matches!(down, Err(FilesError::Unavailable(_))));
}
