//! The overview of a corp: how much there is of everything, the last day, and what needs attention.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::http::admin::access::{Admin, LoggedIn};
use crate::http::admin::frame::Frame;
use crate::http::admin::show;
use crate::http::admin::sync::{self, Run};
use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::language::fill;
use crate::http::page::{respond, see};
use crate::model::time::Timestamp;
use crate::model::version::version;
use crate::store::item::{Counts, HOURS_COUNTED, Queue};

/// How high a full bar is, in units of the drawing.
const BAR_HEIGHT: u64 = 56;

/// Where the bars stand.
const BAR_GROUND: u64 = 60;

struct Number {
    name: &'static str,
    count: u64,
    path: String,
    bad: bool,
}

struct Bar {
    class: &'static str,
    x: usize,
    y: u64,
    height: u64,
    title: String,
}

struct Chart {
    bars: Vec<Bar>,
    /// The hours at which it begins and ends.
    from: String,
    to: String,
    summary: String,
}

struct QueueView {
    title: &'static str,
    numbers: Vec<Number>,
    chart: Chart,
}

/// Something to look at.
struct Attention {
    text: String,
    path: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct OverviewPage {
    t: &'static Texts,
    frame: Frame,
    attention: Vec<Attention>,
    queues: Vec<QueueView>,
    sync: Option<Run>,
    store: String,
    version: &'static str,
    auto_sync: bool,
}

/// To the overview of the first corp.
pub(in crate::http::admin) async fn start(logged_in: LoggedIn) -> Result<HttpResponse, Turned> {
    let corps = logged_in.corps();
    let first = corps.first().ok_or(Turned::Missing)?;
    Ok(see(&format!("/admin/corps/{}", first.corp)))
}

/// Any other address below the admin pages, for who is logged in.
pub(in crate::http::admin) async fn nothing_here(_: LoggedIn) -> Result<HttpResponse, Turned> {
    Err(Turned::Missing)
}

/// The overview.
pub(in crate::http::admin) async fn page(admin: Admin) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let (store, now) = (&admin.doors.store, admin.doors.clock.now());
    let (inbox, outbox, health) = tokio::join!(
        store.counts(&admin.corp, Queue::Inbox, now),
        store.counts(&admin.corp, Queue::Outbox, now),
        store.health()
    );
    let (inbox, outbox, health) = (inbox?, outbox?, health?);
    let switches = sync::switches(&admin).await?;
    let run = sync::newest(&admin, &switches).await?;
    let mut attention = Vec::new();
    for (counts, text, path) in [
        (&inbox, t.attention_dead_events, "/dead"),
        (&outbox, t.attention_dead_calls, "/dead?queue=outgoing"),
    ] {
        if counts.dead > 0 {
            attention.push(Attention {
                text: fill(text, counts.dead),
                path: Some(path),
            });
        }
    }
    if run.as_ref().is_some_and(|run| run.failed) {
        attention.push(Attention {
            text: t.attention_sync.to_owned(),
            path: Some("/sync"),
        });
    }
    if let Some(corp) = admin.doors.corps.get(&admin.corp) {
        let faults = corp.client.faults(now).await;
        attention.extend(faults.into_iter().map(|fault| Attention {
            text: format!("{}: {} ({})", fault.api, fault.what, fault.console),
            path: Some("/doctor"),
        }));
    }
    attention.extend(health.warning.map(|text| Attention { text, path: None }));
    Ok(respond(
        StatusCode::OK,
        &OverviewPage {
            t,
            frame: Frame::of(&admin),
            attention,
            queues: vec![
                queue(t.inbox, "events", &inbox, now, t),
                queue(t.outbox, "outgoing", &outbox, now, t),
            ],
            sync: run,
            store: health.name,
            version: version(),
            auto_sync: sync::is_auto(&admin, &switches),
        },
    ))
}

fn queue(
    title: &'static str,
    folder: &str,
    counts: &Counts,
    now: Timestamp,
    t: &'static Texts,
) -> QueueView {
    let Counts {
        waiting,
        retrying,
        dead,
        discarded,
        done,
        hours,
        received,
    } = counts;
    let number = |name, count: u64, state: &str, bad| Number {
        name,
        count,
        path: match state {
            "" => format!("/{folder}"),
            state => format!("/{folder}?state={state}"),
        },
        bad,
    };
    let all = waiting + retrying + dead + discarded + done;
    QueueView {
        title,
        numbers: vec![
            number(t.stored, all, "", false),
            number(t.done, *done, "done", false),
            number(t.waiting, *waiting, "waiting", false),
            number(t.retrying, *retrying, "retrying", false),
            number(t.dead, *dead, "dead", *dead > 0),
            number(t.discarded, *discarded, "discarded", false),
        ],
        chart: chart(hours, received, now, t),
    }
}

