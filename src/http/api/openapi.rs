//! The OpenAPI document (3.1): the schemas of `openapi.json`, and the addresses of the route table.
//!
//! The schemas are written by hand and held against real answers by tests; the addresses are never written twice.

use std::sync::OnceLock;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, Resource, web};
use serde_json::{Map, Value, json};

use crate::http::api::endpoint::{Answer, Endpoint};
use crate::http::api::wrong_method;

/// The document without its addresses.
const SCHEMAS: &str = include_str!("openapi.json");

/// Made once for all workers.
static DOCUMENT: OnceLock<Bytes> = OnceLock::new();

/// `GET /api/v1/openapi.json`: for everybody; nothing in it is a secret.
pub(in crate::http::api) fn resource(endpoints: &[Endpoint]) -> Resource {
    let document = DOCUMENT.get_or_init(|| document(endpoints).to_string().into());
    let answer = || async {
        HttpResponse::Ok()
            .insert_header(JSON)
            .body(document.clone())
    };
    let wrong = |caller| wrong_method(caller, "GET".into());
    web::resource("/openapi.json")
        .route(web::get().to(answer))
        .default_service(web::to(wrong))
}

const JSON: (actix_web::http::header::HeaderName, &str) = (CONTENT_TYPE, "application/json");

fn document(endpoints: &[Endpoint]) -> Value {
    let mut document: Value =
        serde_json::from_str(SCHEMAS).expect("it is part of the program, and a test reads it");
    let mut paths = Map::new();
    for endpoint in endpoints {
        let path = paths.entry(endpoint.path.clone()).or_insert(json!({}));
        path[endpoint.method.as_str().to_lowercase()] = operation(endpoint);
    }
    document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    document["paths"] = paths.into();
    document
}

fn operation(endpoint: &Endpoint) -> Value {
    let in_path = endpoint.path.split('{').skip(1);
    let in_path = in_path.filter_map(|rest| rest.split_once('}')).map(|(name, _)| {
        json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
    });
    let others = endpoint.parameters.iter();
    let others = others.map(|name| reference("parameters", name));
    let mut responses: Map<String, Value> = endpoint
        .answers
        .iter()
        .map(|(status, answer)| (status.to_string(), response(answer)))
        .collect();
    responses.insert("default".into(), reference("responses", "Problem"));
    let mut operation = json!({
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": [endpoint.path.split('/').nth(1)],
        "parameters": in_path.chain(others).collect::<Vec<_>>(),
        "responses": responses,
    });
    if let Some(schema) = &endpoint.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": reference("schemas", schema)}},
        });
    }
    operation
}

fn response(answer: &Answer) -> Value {
    let schema = match answer {
        Answer::Empty => return json!({"description": "It is done."}),
        Answer::Bytes => {
            return json!({"description": "A file.", "content": {"application/octet-stream": {}}});
        }
        Answer::One(schema) => reference("schemas", schema),
        Answer::Page(schema) => json!({
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": reference("schemas", schema)},
                "next": {
                    "type": ["string", "null"],
                    "description": "The `after` of the next page; null when there is none.",
                },
            },
        }),
    };
    json!({"description": "As asked.", "content": {"application/json": {"schema": schema}}})
}

fn reference(what: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{what}/{name}")})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::api::table;

    /// Every name that is referred to, such as `schemas/Project`.
    fn referred(value: &Value, names: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(name)) = fields.get("$ref") {
                    let name = name.strip_prefix("#/components/").expect("a component");
                    names.insert(name.to_owned());
                }
                fields.values().for_each(|value| referred(value, names));
            }
            Value::Array(values) => values.iter().for_each(|value| referred(value, names)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn what_is_referred_to_is_there_and_what_is_there_is_referred_to() {
        let document = document(&table::endpoints());
        let mut wanted = BTreeSet::new();
        referred(&document, &mut wanted);
        let mut there = BTreeSet::new();
        for what in ["parameters", "responses", "schemas"] {
            let found = document["components"][what].as_object().unwrap();
            there.extend(found.keys().map(|name| format!("{what}/{name}")));
        }
        assert_eq!(wanted, there);
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let mut names = BTreeSet::new();
        for endpoint in table::endpoints() {
            assert!(names.insert(endpoint.name.clone()), "{}", endpoint.name);
            assert!(!endpoint.answers.is_empty(), "{}", endpoint.name);
        }
    }
}
