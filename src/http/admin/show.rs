//! How values look on a page: times and states.

use std::time::Duration;

use crate::http::admin::texts::Texts;
use crate::model::time::Timestamp;
use crate::store::item::State;

/// The hour of the day, such as `09`.
pub(in crate::http::admin) fn hour(at: Timestamp) -> String {
    let shown = at.in_beijing();
    shown.map_or_else(String::new, |at| format!("{:02}", at.hour()))
}

/// Reads what a `datetime-local` field sends, such as `2026-11-22T16:00`.
pub(in crate::http::admin) fn read_time(text: &str) -> Option<Timestamp> {
    Timestamp::of_beijing(text.parse().ok()?)
}

/// How long something took.
pub(in crate::http::admin) fn took(time: Duration, t: &Texts) -> String {
    format!("{:.1} {}", time.as_secs_f64(), t.seconds)
}

/// A state in words.
pub(in crate::http::admin) const fn state(state: State, t: &Texts) -> &'static str {
    match state {
        State::Waiting => t.waiting,
        State::Retrying => t.retrying,
        State::Done => t.done,
        State::Dead => t.dead,
        State::Discarded => t.discarded,
    }
}

/// A state in the query, and the class by which it is coloured.
pub(in crate::http::admin) const fn state_name(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Retrying => "retrying",
        State::Done => "done",
        State::Dead => "dead",
        State::Discarded => "discarded",
    }
}

/// The state of this name.
pub(in crate::http::admin) fn state_of(name: &str) -> Option<State> {
    State::ALL
        .into_iter()
        .find(|state| state_name(*state) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_beijings() {
        let at = Timestamp::parse("2026-11-22T20:05:09Z").unwrap();
        assert_eq!(hour(at), "04");
        assert_eq!(read_time("2026-11-23T04:05:09"), Some(at));
        let minute = Timestamp::parse("2026-11-22T20:05:00Z");
        assert_eq!(read_time("2026-11-23T04:05"), minute);
        for bad in ["", "2026", "2026-13-01T00:00", "99999-01-01T00:00"] {
            assert_eq!(read_time(bad), None, "{bad}");
        }
    }
}
