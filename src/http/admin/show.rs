//! How values look on a page: times, states, masked content.

use std::time::Duration;

use crate::http::admin::texts::Texts;
use crate::model::time::Timestamp;
use crate::store::item::State;

/// Elements whose content is a code for one later use, or a ticket (path/92130, 96458, 90628).
const CODES: [&str; 6] = [
    "WelcomeCode",
    "ResponseCode",
    "AuthCode",
    "SuiteTicket",
    "PermanentCode",
    "PreAuthCode",
];

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

/// The XML without the codes in it.
pub(in crate::http::admin) fn masked(xml: &str) -> String {
    let mut shown = xml.to_owned();
    for name in CODES {
        let mut from = 0;
        while let Some((start, end)) = content_of(&shown, name, from) {
            let hidden = if start == end {
                ""
            } else {
                "••••••"
            };
            shown.replace_range(start..end, hidden);
            from = start + hidden.len();
        }
    }
    shown
}

/// Where the content of the next element of this name begins and ends. One that is never closed has everything after
/// it as its content.
fn content_of(xml: &str, name: &str, from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let tag = from + xml[from..].find(&format!("<{name}"))?;
        let after = tag + 1 + name.len();
        from = after;
        let whole =
            xml[after..].starts_with(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace());
        let Some(head) = xml[after..].find('>').filter(|_| whole) else {
            continue;
        };
        let start = after + head + 1;
        if xml[..start].ends_with("/>") {
            continue;
        }
        let blank = xml[start..].len() - xml[start..].trim_start().len();
        // In a CDATA section, a closing tag is text.
        let cdata = xml[start + blank..].starts_with("<![CDATA[");
        let inside = cdata
            .then(|| xml[start..].find("]]>"))
            .flatten()
            .unwrap_or(0);
        let end = xml[start + inside..].find(&format!("</{name}"));
        return Some((start, end.map_or(xml.len(), |end| start + inside + end)));
    }
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

    #[test]
    fn codes_are_hidden_and_nothing_else() {
        let table = [
            (
                "<a><WelcomeCode>x</WelcomeCode><b>x</b></a>",
                "<a><WelcomeCode>••••••</WelcomeCode><b>x</b></a>",
            ),
            (
                "<WelcomeCode ><![CDATA[a</WelcomeCode>b]]></WelcomeCode>x",
                "<WelcomeCode >••••••</WelcomeCode>x",
            ),
            (
                "<ResponseCode> <![CDATA[a]]> </ResponseCode ><AuthCode>b</AuthCode>",
                "<ResponseCode>••••••</ResponseCode ><AuthCode>••••••</AuthCode>",
            ),
            (
                "<ResponseCode>a</ResponseCode><ResponseCode>b</ResponseCode>",
                "<ResponseCode>••••••</ResponseCode><ResponseCode>••••••</ResponseCode>",
            ),
            ("<WelcomeCode/><a>x</a>", "<WelcomeCode/><a>x</a>"),
            ("<WelcomeCode></WelcomeCode>", "<WelcomeCode></WelcomeCode>"),
            (
                "<WelcomeCodes>x</WelcomeCodes>",
                "<WelcomeCodes>x</WelcomeCodes>",
            ),
            ("<WelcomeCode>never closed", "<WelcomeCode>••••••"),
            ("<WelcomeCode", "<WelcomeCode"),
            ("no XML <", "no XML <"),
        ];
        for (xml, expected) in table {
            assert_eq!(masked(xml), expected);
        }
    }
}
