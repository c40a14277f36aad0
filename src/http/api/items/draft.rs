//! Bodies that say what an item shall be. Whatever they do not know is refused: a misspelled field would be lost.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

use crate::decide::request::{Content, Draft, Target};
use crate::http::api::ask::Ask;
use crate::http::api::items::Kind;
use crate::http::error::Problem;
use crate::model::form::{CustomerUse, Field, FieldKind, Submissions, Value};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::item::{Circle, ItemKey, ItemKind, ItemRef};
use crate::model::project::{Handler, Stage, Task, TaskState};

/// What an item of this kind shall be.
pub(in crate::http::api::items) fn read(
    kind: Kind,
    ask: &Ask,
    target: Target,
) -> Result<Draft, Problem> {
    match kind.0 {
        ItemKind::Project | ItemKind::Plan => ask.read::<ProjectBody>().map(|it| it.draft(target)),
        ItemKind::Form => ask.read::<FormBody>()?.draft(target),
        ItemKind::Record => ask.read::<RecordBody>().map(|it| it.draft(target)),
        ItemKind::Approval => ask.read::<ApprovalBody>().map(|it| it.draft(target)),
    }
}

/// Members in their order; who is named twice follows once.
fn each_once<'de, D: Deserializer<'de>>(field: D) -> Result<Vec<UserId>, D::Error> {
    let mut members: Vec<UserId> = Vec::new();
    for member in Vec::<UserId>::deserialize(field)? {
        if !members.contains(&member) {
            members.push(member);
        }
    }
    Ok(members)
}

/// A body with what all items have in common; a flattened struct would refuse no unknown field.
macro_rules! body {
    ($name:ident { $($own:tt)* }) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            title: String,
            #[serde(default)]
            description: String,
            picture: Option<String>,
            owner: Option<UserId>,
            #[serde(default, deserialize_with = "each_once")]
            followers: Vec<UserId>,
            #[serde(default)]
            circle: Circle,
            $($own)*
        }
    };
}

/// What such a body becomes.
macro_rules! draft {
    ($body:ident, $target:ident, $content:expr) => {
        Draft {
            target: $target,
            title: $body.title,
            description: $body.description,
            picture: $body.picture,
            owner: $body.owner,
            followers: Some($body.followers),
            circle: $body.circle,
            content: $content,
        }
    };
}

body! { ProjectBody {
    #[serde(default)]
    stages: Vec<StageBody>,
}}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageBody {
    title: String,
    #[serde(default)]
    tasks: Vec<TaskBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskBody {
    key: String,
    title: String,
    #[serde(default)]
    state: TaskState,
    handler: Option<Handler>,
    start: Option<Date>,
    due: Option<Date>,
    #[serde(default)]
    internal: bool,
}

impl ProjectBody {
    fn draft(self, target: Target) -> Draft {
        let stages = self.stages.into_iter().map(|stage| Stage {
            title: stage.title,
            tasks: stage.tasks.into_iter().map(TaskBody::task).collect(),
        });
        let stages = stages.collect();
        draft!(self, target, Content::Project { stages })
    }
}

impl TaskBody {
    fn task(self) -> Task {
        Task {
            key: self.key,
            title: self.title,
            state: self.state,
            handler: self.handler,
            start: self.start,
            due: self.due,
            internal: self.internal,
        }
    }
}

body! { FormBody {
    #[serde(default)]
    fields: Vec<FieldBody>,
    #[serde(default)]
    submissions: Submissions,
    steps: Vec<String>,
}}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldBody {
    key: String,
    label: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    hint: String,
    default: Option<Value>,
    #[serde(default)]
    customer: CustomerUse,
    r#type: Json,
    min: Option<Json>,
    max: Option<Json>,
    decimals: Option<Json>,
    options: Option<Json>,
}

impl FormBody {
    fn draft(self, target: Target) -> Result<Draft, Problem> {
        let fields = self.fields.into_iter().enumerate().map(|(n, field)| {
            let wrong = |why| Problem::bad_request(format!("fields[{n}]: {why}."));
            field.field().map_err(wrong)
        });
        let content = Content::Form {
            fields: fields.collect::<Result<_, _>>()?,
            submissions: self.submissions,
            steps: self.steps,
        };
        Ok(draft!(self, target, content))
    }
}

impl FieldBody {
    /// The field, if what limits it belongs to its type.
    fn field(self) -> Result<Field, String> {
        let limits = [
            ("min", self.min),
            ("max", self.max),
            ("decimals", self.decimals),
            ("options", self.options),
        ];
        let limits = limits
            .into_iter()
            .filter_map(|(name, limit)| Some((name, limit?)));
        let limits: Vec<(&str, Json)> = limits.collect();
        let named = |(name, limit): &(&str, Json)| ((*name).to_owned(), limit.clone());
        let mut kind: serde_json::Map<String, Json> = limits.iter().map(named).collect();
        kind.insert("type".into(), self.r#type);
        let kind: FieldKind =
            serde_json::from_value(Json::Object(kind)).map_err(|problem| problem.to_string())?;
        let kept = serde_json::to_value(&kind).unwrap_or_default();
        for (name, _) in &limits {
            if kept.get(name).is_none() {
                return Err(format!("a field of type `{}` has no `{name}`", kind.name()));
            }
        }
        Ok(Field {
            key: self.key,
            label: self.label,
            kind,
            required: self.required,
            hint: self.hint,
            default: self.default,
            customer: self.customer,
        })
    }
}

body! { RecordBody {
    form: ItemKey,
    contact: Option<ExternalUserId>,
    #[serde(default)]
    values: BTreeMap<String, Value>,
    project: Option<ItemKey>,
}}

impl RecordBody {
    fn draft(self, target: Target) -> Draft {
        let content = Content::Record {
            form: self.form,
            contact: self.contact,
            values: self.values,
            project: self.project,
        };
        draft!(self, target, content)
    }
}

body! { ApprovalBody {
    contact: ExternalUserId,
    about: Option<ItemRef>,
    #[serde(default)]
    attachments: Vec<String>,
}}

impl ApprovalBody {
    fn draft(self, target: Target) -> Draft {
        let content = Content::Approval {
            contact: self.contact,
            about: self.about,
            attachments: self.attachments,
        };
        draft!(self, target, content)
    }
}
