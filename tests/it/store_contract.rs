//! What every store promises, as tests that run on each backend.
//!
//! A promise is an async function over [`ground::Ground`]: a fresh, empty store with its handles. A backend joins with
//! one line: `contract!(name, open)`, where `open` is an `async fn() -> Ground`. It may give the ground two handles on
//! the same store, as two processes would have; promises that are about takeover then use both.

mod accept;
mod claim;
mod commit;
pub(crate) mod ground;
mod lists;
mod refresh;
mod retry;
mod settle;
mod shared;

use std::time::Duration;

use tempfile::TempDir;
use wecom_bridge::store::{Store, StoreSettings, StoreUrl};

use crate::redis_server::RedisServer;
use crate::store_contract::ground::Ground;

macro_rules! contract {
    ($backend:ident, $open:path) => {
        mod $backend {
            contract! { each of $open:
                accept: new_then_duplicate, same_content_at_once_is_new_once, bells_ring;
                claim: order_of_arrival, urgent_first, urgent_only, one_at_a_time_per_subject, at_most_max, a_lease_runs_out,
                    a_wrong_clock_does_not_lock_items_away, corps_do_not_see_each_other, many_workers_share_the_work;
                commit: effects_come_with_the_settlement, a_refused_commit_changes_nothing, a_stale_basis_changes_nothing,
                    no_version_twice, calls_keep_order_and_lanes;
                refresh: a_waiting_one_absorbs_more, a_claimed_one_does_not, a_retrying_one_is_made_due,
                    a_retried_one_gives_way, a_settled_one_is_forgotten,
                    it_waits_behind_what_it_is_about, one_that_waits_twice_holds_up_nobody;
                retry: due_times_and_attempts, a_subject_goes_on_meanwhile, history_is_capped;
                settle: the_dead_stay_until_replayed, the_done_can_be_replayed, a_replay_owes_nothing_twice,
                    replaying_open_items_is_harmless, trim_forgets_only_the_done,
                    the_dead_can_be_discarded;
                lists: newest_first_in_pages, by_state, rare_states_are_found, calls_newest_first, tables_by_key,
                    records_as_asked, counts_by_state_and_hour;
                shared: a_bucket_is_shared, a_pause_holds_for_all, a_wrong_clock_empties_no_bucket,
                    a_note_is_swapped_only_as_expected, one_of_many_gets_a_lease;
            }
        }
    };
    (each of $open:path: $($part:ident: $($promise:ident),+;)+) => {$(
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

contract!(embedded, crate::store_contract::embedded_ground);

async fn embedded_ground() -> Ground {
    let folder = TempDir::new().unwrap();
    let settings = settings(StoreUrl::Embedded(folder.path().join("store.redb")));
    let store = Store::open(&settings).await.unwrap();
    Ground::new(vec![store], folder)
}

contract!(redis, crate::store_contract::redis_ground);

async fn redis_ground() -> Ground {
    let server = RedisServer::start();
    let settings = settings(server.url());
    let one = Store::open(&settings).await.unwrap();
    let other = Store::open(&settings).await.unwrap();
    Ground::new(vec![one, other], server)
}

/// Settings for a store that serves the contract's corps.
pub(crate) fn settings(url: StoreUrl) -> StoreSettings {
    StoreSettings {
        url,
        corps: vec![ground::corp(1).clone(), ground::corp(2).clone()],
        dedupe_for: Duration::from_secs(7 * 24 * 3600),
    }
}
