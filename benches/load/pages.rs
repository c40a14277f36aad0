//! How long people wait for their pages: a customer with 200 shared items at the home page, and a member at the toolbar
//! beside this customer, without and with callbacks that are taken in and settled at the same time. WeCom is the
//! simulator, in this process.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{anyhow, ensure};
use reqwest::header::COOKIE;
use serde::Serialize;

use crate::callbacks::{self, About, Change, Request};
use crate::corps;
use crate::customer::{self, NUMBER};
use crate::generator::{self, Trip};
use crate::ground::{Ground, Keeping};
use crate::login;
use crate::report::Failures;
use crate::servers::{Program, Server, Setup};
use crate::settling::{self, CONTACTS};

/// The goal for the slowest hundredth, in milliseconds.
pub(crate) const GOAL: f64 = 50.0;

/// How long callbacks come before the first page is asked for.
const LEAD: Duration = Duration::from_millis(500);

/// What is left of the events of the start and of the logins is settled.
const REST: Duration = Duration::from_secs(1);

/// How much is asked for.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Load {
    /// How many seconds each page is asked for.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    length: u32,
    /// How often in a second. With fewer, the service closes connections that have not been used.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(10..))]
    rate: u32,
    /// Callbacks a second beside it, in the rows that have them.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..))]
    callbacks: u32,
}

/// One row. Times are milliseconds from the time at which a request was due.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// Which page, on which store.
    pub(crate) name: String,
    /// Callbacks a second beside it.
    pub(crate) callbacks: u32,
    /// How many answers there were.
    pub(crate) answered: usize,
    /// Half of them took no longer.
    pub(crate) p50: f64,
    /// All but a hundredth took no longer.
    pub(crate) p99: f64,
    /// The longest.
    pub(crate) max: f64,
    /// Whether the goal is reached: nothing refused, and the slowest hundredth fast enough.
    pub(crate) is_reached: bool,
    /// Answers other than 200.
    pub(crate) refused: usize,
    /// KiB of the page.
    pub(crate) size: f64,
    /// MiB of the service before.
    pub(crate) before: f64,
    /// MiB of the service after.
    pub(crate) after: f64,
    /// The same percentile of the callbacks, if there were any.
    pub(crate) callbacks_p99: Option<f64>,
    /// Callbacks with another answer than 200.
    pub(crate) callbacks_refused: usize,
}

/// What is asked for, and by whom.
struct Page {
    name: &'static str,
    path: String,
    who: String,
    /// What is on it.
    shows: &'static str,
}

/// Measures the rows whose name has this text.
pub(crate) fn measure(load: Load, only: &str, failures: &mut Failures) -> Vec<Row> {
    let mut rows = Vec::new();
    for (store, keeping) in [("redis", Keeping::Redis), ("embedded", Keeping::Embedded)] {
        let mut pages = pages();
        pages.retain(|page| name(page, store).contains(only));
        if pages.is_empty() {
            continue;
        }
        for callbacks in [0, load.callbacks] {
            let turn = Turn {
                store,
                callbacks,
                load,
            };
            let row = format!("pages: {store}, {callbacks} callbacks/s");
            failures.note(&row, turn.measure(keeping, &pages, &mut rows));
        }
    }
    rows
}

fn pages() -> Vec<Page> {
    let (contact, member) = (callbacks::contact(NUMBER), callbacks::member(NUMBER));
    let (home, customer) = (
        format!("/home?tenantKey={}", corps::tenant_key(0)),
        format!("/sidebar/customer/{contact}"),
    );
    let contact = format!("contact:{contact}");
    let member = format!("member:{member}");
    let page = |name, who: &str, path: &str, shows| Page {
        name,
        path: path.into(),
        who: who.into(),
        shows,
    };
    let (projects, items) = (
        format!("{home}&list=projects"),
        format!("{customer}/items?kind=project"),
    );
    vec![
        page("home", &contact, &home, "/home/project/project"),
        page(
            "home projects",
            &contact,
            &projects,
            "/home/project/project",
        ),
        page("toolbar customer", &member, &customer, "data-shared=\""),
        page("toolbar items", &member, &items, "data-item=\"project:"),
    ]
}

fn name(page: &Page, store: &str) -> String {
    format!("{}, {store}", page.name)
}

