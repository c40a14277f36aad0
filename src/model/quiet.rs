//! Quiet hours: when nobody is reminded of anything.

use std::time::Duration;

use crate::model::time::{BEIJING, Timestamp};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A stretch of every day in Beijing, such as 22:00 to 08:00. Its end does not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: Duration,
    to: Duration,
}

impl QuietHours {
    /// From one time after midnight to another, over midnight when that is the earlier one. `None` when the two are one
    /// or not within a day.
    pub fn new(from: Duration, to: Duration) -> Option<Self> {
        (from < DAY && to < DAY && from != to).then_some(Self { from, to })
    }

    /// When it begins, after midnight.
    pub const fn from(self) -> Duration {
        self.from
    }

    /// When it ends, after midnight.
    pub const fn to(self) -> Duration {
        self.to
    }

    /// When it ends, if it is quiet now.
    pub fn end(self, now: Timestamp) -> Option<Timestamp> {
        let local = now.plus(BEIJING).millis();
        let today = local.rem_euclid(DAY.as_millis() as i64).unsigned_abs();
        let today = Duration::from_millis(today);
        let until = match self.from < self.to {
            true => (self.from..self.to)
                .contains(&today)
                .then(|| self.to - today),
            false if today >= self.from => Some(DAY - today + self.to),
            false => (today < self.to).then(|| self.to - today),
        };
        until.map(|wait| now.plus(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_quiet_over_midnight_as_well() {
        let hours = |from, to| {
            let hour = |hours: u64| Duration::from_secs(hours * 3600);
            QuietHours::new(hour(from), hour(to))
        };
        let night = hours(22, 8);
        let noon = hours(12, 14);
        for (quiet, now, end) in [
            (night, "2026-11-22T13:59:59.999Z", None),
            (night, "2026-11-22T14:00:00Z", Some("2026-11-23T00:00:00Z")),
            (night, "2026-11-22T16:30:00Z", Some("2026-11-23T00:00:00Z")),
            (
                night,
                "2026-11-22T23:59:59.999Z",
                Some("2026-11-23T00:00:00Z"),
            ),
            (night, "2026-11-23T00:00:00Z", None),
            (noon, "2026-11-22T03:59:59Z", None),
            (noon, "2026-11-22T04:00:00Z", Some("2026-11-22T06:00:00Z")),
            (noon, "2026-11-22T06:00:00Z", None),
        ] {
            let at = |text| Timestamp::parse(text).unwrap();
            assert_eq!(quiet.unwrap().end(at(now)), end.map(at), "{now}");
        }
        assert_eq!(hours(8, 8), None);
        assert_eq!(hours(8, 24), None);
    }
}
