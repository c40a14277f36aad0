//! What belongs to an item's kind, as its page shows it.

use crate::http::files::show::{AttachmentList, attachment_list};
use crate::http::items::access::Reader;
use crate::http::items::names::{Names, Wanted};
use crate::http::items::show;
use crate::http::items::texts::Texts;
use crate::http::items::turned::Turned;
use crate::http::moment::Moment;
use crate::model::attachment::Attachment;
use crate::model::form::{CustomerUse, Field, FieldKind, Form, Submissions, Value};
use crate::model::ids::UserId;
use crate::model::item::{Item, ItemKind, ItemRef};
use crate::model::project::{Handler, Progress, Project, Task, TaskState};
use crate::model::record::{FollowUp, Record};
use crate::store::record::Key;

/// What belongs to the kind.
pub(in crate::http::items) enum Part {
    /// Of a project.
    Project(ProjectView),
    /// Of a form.
    Form(FormView),
    /// Of a record.
    Record(RecordView),
    /// Of an approval.
    Approval(ApprovalView),
}

/// A choice in a field.
pub(in crate::http::items) struct Choice {
    pub(in crate::http::items) name: String,
    pub(in crate::http::items) title: String,
    pub(in crate::http::items) chosen: bool,
}

/// A project's stages.
pub(in crate::http::items) struct ProjectView {
    pub(in crate::http::items) progress: Progress,
    pub(in crate::http::items) stages: Vec<StageView>,
}

/// A stage.
pub(in crate::http::items) struct StageView {
    pub(in crate::http::items) title: String,
    pub(in crate::http::items) progress: Progress,
    pub(in crate::http::items) tasks: Vec<TaskView>,
}

/// A task.
pub(in crate::http::items) struct TaskView {
    pub(in crate::http::items) key: String,
    pub(in crate::http::items) title: String,
    pub(in crate::http::items) state: (&'static str, &'static str),
    pub(in crate::http::items) state_name: &'static str,
    pub(in crate::http::items) states: Vec<Choice>,
    pub(in crate::http::items) handler: String,
    pub(in crate::http::items) written: String,
    pub(in crate::http::items) days: String,
    pub(in crate::http::items) internal: bool,
}

/// A form's fields.
pub(in crate::http::items) struct FormView {
    pub(in crate::http::items) fields: Vec<FieldView>,
    pub(in crate::http::items) submissions: &'static str,
    pub(in crate::http::items) steps: String,
}

/// A field.
pub(in crate::http::items) struct FieldView {
    pub(in crate::http::items) label: String,
    pub(in crate::http::items) kind: &'static str,
    pub(in crate::http::items) required: bool,
    pub(in crate::http::items) customer: &'static str,
    pub(in crate::http::items) hint: String,
}

/// A record's values and what was done about it.
pub(in crate::http::items) struct RecordView {
    pub(in crate::http::items) values: Vec<ValueView>,
    pub(in crate::http::items) contact: Option<String>,
    pub(in crate::http::items) form: (String, String),
    pub(in crate::http::items) step: String,
    pub(in crate::http::items) steps: Vec<Choice>,
    pub(in crate::http::items) handler: String,
    pub(in crate::http::items) written: String,
    pub(in crate::http::items) follow_ups: Vec<Entry>,
}

/// A value: texts or files.
pub(in crate::http::items) struct ValueView {
    pub(in crate::http::items) label: String,
    pub(in crate::http::items) texts: Vec<String>,
    pub(in crate::http::items) files: AttachmentList,
}

/// What was done about a record.
pub(in crate::http::items) struct Entry {
    pub(in crate::http::items) who: String,
    pub(in crate::http::items) at: Moment,
    pub(in crate::http::items) text: String,
    pub(in crate::http::items) internal: bool,
}

/// Who is asked, and the answer.
pub(in crate::http::items) struct ApprovalView {
    pub(in crate::http::items) contact: String,
    pub(in crate::http::items) about: Option<(String, String)>,
    pub(in crate::http::items) files: AttachmentList,
    pub(in crate::http::items) answer: Option<AnswerView>,
}

/// An answer.
pub(in crate::http::items) struct AnswerView {
    pub(in crate::http::items) verdict: (&'static str, &'static str),
    pub(in crate::http::items) remark: String,
    pub(in crate::http::items) at: Moment,
}

/// Members whom values name.
pub(in crate::http::items) fn wanted(item: &Item, wanted: &mut Wanted) {
    let Item::Record(record) = item else { return };
    for field in &record.fields {
        if let (FieldKind::Member, Some(value)) = (&field.kind, record.values.get(&field.key)) {
            let ids = value.texts().iter();
            ids.filter_map(|id| UserId::parse(id).ok())
                .for_each(|userid| wanted.member(&userid));
        }
    }
}

/// What belongs to the kind of this item.
pub(in crate::http::items) async fn part(
    reader: &Reader,
    item: &Item,
    names: &Names,
) -> Result<Part, Turned> {
    let t = reader.t;
    Ok(match item {
        Item::Project(project) => Part::Project(project_view(project, names, t)),
        Item::Form(form) => Part::Form(form_view(form, t)),
        Item::Record(record) => Part::Record(record_view(reader, record, names).await?),
        Item::Approval(approval) => Part::Approval(ApprovalView {
            contact: names.contact(&approval.contact),
            about: match &approval.about {
                Some(about) => link(reader, about).await?,
                None => None,
            },
            files: files(reader, &approval.attachments).await?,
            answer: approval.answer.as_ref().map(|answer| AnswerView {
                verdict: show::consent(answer.verdict, t),
                remark: answer.remark.clone(),
                at: Moment::to_minute(answer.at, t.lang),
            }),
        }),
    })
}

