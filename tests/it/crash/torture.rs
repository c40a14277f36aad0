//! Trouble of every kind at random, round after round: `make torture`, or `make torture ROUNDS=100 SEED=7`.
//!
//! Every round has a load, a store and a simulated WeCom of its own. While callbacks come in, something happens ten
//! times: the process is killed or stopped for a while, the store falls asleep or dies, the wire to it is cut, WeCom
//! answers slowly, wrongly or not at all. At the end of each round there is a balance, and one of all rounds at the end.

use std::env;
use std::time::Duration;

use wecom_bridge::sim::faults::Fault;

use crate::crash::balance::Balance;
use crate::crash::load::Load;
use crate::crash::wire::Wire;
use crate::crash::{REST, again};
use crate::service::store::Ground;
use crate::service::{Keeps, SOON, Service, until};

/// How often something happens in a round.
const TROUBLES: usize = 10;

#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// SIGKILL, and a new process at once.
    Kill,
    /// SIGSTOP for a while.
    Stop,
    /// The store's server is stopped for a while: connections stay open and nobody answers.
    StoreAsleep,
    /// The store's server is killed, and started again after a while.
    StoreKilled,
    /// Every connection to the store breaks, and for a while none can be made.
    WireCut,
    /// WeCom takes its time.
    WecomSlow,
    /// WeCom's gateway answers in its place, or WeCom is busy.
    WecomWrong,
    /// Connections to WeCom break, before or after what was asked for is done.
    WecomAway,
}

impl Trouble {
    const ALONE: [Self; 5] = [
        Self::Kill,
        Self::Stop,
        Self::WecomSlow,
        Self::WecomWrong,
        Self::WecomAway,
    ];
    const WITH_SERVER: [Self; 8] = [
        Self::Kill,
        Self::Stop,
        Self::StoreAsleep,
        Self::StoreKilled,
        Self::WireCut,
        Self::WecomSlow,
        Self::WecomWrong,
        Self::WecomAway,
    ];
}

/// Numbers that look like chance and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % sides
    }

    fn a_while(&mut self) -> Duration {
        Duration::from_millis(100 + self.roll(2400) as u64)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "as long as one likes; see `make torture`"]
async fn rounds_on_the_embedded_store() {
    rounds("embedded", || Ground::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "as long as one likes; see `make torture`"]
async fn rounds_on_redis() {
    rounds("redis", Ground::redis).await;
}

#[expect(clippy::print_stdout, reason = "the balance is what people want")]
async fn rounds(name: &str, ground: fn() -> Ground) {
    let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
    let rounds = number("ROUNDS").unwrap_or(3);
    let seed = number("SEED").unwrap_or_else(|| u64::from(getrandom::u32().unwrap()));
    println!("{name}: {rounds} rounds, SEED={seed}");
    let (mut dice, mut all) = (Dice(seed), Balance::default());
    for round in 1..=rounds {
        let (balance, troubles) = play(ground(), &mut dice).await;
        println!("{name}, round {round} of {rounds}: {troubles:?}\n  {balance}");
        balance.assert_even();
        all = all.with(&balance);
    }
    println!("{name}, all {rounds} rounds: {all}");
}

async fn play(mut ground: Ground, dice: &mut Dice) -> (Balance, Vec<Trouble>) {
    let load = Load::prepare().await;
    let wire = match &ground {
        Ground::Embedded => None,
        Ground::Redis(server) => Some(Wire::to(server.port()).await),
    };
    let keeps = match &wire {
        None => Keeps::ItsOwnFile,
        Some(wire) => Keeps::At(format!("redis://127.0.0.1:{}", wire.port())),
    };
    let mut service = Service::start(&keeps, load.sim().base()).await;
    let senders = load.start(service.door()).await;
    let mut troubles = Vec::new();
    for number in 1..=TROUBLES {
        let answered = load.callbacks() * number / (TROUBLES + 1);
        let enough = until(SOON, async || load.answered() >= answered).await;
        assert!(enough, "{troubles:?}:\n{}", service.end_of_log());
        let trouble = match &wire {
            None => Trouble::ALONE[dice.roll(Trouble::ALONE.len())],
            Some(_) => Trouble::WITH_SERVER[dice.roll(Trouble::WITH_SERVER.len())],
        };
        troubles.push(trouble);
        make(
            trouble,
            &mut service,
            &mut ground,
            wire.as_ref(),
            &load,
            dice,
        )
        .await;
    }
    senders.finish().await;
    load.sim().faults().clear();
    let door = service.door().clone();
    let idle = until(REST, async || door.is_idle().await).await;
    assert!(
        idle,
        "{troubles:?}: the service does not finish:\n{}",
        service.end_of_log()
    );
    (Balance::draw(&load, &door).await, troubles)
}

async fn make(
    trouble: Trouble,
    service: &mut Service,
    ground: &mut Ground,
    wire: Option<&Wire>,
    load: &Load,
    dice: &mut Dice,
) {
    let a_while = tokio::time::sleep(dice.a_while());
    let fault = |api: &str, fault: Fault| load.sim().faults().times(3, api, &fault);
    match trouble {
        Trouble::Kill => again(service, ground).await,
        Trouble::Stop => {
            service.freeze();
            a_while.await;
            service.thaw();
        }
        Trouble::StoreAsleep => {
            ground.server().freeze();
            a_while.await;
            ground.server().thaw();
        }
        Trouble::StoreKilled => {
            ground.server().kill();
            a_while.await;
            ground.server().start_again();
        }
        Trouble::WireCut => {
            let wire = wire.expect("there is a wire where there is a server");
            wire.cut();
            a_while.await;
            wire.mend();
        }
        Trouble::WecomSlow => {
            fault("externalcontact/get", Fault::Slow(Duration::from_secs(2)));
            fault("message/send", Fault::Slow(Duration::from_secs(1)));
        }
        Trouble::WecomWrong => {
            fault("externalcontact/get", Fault::Html);
            fault("message/send", Fault::ErrCode(-1));
            fault("externalcontact/send_welcome_msg", Fault::Html);
        }
        Trouble::WecomAway => {
            fault("externalcontact/get", Fault::Cut);
            fault("message/send", Fault::CutAfter);
            fault("gettoken", Fault::Cut);
        }
    }
}
