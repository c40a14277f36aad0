//! Trouble of every kind at random, round after round: `make torture`, or `make torture ROUNDS=100 SEED=7`.
//!
//! Every round has a load, a store and a simulated WeCom of its own. While callbacks come in, something happens ten
//! times: the process is killed or stopped for a while, its clock jumps, the store falls asleep or dies, its disk or its
//! memory is full, the wire to it is cut, WeCom answers slowly, wrongly or not at all. At the end of each round there is
//! a balance, and one of all rounds at the end.
//!
//! Full disks need root, clocks that jump need libfaketime; without them the other troubles are made.

use std::env;
use std::time::Duration;

use wecom_bridge::sim::faults::Fault;

use crate::crash::balance::Balance;
use crate::crash::load::Load;
use crate::crash::wire::Wire;
use crate::crash::{REST, again};
use crate::redis_server::RedisServer;
use crate::service::disk::Disk;
use crate::service::false_clock::FalseClock;
use crate::service::store::Ground;
use crate::service::{Keeps, SOON, Service, until};

/// How often something happens in a round.
const TROUBLES: usize = 10;

/// Room for more than a round keeps.
const DISK: &str = "192m";

#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// SIGKILL, and a new process at once.
    Kill,
    /// SIGSTOP for a while.
    Stop,
    /// The service's clock jumps forward by up to an hour: leases and what is kept for a while end at once.
    ClockForward,
    /// It jumps back by some seconds.
    ClockBack,
    Store(StoreTrouble),
    Wecom(WecomTrouble),
}

/// What happens to a store, for a while.
#[derive(Debug, Clone, Copy)]
enum StoreTrouble {
    /// There is no room on its disk. A Redis that cannot write ends by itself, and is started again.
    DiskFull,
    /// Its server has no memory left.
    MemoryFull,
    /// Its server is stopped: connections stay open and nobody answers.
    Asleep,
    /// Its server is killed, and started again.
    Killed,
    /// Every connection to it breaks, and none can be made.
    Cut,
}

/// What happens to the next calls of WeCom.
#[derive(Debug, Clone, Copy)]
enum WecomTrouble {
    /// It takes its time.
    Slow,
    /// Its gateway answers in its place, or it is busy.
    Wrong,
    /// Connections break, before or after what was asked for is done.
    Away,
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

    async fn wait_a_while(&mut self) {
        tokio::time::sleep(Duration::from_millis(100 + self.roll(2400) as u64)).await;
    }
}

/// What a round is played on.
struct Field {
    ground: Ground,
    disk: Option<Disk>,
    /// Where there is a server, the wire to it.
    wire: Option<Wire>,
    service: Service,
    load: Load,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "as long as one likes; see `make torture`"]
