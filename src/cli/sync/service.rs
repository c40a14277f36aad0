//! A sync by the running service.

use reqwest::Method;
use serde_json::json;

use crate::cli::service::{Service, ask, read};
use crate::cli::sync::report::Run;
use crate::model::ids::CorpId;
use crate::model::sync::{SyncMode, SyncRequest};

/// Has it begun.
pub(in crate::cli::sync) async fn begin(
    service: &Service,
    corp: &CorpId,
    request: SyncRequest,
) -> anyhow::Result<Run> {
    let wish = json!({
        "scope": request.scope, "dry_run": request.mode == SyncMode::DryRun, "corp": corp,
    });
    let answer = ask(service.request(Method::POST, "sync")?.json(&wish)).await?;
    Run::read(read(&answer, 202)?)
}

/// Looks how far it is. `None`: it has not begun.
pub(in crate::cli::sync) async fn look(
    service: &Service,
    corp: &CorpId,
    id: &str,
) -> anyhow::Result<Option<Run>> {
    let answer = ask(service.about(corp, Method::GET, &format!("syncs/{id}"))?).await?;
    match answer.status {
        404 => Ok(None),
        _ => Ok(Some(Run::read(read(&answer, 200)?)?)),
    }
}
