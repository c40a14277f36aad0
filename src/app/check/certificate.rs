//! Until when a certificate is valid. Nothing else of X.509 is read: whether the certificate is to be trusted, TLS has
//! judged before (RFC 5280, section 4.1).

use crate::model::time::Timestamp;

/// The DER tags that lie on the way.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of its validity; `None` when this is no certificate.
pub(in crate::app::check) fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = expect(SEQUENCE, der)?;
    let (to_be_signed, _) = expect(SEQUENCE, certificate)?;
    let rest = match value(to_be_signed)? {
        (VERSION, _, rest) => rest,
        _ => to_be_signed,
    };
    // Serial number, algorithm and issuer stand before it.
    let (_, _, rest) = value(rest)?;
    let (_, _, rest) = value(rest)?;
    let (_, _, rest) = value(rest)?;
    let (validity, _) = expect(SEQUENCE, rest)?;
    let (_, _, not_after) = value(validity)?;
    let (tag, time, _) = value(not_after)?;
    let time = std::str::from_utf8(time).ok()?;
    match tag {
        UTC_TIME => {
            let century = if time < "50" { "20" } else { "19" };
            in_words(&format!("{century}{time}"))
        }
        GENERALIZED_TIME => in_words(time),
        _ => None,
    }
}

/// `YYYYMMDDHHMMSSZ`.
fn in_words(time: &str) -> Option<Timestamp> {
    let digits = time.strip_suffix('Z')?;
    if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| &digits[from..to];
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    ))
}

fn expect(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, inside, rest) = value(der)?;
    (found == tag).then_some((inside, rest))
}

/// The first value: its tag, what is in it, and what follows.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let fold = |length, byte: &u8| length << 8 | usize::from(*byte);
            (bytes.iter().fold(0, fold), rest)
        }
        _ => return None,
    };
    let (inside, rest) = rest.split_at_checked(length)?;
    Some((tag, inside, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by OpenSSL.
    #[test]
    fn a_real_one_is_read() {
        let end = not_after(include_bytes!("certificate/localhost.der"));
        assert_eq!(end, Timestamp::parse("2027-02-20T23:49:06Z"));
    }

    /// A certificate with this validity, as short as one can be.
    fn certificate(version: &[u8], not_after: (u8, &str)) -> Vec<u8> {
        fn wrap(tag: u8, inside: &[u8]) -> Vec<u8> {
            let length = u16::try_from(inside.len()).unwrap().to_be_bytes();
            let mut der = match inside.len() {
                0..=0x7f => vec![tag, length[1]],
                _ => vec![tag, 0x82, length[0], length[1]],
            };
            der.extend_from_slice(inside);
            der
        }
        let times = [
            wrap(UTC_TIME, b"240101000000Z"),
            wrap(not_after.0, not_after.1.as_bytes()),
        ];
        let parts = [
            version.to_vec(),
            wrap(2, &[1; 20]),
            wrap(SEQUENCE, &[0; 10]),
            wrap(SEQUENCE, &[0; 200]),
            wrap(SEQUENCE, &times.concat()),
            wrap(SEQUENCE, &[0; 300]),
        ];
        wrap(SEQUENCE, &wrap(SEQUENCE, &parts.concat()))
    }

    #[test]
    fn the_end_of_validity_is_read() {
        let version = [VERSION, 3, 2, 1, 2];
        let table = [
            (
                &version[..],
                (UTC_TIME, "270220234906Z"),
                "2027-02-20T23:49:06Z",
            ),
            (&[], (UTC_TIME, "491231235959Z"), "2049-12-31T23:59:59Z"),
            (
                &version,
                (UTC_TIME, "991231235959Z"),
                "1999-12-31T23:59:59Z",
            ),
            (
                &version,
                (GENERALIZED_TIME, "20810825234906Z"),
                "2081-08-25T23:49:06Z",
            ),
        ];
        for (version, time, expected) in table {
            let found = not_after(&certificate(version, time));
            assert_eq!(found, Timestamp::parse(expected), "{time:?}");
            assert!(found.is_some());
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let version = [VERSION, 3, 2, 1, 2];
        for time in [
            "270220234906",
            "2702202349Z",
            "27022023490éZ",
            "279920234906Z",
            "",
        ] {
            let der = certificate(&version, (UTC_TIME, time));
            assert_eq!(not_after(&der), None, "{time}");
        }
        let whole = certificate(&version, (UTC_TIME, "270220234906Z"));
        for end in 0..whole.len() {
            assert_eq!(not_after(&whole[..end]), None);
        }
        // A length of many bytes.
        assert_eq!(not_after(&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