/// An item's address and title, if this reader sees it.
async fn link(reader: &Reader, item: &ItemRef) -> Result<Option<(String, String)>, Turned> {
    let found = reader.read_item(item).await?;
    Ok(found.map(|found| (reader.place.item(item), found.head().title.clone())))
}

fn project_view(project: &Project, names: &Names, t: &'static Texts) -> ProjectView {
    let stages = project.stages.iter().map(|stage| StageView {
        title: stage.title.clone(),
        progress: Progress::of(stage.tasks.iter()),
        tasks: stage
            .tasks
            .iter()
            .map(|task| task_view(task, names, t))
            .collect(),
    });
    ProjectView {
        progress: project.progress(),
        stages: stages.collect(),
    }
}

fn task_view(task: &Task, names: &Names, t: &'static Texts) -> TaskView {
    let days = match (task.start, task.due) {
        (Some(start), Some(due)) => format!("{start} – {due}"),
        (Some(start), None) => format!("{start} –"),
        (None, Some(due)) => format!("– {due}"),
        (None, None) => String::new(),
    };
    TaskView {
        key: task.key.clone(),
        title: task.title.clone(),
        state: show::task(task.state, t),
        state_name: task.state.name(),
        states: task_states(task.state.name(), t),
        handler: show::handler(task.handler.as_ref(), names, t),
        written: written(task.handler.as_ref(), names, t),
        days,
        internal: task.internal,
    }
}

/// A handler as fields write them.
pub(in crate::http::items) fn written(
    handler: Option<&Handler>,
    names: &Names,
    t: &Texts,
) -> String {
    match handler {
        Some(Handler::Member(userid)) => names.written(userid),
        Some(Handler::Customer) | None => show::handler(handler, names, t),
    }
}

/// The states of a task to choose from.
pub(in crate::http::items) fn task_states(chosen: &str, t: &Texts) -> Vec<Choice> {
    let choice = |state: TaskState| Choice {
        name: state.name().to_owned(),
        title: show::task(state, t).0.to_owned(),
        chosen: state.name() == chosen,
    };
    TaskState::ALL.into_iter().map(choice).collect()
}

fn form_view(form: &Form, t: &'static Texts) -> FormView {
    let fields = form.fields.iter().map(|field| FieldView {
        label: field.label.clone(),
        kind: t.field_kind(field.kind.name()),
        required: field.required,
        customer: match field.customer {
            CustomerUse::FillsIn => t.customer_fills_in,
            CustomerUse::Sees => t.customer_sees,
            CustomerUse::Nothing => t.customer_nothing,
        },
        hint: field.hint.clone(),
    });
    FormView {
        fields: fields.collect(),
        submissions: match form.submissions {
            Submissions::One => t.submissions_one,
            Submissions::Many => t.submissions_many,
        },
        steps: form.steps.join(" → "),
    }
}

async fn record_view(
    reader: &Reader,
    record: &Record,
    names: &Names,
) -> Result<RecordView, Turned> {
    let t = reader.t;
    let mut values = Vec::with_capacity(record.fields.len());
    for field in &record.fields {
        if let Some(value) = record.values.get(&field.key) {
            let is_files = matches!(field.kind, FieldKind::Attachment { .. });
            let ids = if is_files { value.texts() } else { &[] };
            values.push(ValueView {
                label: field.label.clone(),
                texts: texts(field, value, names),
                files: files(reader, ids).await?,
            });
        }
    }
    let entry = |entry: &FollowUp| Entry {
        who: show::actor(&entry.by, names, t),
        at: Moment::to_minute(entry.at, t.lang),
        text: entry.text.clone(),
        internal: entry.internal,
    };
    let form = ItemRef::new(ItemKind::Form, record.form.clone());
    let title = reader.read_item(&form).await?;
    let title = title.map_or_else(String::new, |form| form.head().title.clone());
    let steps = record.steps.iter().map(|step| Choice {
        name: step.clone(),
        title: step.clone(),
        chosen: *step == record.step,
    });
    Ok(RecordView {
        values,
        contact: record
            .contact
            .as_ref()
            .map(|contact| names.contact(contact)),
        form: (reader.place.item(&form), title),
        step: record.step.clone(),
        steps: steps.collect(),
        handler: record
            .handler
            .as_ref()
            .map_or_else(String::new, |userid| names.member(userid)),
        written: record
            .handler
            .as_ref()
            .map_or_else(String::new, |userid| names.written(userid)),
        follow_ups: record.follow_ups.iter().rev().map(entry).collect(),
    })
}

/// A value for people: names instead of ids.
fn texts(field: &Field, value: &Value, names: &Names) -> Vec<String> {
    let texts = value.texts();
    match &field.kind {
        FieldKind::Attachment { .. } => Vec::new(),
        FieldKind::Member => {
            let name = |id: &String| UserId::parse(id).map(|userid| names.member(&userid));
            let name = |id: &String| name(id).unwrap_or_else(|_| id.clone());
            texts.iter().map(name).collect()
        }
        FieldKind::Text { .. }
        | FieldKind::LongText { .. }
        | FieldKind::Number { .. }
        | FieldKind::Date { .. }
        | FieldKind::Choice { .. }
        | FieldKind::Choices { .. }
        | FieldKind::Phone => texts.to_vec(),
    }
}

async fn files(reader: &Reader, ids: &[String]) -> Result<AttachmentList, Turned> {
    let keys: Vec<Key> = ids.iter().map(|id| Key::attachment(id)).collect();
    let mut files = Vec::with_capacity(ids.len());
    for record in reader.read(&keys).await? {
        files.extend(record.parse::<Attachment>()?);
    }
    Ok(attachment_list(&reader.corp, &reader.by, &files))
}
