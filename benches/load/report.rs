//! The figures as a table for people or as JSON.

use serde::Serialize;

use crate::{accepting, instructions, settling};

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// How fast callbacks are taken in.
    pub(crate) accepting: Vec<accepting::Row>,
    /// How fast events are settled.
    pub(crate) settling: Vec<settling::Row>,
    /// How many instructions a request takes.
    pub(crate) instructions: Vec<instructions::Row>,
}

impl Report {
    /// For people.
    pub(crate) fn print(&self) {
        if !self.accepting.is_empty() {
            print_accepting(&self.accepting);
        }
        if !self.settling.is_empty() {
            println!("\nfrom callback to card");
            println!(
                "{:<26}{:>9}{:>9}{:>9}",
                "", "events/s", "cpu us", "redis us"
            );
        }
        for row in &self.settling {
            let settling::Row {
                name,
                rate,
                cpu,
                redis_cpu,
            } = row;
            println!("{name:<26}{rate:>9.0}{cpu:>9.0}{redis_cpu:>9.0}");
        }
        if !self.instructions.is_empty() {
            println!("\ninstructions for each request, in user space");
        }
        for instructions::Row { name, instructions } in &self.instructions {
            println!("{name:<26}{instructions:>9}");
        }
    }
}

fn print_accepting(rows: &[accepting::Row]) {
    println!(
        "\n{:<21}{:>8}{:>7}{:>12}{:>9}{:>9}{:>12}{:>12}{:>8}{:>8}",
        "",
        "closed",
        "over",
        "p50 / p99",
        "cpu us",
        "redis us",
        "open p50/99",
        "idle/loaded",
        "start",
        ""
    );
    println!(
        "{:<21}{:>8}{:>7}{:>12}{:>9}{:>9}{:>12}{:>12}{:>8}{:>8}",
        "", "req/s", "ceil.", "ms", "/request", "/request", "ms", "MiB", "ms", "refused"
    );
    for row in rows {
        let accepting::Row {
            name,
            rate,
            ratio,
            cpu,
            redis_cpu,
            start,
            refused,
            ..
        } = row;
        let pair = |one: f64, other: f64| format!("{one:.1} / {other:.1}");
        let (closed, open) = (pair(row.p50, row.p99), pair(row.open_p50, row.open_p99));
        let memory = format!("{:.0} / {:.0}", row.idle, row.loaded);
        println!(
            "{name:<21}{rate:>8.0}{ratio:>7.2}{closed:>12}{cpu:>9.1}{redis_cpu:>9.1}{open:>12}{memory:>12}{start:>8.0}{refused:>8}"
        );
    }
}
