//! A project's page, and that of its plan.

use askama::Template;

use crate::http::home::frame::Frame;
use crate::http::home::list::Status;
use crate::http::home::names::Names;
use crate::http::home::opened::Opened;
use crate::http::home::posted::Typed;
use crate::http::home::talk::Talk;
use crate::http::home::texts::Texts;
use crate::http::home::visit::Visit;
use crate::http::language::fill;
use crate::http::moment::Moment;
use crate::model::item::{ItemKind, ItemState};
use crate::model::project::{Handler, Progress, Project, Task, TaskState};

#[derive(Template)]
#[template(path = "home/project.html")]
struct ProjectPage<'a> {
    t: &'static Texts,
    frame: Frame,
    title: &'a str,
    description: &'a str,
    status: Status,
    owner: String,
    changed: Moment,
    progress: Bar,
    stages: Vec<StageView<'a>>,
    talk: Talk,
}

#[derive(Template)]
#[template(path = "home/plan.html")]
struct PlanPage<'a> {
    t: &'static Texts,
    frame: Frame,
    title: &'a str,
    status: Status,
    owner: String,
    changed: Moment,
    progress: Bar,
    tasks: Vec<TaskView<'a>>,
    talk: Talk,
}

struct StageView<'a> {
    title: &'a str,
    progress: Bar,
    tasks: Vec<TaskView<'a>>,
}

struct TaskView<'a> {
    title: &'a str,
    status: Status,
    handler: Option<String>,
    mine: bool,
    start: Option<String>,
    due: Option<String>,
    overdue: bool,
}

/// How much is done.
struct Bar {
    percent: usize,
    text: String,
}

/// A project or a plan in a list: how far it is in a word and in per cent.
pub(in crate::http::home) fn status(
    project: &Project,
    shown: ItemKind,
    t: &Texts,
) -> (Status, Option<usize>) {
    let tasks: Vec<&Task> = match shown {
        ItemKind::Plan => project.plan(),
        ItemKind::Project | ItemKind::Form | ItemKind::Record | ItemKind::Approval => {
            seen(project.tasks()).collect()
        }
    };
    let mine = tasks.iter().filter(|task| is_mine(task)).count();
    let status = match (project.head.state, mine) {
        (ItemState::Open, 1..) => Status::to_do(fill(t.your_tasks, mine)),
        (state, _) => Status::of(state, t),
    };
    (status, Some(Progress::of(tasks.into_iter()).percent()))
}

/// The project's page.
pub(in crate::http::home) fn page(
    visit: &Visit,
    opened: &Opened,
    project: &Project,
    typed: Option<&Typed>,
) -> askama::Result<String> {
    let t = visit.place.t;
    let head = &project.head;
    let stages = project.stages.iter();
    // A stage that is the company's own from end to end is not the customer's business.
    let stages = stages
        .filter(|stage| stage.tasks.is_empty() || stage.tasks.iter().any(|task| !task.internal));
    ProjectPage {
        t,
        frame: Frame::of(visit),
        title: &head.title,
        description: &head.description,
        status: Status::of(head.state, t),
        owner: opened.names.member(&head.owner),
        changed: Moment::to_minute(head.changed_at, t.lang),
        progress: Bar::of(seen(project.tasks()), t),
        stages: stages
            .map(|stage| StageView {
                title: &stage.title,
                progress: Bar::of(seen(stage.tasks.iter()), t),
                tasks: views(visit, &opened.names, seen(stage.tasks.iter())),
            })
            .collect(),
        talk: Talk::of(visit, opened, typed),
    }
    .render()
}

/// The plan's page.
pub(in crate::http::home) fn plan(
    visit: &Visit,
    opened: &Opened,
    project: &Project,
    typed: Option<&Typed>,
) -> askama::Result<String> {
    let t = visit.place.t;
    let head = &project.head;
    let plan = project.plan();
    PlanPage {
        t,
        frame: Frame::of(visit),
        title: &head.title,
        status: Status::of(head.state, t),
        owner: opened.names.member(&head.owner),
        changed: Moment::to_minute(head.changed_at, t.lang),
        progress: Bar::of(plan.iter().copied(), t),
        tasks: views(visit, &opened.names, plan.iter().copied()),
        talk: Talk::of(visit, opened, typed),
    }
    .render()
}

/// The tasks that customers see.
fn seen<'a>(tasks: impl Iterator<Item = &'a Task>) -> impl Iterator<Item = &'a Task> {
    tasks.filter(|task| !task.internal)
}

/// Whether the customer is to do it.
fn is_mine(task: &Task) -> bool {
    is_open(task) && task.handler == Some(Handler::Customer)
}

fn is_open(task: &Task) -> bool {
    match task.state {
        TaskState::Todo | TaskState::Doing => true,
        TaskState::Done | TaskState::Dropped => false,
    }
}

fn views<'a>(
    visit: &Visit,
    names: &Names,
    tasks: impl Iterator<Item = &'a Task>,
) -> Vec<TaskView<'a>> {
    let t = visit.place.t;
    let today = visit.place.doors.clock.now().in_beijing();
    let today = today.map(|now| now.date());
    let view = |task: &'a Task| TaskView {
        title: &task.title,
        status: match task.state {
            TaskState::Todo => Status::to_do(t.task_todo),
            TaskState::Doing => Status::going(t.task_doing),
            TaskState::Done => Status::over(t.task_done),
            TaskState::Dropped => Status::over(t.task_dropped),
        },
        handler: task.handler.as_ref().map(|handler| match handler {
            Handler::Member(userid) => names.member(userid),
            Handler::Customer => names.customer(),
        }),
        mine: is_mine(task),
        start: task.start.map(|day| day.to_string()),
        due: task.due.map(|day| day.to_string()),
        overdue: is_open(task) && task.due.is_some_and(|due| Some(due) < today),
    };
    tasks.map(view).collect()
}

impl Bar {
    fn of<'a>(tasks: impl Iterator<Item = &'a Task>, t: &Texts) -> Self {
        let progress = Progress::of(tasks);
        let text = fill(t.tasks_done, progress.done);
        Self {
            percent: progress.percent(),
            text: fill(&text, progress.all),
        }
    }
}
