//! Who may open the admin pages. The extractors here are the only way to a corp's data.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::doors::{Doors, Tenant};
use crate::http::session::{self, Ticketed};
use crate::model::delivery::ItemId;
use crate::model::ids::{CorpId, UserId};
use crate::model::password::PasswordHash;
use crate::store::error::StoreError;

/// A session on the admin pages. No other cookie passes for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::http::admin) struct AdminSession {
    /// Tells it from every other; the tokens of its forms are made from it.
    pub(in crate::http::admin) id: String,
    /// Who.
    pub(in crate::http::admin) who: Who,
}

impl Ticketed for AdminSession {
    const NAME: &'static str = "wb_admin";
    const SECONDS: i64 = 8 * 60 * 60;
    const PATH: &'static str = "/admin";
}

/// Who has logged in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::http::admin) enum Who {
    /// Whoever knew the password; `of` stands for that password, so that a new one ends the session.
    Password {
        /// A tag of the hash.
        of: String,
    },
    /// A member whom the corp has named.
    Member {
        /// The corp.
        corp: CorpId,
        /// The member.
        userid: UserId,
    },
}

/// Somebody who is logged in and still an administrator.
pub(in crate::http::admin) struct LoggedIn {
    pub(in crate::http::admin) doors: web::Data<Doors>,
    pub(in crate::http::admin) session: AdminSession,
    pub(in crate::http::admin) t: &'static Texts,
}

/// An administrator of the corp that the address names.
pub(in crate::http::admin) struct Admin {
    pub(in crate::http::admin) doors: web::Data<Doors>,
    pub(in crate::http::admin) session: AdminSession,
    pub(in crate::http::admin) t: &'static Texts,
    pub(in crate::http::admin) corp: CorpId,
    /// The page's own address, with its query.
    pub(in crate::http::admin) here: String,
    /// What the page before has done.
    pub(in crate::http::admin) query: Vec<(String, String)>,
}

/// A form of ours, sent by an administrator of the corp that the address names.
pub(in crate::http::admin) struct Posted {
    pub(in crate::http::admin) admin: Admin,
    fields: Vec<(String, String)>,
}

/// The largest form; a list of chosen members is the longest.
const FORM_MAX_BYTES: usize = 64 * 1024;

/// What a session of this password carries.
pub(in crate::http::admin) fn password_tag(doors: &Doors, password: &PasswordHash) -> String {
    doors.session_key.tag("admin password", password.expose())
}

/// The token that the forms of a session carry.
pub(in crate::http::admin) fn form_token(doors: &Doors, session: &str) -> String {
    doors.session_key.tag("admin form", session)
}

/// Whether a form carries the token of its session.
pub(in crate::http::admin) fn is_token_of(doors: &Doors, session: &str, token: &str) -> bool {
    let expected = form_token(doors, session);
    expected.as_bytes().ct_eq(token.as_bytes()).into()
}

impl AdminSession {
    /// Ends it in every process on this store: its cookie opens nothing any more, wherever a copy of it is.
    pub(in crate::http::admin) async fn end(&self, doors: &Doors) -> Result<(), StoreError> {
        let now = doors.clock.now();
        let until = now.plus(Duration::from_secs(Self::SECONDS.unsigned_abs()));
        let name = self.ended_name(doors);
        for corp in self.kept_at(doors) {
            doors.store.end_session(corp, &name, until, now).await?;
        }
        Ok(())
    }

    async fn is_ended(&self, doors: &Doors) -> Result<bool, StoreError> {
        let name = self.ended_name(doors);
        let now = doors.clock.now();
        let asked = self.kept_at(doors).into_iter();
        let asked = asked.map(|corp| doors.store.is_session_ended(corp, &name, now));
        Ok(try_join_all(asked).await?.contains(&true))
    }

    /// What the store knows it by once it is ended: nobody can make a cookie from that.
    fn ended_name(&self, doors: &Doors) -> String {
        doors.session_key.tag("ended admin session", &self.id)
    }

    /// The corps with whose records its end is kept. That of a password's session is kept with all that there are, and
    /// all are asked: a corp may leave the configuration, and another come that knows nothing of it.
    fn kept_at<'a>(&'a self, doors: &'a Doors) -> Vec<&'a CorpId> {
        match &self.who {
            Who::Member { corp, .. } => vec![corp],
            Who::Password { .. } => doors.corps.keys().collect(),
        }
    }
}

