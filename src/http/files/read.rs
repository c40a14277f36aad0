//! Downloads. Whoever may not see a file hears what they would hear if there were none.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use futures_util::TryStreamExt;

use crate::files::Files;
use crate::files::error::FilesError;
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::files::asker::Asker;
use crate::http::files::name;
use crate::http::nonce::is_nonce;
use crate::http::page::is_known;
use crate::model::attachment::Attachment;
use crate::store::record::Key;

/// A file.
pub(in crate::http::files) async fn file(
    request: HttpRequest,
    doors: web::Data<Doors>,
) -> Result<HttpResponse, Problem> {
    let (asker, files, file) = found(&request, &doors).await?;
    let tag = format!("\"{}\"", file.sha256);
    if is_known(&request, &tag) {
        return Ok(unchanged(&tag));
    }
    let (bytes, chunks) = files
        .read(&asker.corp, &file.id)
        .await
        .map_err(|problem| unavailable(&problem))?
        .ok_or_else(missing)?;
    Ok(answer(StatusCode::OK, &tag)
        .insert_header((CONTENT_TYPE, file.media_type.as_str()))
        .insert_header((CONTENT_DISPOSITION, name::disposition(&file.name)))
        .insert_header((CONTENT_LENGTH, bytes))
        .no_chunking(bytes)
        .streaming(chunks.inspect_err(|problem| {
            tracing::error!(%problem, "An attachment broke off on its way out.");
        })))
}

/// A thumbnail.
pub(in crate::http::files) async fn thumbnail(
    request: HttpRequest,
    doors: web::Data<Doors>,
) -> Result<HttpResponse, Problem> {
    let (asker, files, file) = found(&request, &doors).await?;
    let tag = format!("\"{}-thumbnail\"", file.sha256);
    if !file.thumbnail {
        return Err(missing());
    }
    if is_known(&request, &tag) {
        return Ok(unchanged(&tag));
    }
    let small = files.thumbnail(&asker.corp, &file.id).await;
    let small = small
        .map_err(|problem| unavailable(&problem))?
        .ok_or_else(missing)?;
    let media_type = match small.starts_with(b"\x89PNG") {
        true => "image/png",
        false => "image/jpeg",
    };
    Ok(answer(StatusCode::OK, &tag)
        .insert_header((CONTENT_TYPE, media_type))
        .body(small))
}

/// The record of the file that the address names, if whoever asks may see it.
async fn found<'a>(
    request: &HttpRequest,
    doors: &'a Doors,
) -> Result<(Asker, &'a Files, Attachment), Problem> {
    let id = request.match_info().query("id");
    let asker = Asker::at(request, doors).await.ok_or_else(missing)?;
    let files = doors.files.as_deref().ok_or_else(missing)?;
    if !is_nonce(id) {
        return Err(missing());
    }
    let file: Option<Attachment> = doors.one(&asker.corp, Key::attachment(id)).await?;
    let file = file.ok_or_else(missing)?;
    match asker.sees(doors, &file).await? {
        true => Ok((asker, files, file)),
        false => Err(missing()),
    }
}

/// What every answer with a file's content has: nothing may run in it, and it is asked for again each time.
fn answer(status: StatusCode, tag: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header(("Content-Security-Policy", "sandbox; default-src 'none'"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
        .insert_header(("Referrer-Policy", "no-referrer"));
    response
}

fn unchanged(tag: &str) -> HttpResponse {
    answer(StatusCode::NOT_MODIFIED, tag).finish()
}

fn missing() -> Problem {
    Problem::not_found("No file has this address.")
}

fn unavailable(problem: &FilesError) -> Problem {
    tracing::error!(%problem, "An attachment could not be read.");
    let detail = "Attachments cannot be read now; try again in a moment.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Not available.", detail)
}
