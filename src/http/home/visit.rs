//! Who is at a customer's page, and whose page it is. There is no other way to a customer's data.

use actix_web::cookie::Cookie;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::decide::item::sight;
use crate::http::doors::{Doors, Tenant};
use crate::http::files::asker::Asker;
use crate::http::home::choose;
use crate::http::home::texts::Texts;
use crate::http::home::turned::{Instead, Why, notice, unanswered};
use crate::http::language::Language;
use crate::http::login;
use crate::http::personal;
use crate::http::session::{self, Session, Who};
use crate::http::staff;
use crate::model::contact::Contact;
use crate::model::follower::Follower;
use crate::model::grant::Grant;
use crate::model::ids::{CorpId, ExternalUserId, OpenId, UserId};
use crate::model::item::{Item, ItemRef};
use crate::store::error::StoreError;
use crate::store::record::{Key, Record};

/// A page of a company, before it is known who is there.
pub(in crate::http::home) struct Place {
    pub(in crate::http::home) doors: web::Data<Doors>,
    pub(in crate::http::home) tenant: Tenant,
    tenant_key: String,
    pub(in crate::http::home) t: &'static Texts,
    /// The language that was chosen with this address.
    pub(in crate::http::home) chosen: Option<Language>,
    /// The page's path, without its query.
    pub(in crate::http::home) path: String,
    query: Vec<(String, String)>,
}

/// A reader who may see this customer's pages.
pub(in crate::http::home) struct Visit {
    pub(in crate::http::home) place: Place,
    /// Whose pages.
    pub(in crate::http::home) contact: ExternalUserId,
    /// Who looks at them.
    pub(in crate::http::home) reader: Reader,
    /// The tag that the forms of this session carry.
    pub(in crate::http::home) token: String,
    /// Brings files, where that is this reader's to do.
    pub(in crate::http::home) uploader: Option<Asker>,
    /// The QR code of the service account, for customers who do not follow it.
    pub(in crate::http::home) qr_code: Option<String>,
}

/// Who looks at a customer's pages.
pub(in crate::http::home) enum Reader {
    /// The customer.
    Customer,
    /// A member who follows the customer, and looks only.
    Preview {
        /// Who.
        userid: UserId,
        /// The customer's name.
        name: String,
        /// The personal link that led here. Links on the page lead on with the same one, so that the page stays the same.
        token: String,
    },
}

impl Place {
    /// Reads a page's address. Without a code that is known: an explanation; with one that was replaced a short while
    /// ago: the way to the address that took its place.
    pub(in crate::http::home) fn of(request: &HttpRequest) -> Result<Self, Instead> {
        let doors = request.app_data::<web::Data<Doors>>();
        let doors = doors
            .ok_or_else(|| Instead::from(HttpResponse::InternalServerError().finish()))?
            .clone();
        let query: Vec<(String, String)> =
            form_urlencoded::parse(request.query_string().as_bytes())
                .into_owned()
                .collect();
        let chosen = one(&query, "lang").and_then(Language::of);
        let t = chosen.map_or_else(|| Texts::for_reader(request), Texts::of);
        let bad_link = || Instead::from(notice(&doors, t, Why::BadLink, None, None));
        let tenant_key = one(&query, "tenantKey").ok_or_else(bad_link)?.to_owned();
        let Some(tenant) = doors.tenant(Some(&tenant_key)).cloned() else {
            return Err(match doors.former_home(&tenant_key) {
                Some(home) => HttpResponse::Found()
                    .insert_header((LOCATION, home.as_str()))
                    .insert_header((CACHE_CONTROL, "no-store"))
                    .finish()
                    .into(),
                None => bad_link(),
            });
        };
        Ok(Self {
            tenant,
            tenant_key,
            t,
            chosen,
            path: request.path().to_owned(),
            query,
            doors,
        })
    }

    /// The company's code in this address.
    pub(in crate::http::home) fn tenant_key(&self) -> &str {
        &self.tenant_key
    }

    /// The corp.
    pub(in crate::http::home) fn corp(&self) -> &CorpId {
        &self.tenant.corp
    }

