//! Cutting text to WeCom's limits, which count characters in one place and bytes in another.

/// The first `max` characters. A character is a Unicode scalar value, so a cut never falls inside one.
pub fn cut_chars(text: &str, max: usize) -> &str {
    match text.char_indices().nth(max) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// As many whole characters from the start as fit into `max` bytes of UTF-8.
pub fn cut_bytes(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_whole() {
        for (text, max, expected) in [
            ("与我协作", 5, "与我协作"),
            ("与我协作", 4, "与我协作"),
            ("与我协作", 3, "与我协"),
            ("a与b", 2, "a与"),
            ("😀😀", 1, "😀"),
            ("abc", 0, ""),
            ("", 3, ""),
        ] {
            assert_eq!(cut_chars(text, max), expected, "{text} at {max}");
        }
    }

    #[test]
    fn bytes_never_end_inside_a_character() {
        for (text, max, expected) in [
            ("与我", 7, "与我"),
            ("与我", 6, "与我"),
            ("与我", 5, "与"),
            ("与我", 3, "与"),
            ("与我", 2, ""),
            ("a😀", 4, "a"),
            ("a😀", 5, "a😀"),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut_bytes(text, max), expected, "{text} at {max}");
        }
    }
}
