//! Random names: of logins, forms and files.

use std::fmt::Write;

/// 128 random bits as 32 hexadecimal digits, which WeCom accepts as `state` too (84025).
///
/// # Errors
/// The system has none.
pub(in crate::http) fn nonce() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    let mut text = String::with_capacity(32);
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// Whether a text is one that [`nonce`] could have given.
pub(in crate::http) fn is_nonce(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|c| c.is_ascii_hexdigit())
}