    /// What the query says under this name; nothing, empty and said twice are the same.
    pub(in crate::http::home) fn asked(&self, name: &str) -> &str {
        one(&self.query, name).unwrap_or_default()
    }

    /// An address of the customer's pages, with these words in the query beside the company's code.
    pub(in crate::http::home) fn to(&self, path: &str, words: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("tenantKey", &self.tenant_key);
        query.extend_pairs(words.iter().filter(|(_, text)| !text.is_empty()));
        format!("{path}?{}", query.finish())
    }

    /// Tells why there is no page.
    pub(in crate::http::home) fn turned(&self, why: Why) -> Instead {
        let reopen = self.to(&self.path, &[]);
        let reopen = match why {
            Why::Ended | Why::Foreign | Why::TooLarge | Why::Malformed => Some(reopen.as_str()),
            Why::Agree
            | Why::BadLink
            | Why::Missing
            | Why::Stranger
            | Why::ReadOnly
            | Why::Unavailable => None,
        };
        let name = Some(self.tenant.for_customers());
        notice(&self.doors, self.t, why, name, reopen).into()
    }

    /// What the store answered, or a page that says that it did not.
    pub(in crate::http::home) fn stored<T>(
        &self,
        answer: Result<T, StoreError>,
    ) -> Result<T, Instead> {
        answer.map_err(|problem| unanswered(&self.doors, self.t, &problem))
    }

    /// Reads records in one round trip.
    pub(in crate::http::home) async fn read(&self, keys: &[Key]) -> Result<Vec<Record>, Instead> {
        self.stored(self.doors.store.read(self.corp(), keys).await)
    }

    /// Reads one record.
    pub(in crate::http::home) async fn one<T: DeserializeOwned>(
        &self,
        key: Key,
    ) -> Result<Option<T>, Instead> {
        self.stored(self.doors.one(self.corp(), key).await)
    }

    /// The session of this company, if there is one.
    fn session(&self, request: &HttpRequest) -> Option<Session> {
        let doors = &self.doors;
        let now = doors.clock.now();
        let session: Option<Session> =
            session::read(request, &doors.session_key, &doors.public_url, now);
        session.filter(|session| session.corp == *self.corp())
    }

    fn token(&self, request: &HttpRequest) -> String {
        let doors = &self.doors;
        let (key, url) = (&doors.session_key, &doors.public_url);
        session::tag_of::<Session>(request, key, url, "home form").unwrap_or_default()
    }
}

impl Visit {
    /// Somebody opens a page. Who is not logged in is sent to the login first; a member who has not said whose page to
    /// look at is asked.
    pub(in crate::http::home) async fn look(request: &HttpRequest) -> Result<Self, Instead> {
        let place = Place::of(request)?;
        let Some(session) = place.session(request) else {
            let words: Vec<(&str, &str)> = place
                .query
                .iter()
                .map(|(name, text)| (name.as_str(), text.as_str()))
                .filter(|(name, _)| !["tenantKey", "code", "state"].contains(name))
                .collect();
            let back = place.to(&place.path, &words);
            let (tenant, key) = (&place.tenant, Some(place.tenant_key.as_str()));
            let away = login::start(&place.doors, tenant, key, &back);
            let away = away.unwrap_or_else(|problem| problem.error_response());
            return Err(away.into());
        };
        let token = place.token(request);
        let (contact, reader) = match session.who {
            Who::Contact(contact) => (contact, Reader::Customer),
            Who::Member(userid) => {
                let works_here = staff::works_here(&place.doors, place.corp(), &userid).await;
                if !place.stored(works_here)? {
                    return Err(place.turned(Why::Stranger));
                }
                let token = place.asked(personal::WORD).to_owned();
                let key = &place.doors.session_key;
                let Some(contact) = personal::read(key, place.corp(), &token) else {
                    return Err(choose::page(&place, &userid).await?.into());
                };
                let name = followed(&place, &contact, &userid).await?;
                let reader = Reader::Preview {
                    userid,
                    name,
                    token,
                };
                (contact, reader)
            }
        };
        let (qr_code, uploader) = match &reader {
            Reader::Customer => (
                to_follow(&place, &contact).await?,
                Asker::of(request, &place.doors),
            ),
            Reader::Preview { .. } => (None, None),
        };
        Ok(Self {
            place,
            contact,
            reader,
            token,
            uploader,
            qr_code,
        })
    }

