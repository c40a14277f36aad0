//! Who may use these pages. The extractors here are the only way to a corp's items.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, web};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::act::error::ActError;
use crate::decide::facts::Authorised;
use crate::decide::input::Refusal;
use crate::decide::item::sight::{is_authorised, member_sees, member_works_on};
use crate::decide::rejection::Rejection;
use crate::decide::request::{Command, Request};
use crate::http::admin::passage;
use crate::http::doors::Doors;
use crate::http::files::asker::Asker;
use crate::http::files::receive::Received;
use crate::http::items::frame::Place;
use crate::http::items::texts::Texts;
use crate::http::items::turned::Turned;
use crate::http::login;
use crate::http::session::{self, Session, Who};
use crate::http::staff;
use crate::model::ids::{CorpId, UserId};
use crate::model::item::{Actor, Item, ItemKey, ItemKind, ItemRef};
use crate::model::request::{Carried, RequestId};
use crate::store::record::{Key, Record};

/// The largest form: a project of all the tasks that it can have.
const FORM_MAX_BYTES: usize = 2 * 1024 * 1024;

/// A member or an administrator at these pages.
pub(in crate::http::items) struct Reader {
    pub(in crate::http::items) doors: web::Data<Doors>,
    pub(in crate::http::items) t: &'static Texts,
    pub(in crate::http::items) corp: CorpId,
    /// A member or the administrator.
    pub(in crate::http::items) by: Actor,
    /// Where these pages are for this reader.
    pub(in crate::http::items) place: Place,
    /// The page's own address, with its query.
    pub(in crate::http::items) here: String,
    /// What the forms of this session carry.
    pub(in crate::http::items) token: String,
    /// Who they are where files are brought.
    pub(in crate::http::items) uploader: Option<Asker>,
    query: Vec<(String, String)>,
}

/// A form of ours, sent by one of them.
pub(in crate::http::items) struct Posted {
    pub(in crate::http::items) reader: Reader,
    fields: HashMap<String, Vec<String>>,
    /// Its fields as they came, but for the token: what is asked.
    asked: String,
}

impl Reader {
    async fn of(request: &HttpRequest) -> Result<Self, Error> {
        let t = Texts::for_reader(request);
        let doors = request.app_data::<web::Data<Doors>>();
        let doors = doors.ok_or(Turned::Unavailable)?.clone();
        let query = form_urlencoded::parse(request.query_string().as_bytes());
        let query: Vec<(String, String)> = query.into_owned().collect();
        let here = request.uri().to_string();
        if request.match_info().get("corp").is_some() {
            let admin = passage::of(request).await?;
            let token = doors.session_key.tag("items form", &admin.session);
            let base = format!("/admin/corps/{}/items", admin.corp);
            return Ok(Self {
                uploader: Some(Asker::of_admin(&admin, &doors)),
                doors,
                t,
                by: Actor::Admin,
                place: Place::new(base, None),
                corp: admin.corp,
                here,
                token,
                query,
            });
        }
        let code = query.iter().find(|(name, _)| name == "tenantKey");
        let code = code.map(|(_, code)| code.clone());
        let tenant = doors.tenant(code.as_deref());
        let tenant = tenant.ok_or(Turned::BadLink)?;
        let now = doors.clock.now();
        let session: Option<Session> =
            session::read(request, &doors.session_key, &doors.public_url, now);
        let userid = match session.filter(|session| session.corp == tenant.corp) {
            Some(Session {
                who: Who::Member(userid),
                ..
            }) => userid,
            Some(_) => return Err(Turned::NotAMember.into()),
            None if *request.method() == Method::GET => {
                let base = doors.public_url.path().trim_end_matches('/');
                let back = format!("{base}{here}");
                let away = login::start(&doors, tenant, code.as_deref(), &back);
                return Err(away.map_or_else(Error::from, instead));
            }
            None => return Err(Turned::Ended.into()),
        };
        let corp = tenant.corp.clone();
        let works_here = staff::works_here(&doors, &corp, &userid).await;
        if !works_here.map_err(Turned::from)? {
            return Err(Turned::NotAMember.into());
        }
        let own = format!("{corp}\n{}", userid.key());
        Ok(Self {
            uploader: Asker::of(request, &doors),
            token: doors.session_key.tag("items form", &own),
            place: Place::new("/items".to_owned(), code),
            by: Actor::Member(userid),
            doors,
            t,
            corp,
            here,
            query,
        })
    }

