//! A plain HTTP caller for the service's own addresses.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::tls::TlsInfo;
use reqwest::{Certificate, Client, RequestBuilder, redirect};
use tokio::time::Instant;

/// No answer that is looked at is longer.
const BODY_MAX: usize = 64 * 1024;

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The beginning of the body, at most 64 KiB and one read.
    pub body: Vec<u8>,
    /// From the request to the end of the body.
    pub took: Duration,
    /// The server's certificate in DER, where there was TLS.
    pub certificate: Option<Vec<u8>>,
}

/// A client that follows no redirect and knows no proxy, whatever the environment says.
///
/// # Errors
/// When the system has neither certificates nor a resolver that can be used.
pub fn client(patience: Duration) -> reqwest::Result<Client> {
    // When somebody installed a provider before, that one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        Client::builder()
            .timeout(patience)
            .redirect(redirect::Policy::none())
            .tls_info(true)
            .no_proxy()
    };
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let roots = roots.filter_map(|der| Certificate::from_der(der).ok());
    // A host without a CA store, such as a small container, cannot build a client with the system's roots.
    builder()
        .build()
        .or_else(|_| builder().tls_certs_only(roots).build())
}

/// Sends a request and reads the answer.
///
/// # Errors
/// Why there is none, in words and without the address.
pub async fn ask(request: RequestBuilder) -> Result<Answer, String> {
    let begun = Instant::now();
    let mut response = request.send().await.map_err(in_words)?;
    let status = response.status().as_u16();
    let tls = response.extensions().get::<TlsInfo>();
    let certificate = tls.and_then(|tls| tls.peer_certificate().map(<[u8]>::to_vec));
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(in_words)? {
        body.extend_from_slice(&part);
        if body.len() >= BODY_MAX {
            break;
        }
    }
    Ok(Answer {
        status,
        body,
        took: begun.elapsed(),
        certificate,
    })
}

/// Where this machine reaches what listens there: "any address" is listened on, but cannot be called.
#[must_use]
pub fn local(mut listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    listen
}

fn in_words(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return "no answer in time".into();
    }
    // The outer causes only say that a request failed.
    let mut cause: &dyn Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match error.is_connect() {
        true => format!("no connection ({cause})"),
        false => format!("the connection broke ({cause})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_address_is_called_on_this_machine() {
        let cases = [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("10.0.0.1:80", "10.0.0.1:80"),
        ];
        for (listen, expected) in cases {
            let listen = listen.parse().unwrap();
            assert_eq!(local(listen).to_string(), expected);
        }
    }
}