/// One service's turn: every page without callbacks, or every page with them.
struct Turn {
    store: &'static str,
    callbacks: u32,
    load: Load,
}

impl Turn {
    fn measure(&self, keeping: Keeping, pages: &[Page], rows: &mut Vec<Row>) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Runtime::new()?;
        let sim = runtime.block_on(settling::wecom(0..CONTACTS + 1))?;
        let setup = Setup {
            api_base: sim.base().to_string(),
            ..Setup::new(self.store, Program::Service, keeping)
        };
        let ground = Ground::lay(keeping)?;
        customer::prepare(&ground, &setup)?;
        let server = Server::start_on(ground, &setup, &[])?;
        runtime.block_on(sim.register(corps::registration(server.address)?))?;
        let mut visits = Vec::new();
        for page in pages {
            visits.push(runtime.block_on(Visit::of(server.address, page))?);
        }
        std::thread::sleep(REST);
        for (n, (page, visit)) in pages.iter().zip(&visits).enumerate() {
            let name = name(page, self.store);
            eprintln!("{name}, {} callbacks/s", self.callbacks);
            rows.push(self.row(name, n, &server, visit)?);
        }
        Ok(())
    }

    fn row(&self, name: String, n: usize, server: &Server, visit: &Visit) -> anyhow::Result<Row> {
        let Load { length, rate, .. } = self.load;
        let requests = vec![visit.request.clone(); length as usize * rate as usize];
        // They go on until the last page is there.
        let count = self.callbacks as usize * (length as usize + 1);
        let about = About {
            corps: 1,
            contacts: CONTACTS,
        };
        let sent = callbacks::make(Change::Edited, about, n * count..(n + 1) * count)?;
        let before = server.process.rss()?;
        let (trip, beside) = self.beside(server.address, &requests, &sent)?;
        let p99 = trip.percentile(0.99);
        Ok(Row {
            name,
            callbacks: self.callbacks,
            answered: trip.answered(),
            p50: trip.percentile(0.5),
            p99,
            max: trip.percentile(1.0),
            is_reached: trip.refused == 0 && p99 <= GOAL,
            refused: trip.refused,
            size: visit.size as f64 / 1024.0,
            before,
            after: server.process.rss()?,
            callbacks_p99: beside.as_ref().map(|beside| beside.percentile(0.99)),
            callbacks_refused: beside.map_or(0, |beside| beside.refused),
        })
    }

    /// Asks for pages while callbacks come, if there are any.
    fn beside(
        &self,
        to: SocketAddr,
        requests: &[Request],
        sent: &[Request],
    ) -> anyhow::Result<(Trip, Option<Trip>)> {
        if sent.is_empty() {
            return Ok((generator::pages(to, requests, self.load.rate)?, None));
        }
        std::thread::scope(|scope| {
            let beside = scope.spawn(|| generator::open(to, sent, self.callbacks));
            std::thread::sleep(LEAD);
            let trip = generator::pages(to, requests, self.load.rate)?;
            let beside = beside.join();
            let beside = beside.map_err(|_| anyhow!("what sends callbacks has panicked"))?;
            Ok((trip, Some(beside?)))
        })
    }
}

/// Somebody who has logged in, and has seen that the page is what it should be.
struct Visit {
    request: Request,
    size: usize,
}

impl Visit {
    async fn of(service: SocketAddr, page: &Page) -> anyhow::Result<Self> {
        let Page {
            name,
            path,
            who,
            shows,
        } = page;
        let first = match who.starts_with("member:") {
            true => "/sidebar",
            false => path,
        };
        let session = login::session(service, first, who).await?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {service}\r\nAccept: text/html\r\nAccept-Language: zh-CN\r\n\
             Cookie: {session}\r\n\r\n"
        );
        let url = format!("http://{service}{path}");
        let seen = login::browser()?.get(url).header(COOKIE, session);
        let seen = seen.send().await?;
        let (status, html) = (seen.status(), seen.text().await?);
        let is_whole = status == 200 && html.contains(shows);
        ensure!(is_whole, "{name}: {status} {html:.2000}");
        Ok(Self {
            request: request.into_bytes().into(),
            size: html.len(),
        })
    }
}
