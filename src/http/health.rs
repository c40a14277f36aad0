//! Is the process alive, and can it do its work?

use std::time::Duration;

use actix_web::{HttpResponse, web};
use futures_util::future::join_all;
use serde_json::json;

use crate::http::doors::Doors;
use crate::model::version::{BUILD, VERSION};
use crate::store::error::StoreError;

/// A store that takes longer does not count as ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process answers.
pub(in crate::http) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok", "version": VERSION, "build": BUILD }))
}

/// The store answers too, and has room, so that callbacks can be accepted. If not, it says why in a word. Faults of the
/// set-up are counted and make nothing unready: callbacks are taken in all the same.
pub(in crate::http) async fn ready(doors: web::Data<Doors>) -> HttpResponse {
    match tokio::time::timeout(PATIENCE, doors.store.health()).await {
        Ok(Ok(_)) => {
            let faults = faults(&doors).await;
            HttpResponse::Ok().json(json!({ "status": "ready", "faults": faults }))
        }
        Ok(Err(problem)) => {
            tracing::warn!(%problem, "Not ready.");
            match problem {
                StoreError::Full(_) => unready(
                    "disk full",
                    "The disk has no room left for the store. Make room; the service goes on by itself.",
                ),
                StoreError::Unavailable(_)
                | StoreError::ClaimLost
                | StoreError::Stale
                | StoreError::Corrupt(_)
                | StoreError::InUse(_)
                | StoreError::Unusable(_) => no_answer(),
            }
        }
        Err(_elapsed) => no_answer(),
    }
}

fn no_answer() -> HttpResponse {
    unready("store", "The store does not answer, or not as it should.")
}

/// The detail names no place: anybody may ask.
fn unready(reason: &str, detail: &str) -> HttpResponse {
    let answer = json!({ "status": "not ready", "reason": reason, "detail": detail });
    HttpResponse::ServiceUnavailable().json(answer)
}

/// How many faults of the set-up stand, in all corps.
async fn faults(doors: &Doors) -> usize {
    let now = doors.clock.now();
    let faults = doors.corps.values().map(|corp| corp.client.faults(now));
    join_all(faults).await.iter().map(Vec::len).sum()
}
