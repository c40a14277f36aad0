//! The way from the admin pages to pages of other doors below the corp's address, which let the same people in.

use actix_web::{Error, HttpRequest};

use crate::http::admin::access::Admin;
use crate::model::ids::CorpId;

/// An administrator of the corp that the address names.
pub(in crate::http) struct Passage {
    /// Which corp.
    pub(in crate::http) corp: CorpId,
    /// Tells the session from every other; tokens of forms are made from it.
    pub(in crate::http) session: String,
}

/// Who asks, if they are an administrator; else what they get instead.
pub(in crate::http) async fn of(request: &HttpRequest) -> Result<Passage, Error> {
    let admin = Admin::of(request).await?;
    Ok(Passage {
        corp: admin.corp,
        session: admin.session.id,
    })
}
