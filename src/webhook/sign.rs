//! How a system knows that a message is ours (Standard Webhooks, symmetric: `v1`).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::signing_secret::SigningSecret;

/// One word of the header `webhook-signature`.
pub(in crate::webhook) fn sign(
    secret: &SigningSecret,
    id: &str,
    seconds: i64,
    body: &str,
) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose()).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // What the standardwebhooks library for Python, 1.1.0, makes of it.
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLhSw").unwrap();
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        assert_eq!(
            sign(&secret, id, 1_614_265_330, body),
            "v1,4EFDPeglMaItAx2h5/SfSqwNN9XNJmAgkdZcQGRtX5Y="
        );
    }
}
