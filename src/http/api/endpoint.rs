//! One address of the API: what it does, what it takes, what it answers. The routes and the OpenAPI document are both
//! made from these, so neither can have what the other lacks.

use actix_web::http::Method;
use actix_web::{Resource, Route, web};

use crate::http::api::caller::Area;
use crate::http::api::items::Kind;
use crate::http::api::wrong_method;

/// A method at an address.
pub(in crate::http) struct Endpoint {
    /// By which method it is asked.
    pub(in crate::http::api) method: Method,
    /// Below `/api/v1`, with its parameters in braces.
    pub(in crate::http::api) path: String,
    /// Its `operationId`.
    pub(in crate::http::api) name: String,
    /// What it does, in one sentence.
    pub(in crate::http::api) summary: String,
    /// What it is about.
    pub(in crate::http::api) area: Area,
    /// Which kind of items it is about.
    pub(in crate::http::api) kind: Option<Kind>,
    /// Names of parameters in the document.
    pub(in crate::http::api) parameters: Vec<&'static str>,
    /// The name of the body's schema.
    pub(in crate::http::api) body: Option<String>,
    /// What it answers when all is well.
    pub(in crate::http::api) answers: Vec<(u16, Answer)>,
    route: fn() -> Route,
}

/// What an answer holds.
pub(in crate::http) enum Answer {
    /// Nothing.
    Empty,
    /// One of this schema.
    One(String),
    /// A page of these.
    Page(String),
    /// A file.
    Bytes,
}

impl Endpoint {
    /// An address that takes and answers nothing yet.
    pub(in crate::http::api) fn new(
        method: Method,
        path: impl Into<String>,
        name: impl Into<String>,
        summary: impl Into<String>,
        route: fn() -> Route,
    ) -> Self {
        Self {
            method,
            path: path.into(),
            name: name.into(),
            summary: summary.into(),
            area: Area::Others,
            kind: None,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            route,
        }
    }

    /// It is about items of this kind.
    pub(in crate::http::api) fn of(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// It takes these parameters, by their names in the document.
    pub(in crate::http::api) fn with(mut self, parameters: &[&'static str]) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// It takes a body of this schema.
    pub(in crate::http::api) fn takes(mut self, schema: impl Into<String>) -> Self {
        self.body = Some(schema.into());
        self
    }

    /// It answers one of this schema.
    pub(in crate::http::api) fn gives(mut self, status: u16, schema: impl Into<String>) -> Self {
        self.answers.push((status, Answer::One(schema.into())));
        self
    }

    /// It answers a page of these.
    pub(in crate::http::api) fn lists(mut self, schema: impl Into<String>) -> Self {
        self.answers.push((200, Answer::Page(schema.into())));
        self
    }

    /// It answers a file.
    pub(in crate::http::api) fn gives_bytes(mut self) -> Self {
        self.answers.push((200, Answer::Bytes));
        self
    }

    /// It answers nothing but that it is done.
    pub(in crate::http::api) fn ends(mut self) -> Self {
        self.answers.push((204, Answer::Empty));
        self
    }
}

/// The addresses as the server knows them: one resource for all methods of an address and for all kinds of items that
/// have it, in the order in which their first ones stand. Every one costs a regular expression in every worker.
pub(in crate::http::api) fn resources(endpoints: &[Endpoint]) -> Vec<Resource> {
    let mut shapes: Vec<Shape<'_>> = Vec::new();
    for endpoint in endpoints {
        let rest = endpoint.rest();
        match shapes.iter_mut().find(|shape| shape.rest == rest) {
            Some(shape) => shape.endpoints.push(endpoint),
            None => shapes.push(Shape {
                rest,
                endpoints: vec![endpoint],
            }),
        }
    }
    shapes.iter().map(Shape::resource).collect()
}

impl Endpoint {
    /// What all kinds of items have in common of its address: what follows their word.
    fn rest(&self) -> (Area, bool, &str) {
        let word = self.kind.map_or("", Kind::plural);
        let rest = self.path.trim_start_matches('/').strip_prefix(word);
        (self.area, self.kind.is_some(), rest.unwrap_or(&self.path))
    }
}

/// What one resource serves.
struct Shape<'a> {
    /// What it is about, and what its addresses have in common.
    rest: (Area, bool, &'a str),
    endpoints: Vec<&'a Endpoint>,
}

impl Shape<'_> {
    fn resource(&self) -> Resource {
        let mut resource = web::resource(self.pattern()).app_data(self.rest.0);
        let mut methods: Vec<&Method> = Vec::new();
        for endpoint in &self.endpoints {
            if !methods.contains(&&endpoint.method) {
                methods.push(&endpoint.method);
                resource = resource.route((endpoint.route)().method(endpoint.method.clone()));
            }
        }
        let methods: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
        let allowed = methods.join(", ");
        resource.default_service(web::to(move |caller| wrong_method(caller, allowed.clone())))
    }

    fn pattern(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        for kind in self.endpoints.iter().filter_map(|endpoint| endpoint.kind) {
            if !words.contains(&kind.plural()) {
                words.push(kind.plural());
            }
        }
        match self.rest {
            (_, true, rest) => format!("/{{kind:{}}}{rest}", words.join("|")),
            (_, false, path) => format!("/{}", path.trim_start_matches('/')),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use crate::http::api::table;

    #[test]
    fn kinds_that_share_an_address_share_its_methods() {
        let mut methods: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for endpoint in table::endpoints() {
            if let Some(kind) = endpoint.kind {
                let shared = methods.entry(endpoint.rest().2.to_owned()).or_default();
                let of_kind = shared.entry(kind.plural().to_owned()).or_default();
                of_kind.insert(endpoint.method.to_string());
            }
        }
        assert!(methods.len() > 5, "{methods:?}");
        for (rest, kinds) in methods {
            let first = kinds.values().next();
            assert!(
                kinds.values().all(|methods| Some(methods) == first),
                "{rest}: {kinds:?}"
            );
        }
    }
}
