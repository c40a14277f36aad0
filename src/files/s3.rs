//! A bucket of an S3-compatible store, over the same HTTPS client that the rest of the service uses.

use std::pin::Pin;
use std::time::Duration;

use http_body_util::BodyExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use object_store::{BackoffConfig, RetryConfig};
use reqwest::{Certificate, redirect};
use secrecy::ExposeSecret;

use crate::files::S3Keys;
use crate::files::error::FilesError;
use crate::model::files_url::{Addressing, Bucket};

/// A store that does not take a connection in this time is not there.
const CONNECT: Duration = Duration::from_secs(5);

/// A store that sends nothing for this long has forgotten us.
const SILENCE: Duration = Duration::from_secs(30);

/// A person waits for it: a call is tried this often again, and not longer than this.
const RETRIES: usize = 2;
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens a bucket.
///
/// # Errors
/// [`FilesError::Unavailable`] when there are no keys, or they and the address do not go together.
pub(in crate::files) fn open(
    bucket: &Bucket,
    keys: Option<&S3Keys>,
) -> Result<AmazonS3, FilesError> {
    // Without keys the library would look for some in the environment and at the cloud's own addresses.
    let keys = keys.ok_or_else(|| FilesError::unavailable("there are no keys for the bucket"))?;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_access_key_id(&keys.access_key_id)
        .with_secret_access_key(keys.secret_access_key.expose_secret())
        .with_virtual_hosted_style_request(bucket.addressing == Addressing::Virtual)
        .with_http_connector(Own)
        // Not every compatible store knows the call that deletes many.
        .with_disable_bulk_delete(true)
        .with_retry(RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES,
            retry_timeout: PATIENCE,
        });
    if let Some(endpoint) = &bucket.endpoint {
        let mut endpoint = endpoint.clone();
        builder = builder.with_allow_http(endpoint.scheme() == "http");
        if let (Addressing::Virtual, Some(host)) = (bucket.addressing, endpoint.host_str()) {
            let host = format!("{}.{host}", bucket.name);
            endpoint
                .set_host(Some(&host))
                .map_err(FilesError::unavailable)?;
        }
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    Ok(builder.build()?)
}

/// Gives the library our client instead of one of its own.
#[derive(Debug)]
struct Own;

impl HttpConnector for Own {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        // The provider is the process's; when somebody installed one before, that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = builder().build().or_else(|_| {
            // A host without a CA store, such as a small container, cannot build a client with the system's roots.
            let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
            let roots = roots.filter_map(|der| Certificate::from_der(der).ok());
            builder().tls_certs_only(roots).build()
        });
        let http = http.map_err(|problem| object_store::Error::Generic {
            store: "S3",
            source: Box::new(problem.without_url()),
        })?;
        Ok(HttpClient::new(Wire(http)))
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("wecom-bridge/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
}

#[derive(Debug)]
struct Wire(reqwest::Client);

impl HttpService for Wire {
    fn call<'s, 'f>(
        &'s self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let request = request.map(reqwest::Body::wrap);
            let request = reqwest::Request::try_from(request).map_err(failed)?;
            let mut response = self.0.execute(request).await.map_err(failed)?;
            let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
            let body = reqwest::Body::from(response).map_err(failed);
            let mut answer = HttpResponse::new(HttpResponseBody::new(body));
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            Ok(answer)
        })
    }
}

/// What may be tried again is told apart from what may not.
fn failed(problem: reqwest::Error) -> HttpError {
    let kind = if problem.is_connect() {
        HttpErrorKind::Connect
    } else if problem.is_timeout() {
        HttpErrorKind::Timeout
    } else if problem.is_request() || problem.is_body() {
        HttpErrorKind::Interrupted
    } else if problem.is_decode() {
        HttpErrorKind::Decode
    } else {
        HttpErrorKind::Unknown
    };
    HttpError::new(kind, problem.without_url())
}