    /// Somebody sends a form. Only customers do; nobody is sent to a login, for what they wrote would be lost.
    pub(in crate::http::home) fn act(request: &HttpRequest) -> Result<Self, Instead> {
        let place = Place::of(request)?;
        if !session::is_same_origin(request, &place.doors.public_url) {
            return Err(place.turned(Why::Foreign));
        }
        let session = place.session(request);
        match session.ok_or_else(|| place.turned(Why::Ended))?.who {
            Who::Contact(contact) => Ok(Self {
                token: place.token(request),
                uploader: Asker::of(request, &place.doors),
                place,
                contact,
                reader: Reader::Customer,
                qr_code: None,
            }),
            Who::Member(_) => Err(place.turned(Why::ReadOnly)),
        }
    }

    /// An address of this customer's pages, for the same reader.
    pub(in crate::http::home) fn to(&self, path: &str, words: &[(&str, &str)]) -> String {
        let preview = match &self.reader {
            Reader::Customer => "",
            Reader::Preview { token, .. } => token,
        };
        let all = [(personal::WORD, preview)];
        let all: Vec<(&str, &str)> = all.iter().chain(words).copied().collect();
        self.place.to(path, &all)
    }

    /// Whether this reader sees an item: the customer does, and so does a member who looks at their pages.
    pub(in crate::http::home) fn sees(
        &self,
        item: &Item,
        shown: &ItemRef,
        grant: Option<&Grant>,
    ) -> bool {
        let reader_sees = match &self.reader {
            Reader::Customer => true,
            Reader::Preview { userid, .. } => sight::member_sees(userid, item),
        };
        reader_sees && sight::contact_sees(&self.contact, item, shown, grant)
    }

    /// A tag that stands for this customer, where a browser keeps something for them.
    pub(in crate::http::home) fn person(&self) -> String {
        self.tag("home person", "")
    }

    /// A tag of one use, for this customer and this text.
    pub(in crate::http::home) fn tag(&self, use_: &str, text: &str) -> String {
        let of = format!("{}\n{}\n{text}", self.place.corp(), self.contact);
        self.place.doors.session_key.tag(use_, &of)
    }

    /// Puts the choice of a language into a cookie.
    pub(in crate::http::home) fn language_cookie(&self) -> Option<Cookie<'static>> {
        let chosen = self.place.chosen?;
        Some(chosen.cookie(&self.place.doors.public_url))
    }
}

/// The query's only word of this name.
fn one<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = query.iter().filter(|(word, _)| word == name);
    let first = found.next().filter(|(_, text)| !text.is_empty());
    first
        .filter(|_| found.next().is_none())
        .map(|(_, text)| text.as_str())
}

/// The name of a customer whom this member follows; any other is not there for them.
async fn followed(
    place: &Place,
    contact: &ExternalUserId,
    userid: &UserId,
) -> Result<String, Instead> {
    let contact: Option<Contact> = place.one(Key::contact(contact)).await?;
    let contact = contact.filter(|contact| contact.follow_of(userid).is_some());
    let contact = contact.ok_or_else(|| place.turned(Why::Missing))?;
    Ok(contact.name)
}

/// The QR code of the company's service account, unless it is known that the customer follows it.
async fn to_follow(place: &Place, contact: &ExternalUserId) -> Result<Option<String>, Instead> {
    let Some(qr_code) = &place.tenant.account_qr_code else {
        return Ok(None);
    };
    let contact: Option<Contact> = place.one(Key::contact(contact)).await?;
    let unionid = contact.and_then(|contact| contact.unionid);
    let openid: Option<OpenId> = match unionid {
        Some(unionid) => place.one(Key::follower_by_unionid(&unionid)).await?,
        None => None,
    };
    let follower: Option<Follower> = match openid {
        Some(openid) => place.one(Key::follower(&openid)).await?,
        None => None,
    };
    let follows = follower.is_some_and(|follower| follower.following);
    Ok((!follows).then(|| qr_code.to_string()))
}
