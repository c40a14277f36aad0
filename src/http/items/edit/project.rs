//! A project as it is typed: stages with tasks.

use jiff::civil::Date;

use crate::decide::rejection::{Fault, Wrong};
use crate::decide::request::Content;
use crate::http::items::access::{Posted, Reader};
use crate::http::items::change::handler_of;
use crate::http::items::edit::fields::{Do, count, key};
use crate::http::items::look::{Choice, task_states, written};
use crate::http::items::names::Names;
use crate::http::items::texts::Texts;
use crate::http::items::turned::Turned;
use crate::model::ids::UserId;
use crate::model::item::Item;
use crate::model::project::{Handler, Project, Stage, Task, TaskState};

/// The most stages, and the most tasks of one.
const STAGES_MAX: usize = 20;
const TASKS_MAX: usize = 100;

/// The stages.
#[derive(Debug, Default)]
pub(in crate::http::items) struct ProjectSheet {
    pub(in crate::http::items) stages: Vec<StageSheet>,
}

/// A stage.
#[derive(Debug, Default)]
pub(in crate::http::items) struct StageSheet {
    pub(in crate::http::items) title: String,
    pub(in crate::http::items) tasks: Vec<TaskSheet>,
}

/// A task.
#[derive(Debug, Default)]
pub(in crate::http::items) struct TaskSheet {
    pub(in crate::http::items) key: String,
    pub(in crate::http::items) title: String,
    pub(in crate::http::items) state: String,
    pub(in crate::http::items) handler: String,
    pub(in crate::http::items) start: String,
    pub(in crate::http::items) due: String,
    pub(in crate::http::items) internal: bool,
}

impl TaskSheet {
    /// The states to choose from.
    pub(in crate::http::items) fn states(&self, t: &Texts) -> Vec<Choice> {
        task_states(&self.state, t)
    }
}

impl StageSheet {
    fn blank() -> Self {
        Self {
            title: String::new(),
            tasks: vec![TaskSheet::default()],
        }
    }
}

impl ProjectSheet {
    /// One stage to begin with.
    pub(in crate::http::items::edit) fn blank(t: &Texts) -> Self {
        let first = StageSheet {
            title: t.first_stage.to_owned(),
            ..StageSheet::blank()
        };
        Self {
            stages: vec![first],
        }
    }

    /// What a project is.
    pub(in crate::http::items::edit) fn of(project: &Project, names: &Names, t: &Texts) -> Self {
        let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
        let task = |task: &Task| TaskSheet {
            key: task.key.clone(),
            title: task.title.clone(),
            state: task.state.name().to_owned(),
            handler: written(task.handler.as_ref(), names, t),
            start: day(task.start),
            due: day(task.due),
            internal: task.internal,
        };
        let stage = |stage: &Stage| StageSheet {
            title: stage.title.clone(),
            tasks: stage.tasks.iter().map(task).collect(),
        };
        Self {
            stages: project.stages.iter().map(stage).collect(),
        }
    }

    /// What was sent.
    pub(in crate::http::items::edit) fn read(posted: &Posted) -> Self {
        let stage = |n: usize| {
            let place = format!("stages[{n}]");
            let list = format!("{place}.tasks");
            let task = |m: usize| {
                let text = |name: &str| {
                    let field = posted.raw(&format!("{list}[{m}].{name}"));
                    field.unwrap_or_default().trim().to_owned()
                };
                TaskSheet {
                    key: text("key"),
                    title: text("title"),
                    state: text("state"),
                    handler: text("handler"),
                    start: text("start"),
                    due: text("due"),
                    internal: text("internal") == "1",
                }
            };
            let title = posted.field(&format!("{place}.title"));
            StageSheet {
                title: title.to_owned(),
                tasks: (0..count(posted, &list, "title", TASKS_MAX))
                    .map(task)
                    .collect(),
            }
        };
        Self {
            stages: (0..count(posted, "stages", "title", STAGES_MAX))
                .map(stage)
                .collect(),
        }
    }

    /// Does what a button says.
    pub(in crate::http::items::edit) fn turn(&mut self, button: &Do) {
        for (n, stage) in self.stages.iter_mut().enumerate() {
            let list = format!("stages[{n}].tasks");
            button.turn(&list, &mut stage.tasks, TASKS_MAX, TaskSheet::default);
        }
        button.turn("stages", &mut self.stages, STAGES_MAX, StageSheet::blank);
    }

