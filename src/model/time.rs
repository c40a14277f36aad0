//! A point in time as data. Reading the clock is elsewhere.

use std::fmt;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// WeCom's time is that of Beijing, without summer time: so much ahead of UTC.
pub const BEIJING: Duration = Duration::from_secs(8 * 60 * 60);

/// Milliseconds since 1970-01-01 UTC; written as RFC 3339 text in JSON and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since 1970, the unit of WeCom's `CreateTime`. Saturates.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This long after. Saturates.
    #[must_use]
    pub fn plus(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This long before. Saturates.
    #[must_use]
    pub fn minus(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// What Beijing's clocks show then. `None`: no clock shows it.
    pub fn in_beijing(self) -> Option<DateTime> {
        let at = jiff::Timestamp::from_millisecond(self.plus(BEIJING).0).ok()?;
        Some(Offset::UTC.to_datetime(at))
    }

    /// When Beijing's clocks show this.
    pub fn of_beijing(shown: DateTime) -> Option<Self> {
        let at = Offset::UTC.to_timestamp(shown).ok()?;
        Some(Self(at.as_millisecond()).minus(BEIJING))
    }

    /// Reads RFC 3339 text such as `2026-11-22T08:00:00Z`.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|at| Self(at.as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let millis = text
            .strip_suffix("ms")
            .and_then(|digits| digits.parse().ok())
            .map(Self);
        Self::parse(&text)
            .or(millis)
            .ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for millis in [0, 1_700_000_000_123, -1, i64::MAX, i64::MIN] {
            let at = Timestamp::from_millis(millis);
            let json = serde_json::to_string(&at).unwrap();
            assert_eq!(
                serde_json::from_str::<Timestamp>(&json).unwrap(),
                at,
                "{json}"
            );
        }
        assert_eq!(
            Timestamp::from_millis(1_700_000_000_120).to_string(),
            "2023-11-14T22:13:20.120Z"
        );
    }

    #[test]
    fn arithmetic_saturates() {
        let at = Timestamp::from_secs(10);
        assert_eq!(at.since(Timestamp::from_secs(4)), Duration::from_secs(6));
        assert_eq!(at.since(Timestamp::from_secs(40)), Duration::ZERO);
        assert_eq!(
            Timestamp::from_secs(i64::MAX).plus(Duration::MAX).millis(),
            i64::MAX
        );
    }
}