/// A bar an hour: below what was done, on top of it what died; across it, where that is known, a mark as high as what
/// was received.
fn chart(hours: &[(u64, u64)], received: &[u64], now: Timestamp, t: &'static Texts) -> Chart {
    let settled = hours.iter().map(|(done, dead)| done + dead);
    let highest = settled.chain(received.iter().copied()).max();
    let highest = highest.unwrap_or(0).max(1);
    // Something is never drawn as nothing.
    let height = |count: u64| match count {
        0 => 0,
        count => (count.saturating_mul(BAR_HEIGHT) / highest).max(1),
    };
    let mut bars = Vec::new();
    for (n, (done, dead)) in hours.iter().enumerate() {
        let ago = u64::try_from(HOURS_COUNTED - 1 - n.min(HOURS_COUNTED - 1)).unwrap_or(0);
        let began = show::hour(now.minus(Duration::from_secs(3600 * ago)));
        let came = received.get(n).copied();
        let title = match came {
            Some(came) => format!("{began}:00 · {} {came} · ", t.received),
            None => format!("{began}:00 · "),
        };
        let title = format!("{title}{} {done} · {} {dead}", t.done, t.dead);
        let mut ground = BAR_GROUND;
        for (class, count) in [("done", *done), ("dead", *dead)] {
            let height = height(count);
            ground -= height.min(ground);
            if height > 0 {
                bars.push(Bar {
                    class,
                    x: n * 10 + 1,
                    y: ground,
                    height,
                    title: title.clone(),
                });
            }
        }
        if let Some(came) = came.filter(|came| *came > 0) {
            bars.push(Bar {
                class: "received",
                x: n * 10 + 1,
                y: BAR_GROUND - height(came),
                height: 1,
                title,
            });
        }
    }
    let done: u64 = hours.iter().map(|(done, _)| done).sum();
    let dead: u64 = hours.iter().map(|(_, dead)| dead).sum();
    let chart = match received {
        [] => t.chart.to_owned(),
        received => fill(t.chart_received, received.iter().sum::<u64>()),
    };
    let summary = fill(&fill(&chart, done), dead);
    let day = Duration::from_secs(3600 * (HOURS_COUNTED as u64 - 1));
    Chart {
        bars,
        from: format!("{}:00", show::hour(now.minus(day))),
        to: format!("{}:00", show::hour(now)),
        summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::language::Language;

    #[test]
    fn bars_stay_within_the_drawing() {
        let mut hours = vec![(0, 0); HOURS_COUNTED];
        hours[0] = (u64::MAX / 100, 1);
        hours[22] = (3, 0);
        hours[23] = (0, 9);
        let now = Timestamp::parse("2026-11-22T20:05:09Z").unwrap();
        let chart = chart(&hours, &[], now, Texts::of(Language::En));
        let drawn: Vec<_> = chart.bars.iter().map(|bar| (bar.class, bar.x)).collect();
        assert_eq!(
            drawn,
            [("done", 1), ("dead", 1), ("done", 221), ("dead", 231)]
        );
        for bar in &chart.bars {
            assert!(
                bar.height >= 1 && bar.y + bar.height <= BAR_GROUND,
                "{}",
                bar.title
            );
        }
        assert_eq!((chart.from.as_str(), chart.to.as_str()), ("05:00", "04:00"));
        assert_eq!(chart.bars[3].title, "04:00 · Done 0 · Dead 9");
        let quiet = super::chart(&[], &[], now, Texts::of(Language::En));
        assert_eq!(quiet.summary, "Last 24 hours: 0 done, 0 dead");
    }

    #[test]
    fn what_was_received_is_marked() {
        let mut received = vec![0; HOURS_COUNTED];
        (received[1], received[23]) = (50, 100);
        let mut hours = vec![(0, 0); HOURS_COUNTED];
        hours[23] = (50, 0);
        let now = Timestamp::parse("2026-11-22T20:05:09Z").unwrap();
        let chart = chart(&hours, &received, now, Texts::of(Language::En));
        let drawn = chart.bars.iter();
        let drawn: Vec<_> = drawn
            .map(|bar| (bar.class, bar.x, bar.y, bar.height))
            .collect();
        let expected = [
            ("received", 11, 32, 1),
            ("done", 231, 32, 28),
            ("received", 231, 4, 1),
        ];
        assert_eq!(drawn, expected);
        assert_eq!(
            chart.bars[2].title,
            "04:00 · Received 100 · Done 50 · Dead 0"
        );
        let summary = "Last 24 hours: 150 received; 50 done, 0 dead";
        assert_eq!(chart.summary, summary);
    }
}
