//! A copy of the embedded store, as it is at one moment.

use actix_web::body::SizedStream;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::http::api::Nothing;
use crate::http::api::caller::Caller;
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::store::error::StoreError;

/// How much is sent at once.
const PART_BYTES: usize = 64 * 1024;

/// `POST /api/v1/backup`.
pub(in crate::http) async fn backup(
    caller: Caller,
    _: web::Query<Nothing>,
    doors: web::Data<Doors>,
) -> Result<HttpResponse, Problem> {
    caller.has_all_corps()?;
    let Some(copy) = doors.store.snapshot().await? else {
        return Err(Problem::bad_request(
            "The state is in a Redis: back that up by its own means.",
        ));
    };
    let unreadable = |problem| StoreError::Unavailable(format!("the copy: {problem}"));
    let bytes = copy.metadata().map_err(unreadable)?.len();
    tracing::info!(bytes, "The store is being backed up.");
    let parts = stream::try_unfold(File::from_std(copy), |mut copy| async {
        let mut part = vec![0; PART_BYTES];
        let read = copy.read(&mut part).await?;
        part.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(part), copy)))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .body(SizedStream::new(bytes, Box::pin(parts))))
}