impl LoggedIn {
    async fn of(request: &HttpRequest) -> Result<Self, Turned> {
        let t = Texts::for_reader(request);
        let doors = request.app_data::<web::Data<Doors>>();
        let doors = doors.ok_or(Turned::Unavailable)?.clone();
        let now = doors.clock.now();
        let session: Option<AdminSession> =
            session::read(request, &doors.session_key, &doors.public_url, now);
        let session = session.ok_or(Turned::LogIn)?;
        let is_admin = match &session.who {
            Who::Password { of } => {
                let password = doors.admin.password.as_ref();
                password.is_some_and(|password| *of == password_tag(&doors, password))
            }
            Who::Member { corp, userid } => {
                let mut tenants = doors.tenants.values();
                tenants.any(|tenant| tenant.corp == *corp && tenant.admins.contains(userid))
            }
        };
        if !is_admin {
            return Err(Turned::Stranger);
        }
        if session.is_ended(&doors).await? {
            return Err(Turned::LogIn);
        }
        Ok(Self { doors, session, t })
    }

    /// The corps that this administrator may look at, in order of their ids.
    pub(in crate::http::admin) fn corps(&self) -> Vec<&Tenant> {
        corps(&self.doors, &self.session)
    }
}

fn corps<'a>(doors: &'a Doors, session: &AdminSession) -> Vec<&'a Tenant> {
    let mut corps: Vec<&Tenant> = doors.tenants.values().collect();
    corps.sort_by(|one, other| one.corp.cmp(&other.corp));
    if let Who::Member { corp, .. } = &session.who {
        corps.retain(|tenant| tenant.corp == *corp);
    }
    corps
}

impl Admin {
    /// Whoever asks, if the corp that the address names is theirs.
    pub(in crate::http::admin) async fn of(request: &HttpRequest) -> Result<Self, Turned> {
        let LoggedIn { doors, session, t } = LoggedIn::of(request).await?;
        let corp = CorpId::parse(request.match_info().query("corp"));
        let corp = corp.map_err(|_| Turned::Missing)?;
        if !corps(&doors, &session)
            .iter()
            .any(|tenant| tenant.corp == corp)
        {
            return Err(Turned::Missing);
        }
        let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        Ok(Self {
            session,
            t,
            corp,
            here: request.uri().to_string(),
            query: query.map_err(|_| Turned::Malformed)?.into_inner(),
            doors,
        })
    }

    /// The corps that this administrator may look at.
    pub(in crate::http::admin) fn corps(&self) -> Vec<&Tenant> {
        corps(&self.doors, &self.session)
    }

    /// Who does this, for records.
    pub(in crate::http::admin) fn name(&self) -> &str {
        match &self.session.who {
            Who::Password { .. } => "admin",
            Who::Member { userid, .. } => userid.as_str(),
        }
    }

    /// What the query says; nothing and empty are the same.
    pub(in crate::http::admin) fn asked(&self, name: &str) -> &str {
        first(&self.query, name)
    }

    /// The item at this place of the corp's log.
    pub(in crate::http::admin) fn item(&self, place: &str) -> Result<ItemId, Turned> {
        let id = format!("{}:{place}", self.corp).parse();
        id.map_err(|_| Turned::Missing)
    }
}

impl Posted {
    /// A field; nothing and empty are the same.
    pub(in crate::http::admin) fn field(&self, name: &str) -> &str {
        first(&self.fields, name)
    }

    /// All fields of this name.
    pub(in crate::http::admin) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.fields.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, value)| value.as_str())
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    let found = pairs.iter().find(|(field, _)| field == name);
    found.map_or("", |(_, value)| value.trim())
}

/// The fields of a form that a page of ours sends.
pub(in crate::http::admin) async fn fields(
    request: &HttpRequest,
    payload: &mut Payload,
    doors: &Doors,
    session: &str,
) -> Result<Vec<(String, String)>, Turned> {
    if !session::is_same_origin(request, &doors.public_url) {
        return Err(Turned::Foreign);
    }
    let body = web::Bytes::from_request(request, payload).await;
    let body = body.map_err(|_| Turned::Malformed)?;
    let text = std::str::from_utf8(&body)
        .ok()
        .filter(|text| text.len() <= FORM_MAX_BYTES);
    let fields = text.and_then(|text| web::Query::<Vec<(String, String)>>::from_query(text).ok());
    let fields = fields.ok_or(Turned::Malformed)?.into_inner();
    if is_token_of(doors, session, first(&fields, "token")) {
        Ok(fields)
    } else {
        Err(Turned::Ended)
    }
}

impl FromRequest for LoggedIn {
    type Error = Turned;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turned>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

impl FromRequest for Admin {
    type Error = Turned;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turned>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

impl FromRequest for Posted {
    type Error = Turned;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turned>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let admin = Admin::of(&request).await?;
            let (doors, id) = (&admin.doors, &admin.session.id);
            let fields = fields(&request, &mut payload, doors, id).await?;
            Ok(Self { admin, fields })
        })
    }
}
