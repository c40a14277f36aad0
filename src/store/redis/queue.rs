//! Claiming items and ending claims.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Cmd;

use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::item::{
    Because, Claim, FAILURES_KEPT, Failure, Lanes, Leases, Queue, Settle, Ticket,
};
use crate::store::record::Record;
use crate::store::redis::RedisStore;
use crate::store::redis::script::Script;
use crate::store::write::Write;

static CLAIM: LazyLock<Script> = LazyLock::new(|| script(include_str!("claim.lua")));
static COMMIT: LazyLock<Script> = LazyLock::new(|| script(include_str!("commit.lua")));
static RETRY: LazyLock<Script> = LazyLock::new(|| script(include_str!("retry.lua")));
static REPLAY: LazyLock<Script> = LazyLock::new(|| script(include_str!("replay.lua")));
static HASTEN: LazyLock<Script> = LazyLock::new(|| script(include_str!("hasten.lua")));
static DISCARD: LazyLock<Script> = LazyLock::new(|| script(include_str!("discard.lua")));

/// How many items one call claims at most.
const CLAIMED_MAX: usize = 256;

/// How often a claim looks further that found mostly items of busy subjects; each look is a call of its own.
const ROUNDS_MAX: usize = 32;

/// Puts the common beginning before a script.
pub(in crate::store::redis) fn script(body: &str) -> Script {
    Script::new(&[include_str!("keys.lua"), include_str!("queue.lua"), body].join("\n"))
}

/// Begins the call of a script that works on a queue.
pub(in crate::store::redis) fn queue_call(script: &Script, corp: &CorpId, queue: Queue) -> Cmd {
    let mut call = script.corp_call(corp);
    call.arg(match queue {
        Queue::Inbox => "in",
        Queue::Outbox => "out",
    });
    call
}

type Claimed = (String, String, u32, String);

impl RedisStore {
    /// See [`Store::claim_deliveries`](crate::store::Store::claim_deliveries).
    pub(in crate::store) async fn claim(
        &self,
        corp: &CorpId,
        queue: Queue,
        lanes: Lanes,
        max: usize,
        leases: Leases,
        now: Timestamp,
    ) -> Result<Vec<Claim<String>>, StoreError> {
        let mut claims: Vec<Claim<String>> = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let left = max - claims.len();
            if left == 0 {
                break;
            }
            let mut call = queue_call(&CLAIM, corp, queue);
            call.arg(left.min(CLAIMED_MAX))
                .arg(millis(leases.normal))
                .arg(millis(leases.urgent))
                .arg(now.millis())
                .arg(match lanes {
                    Lanes::All => "all",
                    Lanes::Urgent => "urgent",
                });
            let (more, claimed): (u8, Vec<Claimed>) = match self.connection.run(&CLAIM, &call).await
            {
                // What was claimed so far is not left to its lease.
                Err(_) if !claims.is_empty() => break,
                answer => answer?,
            };
            claims.extend(claimed.into_iter().map(|item| claim(corp, queue, item)));
            if more == 0 {
                break;
            }
        }
        Ok(claims)
    }

    /// See [`Store::carry_out`](crate::store::Store::carry_out).
    pub(in crate::store) async fn carry_out(
        &self,
        corp: &CorpId,
        basis: &[Record],
        writes: &[Write],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut call = queue_call(&COMMIT, corp, Queue::Outbox);
        call.arg("").arg("").arg("command").arg("");
        add_commit(&mut call, basis, writes, now);
        // Somebody is answered with it, as a sender is: it must outlive the server as long.
        let answer: String = self
            .connection
            .run_kept(&COMMIT, &call, self.replicas)
            .await?;
        verdict(&answer)
    }

    /// See [`Store::commit`](crate::store::Store::commit).
    pub(in crate::store) async fn commit(
        &self,
        ticket: &Ticket,
        settle: Settle<'_>,
        basis: &[Record],
        writes: &[Write],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut call = ticket_call(&COMMIT, ticket);
        match settle {
            Settle::Done => call.arg("done").arg(""),
            Settle::Dead(reason) => call.arg("dead").arg(failure(now, reason)),
        };
        add_commit(&mut call, basis, writes, now);
        verdict(&self.connection.run::<String>(&COMMIT, &call).await?)
    }

    /// See [`Store::retry`](crate::store::Store::retry) and [`Store::postpone`](crate::store::Store::postpone).
    pub(in crate::store) async fn give_back(
        &self,
        ticket: &Ticket,
        due: Timestamp,
        because: Because<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut call = ticket_call(&RETRY, ticket);
        call.arg(due.millis()).arg(match because {
            Because::Failed(error) => failure(now, error),
            Because::TooEarly => String::new(),
        });
        call.arg(FAILURES_KEPT).arg(now.millis());
        verdict(&self.connection.run::<String>(&RETRY, &call).await?)
    }

    /// See [`Store::replay`](crate::store::Store::replay).
    pub(in crate::store) async fn replay(
        &self,
        queue: Queue,
        id: &ItemId,
    ) -> Result<bool, StoreError> {
        let mut call = queue_call(&REPLAY, id.corp(), queue);
        call.arg(id.place());
        self.connection.run(&REPLAY, &call).await
    }

    /// See [`Store::hasten`](crate::store::Store::hasten).
    pub(in crate::store) async fn hasten(
        &self,
        corp: &CorpId,
        queue: Queue,
        limit: usize,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut call = queue_call(&HASTEN, corp, queue);
        call.arg(limit).arg(now.millis());
        self.connection.run(&HASTEN, &call).await
    }

    /// See [`Store::discard`](crate::store::Store::discard).
    pub(in crate::store) async fn discard(
        &self,
        queue: Queue,
        id: &ItemId,
        last: &Failure,
    ) -> Result<bool, StoreError> {
        let mut call = queue_call(&DISCARD, id.corp(), queue);
        call.arg(id.place()).arg(failure(last.at, &last.error));
        call.arg(FAILURES_KEPT).arg(last.at.millis());
        self.connection.run(&DISCARD, &call).await
    }
}