    /// What the query says; nothing and empty are the same.
    pub(in crate::http::items) fn asked(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The member, if it is one.
    pub(in crate::http::items) const fn member(&self) -> Option<&UserId> {
        match &self.by {
            Actor::Member(userid) => Some(userid),
            Actor::Admin | Actor::System | Actor::Contact(_) => None,
        }
    }

    /// The kinds of items that the corp works with.
    pub(in crate::http::items) fn authorised(&self) -> Authorised {
        let corp = self.doors.corps.get(&self.corp);
        corp.map_or(
            Authorised {
                projects: false,
                forms: false,
                approvals: false,
            },
            |corp| corp.facts.authorised,
        )
    }

    /// Whether they see this item.
    pub(in crate::http::items) fn sees(&self, item: &Item) -> bool {
        is_authorised(self.authorised(), item.kind())
            && match &self.by {
                Actor::Member(userid) => member_sees(userid, item),
                Actor::Admin | Actor::System => true,
                Actor::Contact(_) => false,
            }
    }

    /// Whether they may change this item.
    pub(in crate::http::items) fn works_on(&self, item: &Item) -> bool {
        match &self.by {
            Actor::Member(userid) => member_works_on(userid, item),
            Actor::Admin | Actor::System => true,
            Actor::Contact(_) => false,
        }
    }

    /// The kind that an address names, if the corp works with it.
    pub(in crate::http::items) fn kind(&self, name: &str) -> Result<ItemKind, Turned> {
        ItemKind::parse(name)
            .filter(|kind| is_authorised(self.authorised(), *kind))
            .ok_or(Turned::Missing)
    }

    /// The item that an address names, if they see it.
    pub(in crate::http::items) async fn item(&self, kind: &str, id: &str) -> Result<Item, Turned> {
        let found = self.read_item(&self.item_ref(kind, id)?).await?;
        found.ok_or(Turned::Missing)
    }

    /// The item that an address names, of a kind that the corp works with.
    pub(in crate::http::items) fn item_ref(&self, kind: &str, id: &str) -> Result<ItemRef, Turned> {
        let kind = self.kind(kind)?;
        let id = ItemKey::parse(id).map_err(|_| Turned::Missing)?;
        Ok(ItemRef::new(kind, id))
    }

    /// The item, if they see it.
    pub(in crate::http::items) async fn read_item(
        &self,
        item: &ItemRef,
    ) -> Result<Option<Item>, Turned> {
        let records = self.read(&[Key::item(item)]).await?;
        let found = records.first().map(Record::parse::<Item>).transpose()?;
        Ok(found.flatten().filter(|item| self.sees(item)))
    }

    /// Reads records.
    pub(in crate::http::items) async fn read(&self, keys: &[Key]) -> Result<Vec<Record>, Turned> {
        Ok(self.doors.store.read(&self.corp, keys).await?)
    }

    /// Random bits for a new id.
    pub(in crate::http::items) fn random<const N: usize>(&self) -> Result<[u8; N], Turned> {
        let mut bits = [0; N];
        getrandom::fill(&mut bits).map_err(|_| Turned::Unavailable)?;
        Ok(bits)
    }
}

fn instead(answer: HttpResponse) -> Error {
    InternalError::from_response("somebody is sent elsewhere", answer).into()
}

impl Posted {
    /// What came with files, whose door has seen that it is a form of ours.
    pub(in crate::http::items) async fn with_files(
        request: &HttpRequest,
        received: Received,
    ) -> Result<Self, Error> {
        let reader = Reader::of(request).await?;
        let files = received.files.into_iter().map(|(name, file)| {
            let name = name.strip_prefix("file:").unwrap_or(&name);
            (name.to_owned(), file.id)
        });
        Ok(Self::of(reader, received.fields.into_iter().chain(files)))
    }

