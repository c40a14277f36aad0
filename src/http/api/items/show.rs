//! Items as they are shown: as they are kept, with what is derived from them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::http::api::About;
use crate::http::api::caller::Caller;
use crate::http::api::items::{ById, Kind};
use crate::http::doors::Doors;
use crate::http::error::Problem;
use crate::model::effect::Shelf;
use crate::model::ids::CorpId;
use crate::model::item::{ExternalRef, Head, Item, ItemKind, ItemRef};
use crate::model::project::{Progress, Project, Stage, Task};
use crate::store::record::{Key, Record};

/// An item in an answer.
#[derive(Serialize)]
pub(in crate::http::api::items) struct ItemView<'a> {
    corp: &'a CorpId,
    /// Its reference, as grants and comments name it.
    item: ItemRef,
    #[serde(flatten)]
    content: ContentView<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ContentView<'a> {
    Project(ProjectView<'a>),
    Other(&'a Item),
}

#[derive(Serialize)]
struct ProjectView<'a> {
    kind: ItemKind,
    #[serde(flatten)]
    head: &'a Head,
    stages: Vec<StageView<'a>>,
    progress: ProgressView,
    /// What customers see of its tasks as its plan.
    plan: Vec<&'a Task>,
}

#[derive(Serialize)]
struct StageView<'a> {
    #[serde(flatten)]
    stage: &'a Stage,
    progress: ProgressView,
}

#[derive(Serialize)]
struct ProgressView {
    #[serde(flatten)]
    progress: Progress,
    percent: usize,
}

impl<'a> ItemView<'a> {
    /// An item of this corp.
    pub(in crate::http::api::items) fn of(corp: &'a CorpId, item: &'a Item) -> Self {
        let content = match item {
            Item::Project(project) => ContentView::Project(ProjectView::of(project)),
            Item::Form(_) | Item::Record(_) | Item::Approval(_) => ContentView::Other(item),
        };
        Self {
            corp,
            item: item.item_ref(),
            content,
        }
    }
}

impl<'a> ProjectView<'a> {
    fn of(project: &'a Project) -> Self {
        let stages = project.stages.iter().map(|stage| StageView {
            stage,
            progress: Progress::of(stage.tasks.iter()).into(),
        });
        Self {
            kind: ItemKind::Project,
            head: &project.head,
            stages: stages.collect(),
            progress: project.progress().into(),
            plan: project.plan(),
        }
    }
}

impl From<Progress> for ProgressView {
    fn from(progress: Progress) -> Self {
        let percent = progress.percent();
        Self { progress, percent }
    }
}

/// What the company's own system calls an item, in an address.
#[derive(Deserialize)]
pub(in crate::http::api::items) struct ByRef {
    pub(in crate::http::api::items) external_ref: String,
}

/// `GET /api/v1/{kind}/{id}`.
pub(in crate::http::api::items) async fn by_id(
    caller: Caller,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<ById>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let item = kind.item(&path.id)?;
    let (corp, item) = of_any_corp(&caller, &doors, &about, &item).await?;
    Ok(HttpResponse::Ok().json(ItemView::of(corp, &item)))
}

/// `GET /api/v1/{kind}/by-ref/{external_ref}`: the item that the company's own system calls so.
pub(in crate::http::api::items) async fn by_ref(
    caller: Caller,
    kind: Kind,
    doors: web::Data<Doors>,
    path: web::Path<ByRef>,
    about: web::Query<About>,
) -> Result<HttpResponse, Problem> {
    let reference = ExternalRef::parse(&path.external_ref).map_err(|_| kind.missing())?;
    let key = Key::the_one_on(&Shelf::Ref(kind.0, reference));
    for corp in caller.corps(about.corp())? {
        let records = doors.store.read(corp, std::slice::from_ref(&key)).await?;
        let found = records.first().map(Record::parse::<ItemRef>).transpose()?;
        if let Some(item) = found.flatten()
            && let Some(item) = kept(&doors, corp, &item).await?
        {
            return Ok(HttpResponse::Ok().json(ItemView::of(corp, &item)));
        }
    }
    Err(kind.missing())
}

/// Answers with an item as it is now.
pub(in crate::http::api::items) async fn answer(
    doors: &Doors,
    corp: &CorpId,
    item: &ItemRef,
) -> Result<HttpResponse, Problem> {
    let item = kept(doors, corp, item).await?;
    let item = item.ok_or_else(|| Problem::not_found("There is no such item."))?;
    Ok(HttpResponse::Ok().json(ItemView::of(corp, &item)))
}

/// Answers with an item that was made, and where it is found.
pub(in crate::http::api::items) fn made(corp: &CorpId, item: &Item) -> HttpResponse {
    let kind = Kind(item.kind());
    let place = format!("/api/v1/{}/{}", kind.plural(), item.head().id);
    HttpResponse::build(StatusCode::CREATED)
        .insert_header(("Location", place))
        .json(ItemView::of(corp, item))
}

/// The item, in whichever of the corps that are asked about.
pub(in crate::http::api::items) async fn of_any_corp<'c>(
    caller: &'c Caller,
    doors: &Doors,
    about: &About,
    item: &ItemRef,
) -> Result<(&'c CorpId, Item), Problem> {
    for corp in caller.corps(about.corp())? {
        if let Some(item) = kept(doors, corp, item).await? {
            return Ok((corp, item));
        }
    }
    Err(Kind(item.kind).missing())
}

/// The item as it is kept; of a plan, its project.
pub(in crate::http::api::items) async fn kept(
    doors: &Doors,
    corp: &CorpId,
    item: &ItemRef,
) -> Result<Option<Item>, Problem> {
    let records = doors.store.read(corp, &[Key::item(item)]).await?;
    let item = records.first().map(Record::parse::<Item>).transpose()?;
    Ok(item.flatten())
}
