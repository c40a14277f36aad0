//! Who may use the toolbar. The extractors here are the only way to a customer's data.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpRequest, web};
use serde::Serialize;
use subtle::ConstantTimeEq;

use crate::act::error::ActError;
use crate::decide::facts::Authorised;
use crate::decide::input::Refusal;
use crate::decide::request::{Command, Request};
use crate::http::doors::Doors;
use crate::http::session::{self, Session, Who};
use crate::http::sidebar::texts::{self, Texts};
use crate::http::sidebar::turned::{Turned, Why};
use crate::model::contact::Contact;
use crate::model::ids::{CorpId, ExternalUserId, UserId};
use crate::model::item::{Actor, ItemRef};
use crate::model::request::RequestId;
use crate::model::time::Timestamp;
use crate::store::record::{Key, Record};

/// Carries the page's token: what is sent to change something comes from a page of this session.
const TOKEN: &str = "X-Toolbar-Token";

/// Names a request, so that it is carried out once.
const NAME: &str = "Idempotency-Key";

/// A member at the toolbar.
pub(in crate::http::sidebar) struct Toolbar {
    pub(in crate::http::sidebar) doors: web::Data<Doors>,
    pub(in crate::http::sidebar) t: &'static Texts,
    pub(in crate::http::sidebar) corp: CorpId,
    pub(in crate::http::sidebar) userid: UserId,
    name: Option<RequestId>,
}

/// A member at the toolbar, and a customer whom they have.
pub(in crate::http::sidebar) struct Dealing {
    pub(in crate::http::sidebar) toolbar: Toolbar,
    pub(in crate::http::sidebar) contact: Contact,
}

/// The token of the pages of a session.
pub(in crate::http::sidebar) fn token(doors: &Doors, corp: &CorpId, userid: &UserId) -> String {
    let session = format!("{corp}\n{}", userid.key());
    doors.session_key.tag("toolbar page", &session)
}

impl Toolbar {
    fn of(request: &HttpRequest) -> Result<Self, Turned> {
        let t = texts::for_reader(request);
        let doors = request.app_data::<web::Data<Doors>>();
        let doors = doors.ok_or_else(|| Why::Unavailable.to(t))?.clone();
        let now = doors.clock.now();
        let session: Option<Session> =
            session::read(request, &doors.session_key, &doors.public_url, now);
        let Session { corp, who } = session.ok_or_else(|| Why::Ended.to(t))?;
        let Who::Member(userid) = who else {
            return Err(Why::NotAMember.to(t));
        };
        let header = |name| {
            let value = request.headers().get(name)?;
            value.to_str().ok()
        };
        if *request.method() != Method::GET {
            if !session::is_same_origin(request, &doors.public_url) {
                return Err(Why::Foreign.to(t));
            }
            let (sent, own) = (header(TOKEN), token(&doors, &corp, &userid));
            if !bool::from(sent.unwrap_or_default().as_bytes().ct_eq(own.as_bytes())) {
                return Err(Why::Ended.to(t));
            }
        }
        // Two members who name their requests alike mean different ones.
        let name = header(NAME).filter(|name| name.len() <= 120).map(|name| {
            let own = format!("{corp}\n{}\n{name}", userid.key());
            let tag = doors.session_key.tag("toolbar request", &own);
            RequestId::parse(&tag).expect("a tag is 43 letters, digits, `-` and `_`")
        });
        Ok(Self {
            doors,
            t,
            corp,
            userid,
            name,
        })
    }

    /// The kinds of items that the corp works with.
    pub(in crate::http::sidebar) fn authorised(&self) -> Result<Authorised, Turned> {
        let corp = self.doors.corps.get(&self.corp);
        let corp = corp.ok_or_else(|| Why::Missing.to(self.t))?;
        Ok(corp.facts.authorised)
    }

    /// Reads records.
    pub(in crate::http::sidebar) async fn read(&self, keys: &[Key]) -> Result<Vec<Record>, Turned> {
        Ok(self.doors.store.read(&self.corp, keys).await?)
    }

    /// Has a command of this member's carried out; `asked` is what the page sent.
    pub(in crate::http::sidebar) async fn ask(
        &self,
        command: Command,
        asked: &impl Serialize,
    ) -> Result<Option<ItemRef>, Turned> {
        let asked = serde_json::to_string(asked).map_err(|_| Why::Malformed.to(self.t))?;
        let request = Request {
            id: self.name.clone(),
            digest: self.doors.session_key.tag("toolbar digest", &asked),
            by: Actor::Member(self.userid.clone()),
            command,
        };
        let asked = self.doors.act.ask(&self.corp, &request, self.now()).await;
        asked.map_err(|problem| match problem {
            ActError::Refused(Refusal::Rejected(rejection)) => Why::Rejected(rejection).to(self.t),
            ActError::Refused(_) => Why::Missing.to(self.t),
            ActError::Store(problem) => problem.into(),
            ActError::Api(problem) => problem.into(),
            // No command asks WeChat.
            ActError::Weixin(_) | ActError::Webhook(_) => Why::Unavailable.to(self.t),
        })
    }

    /// The time.
    pub(in crate::http::sidebar) fn now(&self) -> Timestamp {
        self.doors.clock.now()
    }

    /// Random bits for a new id.
    pub(in crate::http::sidebar) fn random<const N: usize>(&self) -> Result<[u8; N], Turned> {
        let mut bits = [0; N];
        getrandom::fill(&mut bits).map_err(|_| Why::Unavailable.to(self.t))?;
        Ok(bits)
    }
}

impl Dealing {
    async fn of(toolbar: Toolbar, id: Option<&str>) -> Result<Self, Turned> {
        let t = toolbar.t;
        let id = id.and_then(|id| ExternalUserId::parse(id).ok());
        let id = id.ok_or_else(|| Why::Malformed.to(t))?;
        let records = toolbar.read(&[Key::contact(&id)]).await?;
        let contact = records.first().map(Record::parse::<Contact>).transpose()?;
        let contact = contact.flatten().ok_or_else(|| Why::NotKnownYet.to(t))?;
        let mut follows = contact.follow_users.iter();
        match follows.any(|follow| follow.userid == toolbar.userid) {
            true => Ok(Self { toolbar, contact }),
            false => Err(Why::NotYours.to(t)),
        }
    }

    /// The customer's id.
    pub(in crate::http::sidebar) const fn id(&self) -> &ExternalUserId {
        &self.contact.external_userid
    }
}

impl FromRequest for Toolbar {
    type Error = Turned;
    type Future = Ready<Result<Self, Turned>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl FromRequest for Dealing {
    type Error = Turned;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turned>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let toolbar = Toolbar::of(&request)?;
            let id = request.match_info().get("external_userid");
            Self::of(toolbar, id).await
        })
    }
}
