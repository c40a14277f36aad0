//! Until when a certificate is valid. Nothing else of X.509 is read: whether the certificate is to be trusted, TLS has
//! judged before.

use x509_cert::Certificate;
use x509_cert::der::Decode;

use crate::model::time::Timestamp;

/// The end of its validity; `None` when this is no certificate.
pub(in crate::app::check) fn not_after(der: &[u8]) -> Option<Timestamp> {
    let certificate = Certificate::from_der(der).ok()?;
    let end = certificate.tbs_certificate().validity().not_after;
    let secs = i64::try_from(end.to_unix_duration().as_secs()).ok()?;
    Some(Timestamp::from_secs(secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by OpenSSL.
    const LOCALHOST: &[u8] = include_bytes!("certificate/localhost.der");
    const GENERALIZED_TIME: &[u8] = include_bytes!("certificate/generalized_time.der");
    const VERSION_1: &[u8] = include_bytes!("certificate/version_1.der");

    #[test]
    fn the_end_of_validity_is_read() {
        for (der, expected) in [
            (LOCALHOST, "2027-02-20T23:49:06Z"),
            (GENERALIZED_TIME, "2081-08-26T01:19:09Z"),
            (VERSION_1, "2027-02-21T01:19:09Z"),
        ] {
            assert_eq!(not_after(der), Timestamp::parse(expected), "{expected}");
            assert!(not_after(der).is_some());
        }
    }

    /// The real one with another end; whether the signature still fits is not looked at.
    fn ends(not_after: &[u8; 13]) -> Vec<u8> {
        let mut windows = LOCALHOST.windows(13);
        let at = windows.position(|part| part == b"270220234906Z").unwrap();
        let mut der = LOCALHOST.to_vec();
        der[at..at + 13].copy_from_slice(not_after);
        der
    }

    #[test]
    fn two_digits_of_a_year_lie_in_this_century_or_the_last() {
        for (time, expected) in [
            (b"491231235959Z", "2049-12-31T23:59:59Z"),
            (b"991231235959Z", "1999-12-31T23:59:59Z"),
            (b"700101000000Z", "1970-01-01T00:00:00Z"),
        ] {
            let found = not_after(&ends(time));
            assert_eq!(found, Timestamp::parse(expected), "{expected}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for time in [
            b"2702202349060",
            b"2702202349\0\0Z",
            b"27022023490\xc3\xa9",
            b"279920234906Z",
            b"270230234906Z",
            b"691231235959Z",
        ] {
            assert_eq!(not_after(&ends(time)), None, "{time:?}");
        }
        for end in 0..LOCALHOST.len() {
            assert_eq!(not_after(&LOCALHOST[..end]), None, "{end}");
        }
        let longer = [LOCALHOST, b"\0"].concat();
        assert_eq!(not_after(&longer), None);
        // A length of many bytes.
        assert_eq!(not_after(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }

    /// Whatever byte of it is another, reading it ends in an answer.
    #[test]
    fn garbage_does_no_harm() {
        let end = not_after(LOCALHOST);
        let mut outcomes = [0; 3];
        for at in 0..LOCALHOST.len() {
            for byte in 0..=u8::MAX {
                let mut der = LOCALHOST.to_vec();
                der[at] = byte;
                let found = not_after(&der);
                outcomes[usize::from(found.is_some()) + usize::from(found == end)] += 1;
            }
        }
        assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
    }
}
