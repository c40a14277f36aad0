//! Where the bytes of files are kept, as a setting says it: `folder:PATH` or `s3://BUCKET/PREFIX?…`.

use std::path::PathBuf;

use url::Url;

/// A place for files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesUrl {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket of an S3-compatible store.
    S3(Bucket),
}

/// A bucket and how it is reached. Keys are not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of all objects begin with, without slashes at its ends; may be empty.
    pub prefix: String,
    /// The store's address without the bucket; without one: Amazon's for the region.
    pub endpoint: Option<Url>,
    /// The region that requests are signed for.
    pub region: String,
    /// Where requests name the bucket.
    pub addressing: Addressing,
}

/// Where requests name the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// In the path, as small stores want it.
    Path,
    /// In the host name, as the large clouds want it.
    Virtual,
}

impl FilesUrl {
    /// Reads a setting.
    ///
    /// # Errors
    /// What is wrong, to stand behind the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("folder:") {
            return match path {
                "" => Err("names no folder".into()),
                path => Ok(Self::Folder(PathBuf::from(path))),
            };
        }
        if !text.starts_with("s3://") || !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err("is neither folder:PATH nor s3://BUCKET".into());
        }
        let url = Url::parse(text).map_err(|_| "is no complete URL")?;
        if !url.username().is_empty() || url.password().is_some() || url.port().is_some() {
            return Err("holds more than a bucket before the path".into());
        }
        bucket(&url).map(Self::S3)
    }
}

fn bucket(url: &Url) -> Result<Bucket, String> {
    let name = url.host_str().unwrap_or_default().to_owned();
    let clean = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'.');
    if !(3..=63).contains(&name.len()) || !name.bytes().all(clean) {
        return Err("names no bucket".into());
    }
    let prefix = url.path().trim_matches('/').to_owned();
    let clean = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b'/');
    if !prefix.bytes().all(clean) || prefix.split('/').any(|part| part == "..") {
        return Err("has a prefix of other than letters, digits and -_./".into());
    }
    let mut bucket = Bucket {
        name,
        prefix,
        endpoint: None,
        region: "us-east-1".into(),
        addressing: Addressing::Path,
    };
    for (key, value) in url.query_pairs() {
        match (key.as_ref(), value.as_ref()) {
            ("endpoint", value) => bucket.endpoint = Some(endpoint(value)?),
            ("region", value) if !value.is_empty() => bucket.region = value.to_owned(),
            ("addressing", "path") => bucket.addressing = Addressing::Path,
            ("addressing", "virtual") => bucket.addressing = Addressing::Virtual,
            _ => return Err("has a query of other than endpoint, region, addressing".into()),
        }
    }
    Ok(bucket)
}

/// Plain http is for a store in the same private network.
fn endpoint(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "has an endpoint that is no complete URL")?;
    let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    match url.scheme() {
        "http" | "https" if plain && url.has_host() => Ok(url),
        _ => Err("has an endpoint that is no plain http(s) address".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let folder = FilesUrl::parse("folder:data/files");
        assert_eq!(folder, Ok(FilesUrl::Folder("data/files".into())));
        let text = "s3://team-files/bridge/a?endpoint=https://oss-cn-beijing.aliyuncs.com&region=cn-beijing&addressing=virtual";
        let Ok(FilesUrl::S3(bucket)) = FilesUrl::parse(text) else {
            panic!("{text}");
        };
        assert_eq!((&*bucket.name, &*bucket.prefix), ("team-files", "bridge/a"));
        assert_eq!(
            (&*bucket.region, bucket.addressing),
            ("cn-beijing", Addressing::Virtual)
        );
        let endpoint = bucket.endpoint.unwrap();
        assert_eq!(endpoint.as_str(), "https://oss-cn-beijing.aliyuncs.com/");
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for bad in [
            "",
            "folder:",
            "/var/files",
            "http://a.example/b",
            "s3://",
            "s3://ab",
            "s3://Bucket_1",
            "s3://key:secret@bucket",
            "s3://bucket:9000",
            "s3://bucket/a%20b",
            "s3://bucket?endpoint=ftp://a.example",
            "s3://bucket?endpoint=https://key@a.example",
            "s3://bucket?endpoint=https://a.example/path",
            "s3://bucket?secret=1",
            "s3://bucket?region=",
            "s3://bucket?addressing=both",
        ] {
            let read = FilesUrl::parse(bad);
            assert!(read.is_err(), "{bad}: {read:?}");
        }
    }
}
