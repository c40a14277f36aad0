//! Projects (项目): stages that run side by side, tasks with handlers and dates.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::ids::UserId;
use crate::model::item::Head;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// What all items have in common.
    #[serde(flatten)]
    pub head: Head,
    /// At most 20; they run side by side.
    pub stages: Vec<Stage>,
}

/// A stage (阶段) of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// At most 60 characters.
    pub title: String,
    /// At most 100.
    pub tasks: Vec<Task>,
}

/// A task (任务).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Tells it from the project's other tasks, whatever its place: 1 to 40 letters, digits, `-` or `_`.
    pub key: String,
    /// At most 100 characters.
    pub title: String,
    /// How far it is.
    #[serde(default)]
    pub state: TaskState,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<Handler>,
    /// The day on which it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Date>,
    /// The day on which it should be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Whether customers do not see it.
    #[serde(default)]
    pub internal: bool,
}

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Not begun.
    #[default]
    Todo,
    /// In work.
    Doing,
    /// Done.
    Done,
    /// It will not be done, and no longer counts.
    Dropped,
}

impl TaskState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Todo, Self::Doing, Self::Done, Self::Dropped];

    /// Its word in JSON and forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Doing => "doing",
            Self::Done => "done",
            Self::Dropped => "dropped",
        }
    }

    /// Reads what [`name`](Self::name) gave.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Who does a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handler {
    /// A member.
    Member(UserId),
    /// The customers themselves.
    Customer,
}

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Progress {
    /// Tasks that are done.
    pub done: usize,
    /// Tasks that count.
    pub all: usize,
}

impl Progress {
    /// Of these tasks; dropped ones do not count.
    pub fn of<'a>(tasks: impl Iterator<Item = &'a Task>) -> Self {
        tasks.fold(Self::default(), |sum, task| match task.state {
            TaskState::Done => Self {
                done: sum.done + 1,
                all: sum.all + 1,
            },
            TaskState::Todo | TaskState::Doing => Self {
                all: sum.all + 1,
                ..sum
            },
            TaskState::Dropped => sum,
        })
    }

    /// Whole per cent, rounded down: 100 only when all is done. Nothing to do counts as 0.
    pub fn percent(self) -> usize {
        (self.done * 100).checked_div(self.all).unwrap_or(0)
    }
}

impl Project {
    /// All tasks, stage by stage.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.stages.iter().flat_map(|stage| &stage.tasks)
    }

    /// How much of it is done.
    pub fn progress(&self) -> Progress {
        Progress::of(self.tasks())
    }

    /// The plan (计划): the tasks that customers see and that have a date, by due day, then start.
    pub fn plan(&self) -> Vec<&Task> {
        let dated = |task: &&Task| !task.internal && (task.due.is_some() || task.start.is_some());
        let mut plan: Vec<&Task> = self.tasks().filter(dated).collect();
        plan.sort_by_key(|task| (task.due.or(task.start), task.start));
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(state: TaskState, due: Option<&str>) -> Task {
        Task {
            key: "t".into(),
            title: "t".into(),
            state,
            handler: None,
            start: None,
            due: due.map(|day| day.parse().unwrap()),
            internal: false,
        }
    }

    #[test]
    fn progress_counts_what_is_to_be_done() {
        use TaskState::{Doing, Done, Dropped, Todo};
        for (states, expected) in [
            (&[][..], (0, 0, 0)),
            (&[Todo], (0, 1, 0)),
            (&[Done, Doing, Todo], (1, 3, 33)),
            (&[Done, Dropped], (1, 1, 100)),
            (&[Dropped], (0, 0, 0)),
        ] {
            let tasks: Vec<Task> = states.iter().map(|state| task(*state, None)).collect();
            let progress = Progress::of(tasks.iter());
            let seen = (progress.done, progress.all, progress.percent());
            assert_eq!(seen, expected, "{states:?}");
        }
    }
}
