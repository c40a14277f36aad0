//! A person's browser, as far as the story needs one: it keeps cookies, follows redirects and sends forms of pages.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use serde_json::Value;
use url::{Url, form_urlencoded};

/// A login takes four.
const REDIRECTS_MAX: usize = 10;

/// Everything is on one host, and browsers keep cookies apart by host alone.
pub(in crate::cli::simulate) struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
}

/// A page that is open.
pub(in crate::cli::simulate) struct Page {
    pub(in crate::cli::simulate) url: Url,
    pub(in crate::cli::simulate) html: String,
}

/// A form of a page, as it would be sent untouched.
struct Form {
    action: Url,
    fields: Vec<(String, String)>,
}

impl Browser {
    /// One that was never used.
    pub(in crate::cli::simulate) fn new() -> anyhow::Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none());
        Ok(Self {
            client: client.build()?,
            cookies: BTreeMap::new(),
        })
    }

    /// Opens an address and whatever it leads to.
    pub(in crate::cli::simulate) async fn open(&mut self, url: Url) -> anyhow::Result<Page> {
        let request = self.client.get(url);
        self.arrive(request).await
    }

    /// Sends the first form of the page in which `mark` stands, with these fields filled in.
    pub(in crate::cli::simulate) async fn send(
        &mut self,
        page: &Page,
        mark: &str,
        typed: &[(&str, &str)],
    ) -> anyhow::Result<Page> {
        let Form { action, fields } = page.form(mark)?;
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields).extend_pairs(typed);
        let request = self
            .client
            .post(action)
            .header(ORIGIN, page.url.origin().ascii_serialization())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.finish());
        self.arrive(request).await
    }

    /// What a page's script sends. Nothing is answered as null.
    pub(in crate::cli::simulate) async fn call(
        &mut self,
        page: &Page,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let mut request = self
            .client
            .post(page.url.join(path)?)
            .header(ORIGIN, page.url.origin().ascii_serialization())
            .json(body);
        if let Some(token) = page.between("data-token=\"", "\"") {
            request = request.header("X-Toolbar-Token", token);
        }
        let answer = self.ask(request).await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{path} was answered {status}");
        }
        match text.is_empty() {
            true => Ok(Value::Null),
            false => Ok(serde_json::from_str(&text)?),
        }
    }

    async fn arrive(&mut self, request: RequestBuilder) -> anyhow::Result<Page> {
        let mut answer = self.ask(request).await?;
        for _ in 0..REDIRECTS_MAX {
            let url = answer.url().clone();
            let Some(to) = answer.headers().get(LOCATION) else {
                if answer.status() != StatusCode::OK {
                    bail!("{} was answered {}", url.path(), answer.status());
                }
                let html = answer.text().await?;
                return Ok(Page { url, html });
            };
            let to = url.join(to.to_str()?)?;
            let request = self.client.get(to);
            answer = self.ask(request).await?;
        }
        bail!("{} redirects without end", answer.url().path())
    }

    async fn ask(&mut self, request: RequestBuilder) -> anyhow::Result<Response> {
        let cookies = self.cookies.iter();
        let cookies: Vec<_> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = match cookies.is_empty() {
            true => request,
            false => request.header(COOKIE, cookies.join("; ")),
        };
        let answer = request.send().await?;
        for set in answer.headers().get_all(SET_COOKIE) {
            let pair = set.to_str()?.split(';').next().unwrap_or_default();
            match pair.split_once('=') {
                Some((name, "")) => drop(self.cookies.remove(name)),
                Some((name, value)) => drop(self.cookies.insert(name.into(), value.into())),
                None => {}
            }
        }
        Ok(answer)
    }
}

impl Page {
    /// That this stands on the page.
    pub(in crate::cli::simulate) fn shows(&self, text: &str) -> anyhow::Result<()> {
        match self.html.contains(text) {
            true => Ok(()),
            false => bail!("{} does not show “{text}”", self.url.path()),
        }
    }

    fn between(&self, before: &str, behind: &str) -> Option<&str> {
        between(&self.html, before, behind)
    }

    fn form(&self, mark: &str) -> anyhow::Result<Form> {
        let mut forms = self.html.split("<form ").skip(1);
        let form = forms.find_map(|rest| {
            let form = rest.split("</form>").next()?;
            form.contains(mark).then_some(form)
        });
        let form = form.with_context(|| format!("{} has no such form", self.url.path()))?;
        let action = between(form, "action=\"", "\"").map(unescaped);
        let hidden = form.split("<input type=\"hidden\" ").skip(1);
        let hidden = hidden.filter_map(|input| {
            let name = between(input, "name=\"", "\"")?;
            let value = between(input, "value=\"", "\"")?;
            Some((unescaped(name), unescaped(value)))
        });
        Ok(Form {
            action: self.url.join(&action.unwrap_or_default())?,
            fields: hidden.collect(),
        })
    }
}

fn between<'a>(text: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(behind).map(|(found, _)| found)
}

/// Of what templates escape, addresses have only this.
fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_found_with_what_it_hides() {
        let html = r#"<form method="post" action="/a"><input type="hidden" name="do" value="x"></form>
            <form method="post" action="/b?c=1&#38;d=2"><input type="hidden" name="do" value="y">
            <input name="typed" value="no"></form>"#;
        let page = Page {
            url: "http://127.0.0.1:1/home".parse().unwrap(),
            html: html.into(),
        };
        let form = page.form(r#"value="y""#).unwrap();
        assert_eq!(form.action.as_str(), "http://127.0.0.1:1/b?c=1&d=2");
        assert_eq!(form.fields, [("do".to_owned(), "y".to_owned())]);
        assert!(page.form("value=\"z\"").is_err());
    }
}
