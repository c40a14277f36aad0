//! The figures as tables for people or as JSON. What was measured is printed also when something else failed.

use serde::Serialize;

use crate::{accepting, flood, growth, instructions, outage, pages, peers, settling, soaking};

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// How fast callbacks are taken in.
    pub(crate) accepting: Vec<accepting::Row>,
    /// How far the service is ahead of others.
    pub(crate) leads: Vec<peers::Lead>,
    /// How fast events are settled.
    pub(crate) settling: Vec<settling::Row>,
    /// How many instructions a request takes.
    pub(crate) instructions: Vec<instructions::Row>,
    /// How much slower it is when there is more of something.
    pub(crate) growth: Vec<growth::Row>,
    /// What forged callbacks do to genuine ones.
    pub(crate) flood: Vec<flood::Row>,
    /// How fast is caught up.
    pub(crate) outage: Vec<outage::Row>,
    /// How long pages take.
    pub(crate) pages: Vec<pages::Row>,
    /// How memory develops.
    pub(crate) soaking: Vec<soaking::Row>,
    /// What could not be measured.
    pub(crate) failures: Failures,
}

/// What could not be measured, and why.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Failures(Vec<Failure>);

#[derive(Debug, Serialize)]
struct Failure {
    row: String,
    why: String,
}