    /// As commands take it. Tasks get the keys that were left empty; rows in which nothing stands are left out.
    pub(in crate::http::items::edit) async fn content(
        &mut self,
        reader: &Reader,
        before: Option<&Item>,
        faults: &mut Vec<Fault>,
    ) -> Result<Content, Turned> {
        self.tidy(reader)?;
        let kept = handlers(before);
        let kept: Vec<&UserId> = kept.iter().collect();
        // Few people do many tasks.
        let mut found: Vec<(String, Result<Option<Handler>, Wrong>)> = Vec::new();
        let mut stages = Vec::with_capacity(self.stages.len());
        for (n, stage) in self.stages.iter().enumerate() {
            let mut tasks = Vec::with_capacity(stage.tasks.len());
            for (m, task) in stage.tasks.iter().enumerate() {
                let place = format!("stages[{n}].tasks[{m}]");
                let known = found.iter().find(|(text, _)| *text == task.handler);
                let handler = match known {
                    Some((_, handler)) => handler.clone(),
                    None => {
                        let handler = handler_of(reader, &task.handler, &kept).await?;
                        found.push((task.handler.clone(), handler.clone()));
                        handler
                    }
                };
                let handler = handler.unwrap_or_else(|wrong| {
                    faults.push(Fault::new(format!("{place}.handler"), wrong));
                    None
                });
                tasks.push(Task {
                    key: task.key.clone(),
                    title: task.title.clone(),
                    state: TaskState::parse(&task.state).unwrap_or_default(),
                    handler,
                    start: day(&task.start, &place, ".start", faults),
                    due: day(&task.due, &place, ".due", faults),
                    internal: task.internal,
                });
            }
            stages.push(Stage {
                title: stage.title.clone(),
                tasks,
            });
        }
        Ok(Content::Project { stages })
    }

    fn tidy(&mut self, reader: &Reader) -> Result<(), Turned> {
        let is_empty = |task: &TaskSheet| {
            let texts = [
                &task.key,
                &task.title,
                &task.handler,
                &task.start,
                &task.due,
            ];
            texts.iter().all(|text| text.is_empty())
        };
        for stage in &mut self.stages {
            stage.tasks.retain(|task| !is_empty(task));
        }
        self.stages
            .retain(|stage| !stage.title.is_empty() || !stage.tasks.is_empty());
        let tasks = self.stages.iter_mut().flat_map(|stage| &mut stage.tasks);
        for task in tasks.filter(|task| task.key.is_empty()) {
            task.key = key('t', reader.random()?);
        }
        Ok(())
    }

    /// Line by line.
    pub(in crate::http::items::edit) fn lines(&self, t: &Texts, lines: &mut Vec<String>) {
        for stage in &self.stages {
            lines.push(format!("{}: {}", t.stage, stage.title));
            for task in &stage.tasks {
                let state = self.state_title(task, t);
                let mut parts = vec![task.title.clone(), state, task.handler.clone()];
                parts.extend([task.start.clone(), task.due.clone()]);
                parts.extend(task.internal.then(|| t.internal.to_owned()));
                parts.retain(|part| !part.is_empty());
                lines.push(format!("{} / {}", stage.title, parts.join(" · ")));
            }
        }
    }

    fn state_title(&self, task: &TaskSheet, t: &Texts) -> String {
        let states = task.states(t).into_iter();
        let mut chosen = states.filter(|state| state.chosen);
        chosen.next().map_or_else(String::new, |state| state.title)
    }
}

/// Everybody who does something in the project as it is.
fn handlers(before: Option<&Item>) -> Vec<UserId> {
    let Some(Item::Project(project)) = before else {
        return Vec::new();
    };
    let handlers = project.tasks().filter_map(|task| match &task.handler {
        Some(Handler::Member(userid)) => Some(userid.clone()),
        Some(Handler::Customer) | None => None,
    });
    handlers.collect()
}

/// A day, if one is typed.
pub(in crate::http::items::edit) fn day(
    text: &str,
    place: &str,
    rest: &str,
    faults: &mut Vec<Fault>,
) -> Option<Date> {
    if text.is_empty() {
        return None;
    }
    match text.parse() {
        Ok(day) => Some(day),
        Err(_) => {
            faults.push(Fault::new(format!("{place}{rest}"), Wrong::NotADay));
            None
        }
    }
}
