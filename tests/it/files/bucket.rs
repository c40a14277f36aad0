//! A small S3: one bucket in memory that takes nothing unless it is signed as the protocol says (AWS Signature Version 4).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hmac::{Hmac, KeyInit, Mac};
use ring::digest::{SHA256, digest};
use secrecy::SecretString;
use sha2::Sha256;
use wecom_bridge::files::S3Keys;

pub(crate) const KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const REGION: &str = "cn-north-1";

pub(crate) struct Bucket {
    port: u16,
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    /// Uploads under way: the parts by number.
    pub(crate) uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    /// How many requests had a wrong signature.
    pub(crate) unsigned: usize,
    /// It answers no request while this is set.
    pub(crate) down: bool,
    ids: usize,
}

impl Bucket {
    pub(crate) fn start() -> Self {
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&shelf);
        let app = move || {
            App::new()
                .app_data(web::Data::from(Arc::clone(&shared)))
                .app_data(web::PayloadConfig::new(64 * 1024 * 1024))
                .default_service(web::to(answer))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        tokio::spawn(server.listen(listener).unwrap().run());
        Self { port, shelf }
    }

    pub(crate) fn url(&self) -> String {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        format!("s3://team-files/bridge?endpoint={endpoint}&region={REGION}")
    }

    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap()
    }

    /// The settings of a service.
    pub(crate) fn toml(&self) -> String {
        format!(
            "[files]\nurl = \"{}\"\naccess_key_id = \"{KEY_ID}\"\nsecret_access_key = \"{KEY}\"\n",
            self.url()
        )
    }
}

pub(crate) fn keys(key: &str) -> S3Keys {
    S3Keys {
        access_key_id: KEY_ID.into(),
        secret_access_key: SecretString::from(key),
    }
}

async fn answer(
    request: HttpRequest,
    body: web::Bytes,
    shelf: web::Data<Mutex<Shelf>>,
) -> HttpResponse {
    let mut shelf = shelf.lock().unwrap();
    if shelf.down {
        return HttpResponse::ServiceUnavailable().finish();
    }
    if !is_signed(&request, &body) {
        shelf.unsigned += 1;
        let xml = "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>";
        return HttpResponse::Forbidden().body(xml);
    }
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(request.query_string().as_bytes())
            .into_owned()
            .collect();
    let Some(key) = request.path().strip_prefix("/team-files") else {
        return HttpResponse::NotFound().finish();
    };
    let key = key.trim_start_matches('/').to_owned();
    let upload = query.get("uploadId").cloned();
    match (request.method().as_str(), upload) {
        ("GET", None) if query.contains_key("list-type") => listed(&shelf, &query),
        ("GET", None) => match shelf.objects.get(&key) {
            Some(bytes) => HttpResponse::Ok()
                .insert_header(("Last-Modified", "Mon, 21 Sep 2026 13:33:20 GMT"))
                .insert_header(("ETag", "\"etag\""))
                .body(bytes.clone()),
            None => HttpResponse::NotFound().body("<Error><Code>NoSuchKey</Code></Error>"),
        },
        ("POST", None) if query.contains_key("uploads") => {
            shelf.ids += 1;
            let id = format!("upload{}", shelf.ids);
            shelf.uploads.insert(id.clone(), BTreeMap::new());
            xml(&format!(
                "<InitiateMultipartUploadResult><Bucket>team-files</Bucket><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            ))
        }
        ("PUT", Some(id)) => {
            let number = query["partNumber"].parse().unwrap();
            let parts = shelf.uploads.get_mut(&id).unwrap();
            parts.insert(number, body.to_vec());
            let tag = format!("\"part{number}\"");
            HttpResponse::Ok().insert_header(("ETag", tag)).finish()
        }
        ("POST", Some(id)) => {
            let parts = shelf.uploads.remove(&id).unwrap();
            let whole = parts.into_values().flatten().collect();
            shelf.objects.insert(key.clone(), whole);
            xml(&format!(
                "<CompleteMultipartUploadResult><Bucket>team-files</Bucket><Key>{key}</Key><ETag>\"etag\"</ETag></CompleteMultipartUploadResult>"
            ))
        }
        ("DELETE", Some(id)) => {
            shelf.uploads.remove(&id);
            HttpResponse::NoContent().finish()
        }
        ("PUT", None) => {
            shelf.objects.insert(key, body.to_vec());
            HttpResponse::Ok()
                .insert_header(("ETag", "\"etag\""))
                .finish()
        }
        ("DELETE", None) => {
            shelf.objects.remove(&key);
            HttpResponse::NoContent().finish()
        }
        (method, _) => panic!("{method} {}", request.uri()),
    }
}

fn xml(text: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/xml")
        .body(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{text}"))
}

/// Two objects a page, so that pages are followed.
fn listed(shelf: &Shelf, query: &BTreeMap<String, String>) -> HttpResponse {
    let after = query.get("continuation-token").cloned().unwrap_or_default();
    let prefix = &query["prefix"];
    let keys = shelf.objects.keys();
    let keys = keys.filter(|key| key.starts_with(prefix) && **key > after);
    let found: Vec<&String> = keys.take(3).collect();
    let more = found.len() > 2;
    let made = jiff::Timestamp::now();
    let mut text =
        format!("<ListBucketResult><Name>team-files</Name><IsTruncated>{more}</IsTruncated>");
    for key in found.iter().take(2) {
        let size = shelf.objects[*key].len();
        write!(text, "<Contents><Key>{key}</Key><LastModified>{made}</LastModified><ETag>\"etag\"</ETag><Size>{size}</Size></Contents>").unwrap();
    }
    if more {
        write!(
            text,
            "<NextContinuationToken>{}</NextContinuationToken>",
            found[1]
        )
        .unwrap();
    }
    text.push_str("</ListBucketResult>");
    xml(&text)
}

/// Whether a request is signed with the key: the canonical request, hashed, signed by the day's key.
fn is_signed(request: &HttpRequest, body: &[u8]) -> bool {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let authorization = header("authorization");
    let Some(parts) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return false;
    };
    let parts: BTreeMap<&str, &str> = parts
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .collect();
    let date = header("x-amz-date");
    let scope = format!("{}/{REGION}/s3/aws4_request", &date[..8]);
    let hash = header("x-amz-content-sha256");
    if parts["Credential"] != format!("{KEY_ID}/{scope}")
        || hash != hex(digest(&SHA256, body).as_ref())
    {
        return false;
    }
    let mut query: Vec<String> = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.contains('=') {
            true => pair.to_owned(),
            false => format!("{pair}="),
        })
        .collect();
    query.sort();
    let mut canonical = format!(
        "{}\n{}\n{}\n",
        request.method(),
        request.path(),
        query.join("&")
    );
    let signed = parts["SignedHeaders"];
    assert!(signed.split(';').any(|name| name == "host"), "{signed}");
    for name in signed.split(';') {
        writeln!(canonical, "{name}:{}", header(name)).unwrap();
    }
    write!(canonical, "\n{signed}\n{hash}").unwrap();
    let hashed = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashed}");
    let mut key = format!("AWS4{KEY}").into_bytes();
    for step in [&date[..8], REGION, "s3", "aws4_request"] {
        key = mac(&key, step);
    }
    hex(&mac(&key, &text)) == parts["Signature"]
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