impl Failures {
    /// The result of a row; a failure is told at once, kept for the end, and stops no other row.
    pub(crate) fn note<T>(&mut self, row: &str, result: anyhow::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problem) => {
                let (row, why) = (row.to_owned(), format!("{problem:#}"));
                eprintln!("FAILED: {row}: {why}");
                self.0.push(Failure { row, why });
                None
            }
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Report {
    /// For people.
    pub(crate) fn print(&self) {
        print_accepting(&self.accepting);
        print_leads(&self.leads);
        print_settling(&self.settling);
        print_instructions(&self.instructions);
        print_flood(&self.flood);
        print_outage(&self.outage);
        print_growth(&self.growth);
        print_pages(&self.pages);
        print_soaking(&self.soaking);
        for Failure { row, why } in &self.failures.0 {
            println!("\nFAILED: {row}: {why}");
        }
    }
}

fn print_accepting(rows: &[accepting::Row]) {
    if rows.is_empty() {
        return;
    }
    println!(
        "\n{:<21}{:>8}{:>7}{:>14}{:>9}{:>9}{:>9}{:>14}{:>12}{:>8}{:>8}",
        "",
        "closed",
        "over",
        "p50 / p99",
        "cpu us",
        "redis us",
        "cpu s",
        "open p50/99",
        "idle/loaded",
        "start",
        ""
    );
    println!(
        "{:<21}{:>8}{:>7}{:>14}{:>9}{:>9}{:>9}{:>14}{:>12}{:>8}{:>8}",
        "",
        "req/s",
        "ceil.",
        "ms",
        "/request",
        "/request",
        "/million",
        "ms",
        "MiB",
        "ms",
        "refused"
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
        let ratio = ratio.map_or("-".into(), |ratio| format!("{ratio:.3}"));
        let (closed, open) = (pair(row.p50, row.p99), pair(row.open_p50, row.open_p99));
        // So many microseconds for each are as many seconds for a million.
        let both = cpu + redis_cpu;
        let memory = format!("{:.0} / {:.0}", row.idle, row.loaded);
        println!(
            "{name:<21}{rate:>8.0}{ratio:>7}{closed:>14}{cpu:>9.1}{redis_cpu:>9.1}{both:>9.1}{open:>14}{memory:>12}{start:>8.0}{refused:>8}"
        );
    }
}

fn print_leads(rows: &[peers::Lead]) {
    if rows.is_empty() {
        return;
    }
    println!(
        "\ntimes as fast as others: the door, which does the same; the whole service; and by processor time"
    );
    println!("{:<21}{:>8}{:>9}{:>8}", "", "door", "service", "cpu");
    for peers::Lead {
        name,
        door,
        service,
        cpu,
    } in rows
    {
        let times = |times: &Option<f64>| times.map_or("-".into(), |times| format!("{times:.1}"));
        let (door, service, cpu) = (times(door), times(service), times(cpu));
        println!("{name:<21}{door:>8}{service:>9}{cpu:>8}");
    }
}

fn print_settling(rows: &[settling::Row]) {
    if rows.is_empty() {
        return;
    }
    println!("\nfrom callback to card");
    println!(
        "{:<26}{:>9}{:>9}{:>9}",
        "", "events/s", "cpu us", "redis us"
    );
    for row in rows {
        let settling::Row {
            name,
            rate,
            cpu,
            redis_cpu,
        } = row;
        println!("{name:<26}{rate:>9.0}{cpu:>9.0}{redis_cpu:>9.0}");
    }
}

fn print_instructions(rows: &[instructions::Row]) {
    if rows.is_empty() {
        return;
    }
    println!("\ninstructions for each request, in user space");
    for instructions::Row { name, instructions } in rows {
        println!("{name:<26}{instructions:>9}");
    }
}

fn print_flood(rows: &[flood::Row]) {
    if rows.is_empty() {
        return;
    }
    println!("\ngenuine callbacks without and within a flood of forged ones");
    println!(
        "{:<21}{:>14}{:>14}{:>9}{:>10}{:>9}",
        "", "alone p50/99", "flood p50/99", "refused", "forged/s", "cpu us"
    );
    for row in rows {
        let flood::Row {
            name,
            alone: [alone_p50, alone_p99],
            flooded: [p50, p99],
            refused,
            forged,
            cpu,
        } = row;
        let (alone, flooded) = (pair(*alone_p50, *alone_p99), pair(*p50, *p99));
        println!("{name:<21}{alone:>14}{flooded:>14}{refused:>9}{forged:>10.0}{cpu:>9.1}");
    }
}

fn print_outage(rows: &[outage::Row]) {
    if rows.is_empty() {
        return;
    }
    println!("\ncatching up after WeCom was away");
    println!(
        "{:<21}{:>9}{:>9}{:>9}{:>9}",
        "", "piled up", "more/s", "seconds", "times"
    );
    for row in rows {
        let outage::Row {
            name,
            piled,
            rate,
            seconds,
            times,
        } = row;
        println!("{name:<21}{piled:>9}{rate:>9}{seconds:>9.0}{times:>9.1}");
    }
}

fn print_growth(rows: &[growth::Row]) {
    if rows.is_empty() {
        return;
    }
    println!("\nwithout growth, and with it; ratios: medians of the rounds");
    println!(
        "{:<28}{:>15}{:>7}{:>14}{:>14}{:>7}{:>14}{:>12}{:>8}",
        "", "per second", "ratio", "cpu us", "redis us", "ratio", "p99 ms", "loaded MiB", "start"
    );
    for row in rows {
        let growth::Row {
            name,
            plain,
            grown,
            rate_ratio,
            cpu_ratio,
            refused,
        } = row;
        let rate = format!("{:.0} / {:.0}", plain.rate, grown.rate);
        let (cpu, redis) = (
            pair(plain.cpu, grown.cpu),
            pair(plain.redis_cpu, grown.redis_cpu),
        );
        let p99 = pair(plain.p99, grown.p99);
        let memory = format!("{:.0} / {:.0}", plain.loaded, grown.loaded);
        let refused = match refused {
            0 => String::new(),
            refused => format!("  {refused} refused"),
        };
        println!(
            "{name:<28}{rate:>15}{rate_ratio:>7.2}{cpu:>14}{redis:>14}{cpu_ratio:>7.2}{p99:>14}{memory:>12}{:>8.0}{refused}",
            grown.start
        );
    }
}

fn print_pages(rows: &[pages::Row]) {
    if rows.is_empty() {
        return;
    }
    println!(
        "\npages, open loop; goal: p99 ≤ {} ms, none refused",
        pages::GOAL
    );
    println!(
        "{:<28}{:>10}{:>22}{:>9}{:>7}{:>8}{:>16}{:>15}",
        "", "callbacks", "p50 / p99 / max", "refused", "goal", "page", "before/after", "callbacks"
    );
    println!(
        "{:<28}{:>10}{:>22}{:>9}{:>7}{:>8}{:>16}{:>15}",
        "", "/s", "ms", "", "", "KiB", "MiB", "p99 ms, refused"
    );
    for row in rows {
        let pages::Row {
            name,
            callbacks,
            refused,
            size,
            ..
        } = row;
        let times = format!("{:.1} / {:.1} / {:.1}", row.p50, row.p99, row.max);
        let goal = if row.is_reached { "yes" } else { "no" };
        let memory = pair(row.before, row.after);
        let beside = row.callbacks_p99;
        let beside = beside.map_or("-".into(), |p99| {
            format!("{p99:.1}, {}", row.callbacks_refused)
        });
        println!(
            "{name:<28}{callbacks:>10}{times:>22}{refused:>9}{goal:>7}{size:>8.1}{memory:>16}{beside:>15}"
        );
    }
}

fn print_soaking(rows: &[soaking::Row]) {
    if rows.is_empty() {
        return;
    }
    println!("\nMiB of memory and in the store after each quarter of the time");
    for row in rows {
        let of = |values: &[f64]| {
            let values = values.iter().map(|value| format!("{value:>8.1}"));
            values.collect::<String>()
        };
        println!("{:<12}memory{}", row.name, of(&row.memory));
        println!("{:<12}store {}", "", of(&row.store));
        println!(
            "{:<12}{} taken in, {} refused, {} forgotten, p99 {:.1} ms",
            "", row.taken, row.refused, row.forgotten, row.p99
        );
    }
}

fn pair(one: f64, other: f64) -> String {
    format!("{one:.1} / {other:.1}")
}