async fn rounds_on_the_embedded_store() {
    rounds("embedded", async || Field::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "as long as one likes; see `make torture`"]
async fn rounds_on_redis() {
    rounds("redis", async || Field::redis().await).await;
}

#[expect(clippy::print_stdout, reason = "the balance is what people want")]
async fn rounds(name: &str, field: impl AsyncFn() -> Field) {
    let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
    let rounds = number("ROUNDS").unwrap_or(3);
    let seed = number("SEED").unwrap_or_else(|| u64::from(getrandom::u32().unwrap()));
    println!("{name}: {rounds} rounds, SEED={seed}");
    let (mut dice, mut all) = (Dice(seed), Balance::default());
    for round in 1..=rounds {
        let (balance, troubles) = field().await.play(&mut dice).await;
        println!("{name}, round {round} of {rounds}: {troubles:?}\n  {balance}");
        balance.assert_even();
        all = all.with(&balance);
    }
    println!("{name}, all {rounds} rounds: {all}");
}

impl Field {
    async fn embedded() -> Self {
        let disk = Disk::mount(DISK);
        let keeps = match &disk {
            None => Keeps::ItsOwnFile,
            Some(disk) => Keeps::At(format!(
                "embedded:{}",
                disk.path().join("store.redb").display()
            )),
        };
        Self::start(Ground::Embedded, disk, None, &keeps).await
    }

    async fn redis() -> Self {
        let disk = Disk::mount(DISK);
        let server = match &disk {
            None => RedisServer::durable(),
            Some(disk) => RedisServer::durable_in(disk.path()),
        };
        let wire = Wire::to(server.port()).await;
        let keeps = Keeps::At(format!("redis://127.0.0.1:{}", wire.port()));
        Self::start(Ground::Redis(server), disk, Some(wire), &keeps).await
    }

    async fn start(ground: Ground, disk: Option<Disk>, wire: Option<Wire>, keeps: &Keeps) -> Self {
        let load = Load::prepare().await;
        let mut service = Service::prepare(keeps, load.sim().base());
        service.go_by(FalseClock::right());
        service.start_again().await;
        Self {
            ground,
            disk,
            wire,
            service,
            load,
        }
    }

    /// What can be made here.
    fn troubles(&self) -> Vec<Trouble> {
        let mut troubles = vec![
            Trouble::Kill,
            Trouble::Stop,
            Trouble::Wecom(WecomTrouble::Slow),
            Trouble::Wecom(WecomTrouble::Wrong),
            Trouble::Wecom(WecomTrouble::Away),
        ];
        if self.service.has_own_clock() {
            troubles.extend([Trouble::ClockForward, Trouble::ClockBack]);
        }
        if self.disk.is_some() {
            troubles.push(Trouble::Store(StoreTrouble::DiskFull));
        }
        if self.wire.is_some() {
            troubles.extend([
                Trouble::Store(StoreTrouble::MemoryFull),
                Trouble::Store(StoreTrouble::Asleep),
                Trouble::Store(StoreTrouble::Killed),
                Trouble::Store(StoreTrouble::Cut),
            ]);
        }
        troubles
    }

    async fn play(mut self, dice: &mut Dice) -> (Balance, Vec<Trouble>) {
        let senders = self.load.start(self.service.door()).await;
        let (possible, mut made) = (self.troubles(), Vec::new());
        for number in 1..=TROUBLES {
            let answered = self.load.callbacks() * number / (TROUBLES + 1);
            let enough = until(SOON, async || self.load.answered() >= answered).await;
            assert!(enough, "{made:?}:\n{}", self.service.end_of_log());
            let trouble = possible[dice.roll(possible.len())];
            made.push(trouble);
            self.make(trouble, dice).await;
        }
        senders.finish().await;
        self.load.sim().faults().clear();
        let door = self.service.door().clone();
        let idle = until(2 * REST, async || door.is_idle().await).await;
        assert!(
            idle,
            "{made:?}: the service does not finish:\n{}",
            self.service.end_of_log()
        );
        (Balance::draw(&self.load, &door).await, made)
    }

    async fn make(&mut self, trouble: Trouble, dice: &mut Dice) {
        match trouble {
            Trouble::Kill => again(&mut self.service, &self.ground).await,
            Trouble::Stop => {
                self.service.freeze();
                dice.wait_a_while().await;
                self.service.thaw();
            }
            Trouble::ClockForward => {
                let by = Duration::from_secs(60 + dice.roll(3540) as u64);
                self.service.clock().forward(by);
            }
            Trouble::ClockBack => {
                let by = Duration::from_secs(1 + dice.roll(9) as u64);
                self.service.clock().back(by);
            }
            Trouble::Store(trouble) => self.trouble_with_the_store(trouble, dice).await,
            Trouble::Wecom(trouble) => self.trouble_with_wecom(trouble),
        }
    }

    async fn trouble_with_the_store(&mut self, trouble: StoreTrouble, dice: &mut Dice) {
        match trouble {
            StoreTrouble::DiskFull => {
                let disk = self.disk.as_ref().expect("the disk is small");
                disk.fill();
                dice.wait_a_while().await;
                disk.free();
                if let Ground::Redis(server) = &mut self.ground {
                    server.kill();
                    server.start_again();
                }
            }
            StoreTrouble::MemoryFull => {
                let mut limit = |bytes: &str| {
                    let answer = self
                        .ground
                        .server()
                        .cli(&["CONFIG", "SET", "maxmemory", bytes]);
                    assert_eq!(answer, "OK");
                };
                limit("1");
                dice.wait_a_while().await;
                limit("0");
            }
            StoreTrouble::Asleep => {
                self.ground.server().freeze();
                dice.wait_a_while().await;
                self.ground.server().thaw();
            }
            StoreTrouble::Killed => {
                self.ground.server().kill();
                dice.wait_a_while().await;
                self.ground.server().start_again();
            }
            StoreTrouble::Cut => {
                let wire = self.wire.as_ref().expect("a server has its wire");
                wire.cut();
                dice.wait_a_while().await;
                wire.mend();
            }
        }
    }

    fn trouble_with_wecom(&self, trouble: WecomTrouble) {
        let fault = |api: &str, fault: Fault| self.load.sim().faults().times(3, api, &fault);
        match trouble {
            WecomTrouble::Slow => {
                fault("externalcontact/get", Fault::Slow(Duration::from_secs(2)));
                fault("message/send", Fault::Slow(Duration::from_secs(1)));
            }
            WecomTrouble::Wrong => {
                fault("externalcontact/get", Fault::Html);
                fault("message/send", Fault::ErrCode(-1));
                fault("externalcontact/send_welcome_msg", Fault::Html);
            }
            WecomTrouble::Away => {
                fault("externalcontact/get", Fault::Cut);
                fault("message/send", Fault::CutAfter);
                fault("gettoken", Fault::Cut);
            }
        }
    }
}
