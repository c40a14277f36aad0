//! What every store promises, as tests that run on each backend.
//!
//! A promise is an async function over [`ground::Ground`]: a fresh, empty store with its handles. A backend joins with
//! one line: `contract!(name, each open)`, where `open` is an `async fn() -> Ground`. It may give the ground two handles on
//! the same store, as two processes would have; promises that are about takeover then use both.

mod accept;
mod claim;
mod command;
mod commit;
mod erase;
pub(crate) mod ground;
mod lists;
mod refresh;
mod retry;
mod settle;
mod shared;

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use wecom_bridge::store::{Store, StoreSettings, StoreUrl};

use crate::redis_group::{NEVER, RedisCluster, Watched};
use crate::redis_server::RedisServer;
use crate::store_contract::ground::Ground;

macro_rules! promises {
    ($how:ident $open:path) => {
        $how! { $open;
            accept: new_then_duplicate, same_content_at_once_is_new_once, corps_at_once_keep_apart, bells_ring,
                eight_at_once_are_a_crowd;
            claim: order_of_arrival, urgent_first, urgent_only, one_at_a_time_per_subject, at_most_max, a_lease_runs_out,
                an_urgent_lease_runs_out_first, a_wrong_clock_does_not_lock_items_away, corps_do_not_see_each_other, many_workers_share_the_work;
            commit: effects_come_with_the_settlement, a_refused_commit_changes_nothing, a_stale_basis_changes_nothing,
                no_version_twice, calls_keep_order_and_lanes;
            command: it_is_carried_out_whole, one_of_many_at_once_is_carried_out, its_calls_have_names_of_their_own,
                shelves_and_holders_are_listed, what_was_said_is_listed_in_order;
            erase: whatever_its_state_it_is_gone, what_is_in_work_stays, whoever_waits_for_it_goes_on,
                a_lapsed_claim_holds_nothing_up,
                an_erased_refresh_is_asked_for_anew, records_are_rewritten_with_their_basis;
            refresh: a_waiting_one_absorbs_more, a_claimed_one_does_not, a_retrying_one_is_made_due,
                a_retried_one_gives_way, a_settled_one_is_forgotten,
                it_waits_behind_what_it_is_about, one_that_waits_twice_holds_up_nobody;
            retry: due_times_and_attempts, the_delayed_can_be_hastened, all_of_both_queues_can_be_hastened, what_came_too_early_was_no_attempt, a_subject_goes_on_meanwhile, history_is_capped;
            settle: the_dead_stay_until_replayed, the_done_can_be_replayed, a_replay_owes_nothing_twice,
                a_replay_tells_each_system_once,
                replaying_open_items_is_harmless, trim_forgets_only_the_done,
                the_dead_can_be_discarded;
            lists: newest_first_in_pages, by_state, each_corp_its_own, rare_states_are_found, calls_newest_first, tables_by_key,
                relations_of_one_contact, followers_by_openid, records_as_asked, counts_by_state_and_hour,
                depth_by_lane;
            shared: a_bucket_is_shared, a_pause_holds_for_all, a_wrong_clock_empties_no_bucket,
                a_note_is_swapped_only_as_expected, one_of_many_gets_a_lease,
                an_ended_session_stays_ended;
        }
    };
}

/// A test for each promise, each on a server of its own.
macro_rules! each {
    ($open:path; $($part:ident: $($promise:ident),+;)+) => {$(
        mod $part {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    crate::store_contract::$part::$promise($open().await).await;
                }
            )+
        }
    )+};
}

/// One test for all promises, for a backend that takes long to start: `$open` gives it empty again and again.
macro_rules! in_turn {
    ($open:path; $($part:ident: $($promise:ident),+;)+) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn every_promise() {
            let mut kept = None;
            $($(
                println!("{}::{}", stringify!($part), stringify!($promise));
                crate::store_contract::$part::$promise($open(&mut kept).await).await;
            )+)+
        }
    };
}

macro_rules! contract {
    ($backend:ident, $how:ident $open:path) => {
        mod $backend {
            promises! { $how $open }
        }
    };
}

contract!(embedded, each crate::store_contract::embedded_ground);

async fn embedded_ground() -> Ground {
    let folder = TempDir::new().unwrap();
    let settings = settings(StoreUrl::Embedded(folder.path().join("store.redb")));
    let store = Store::open(&settings).await.unwrap();
    Ground::new(vec![store], folder)
}

contract!(redis, each crate::store_contract::redis_ground);

async fn redis_ground() -> Ground {
    let server = RedisServer::start();
    let settings = settings(server.url());
    let one = Store::open(&settings).await.unwrap();
    let other = Store::open(&settings).await.unwrap();
    Ground::new(vec![one, other], server)
}

contract!(sentinel, each crate::store_contract::sentinel_ground);

async fn sentinel_ground() -> Ground {
    let watched = Watched::start(0, NEVER);
    let settings = settings(watched.url());
    let one = Store::open(&settings).await.unwrap();
    let other = Store::open(&settings).await.unwrap();
    Ground::new(vec![one, other], watched)
}

contract!(cluster, in_turn crate::store_contract::cluster_ground);

async fn cluster_ground(kept: &mut Option<Arc<RedisCluster>>) -> Ground {
    let cluster = kept.get_or_insert_with(|| Arc::new(RedisCluster::start(0, NEVER)));
    cluster.empty();
    let settings = settings(cluster.url());
    let one = Store::open(&settings).await.unwrap();
    let other = Store::open(&settings).await.unwrap();
    Ground::new(vec![one, other], Arc::clone(cluster))
}

/// Settings for a store that serves the contract's corps.
pub(crate) fn settings(url: StoreUrl) -> StoreSettings {
    StoreSettings {
        url,
        corps: vec![ground::corp(1).clone(), ground::corp(2).clone()],
        dedupe_for: Duration::from_secs(7 * 24 * 3600),
        replicas: 0,
    }
}
