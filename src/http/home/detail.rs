//! An item's page.

use actix_web::{HttpRequest, HttpResponse};

use crate::http::home::frame::kept;
use crate::http::home::opened::Opened;
use crate::http::home::posted::Typed;
use crate::http::home::turned::Instead;
use crate::http::home::visit::Visit;
use crate::http::home::{approval, form, project, record};
use crate::model::item::{Item, ItemKind};

/// The page. An item that the reader does not see is not there.
pub(in crate::http::home) async fn page(
    request: &HttpRequest,
    kind: &str,
    id: &str,
) -> Result<HttpResponse, Instead> {
    let visit = Visit::look(request).await?;
    let opened = Opened::read(&visit, kind, id).await?;
    opened.mark_seen(&visit).await;
    Ok(kept(&visit, request, html(&visit, &opened, None)))
}

/// The page with what was typed into one of its forms.
pub(in crate::http::home) fn html(
    visit: &Visit,
    opened: &Opened,
    typed: Option<&Typed>,
) -> askama::Result<String> {
    match &opened.item {
        Item::Project(project) if opened.shown.kind == ItemKind::Plan => {
            project::plan(visit, opened, project, typed)
        }
        Item::Project(project) => project::page(visit, opened, project, typed),
        Item::Form(form) => form::page(visit, opened, form, typed),
        Item::Record(record) => record::page(visit, opened, record, typed),
        Item::Approval(approval) => approval::page(visit, opened, approval, typed),
    }
}
