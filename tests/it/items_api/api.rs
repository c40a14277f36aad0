//! The API as a client meets it that believes its OpenAPI document: whatever is sent and answered is held against it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jsonschema::Draft;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::items;
use crate::world::{API_TOKEN, On, World};

/// Schemas that others are built on. They are closed where they stand alone.
const BASES: [&str; 5] = ["Item", "Draft", "Event", "Contact", "MemberLink"];

pub(crate) struct Api {
    pub(crate) world: World,
    pub(crate) document: Value,
    /// The operations that have been answered well, by their ids.
    pub(crate) called: RefCell<BTreeSet<String>>,
    schemas: Value,
}

impl Api {
    /// A member with two customers and a colleague, all known to the service.
    pub(crate) async fn start(on: On) -> Self {
        Self::of(World::start(on).await).await
    }

    /// The same in this world.
    pub(crate) async fn of(world: World) -> Self {
        let (world, ..) = items::staffed(world).await;
        let document = world.get("api/v1/openapi.json").send().await.unwrap();
        assert_eq!(document.status(), 200);
        let document: Value = document.json().await.unwrap();
        let mut schemas = document["components"].clone();
        close(&mut schemas);
        Self {
            world,
            document,
            called: RefCell::default(),
            schemas,
        }
    }

    /// Asks, and holds the answer against the document. A body that is taken is held against it, too.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Value,
        key: Option<&str>,
    ) -> (StatusCode, Value) {
        let key = key.map(|key| ("Idempotency-Key", key));
        self.ask_with(method, path, body, key).await
    }

    /// The same with a header.
    pub(crate) async fn ask_with(
        &self,
        method: Method,
        path: &str,
        body: Value,
        header: Option<(&str, &str)>,
    ) -> (StatusCode, Value) {
        let url = self.world.base.join(&format!("api/v1/{path}")).unwrap();
        let mut request = self.world.http.request(method.clone(), url);
        request = request.bearer_auth(API_TOKEN);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let media = answer.headers().get("content-type").cloned();
        let text = answer.text().await.unwrap();
        let answer = match text.is_empty() {
            true => Value::Null,
            false => serde_json::from_str(&text).unwrap(),
        };
        let what = format!("{method} {path} {status}");
        let operation = self.operation(&method, path);
        let (documented, media_type) = match status.is_success() {
            true => (&operation["responses"][status.as_str()], "application/json"),
            false => (
                &self.document["components"]["responses"]["Problem"],
                "application/problem+json",
            ),
        };
        assert!(documented.is_object(), "{what} is not in the document");
        if let Some(content) = documented.get("content") {
            assert_eq!(media.unwrap(), media_type, "{what}");
            self.assert_fits(&content[media_type]["schema"], &answer, &what);
        } else {
            assert_eq!(text, "", "{what}");
        }
        if status.is_success() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            assert_eq!(schema.is_null(), body.is_null(), "{what}: {body}");
            if !schema.is_null() {
                self.assert_fits(schema, &body, &what);
            }
            let id = operation["operationId"].as_str().unwrap();
            self.called.borrow_mut().insert(id.to_owned());
        }
        (status, answer)
    }

    async fn done(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body, None).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.done(Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.done(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        self.done(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Value {
        self.done(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Value {
        self.done(Method::DELETE, path, Value::Null).await
    }

    /// The problem that this is refused with.
    pub(crate) async fn refused(
        &self,
        method: Method,
        path: &str,
        body: Value,
        status: u16,
    ) -> Value {
        let (seen, problem) = self.ask(method.clone(), path, body, None).await;
        assert_eq!(seen.as_u16(), status, "{method} {path}: {problem}");
        assert_eq!(problem["status"], status);
        problem
    }

    /// The titles of a whole list, page by page.
    pub(crate) async fn titles(&self, list: &str, limit: usize) -> Vec<String> {
        let mut titles = Vec::new();
        let mut after = String::new();
        loop {
            let sign = if list.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{list}{sign}limit={limit}{after}")).await;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            titles.extend(
                items
                    .iter()
                    .map(|item| item["title"].as_str().unwrap().to_owned()),
            );
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return titles,
            }
        }
    }

    /// The operation that the document has for this; the one with the fewest parameters where several fit.
    fn operation(&self, method: &Method, path: &str) -> &Value {
        let path = path.split('?').next().unwrap();
        let fits = |template: &str| {
            let (ours, theirs) = (path.split('/'), template[1..].split('/'));
            ours.clone().count() == theirs.clone().count()
                && ours
                    .zip(theirs)
                    .all(|(ours, theirs)| theirs.starts_with('{') || ours == theirs)
        };
        let paths = self.document["paths"].as_object().unwrap().iter();
        let fitting = paths.filter(|(template, _)| fits(template));
        let (_, found) = fitting
            .min_by_key(|(template, _)| template.matches('{').count())
            .unwrap();
        let operation = &found[method.as_str().to_lowercase()];
        assert!(
            operation.is_object(),
            "{method} {path} is not in the document"
        );
        operation
    }

    #[track_caller]
    fn assert_fits(&self, schema: &Value, value: &Value, what: &str) {
        let mut schema = schema.clone();
        close(&mut schema);
        let whole = json!({"components": self.schemas, "allOf": [schema]});
        let options = jsonschema::options().with_draft(Draft::Draft202012);
        let validator = options.should_validate_formats(true).build(&whole).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(value)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{what}: {faults:#?}\n{value:#}");
    }
}

/// Has every object refuse what the document does not name, so that a field which is answered and not documented is
/// found.
fn close(schema: &mut Value) {
    if let Value::Array(schemas) = schema {
        schemas.iter_mut().for_each(close);
    }
    let Value::Object(fields) = schema else {
        return;
    };
    for (name, part) in fields.iter_mut() {
        if name != "allOf" {
            close(part);
        }
    }
    for base in BASES {
        if let Some(Value::Object(base)) = fields.get_mut(base) {
            base.remove("unevaluatedProperties");
        }
    }
    let open = !fields.contains_key("additionalProperties");
    let refers = fields.get("$ref").and_then(Value::as_str);
    let to_base =
        refers.is_some_and(|name| BASES.iter().any(|base| name.ends_with(&format!("/{base}"))));
    let is_object = fields.get("properties").is_some_and(Value::is_object);
    if (is_object && open) || to_base {
        fields.insert("unevaluatedProperties".into(), false.into());
    }
}
