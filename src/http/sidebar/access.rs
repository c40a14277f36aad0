//! Who may use the toolbar. The extractors here are the only way to a customer's data.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::{FromRequest, HttpRequest, web};
use serde::Serialize;
use subtle::ConstantTimeEq;

use crate::act::error::ActError;
use crate::decide::facts::Authorised;
use crate::decide::input::Refusal;
use crate::decide::item::sight::{is_authorised, member_sees};
use crate::decide::request::{Command, Request};
use crate::http::doors::Doors;
use crate::http::session::{self, Session, Who};
use crate::http::sidebar::texts::Texts;
use crate::http::sidebar::turned::Turned;
use crate::http::staff;
use crate::model::contact::Contact;
use crate::model::ids::{CorpId, ExternalUserId, UserId};
use crate::model::item::{Actor, Item, ItemRef};
use crate::model::request::RequestId;
use crate::model::time::Timestamp;
use crate::store::record::{Key, Record};

/// Carries the page's token: what is sent to change something comes from a page of this session.
const TOKEN: &str = "X-Toolbar-Token";

/// Names a request, so that it is carried out once: visible ASCII characters.
const NAME: &str = "Idempotency-Key";

/// The longest name.
const NAME_MAX: usize = 120;

/// A member at the toolbar.
pub(in crate::http::sidebar) struct Toolbar {
    pub(in crate::http::sidebar) doors: web::Data<Doors>,
    pub(in crate::http::sidebar) t: &'static Texts,
    pub(in crate::http::sidebar) corp: CorpId,
    pub(in crate::http::sidebar) userid: UserId,
    name: RequestId,
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

/// A name that can be told from every other.
fn readable(name: &HeaderValue) -> Option<&str> {
    let name = name.to_str().ok()?;
    let fits = (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
    fits.then_some(name)
}

impl Toolbar {
    async fn of(request: &HttpRequest) -> Result<Self, Turned> {
        let doors = request.app_data::<web::Data<Doors>>();
        let doors = doors.ok_or(Turned::Unavailable)?.clone();
        let now = doors.clock.now();
        let session: Option<Session> =
            session::read(request, &doors.session_key, &doors.public_url, now);
        let Session { corp, who } = session.ok_or(Turned::Ended)?;
        let Who::Member(userid) = who else {
            return Err(Turned::NotAMember);
        };
        if *request.method() != Method::GET {
            if !session::is_same_origin(request, &doors.public_url) {
                return Err(Turned::Foreign);
            }
            let sent = request.headers().get(TOKEN).map(HeaderValue::as_bytes);
            let own = token(&doors, &corp, &userid);
            if !bool::from(sent.unwrap_or_default().ct_eq(own.as_bytes())) {
                return Err(Turned::Ended);
            }
        }
        if !staff::works_here(&doors, &corp, &userid).await? {
            return Err(Turned::NotAMember);
        }
        let name = match request.headers().get(NAME) {
            Some(name) => {
                let name = readable(name).ok_or(Turned::Malformed)?;
                // Two members who name their requests alike mean different ones, and so does one at two addresses.
                let own = format!("{corp}\n{}\n{}\n{name}", userid.key(), request.path());
                let tag = doors.session_key.tag("toolbar request", &own);
                RequestId::parse(&tag).expect("a tag is 43 letters, digits, `-` and `_`")
            }
            None => {
                let mut random = [0; 16];
                getrandom::fill(&mut random).map_err(|_| Turned::Unavailable)?;
                RequestId::of_random(random)
            }
        };
        Ok(Self {
            t: Texts::for_reader(request),
            doors,
            corp,
            userid,
            name,
        })
    }

    /// Whether this member sees an item of a kind that the corp works with.
    pub(in crate::http::sidebar) fn sees(&self, item: &Item) -> bool {
        let corp = self.doors.corps.get(&self.corp);
        corp.is_some_and(|corp| is_authorised(corp.facts.authorised, item.kind()))
            && member_sees(&self.userid, item)
    }

    /// The kinds of items that the corp works with.
    pub(in crate::http::sidebar) fn authorised(&self) -> Result<Authorised, Turned> {
        let corp = self.doors.corps.get(&self.corp);
        let corp = corp.ok_or(Turned::Missing)?;
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
        let asked = serde_json::to_string(asked).map_err(|_| Turned::Malformed)?;
        let request = Request {
            id: Some(self.name.clone()),
            digest: self.doors.session_key.tag("toolbar digest", &asked),
            by: Actor::Member(self.userid.clone()),
            command,
        };
        let asked = self.doors.act.ask(&self.corp, &request, self.now()).await;
        asked.map_err(|problem| match problem {
            ActError::Refused(Refusal::Rejected(rejection)) => Turned::Rejected(rejection),
            ActError::Refused(_) => Turned::Missing,
            ActError::Store(problem) => problem.into(),
            ActError::Api(problem) => problem.into(),
            // No command asks WeChat.
            ActError::Weixin(_) | ActError::Webhook(_) => Turned::Unavailable,
        })
    }

    /// The time.
    pub(in crate::http::sidebar) fn now(&self) -> Timestamp {
        self.doors.clock.now()
    }

    /// Random bits for a new id.
    pub(in crate::http::sidebar) fn random<const N: usize>(&self) -> Result<[u8; N], Turned> {
        let mut bits = [0; N];
        getrandom::fill(&mut bits).map_err(|_| Turned::Unavailable)?;
        Ok(bits)
    }
}

impl Dealing {
    async fn of(toolbar: Toolbar, id: Option<&str>) -> Result<Self, Turned> {
        let id = id.and_then(|id| ExternalUserId::parse(id).ok());
        let id = id.ok_or(Turned::Malformed)?;
        let records = toolbar.read(&[Key::contact(&id)]).await?;
        let contact = records.first().map(Record::parse::<Contact>).transpose()?;
        let contact = contact.flatten().ok_or(Turned::NotKnownYet)?;
        match contact.follow_of(&toolbar.userid) {
            Some(_) => Ok(Self { toolbar, contact }),
            None => Err(Turned::NotYours),
        }
    }

    /// The customer's id.
    pub(in crate::http::sidebar) const fn id(&self) -> &ExternalUserId {
        &self.contact.external_userid
    }
}

impl FromRequest for Toolbar {
    type Error = Turned;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turned>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

impl FromRequest for Dealing {
    type Error = Turned;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Turned>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let toolbar = Toolbar::of(&request).await?;
            let id = request.match_info().get("external_userid");
            Self::of(toolbar, id).await
        })
    }
}
