//! The chat toolbar's doors, on both stores: who may look and send, and what becomes of what is sent.

mod acts;
mod doors;
mod sends;

use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use wecom_bridge::decide::request::{Command, Content, Target};

use crate::items::{draft, key};
use crate::pages::session;
use crate::world::World;

const OWN: &str = "http://127.0.0.1:8080";
const WANG: &str = "sidebar/customer/wmCustomer1";

/// Somebody at the toolbar.
struct Hand<'a> {
    world: &'a World,
    cookie: String,
    token: String,
}

impl<'a> Hand<'a> {
    async fn of(world: &'a World, who: &str) -> Self {
        let cookie = session(world, who).await;
        let page = world.get("sidebar").header(COOKIE, &cookie);
        let page = page.send().await.unwrap().text().await.unwrap();
        let token = page.split("data-token=\"").nth(1).unwrap_or_default();
        let token = token.split('"').next().unwrap().to_owned();
        Self {
            world,
            cookie,
            token,
        }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.world.get(path).header(COOKIE, &self.cookie)
    }

    async fn sees(&self, path: &str) -> String {
        let answer = self.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
        answer.text().await.unwrap()
    }

    fn post(&self, what: &str, body: &Value) -> RequestBuilder {
        self.post_from(OWN, what, body)
    }

    fn post_from(&self, origin: &str, what: &str, body: &Value) -> RequestBuilder {
        let path = format!("{WANG}/{what}");
        let request = self.world.post(&path).header(COOKIE, &self.cookie);
        request
            .header(ORIGIN, origin)
            .header("X-Toolbar-Token", &self.token)
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string())
    }

    async fn does(&self, what: &str, body: Value) -> Response {
        let answer = self.post(what, &body).send().await.unwrap();
        assert!(answer.status().is_success(), "{what}: {}", answer.status());
        answer
    }

    /// The cards of what is shared.
    async fn shares(&self, items: &[&str]) -> Vec<Value> {
        let answer = self.does("share", json!({ "items": items })).await;
        let given: Value = answer.json().await.unwrap();
        given["cards"].as_array().unwrap().clone()
    }
}

fn project(id: &str, title: &str) -> Command {
    let content = Content::Project { stages: Vec::new() };
    draft(Target::New(key(id)), title, content)
}

/// The items of all pages, and how many each page has.
async fn pages(hand: &Hand<'_>, query: &str) -> (Vec<String>, Vec<usize>) {
    let (mut items, mut sizes, mut after) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = hand.sees(&format!("{WANG}/items?{query}{after}")).await;
        let between = |text: &str| text.split('"').next().unwrap().to_owned();
        let found: Vec<String> = page.split("data-item=\"").skip(1).map(between).collect();
        sizes.push(found.len());
        items.extend(found);
        match page.split("data-after=\"").nth(1) {
            Some(next) => after = format!("&after={}", between(next)),
            None => return (items, sizes),
        }
    }
}
