//! How fast events are settled: each one is read, its contact read at WeCom and kept, a card sent to its member. WeCom
//! is the simulator, which answers at once, in this process.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use serde::Serialize;
use wecom_bridge::clock::Clock;
use wecom_bridge::model::ids::{ExternalUserId, UserId};
use wecom_bridge::sim::Sim;
use wecom_bridge::sim::person::{Contact, Follow, Member};

use crate::accepting;
use crate::callbacks::{self, APART, Change};
use crate::corps;
use crate::generator;
use crate::ground::{Ground, Keeping};
use crate::report::Failures;
use crate::servers::{Program, Server, Setup};

/// As many customers as the service may read at once; one for each member, who may get fifteen messages at once.
pub(crate) const CONTACTS: usize = 4_000;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// One row.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) name: &'static str,
    /// Events a second from the first callback to the last card.
    pub(crate) rate: f64,
    /// Microseconds of the service's processor time for each event.
    pub(crate) cpu: f64,
    /// The same for Redis.
    pub(crate) redis_cpu: f64,
}

/// Measures both stores.
pub(crate) fn measure(failures: &mut Failures) -> Vec<Row> {
    let stores = [("redis", Keeping::Redis), ("embedded", Keeping::Embedded)];
    let rows = stores.into_iter().filter_map(|(name, keeping)| {
        eprintln!("settlement: {name}");
        let ground = Ground::lay(keeping);
        let row = ground.and_then(|ground| settle(name, ground, 0..CONTACTS));
        failures.note(&format!("settlement: {name}"), row)
    });
    rows.collect()
}

/// Has these contacts be added, each of them for the first time on this ground.
pub(crate) fn settle(
    name: &'static str,
    ground: Ground,
    contacts: Range<usize>,
) -> anyhow::Result<Row> {
    let count = contacts.len();
    let runtime = tokio::runtime::Runtime::new()?;
    let sim = runtime.block_on(wecom(contacts.clone()))?;
    // The ground is laid: what it keeps is not asked again.
    let setup = Setup {
        api_base: sim.base().to_string(),
        ..Setup::new(name, Program::Service, Keeping::Nothing)
    };
    let server = Server::start_on(ground, &setup, &[])?;
    // Without a callback URL an app may not send cards with buttons (43012).
    runtime.block_on(sim.register(corps::registration(server.address)?))?;
    let requests = callbacks::make(Change::Added, APART, contacts)?;
    let (before, began) = (accepting::cpu(&server)?, Instant::now());
    let trip = generator::closed(server.address, &requests, PATIENCE)?;
    ensure!(trip.refused == 0, "{} callbacks were refused", trip.refused);
    while sim.sent().len() < count {
        if began.elapsed() > PATIENCE {
            let (sent, log) = (sim.sent().len(), server.log());
            bail!("{sent} cards of {count}\n{log:.2000}");
        }
        // Looking copies the list.
        std::thread::sleep(Duration::from_millis(100));
    }
    let rate = count as f64 / began.elapsed().as_secs_f64();
    let after = accepting::cpu(&server)?;
    let each = |n: usize| (after[n] - before[n]).as_secs_f64() * 1e6 / count as f64;
    Ok(Row {
        name,
        rate,
        cpu: each(0),
        redis_cpu: each(1),
    })
}

/// A corp in which every contact has its member.
pub(crate) async fn wecom(contacts: Range<usize>) -> anyhow::Result<Sim> {
    let sim = Sim::start(corps::wecom()?).await?;
    let now = Clock::system().now();
    let mut corp = sim.corp();
    for n in contacts {
        let userid = UserId::parse(&callbacks::member(n))?;
        let id = ExternalUserId::parse(&callbacks::contact(n))?;
        if corp.member(&userid).is_none() {
            corp.add_member(Member::new(userid.clone(), &callbacks::member(n)));
        }
        corp.add_contact(Contact::new(id.clone(), &format!("customer {n}")));
        corp.follow(&userid, &id, Follow::new(now));
    }
    drop(corp);
    Ok(sim)
}
