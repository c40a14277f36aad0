//! Somebody with cookies, and the pages that they get.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response};
use url::Url;

use crate::world::World;

/// Somebody with cookies.
pub(crate) struct Guest<'a> {
    pub(crate) world: &'a World,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Where forms come from; nothing is not said.
    pub(crate) origin: &'static str,
    /// What the browser prefers.
    pub(crate) language: &'static str,
}

/// A page as it came.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) to: String,
    pub(crate) tag: String,
    pub(crate) html: String,
}

impl<'a> Guest<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self {
            world,
            cookies: BTreeMap::new(),
            origin: world.own(),
            language: "",
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies = self.cookies.iter().map(|(k, v)| format!("{k}={v}"));
        let cookies: Vec<String> = cookies.collect();
        let url = self.world.base.join(path).unwrap();
        let mut request = self.world.http.request(method, url);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if !self.language.is_empty() {
            request = request.header("accept-language", self.language);
        }
        request
    }

    /// A form as its page sends it.
    pub(crate) fn form(&self, path: &str, form: String) -> RequestBuilder {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        match self.origin {
            "" => request,
            origin => request.header(ORIGIN, origin),
        }
    }

    /// Sends it and keeps the cookies that come.
    pub(crate) async fn answer(&mut self, request: RequestBuilder) -> Response {
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.into(), value.into()),
            };
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        let request = self.request(Method::GET, path);
        page(self.answer(request).await).await
    }

    /// Sends a form as it is.
    pub(crate) async fn post_form(&mut self, path: &str, form: &str) -> Page {
        let request = self.form(path, form.to_owned());
        page(self.answer(request).await).await
    }

    /// Sends these fields as they are, and keeps no cookies.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = encoded(fields.iter().copied());
        page(self.form(path, form).send().await.unwrap()).await
    }

    /// Begins a login at this path: where WeCom's login sends this person back to, as `member:ID` or `contact:ID`.
    pub(crate) async fn way_back(&mut self, who: &str, path: &str) -> String {
        let away = self.get(path).await;
        let mut authorize = Url::parse(&away.to).unwrap();
        authorize.query_pairs_mut().append_pair("as", who);
        let back = self.world.http.get(authorize).send().await.unwrap();
        let back = back.headers()[LOCATION].to_str().unwrap();
        back.strip_prefix(self.world.own()).unwrap().to_owned()
    }

    /// A whole login that begins at this path: the answer to its end.
    pub(crate) async fn log_in(&mut self, who: &str, path: &str) -> Page {
        let back = self.way_back(who, path).await;
        self.get(&back).await
    }
}

impl Page {
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        assert!(self.html.contains(text), "{text} in {}", self.html);
    }

    #[track_caller]
    pub(crate) fn hides(&self, text: &str) {
        assert!(!self.html.contains(text), "{text} in {}", self.html);
    }

    /// The value of the first field of this name.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> String {
        let place = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.html.split_once(&place).expect(name);
        rest.split('"').next().unwrap().to_owned()
    }

    /// Where a form was carried out.
    #[track_caller]
    pub(crate) fn path(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.html);
        self.to.split(['?', '#']).next().unwrap()
    }
}

/// The page, which only our own files may run on and which is kept nowhere, or asked about again.
pub(crate) async fn page(answer: Response) -> Page {
    let status = answer.status().as_u16();
    let header = |name: &str| {
        let value = answer.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    if header("content-type") == "text/html; charset=utf-8" {
        let policy = header("content-security-policy");
        let good = !policy.contains("unsafe") && policy.contains("default-src 'none'");
        assert!(good, "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let expected = match header("etag").is_empty() {
            true => "no-store",
            false => "private, no-cache",
        };
        assert_eq!(header("cache-control"), expected);
    }
    Page {
        status,
        to: header("location"),
        tag: header("etag"),
        html: answer.text().await.unwrap(),
    }
}

pub(crate) fn encoded<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
