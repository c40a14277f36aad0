//! How times look on the customer's pages.

use std::fmt;

use crate::http::home::texts::Texts;
use crate::model::time::Timestamp;

/// The zone in which times are shown: Beijing's. It knows no daylight saving.
const ZONE_HOURS: i8 = 8;

/// A time.
pub(in crate::http::home) struct Moment {
    /// For programs.
    pub(in crate::http::home) iso: String,
    text: String,
}

impl Moment {
    /// As this reader writes it.
    pub(in crate::http::home) fn of(at: Timestamp, t: &Texts) -> Self {
        let form = match t.other_code {
            "en" => "%Y-%m-%d %H:%M",
            _ => "%-d %b %Y, %H:%M",
        };
        let zoned = zoned(at).map(|at| at.strftime(form).to_string());
        Self {
            iso: at.to_string(),
            text: zoned.unwrap_or_else(|| at.to_string()),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The day that it is then.
pub(in crate::http::home) fn day(at: Timestamp) -> Option<jiff::civil::Date> {
    zoned(at).map(|at| at.date())
}

fn zoned(at: Timestamp) -> Option<jiff::Zoned> {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(ZONE_HOURS));
    let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    Some(at.to_zoned(zone))
}
