//! Contacts and members as they are kept.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::http::api::caller::Caller;
use crate::http::api::{About, Page, limit};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::http::names::NamesOfNow;
use crate::model::contact::{Contact, Ending, Greeting, TransferFailure};
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

/// Which contacts are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ContactFilter {
    corp: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
    members: Option<Members>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Members {
    /// Only contacts whose last member has left.
    None,
}

/// How many contacts one request looks at for those without a member, and how many in one round trip. Such a page may
/// be shorter than asked and still have a next one.
const LOOKED_AT_MAX: usize = 5_000;
const STEP: usize = 200;

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
    transfer_failures: Vec<TransferFailure>,
    visits: Vec<Visit>,
}

#[derive(Serialize)]
struct MemberDetail {
    #[serde(flatten)]
    member: Member,
    link: Option<Link>,
}

/// `GET /api/v1/contacts`: by `external_userid`, corp by corp; with `members=none`, those whose last member has left.
pub(in crate::http) async fn contacts(
    caller: Caller,
    doors: web::Data<Doors>,
    filter: web::Query<ContactFilter>,
) -> Result<HttpResponse, Problem> {
    let ContactFilter {
        corp,
        limit,
        after,
        members,
    } = filter.into_inner();
    let wanted = self::limit(limit)?;
    let (step, steps) = match members {
        None => (wanted, 1),
        Some(Members::None) => (STEP, LOOKED_AT_MAX / STEP),
    };
    let limit = Some(step);
    let mut paging = Paging { corp, limit, after };
    let mut names = NamesOfNow::default();
    let mut items = Vec::new();
    for _ in 0..steps {
        let (records, mut next) = page(&caller, &doors, &paging, Table::Contacts).await?;
        for (corp, record) in records {
            if items.len() == wanted {
                break;
            }
            let place = format!("{corp}:{}", record.key.key);
            let Some(mut record) = record.parse::<Contact>()? else {
                continue;
            };
            if members.is_none() || record.follow_users.is_empty() {
                names.apply(&doors.store, &corp, &mut record).await?;
                items.push(Listed { corp, record });
            }
            if members.is_some() && items.len() == wanted {
                next = Some(place);
            }
        }
        paging.after = next;
        if items.len() == wanted || paging.after.is_none() {
            break;
        }
    }
    let next = paging.after;
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// `GET /api/v1/contacts/{external_userid}`: with what has been done and seen at each member.
pub(in crate::http) async fn contact(
    caller: Caller,
    doors: web::Data<Doors>,
    id: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("No contact has this external_userid.");
    let id = ExternalUserId::parse(&id).map_err(|_| missing())?;
    for corp in caller.corps(about.corp())? {
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
            transfer_failures: Vec::new(),
            visits: Vec::new(),
        };
        let mut names = NamesOfNow::default();
        names.apply(&doors.store, corp, &mut detail.contact).await?;
        let tables = [
            Table::Greetings,
            Table::Endings,
            Table::TransferFailures,
            Table::Visits,
        ];
        for record in doors.store.of_contact(corp, &[], &tables, &id).await? {
            if record.key.table == Table::Greetings {
                detail.greetings.extend(record.parse::<Greeting>()?);
            } else if record.key.table == Table::Endings {
                detail.endings.extend(record.parse::<Ending>()?);
            } else if record.key.table == Table::Visits {
                detail.visits.extend(record.parse::<Visit>()?);
            } else {
                let failure = record.parse::<TransferFailure>()?;
                let open = failure.filter(|failure| !detail.contact.has_since(failure));
                detail.transfer_failures.extend(open);
            }
        }
        return Ok(HttpResponse::Ok().json(detail));
    }
    Err(missing())
}

/// `GET /api/v1/members`: by userid, corp by corp, each with its link.
pub(in crate::http) async fn members(
    caller: Caller,
    doors: web::Data<Doors>,
    paging: web::Query<Paging>,
) -> Result<HttpResponse, Problem> {
    let (records, next) = page(&caller, &doors, &paging, Table::Members).await?;
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
    caller: Caller,
    doors: web::Data<Doors>,
    id: web::Path<String>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("No member has this userid.");
    let id = UserId::parse(&id).map_err(|_| missing())?;
    for corp in caller.corps(about.corp())? {
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
    caller: &Caller,
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
    for corp in caller.corps(paging.corp.as_deref())? {
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