fn ticket_call(script: &Script, ticket: &Ticket) -> Cmd {
    let mut call = queue_call(script, ticket.id.corp(), ticket.queue);
    call.arg(ticket.id.place()).arg(&ticket.token);
    call
}

fn add_commit(call: &mut Cmd, basis: &[Record], writes: &[Write], now: Timestamp) {
    call.arg(FAILURES_KEPT).arg(now.millis()).arg(basis.len());
    for Record { key, version, .. } in basis {
        call.arg(key.table.name()).arg(&key.key).arg(*version);
    }
    for write in writes {
        add_write(call, write);
    }
}

fn add_write(call: &mut Cmd, write: &Write) {
    match write {
        Write::Put(key, json) => call
            .arg("put")
            .arg(key.table.name())
            .arg(&key.key)
            .arg(json),
        Write::Drop(key) => call.arg("drop").arg(key.table.name()).arg(&key.key),
        Write::Refresh { mark, text, lane } => {
            call.arg("refresh").arg(mark).arg(text).arg(lane.code())
        }
        Write::Send { id, text, lane } => {
            call.arg("send").arg(id.place()).arg(text).arg(lane.code())
        }
    };
}

fn claim(corp: &CorpId, queue: Queue, item: Claimed) -> Claim<String> {
    let (place, token, attempt, item) = item;
    let ticket = Ticket {
        id: ItemId::new(corp.clone(), &place),
        queue,
        attempt,
        token,
    };
    Claim { ticket, item }
}

/// A failure as the one line of JSON that is kept.
fn failure(at: Timestamp, error: &str) -> String {
    let failure = Failure::new(at, error);
    serde_json::to_string(&failure).expect("a time and a text can be written as JSON")
}

fn verdict(answer: &str) -> Result<(), StoreError> {
    match answer {
        "ok" => Ok(()),
        "lost" => Err(StoreError::ClaimLost),
        "stale" => Err(StoreError::Stale),
        other => Err(StoreError::Corrupt(format!("a commit answered {other}"))),
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