    fn of(reader: Reader, sent: impl Iterator<Item = (String, String)>) -> Self {
        let mut fields: HashMap<String, Vec<String>> = HashMap::new();
        let mut asked = form_urlencoded::Serializer::new(String::new());
        for (name, value) in sent {
            if name != "token" {
                asked.append_pair(&name, &value);
            }
            fields.entry(name).or_default().push(value);
        }
        Self {
            reader,
            fields,
            asked: asked.finish(),
        }
    }

    /// The field without the blanks round it; nothing and empty are the same.
    pub(in crate::http::items) fn field(&self, name: &str) -> &str {
        self.raw(name).unwrap_or_default().trim()
    }

    /// The field as it was sent.
    pub(in crate::http::items) fn raw(&self, name: &str) -> Option<&str> {
        let found = self.fields.get(name)?.first()?;
        Some(found.as_str())
    }

    /// All fields of this name.
    pub(in crate::http::items) fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    /// The first field of each name, to be shown again.
    pub(in crate::http::items) fn typed(&self) -> HashMap<String, String> {
        let fields = self.fields.iter();
        let first =
            fields.filter_map(|(name, values)| Some((name.clone(), values.first()?.clone())));
        first.collect()
    }

    /// Two people's numbers are different ones, and so are those of two forms of a page.
    fn request_id(&self) -> RequestId {
        let Reader {
            doors, corp, by, ..
        } = &self.reader;
        let path = self.reader.here.split('?').next().unwrap_or_default();
        let who = match by {
            Actor::Member(userid) => userid.key(),
            Actor::Admin | Actor::System | Actor::Contact(_) => " admin".to_owned(),
        };
        let own = format!("{corp}\n{who}\n{path}\n{}", self.field("request"));
        let id = doors.session_key.tag("items request", &own);
        RequestId::parse(&id).expect("a tag is 43 letters, digits, `-` and `_`")
    }

    /// What came of this form when it was sent before, as it is.
    pub(in crate::http::items) async fn sent_before(&self) -> Result<Option<Carried>, Turned> {
        let records = self
            .reader
            .read(&[Key::carried(&self.request_id())])
            .await?;
        let found = records.first().map(Record::parse::<Carried>).transpose()?;
        let digest = self.digest();
        Ok(found.flatten().filter(|carried| carried.digest == digest))
    }

    fn digest(&self) -> String {
        let key = &self.reader.doors.session_key;
        key.tag("items digest", &self.asked)
    }

    /// Has a command carried out, once for this form as it was shown.
    pub(in crate::http::items) async fn ask(
        &self,
        command: Command,
    ) -> Result<Result<Option<ItemRef>, Rejection>, Turned> {
        let Reader { doors, corp, .. } = &self.reader;
        let request = Request {
            id: Some(self.request_id()),
            digest: self.digest(),
            by: self.reader.by.clone(),
            command,
        };
        match doors.act.ask(corp, &request, doors.clock.now()).await {
            Ok(item) => Ok(Ok(item)),
            Err(ActError::Refused(Refusal::Rejected(rejection))) => Ok(Err(rejection)),
            Err(ActError::Store(problem)) => Err(problem.into()),
            Err(
                problem @ (ActError::Refused(_)
                | ActError::Api(_)
                | ActError::Weixin(_)
                | ActError::Webhook(_)),
            ) => {
                tracing::error!(%problem, "A command of a page was not carried out.");
                Err(Turned::Unavailable)
            }
        }
    }
}

impl FromRequest for Reader {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

impl FromRequest for Posted {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let reader = Reader::of(&request).await?;
            if !session::is_same_origin(&request, &reader.doors.public_url) {
                return Err(Turned::Foreign.into());
            }
            let body = web::Payload::from_request(&request, &mut payload).await?;
            let body = body.to_bytes_limited(FORM_MAX_BYTES).await;
            let body = body.map_err(|_| Turned::TooLarge)?;
            let body = body.map_err(|_| Turned::Malformed)?;
            let posted = Self::of(reader, form_urlencoded::parse(&body).into_owned());
            let (sent, own) = (posted.field("token"), &posted.reader.token);
            match bool::from(sent.as_bytes().ct_eq(own.as_bytes())) {
                true => Ok(posted),
                false => Err(Turned::Ended.into()),
            }
        })
    }
}
