//! Who asks: a system of the company's own with one of the configured tokens, and no further than that token goes.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::api_token::{ApiToken, May};
use crate::model::delivery::ItemId;
use crate::model::ids::CorpId;

/// What an address is about; resources carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::api) enum Area {
    /// Items, who has them, and what is said about them.
    Items,
    /// All the rest.
    Others,
}

/// A request that brought one of the configured tokens, to an address that the token is for. There is no other way to
/// the corps.
pub(in crate::http) struct Caller {
    /// The corps that the token is for, in order of their ids.
    corps: Vec<CorpId>,
    /// Whether these are all there are, now and later.
    all: bool,
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl Caller {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let token = request.headers().get(AUTHORIZATION);
        let token = token.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let token =
            token.ok_or_else(|| Problem::unauthorized("Send `Authorization: Bearer TOKEN`."))?;
        let doors = request.app_data::<web::Data<Doors>>();
        let found = doors.and_then(|doors| Some((doors, known(doors, token)?)));
        let (doors, token) = found.ok_or_else(|| {
            Problem::unauthorized("This token is not in `[api] tokens`, nor in an `[[api.token]]`.")
        })?;
        let area = request.app_data().copied().unwrap_or(Area::Others);
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        match token.may {
            May::Read if !reads => return Err(Problem::forbidden("This token only reads.")),
            May::Items if area == Area::Others => {
                return Err(Problem::forbidden("This token is for items alone."));
            }
            May::Read | May::Items | May::Everything => {}
        }
        let is_theirs = |corp: &&CorpId| token.corps.as_ref().is_none_or(|own| own.contains(corp));
        let mut corps: Vec<CorpId> = doors.corps.keys().filter(is_theirs).cloned().collect();
        corps.sort();
        let all = token.corps.is_none();
        Ok(Self { corps, all })
    }

    /// The corps that a request is about, in order of their ids.
    pub(in crate::http::api) fn corps(
        &self,
        wanted: Option<&str>,
    ) -> Result<Vec<&CorpId>, Problem> {
        let mut corps: Vec<&CorpId> = self.corps.iter().collect();
        if let Some(wanted) = wanted {
            corps.retain(|corp| corp.as_str() == wanted);
            if corps.is_empty() {
                return Err(Problem::bad_request(
                    "`corp` is not in the configuration, or not one of this token's.",
                ));
            }
        }
        Ok(corps)
    }

    /// The one corp that a request is about.
    pub(in crate::http::api) fn one_corp(&self, wanted: Option<&str>) -> Result<&CorpId, Problem> {
        match self.corps(wanted)?.as_slice() {
            [corp] => Ok(corp),
            _ => Err(Problem::bad_request("Name the `corp`: there are several.")),
        }
    }

    /// Only for tokens of all corps: what is asked for does not tell them apart.
    pub(in crate::http::api) fn has_all_corps(&self) -> Result<(), Problem> {
        match self.all {
            true => Ok(()),
            false => Err(Problem::forbidden("This token is not for all corps.")),
        }
    }

    /// An id of an item of a corp that is served.
    pub(in crate::http::api) fn known(&self, id: &str) -> Result<ItemId, Problem> {
        let id: ItemId = id
            .parse()
            .map_err(|_| Problem::not_found("This is no id."))?;
        match self.corps.contains(id.corp()) {
            true => Ok(id),
            false => Err(Problem::not_found("Nothing has this id.")),
        }
    }
}

/// Looks at every token, so that the time taken does not tell which one was nearly right.
fn known<'a>(doors: &'a Doors, token: &str) -> Option<&'a ApiToken> {
    let mut found = None;
    for ours in &doors.api_tokens {
        if ours
            .secret
            .expose_secret()
            .as_bytes()
            .ct_eq(token.as_bytes())
            .into()
        {
            found = Some(ours);
        }
    }
    found
}
