//! How times look on pages: as Beijing's clocks show them, which WeCom's console does too.

use std::fmt;

use crate::model::time::Timestamp;

/// A time.
pub(in crate::http) struct Moment {
    /// For programs.
    pub(in crate::http) iso: String,
    text: String,
}

impl Moment {
    /// To the minute, in a page's language.
    pub(in crate::http) fn to_minute(at: Timestamp, lang: &str) -> Self {
        match lang {
            "en" => Self::of(at, "%-d %b %Y, %H:%M"),
            _ => Self::of(at, "%Y-%m-%d %H:%M"),
        }
    }

    /// To the second, in a page's language.
    pub(in crate::http) fn to_second(at: Timestamp, lang: &str) -> Self {
        match lang {
            "en" => Self::of(at, "%-d %b %Y, %H:%M:%S"),
            _ => Self::of(at, "%Y-%m-%d %H:%M:%S"),
        }
    }

    /// In a form of its own, as `strftime` takes it.
    pub(in crate::http) fn of(at: Timestamp, form: &str) -> Self {
        let shown = at.in_beijing().map(|at| at.strftime(form).to_string());
        Self {
            iso: at.to_string(),
            text: shown.unwrap_or_else(|| at.to_string()),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_beijings() {
        let at = Timestamp::parse("2026-11-22T20:05:09Z").unwrap();
        for (shown, expected) in [
            (Moment::to_minute(at, "zh-CN"), "2026-11-23 04:05"),
            (Moment::to_minute(at, "en"), "23 Nov 2026, 04:05"),
            (Moment::to_second(at, "zh-CN"), "2026-11-23 04:05:09"),
            (Moment::to_second(at, "en"), "23 Nov 2026, 04:05:09"),
        ] {
            assert_eq!(shown.to_string(), expected);
            assert_eq!(shown.iso, "2026-11-22T20:05:09.000Z");
        }
        let far = Timestamp::from_millis(i64::MAX);
        assert_eq!(Moment::to_minute(far, "en").to_string(), far.to_string());
    }
}
