//! Contacts and members as they are kept.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::http::api::{Caller, Page, corps, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::contact::{Contact, Ending, Greeting};
use crate::model::ids::{CorpId, ExternalUserId, UserId};
use crate::model::member::{Link, Member};
use crate::model::visit::Visit;
use crate::store::record::{Key, Record, Table};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Paging {
    pub(in crate::http::api) corp: Option<String>,
    pub(in crate::http::api) limit: Option<usize>,
    pub(in crate::http::api) after: Option<String>,
}

#[derive(Serialize)]
pub(in crate::http::api) struct Listed<T> {
    pub(in crate::http::api) corp: CorpId,
    #[serde(flatten)]
    pub(in crate::http::api) record: T,
}

#[derive(Serialize)]
struct ContactDetail {
    corp: CorpId,
    #[serde(flatten)]
    contact: Contact,
    greetings: Vec<Greeting>,
    endings: Vec<Ending>,
    visits: Vec<Visit>,
}

#[derive(Serialize)]
struct MemberDetail {
    #[serde(flatten)]
    member: Member,
    link: Option<Link>,
}

/// How many contacts one request looks at. A filtered page may be shorter than asked and still have a next one.
const LOOKED_AT_MAX: usize = 5_000;

/// How many are looked at in one round trip.
const STEP: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ContactFilter {
    corp: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
    /// Only those whose last member has left (true), or only those who have a member (false).
    without_member: Option<bool>,
}

/// `GET /api/v1/contacts`: by `external_userid`, corp by corp.
pub(in crate::http) async fn contacts(
    _: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<ContactFilter>,
) -> Result<HttpResponse, Problem> {
    let ContactFilter {
        corp,
        limit,
        after,
        without_member,
    } = filter.into_inner();
    let wanted = self::limit(limit)?;
    let step = without_member.map_or(wanted, |_| STEP);
    let mut paging = Paging {
        corp,
        limit: Some(step),
        after,
    };
    let mut items = Vec::new();
    for _ in 0..LOOKED_AT_MAX / STEP {
        let (records, mut next) = page(&doors, &paging, Table::Contacts).await?;
        for (corp, record) in records {
            let place = format!("{corp}:{}", record.key.key);
            let Some(record) = record.parse::<Contact>()? else {
                continue;
            };
            let lonely = record.follow_users.is_empty();
            if without_member.is_none_or(|without| without == lonely) {
                items.push(Listed { corp, record });
            }
            if items.len() == wanted && without_member.is_some() {
                next = Some(place);
                break;
            }
        }
        paging.after = next;
        if items.len() >= wanted || paging.after.is_none() {
            break;
        }
    }
    let next = paging.after;
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// `GET /api/v1/contacts/{external_userid}`: with what has been done and seen at each member.
pub(in crate::http) async fn contact(
    _: Caller,
    doors: web::Data<Doors>,
    id: web::Path<String>,
    paging: web::Query<Paging>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("No contact has this external_userid.");
    let id = ExternalUserId::parse(&id).map_err(|_| missing())?;
    for corp in corps(&doors, paging.corp.as_deref())? {
        let records = doors.store.read(corp, &[Key::contact(&id)]).await?;
        let Some(contact) = records
            .first()
            .map(Record::parse::<Contact>)
            .transpose()?
            .flatten()
        else {
            continue;
        };
        let mut detail = ContactDetail {
            corp: corp.clone(),
            contact,
            greetings: Vec::new(),
            endings: Vec::new(),
            visits: Vec::new(),
        };
        let tables = [Table::Greetings, Table::Endings, Table::Visits];
        for record in doors.store.of_contact(corp, &[], &tables, &id).await? {
            match record.key.table {
                Table::Greetings => detail.greetings.extend(record.parse::<Greeting>()?),
                Table::Endings => detail.endings.extend(record.parse::<Ending>()?),
                Table::Visits => detail.visits.extend(record.parse::<Visit>()?),
                Table::Contacts
                | Table::Members
                | Table::Links
                | Table::Cards
                | Table::Syncs
                | Table::Batches
                | Table::Sightings
                | Table::TagNames
                | Table::Switches => {}
            }
        }
        return Ok(HttpResponse::Ok().json(detail));
    }
    Err(missing())
}

/// `GET /api/v1/members`: by userid, corp by corp, each with its link.
pub(in crate::http) async fn members(
    _: Caller,
    doors: web::Data<Doors>,
    paging: web::Query<Paging>,
) -> Result<HttpResponse, Problem> {
    let (records, next) = page(&doors, &paging, Table::Members).await?;
    let mut items = Vec::with_capacity(records.len());
    for (corp, record) in records {
        if let Some(record) = record.parse::<Member>()? {
            let record = with_link(&doors, &corp, record).await?;
            items.push(Listed { corp, record });
        }
    }
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// `GET /api/v1/members/{userid}`: with its link. The spelling's case does not matter.
pub(in crate::http) async fn member(
    _: Caller,
    doors: web::Data<Doors>,
    id: web::Path<String>,
    paging: web::Query<Paging>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("No member has this userid.");
    let id = UserId::parse(&id).map_err(|_| missing())?;
    for corp in corps(&doors, paging.corp.as_deref())? {
        let records = doors.store.read(corp, &[Key::member(&id)]).await?;
        if let Some(member) = records
            .first()
            .map(Record::parse::<Member>)
            .transpose()?
            .flatten()
        {
            let record = with_link(&doors, corp, member).await?;
            return Ok(HttpResponse::Ok().json(Listed {
                corp: corp.clone(),
                record,
            }));
        }
    }
    Err(missing())
}

async fn with_link(doors: &Doors, corp: &CorpId, member: Member) -> Result<MemberDetail, Problem> {
    let records = doors.store.read(corp, &[Key::link(&member.userid)]).await?;
    let link = records
        .first()
        .map(Record::parse::<Link>)
        .transpose()?
        .flatten();
    Ok(MemberDetail { member, link })
}

/// One page of a table over the wanted corps. The cursor is `corp:key`.
pub(in crate::http::api) async fn page(
    doors: &Doors,
    paging: &Paging,
    table: Table,
) -> Result<(Vec<(CorpId, Record)>, Option<String>), Problem> {
    let limit = limit(paging.limit)?;
    let cursor = match paging.after.as_deref().map(|after| after.split_once(':')) {
        Some(None) => {
            return Err(Problem::bad_request(
                "`after` is the `next` of the page before.",
            ));
        }
        cursor => cursor.flatten(),
    };
    let mut found: Vec<(CorpId, Record)> = Vec::new();
    for corp in corps(doors, paging.corp.as_deref())? {
        let after = match cursor {
            Some((at, _)) if corp.as_str() < at => continue,
            Some((at, key)) if corp.as_str() == at => Some(key),
            _ => None,
        };
        let wanted = limit - found.len();
        let records = doors.store.list(corp, table, after, wanted).await?;
        found.extend(records.into_iter().map(|record| (corp.clone(), record)));
        if found.len() == limit {
            let next = found
                .last()
                .map(|(corp, record)| format!("{corp}:{}", record.key.key));
            return Ok((found, next));
        }
    }
    Ok((found, None))
}
