//! How fast events are settled: each one is read, its contact read at WeCom and kept, a card sent to its member. WeCom
//! is the simulator, which answers at once, in this process.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde::Serialize;
use wecom_bridge::clock::Clock;
use wecom_bridge::model::ids::{AgentId, CorpId, ExternalUserId, UserId};
use wecom_bridge::sim::person::{Contact, Follow, Member};
use wecom_bridge::sim::receiver::{Receiver, ReceiverKind};
use wecom_bridge::sim::{Sim, SimSettings};

use crate::callbacks::{self, CORP, Change};
use crate::generator;
use crate::servers::{Keeping, Program, Server, Setup};

/// As many customers as the service may read at once; ten for each member, who may get fifteen messages at once.
const CONTACTS: usize = 4_000;

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
pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let stores = [("redis", Keeping::Redis), ("embedded", Keeping::Embedded)];
    let rows = stores.into_iter().map(|(name, keeping)| {
        eprintln!("settlement: {name}");
        settle(name, keeping)
    });
    rows.collect()
}

fn settle(name: &'static str, keeping: Keeping) -> anyhow::Result<Row> {
    let runtime = tokio::runtime::Runtime::new()?;
    let sim = runtime.block_on(wecom())?;
    let setup = Setup {
        api_base: sim.base().to_string(),
        ..Setup::new(name, Program::Service, keeping)
    };
    let server = Server::start(&setup, &[])?;
    // Without a callback URL an app may not send cards with buttons (43012).
    let receiver = Receiver {
        url: format!("http://{}/callback/app", server.address).parse()?,
        keys: callbacks::keys()?,
        receive_id: CORP.into(),
        kind: ReceiverKind::App,
    };
    runtime.block_on(sim.register(receiver))?;
    let requests = callbacks::make(Change::Added, CONTACTS)?;
    let began = Instant::now();
    generator::closed(server.address, &requests, PATIENCE)?;
    while sim.sent().len() < CONTACTS {
        if began.elapsed() > PATIENCE {
            let (sent, log) = (sim.sent().len(), server.log());
            bail!("{name}: {sent} cards of {CONTACTS}\n{log:.2000}");
        }
        // Looking copies the list.
        std::thread::sleep(Duration::from_millis(100));
    }
    let rate = CONTACTS as f64 / began.elapsed().as_secs_f64();
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / CONTACTS as f64;
    let redis = server.redis.as_ref();
    Ok(Row {
        name,
        rate,
        cpu: each(server.process.cpu()?),
        redis_cpu: each(redis.map_or(Ok(Duration::ZERO), |redis| redis.cpu())?),
    })
}

/// A corp in which every contact has its member.
async fn wecom() -> anyhow::Result<Sim> {
    let settings = SimSettings::new(
        CorpId::parse(CORP)?,
        AgentId(1_000_002),
        "bench".to_owned().into(),
        Clock::system(),
    );
    let sim = Sim::start(settings).await?;
    let now = Clock::system().now();
    let mut corp = sim.corp();
    for n in 0..CONTACTS {
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
