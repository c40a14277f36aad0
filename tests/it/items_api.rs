//! Items through the API, on both stores; and every answer of the whole API against its own OpenAPI document.

mod again;
mod api;
mod corps;
mod document;
mod kinds;
mod lists;
mod tokens;
mod wrong;

use std::time::Duration;

use serde_json::{Value, json};
use wecom_bridge::decide::request::{Command, Request};
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::model::item::{Actor, ItemKey};

use crate::items_api::api::Api;
use crate::world::{CORP, contact};

const CUSTOMER: &str = "wmCustomer1";
const SECOND: Duration = Duration::from_secs(1);

/// A project with two stages, one of whose tasks is internal and one dropped.
fn project() -> Value {
    json!({
        "title": "上线",
        "description": "一期",
        "owner": "ZhangSan",
        "stages": [
            {"title": "签约", "tasks": [
                {"key": "sign", "title": "签合同", "state": "done", "due": "2026-12-01"},
                {"key": "pay", "title": "付款", "handler": "customer", "start": "2026-11-25"},
            ]},
            {"title": "部署", "tasks": [
                {"key": "host", "title": "服务器", "handler": {"member": "LiSi"}, "due": "2026-11-30"},
                {"key": "audit", "title": "内审", "internal": true, "due": "2026-11-28"},
                {"key": "old", "title": "旧方案", "state": "dropped"},
            ]},
        ],
    })
}

fn form() -> Value {
    json!({
        "title": "报修",
        "owner": "ZhangSan",
        "submissions": "many",
        "steps": ["待处理", "处理中", "已完成"],
        "fields": [
            {"key": "what", "label": "什么坏了", "type": "text", "max": 20, "required": true},
            {"key": "where", "label": "哪里", "type": "choice", "options": ["门", "窗"]},
            {"key": "cost", "label": "费用", "type": "number", "decimals": 2, "min": 0, "customer": "sees"},
        ],
    })
}

/// What a customer does on their page.
async fn as_customer(api: &Api, command: Command) {
    let request = Request {
        id: None,
        digest: String::new(),
        by: Actor::Contact(contact(CUSTOMER)),
        command,
    };
    let corp = CorpId::parse(CORP).unwrap();
    let now = api.world.clock.now();
    api.world.act().ask(&corp, &request, now).await.unwrap();
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

fn key(item: &Value) -> ItemKey {
    ItemKey::parse(text(item, "id")).unwrap()
}
