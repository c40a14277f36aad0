//! Items through the API, on both stores; and every answer of the whole API against its own OpenAPI document.

mod api;
mod document;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wecom_bridge::decide::request::{Command, NewAnswer, NewComment, Request, Submission};
use wecom_bridge::model::approval::Consent;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::form;
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::model::item::{Actor, ItemKey};
use wecom_bridge::model::member::Member;
use wecom_bridge::model::time::Timestamp;

use crate::items_api::api::Api;
use crate::world::{CORP, On, Setup, World, contact, stories, user};

stories!(
    a_project_goes_its_way,
    what_has_changed_meanwhile_is_not_overwritten,
    a_form_leads_to_records,
    an_approval_is_asked_for,
    the_same_request_is_answered_alike,
    what_is_wrong_is_said,
    lists_are_filtered_and_paged,
    everything_of_a_member_goes_to_another,
    writes_name_their_corp,
);

const CUSTOMER: &str = "wmCustomer1";
const SECOND: Duration = Duration::from_secs(1);

const OTHER_CORP: &str = r#"
[[corp]]
id = "wwOther"
tenant_key = "team2"
[corp.app]
agent_id = 1000003
secret = "secret-of-another-app"
[[corp.receiver]]
name = "other"
token = "OtherToken"
aes_key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
"#;

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

async fn a_project_goes_its_way(on: On) {
    let api = Api::start(on).await;
    let made = api.post("projects", project()).await;
    let (id, item) = (text(&made, "id"), text(&made, "item"));
    assert_eq!(item, format!("project:{id}"));
    assert_eq!(made["created_by"], "system");
    assert_eq!(
        made["progress"],
        json!({"done": 1, "all": 4, "percent": 25})
    );
    assert_eq!(made["stages"][1]["progress"]["percent"], 0);
    let plan = made["plan"].as_array().unwrap().iter();
    let plan: Vec<&str> = plan.map(|task| text(task, "key")).collect();
    assert_eq!(
        plan,
        ["pay", "host", "sign"],
        "what is internal is not in it"
    );
    let one = format!("projects/{id}");
    assert_eq!(api.get(&one).await, made);

    let task = format!("{one}/tasks/host");
    let changed = api.patch(&task, json!({"state": "done"})).await;
    assert_eq!(changed["progress"]["done"], 2);
    assert_eq!(
        changed["stages"][1]["tasks"][0]["handler"]["member"],
        "LiSi"
    );
    let changed = api.patch(&task, json!({"handler": null})).await;
    assert!(changed["stages"][1]["tasks"][0]["handler"].is_null());
    api.refused(Method::PATCH, &format!("{one}/tasks/none"), json!({}), 404)
        .await;

    let closed = api.post(&format!("{one}/close"), Value::Null).await;
    assert_eq!(closed["state"], "closed");
    let again = api.post(&format!("{one}/close"), Value::Null).await;
    assert_eq!(again, closed);
    let open = api.post(&format!("{one}/reopen"), Value::Null).await;
    assert_eq!(open["state"], "open");

    let given = api
        .post(&format!("{one}/hand-over"), json!({"to": "lisi"}))
        .await;
    let owners = given["owners"].as_array().unwrap();
    let owners: Vec<&str> = owners.iter().map(|owner| text(owner, "userid")).collect();
    assert_eq!(owners, ["ZhangSan", "lisi"]);
    let followers = format!("{one}/followers/ZhangSan");
    let followed = api.put(&followers, Value::Null).await;
    assert_eq!(followed["followers"], json!(["ZhangSan"]));
    let left = api.delete(&followers).await;
    assert!(left["followers"].is_null());

    let mut other = project();
    other["title"] = "二期".into();
    other["stages"] = json!([]);
    other["owner"] = Value::Null;
    let changed = api.put(&one, other).await;
    assert_eq!(
        (text(&changed, "title"), text(&changed, "owner")),
        ("二期", "lisi")
    );
    assert_eq!(changed["progress"]["all"], 0);
    assert_eq!(changed["created_at"], made["created_at"]);
    api.refused(Method::PUT, "projects/0123", project(), 404)
        .await;
}

async fn what_has_changed_meanwhile_is_not_overwritten(on: On) {
    let api = Api::start(on).await;
    let made = api.post("projects", project()).await;
    let one = format!("projects/{}", text(&made, "id"));
    let put = async |title: &str, seen: &str| {
        let mut body = project();
        body["title"] = title.into();
        let header = Some(("If-Match", seen));
        let (status, answer) = api.ask_with(Method::PUT, &one, body, header).await;
        (status.as_u16(), answer)
    };
    let seen = format!("\"{}\"", text(&made, "changed_at"));
    let (status, changed) = put("二期", &seen).await;
    assert_eq!((status, text(&changed, "title")), (200, "二期"));
    assert_eq!(put("三期", &seen).await.0, 412);
    assert_eq!(put("三期", "yesterday").await.0, 400);
    let kept = api.get(&one).await;
    assert_eq!(text(&kept, "title"), "二期");
    let seen = format!("\"{}\"", text(&kept, "changed_at"));
    assert_eq!(put("三期", &seen).await.0, 200);
}

async fn a_form_leads_to_records(on: On) {
    let api = Api::start(on).await;
    let form = api.post("forms", form()).await;
    let grants = format!("contacts/{CUSTOMER}/grants");
    let given = api.post(&grants, json!({"items": [form["item"]]})).await;
    assert_eq!(given["items"][0]["item"], form["item"]);
    assert_eq!(given["items"][0]["state"], "confirmed");
    as_customer(
        &api,
        Command::Submit(Submission {
            form: key(&form),
            contact: contact(CUSTOMER),
            record: ItemKey::parse("r1").unwrap(),
            values: [("what".to_owned(), form::Value::One("门锁".into()))].into(),
        }),
    )
    .await;
    let record = api.get("records/r1").await;
    assert_eq!(record["created_by"], json!({"contact": CUSTOMER}));
    assert_eq!(record["values"], json!({"what": "门锁"}));

    let advance = json!({"step": "处理中", "handler": "LiSi", "follow_up": "师傅已出发"});
    let going = api.post("records/r1/advance", advance).await;
    assert_eq!(
        (text(&going, "step"), text(&going, "handler")),
        ("处理中", "LiSi")
    );
    assert_eq!(going["follow_ups"][0]["text"], "师傅已出发");
    let left = json!({"handler": null, "follow_up": "内部", "internal": true});
    let left = api.post("records/r1/advance", left).await;
    assert!(left["handler"].is_null());
    assert_eq!(left["follow_ups"][1]["internal"], true);
    let wrong = json!({"step": "没有这步"});
    let problem = api
        .refused(Method::POST, "records/r1/advance", wrong, 422)
        .await;
    assert_eq!(problem["faults"][0]["place"], "step");
    assert_eq!(problem["faults"][0]["wrong"], "not_an_option");

    let mut filled = json!({
        "title": "报修：门锁",
        "form": form["id"],
        "contact": CUSTOMER,
        "values": {"what": "门锁", "where": "门", "cost": "12.50"},
    });
    let changed = api.put("records/r1", filled.clone()).await;
    assert_eq!(changed["values"]["cost"], "12.50");
    assert_eq!(changed["step"], "处理中");
    filled["contact"] = "wmCustomer2".into();
    api.refused(Method::PUT, "records/r1", filled.clone(), 403)
        .await;
    filled["owner"] = "LiSi".into();
    let other = api.post("records", filled).await;
    assert_eq!(
        (text(&other, "contact"), text(&other, "step")),
        ("wmCustomer2", "待处理")
    );

    let comments = format!("records/r1/comments?contact={CUSTOMER}");
    let said = api.post(&comments, json!({"text": "明天上午到"})).await;
    assert_eq!(said["by"], "system");
    as_customer(
        &api,
        Command::Comment(NewComment {
            item: "record:r1".parse().unwrap(),
            contact: contact(CUSTOMER),
            id: "zz".into(),
            text: "好的".into(),
        }),
    )
    .await;
    let first = api.get(&format!("{comments}&limit=1")).await;
    assert_eq!(first["items"], json!([said]));
    let next = text(&first, "next");
    let rest = api.get(&format!("{comments}&after={next}")).await;
    assert_eq!(rest["items"][0]["text"], "好的");
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    let empty = api.get("records/r1/comments?contact=wmCustomer2").await;
    assert_eq!(empty["items"], json!([]));
    let not_theirs = "records/r1/comments?contact=wmCustomer2";
    api.refused(Method::POST, not_theirs, json!({"text": "?"}), 404)
        .await;

    let grant = format!("{grants}/record:r1");
    api.delete(&grant).await;
    let given = api.get(&grants).await;
    let states = given["items"].as_array().unwrap().iter();
    let states: Vec<(&str, &str, u64)> = states
        .map(|grant| {
            (
                text(grant, "item"),
                text(grant, "state"),
                grant["comments"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        states,
        [
            (text(&form, "item"), "confirmed", 0),
            ("record:r1", "revoked", 2)
        ]
    );
    api.refused(Method::POST, &comments, json!({"text": "?"}), 404)
        .await;
    api.refused(
        Method::DELETE,
        &format!("{grants}/record:r2"),
        Value::Null,
        404,
    )
    .await;
}

async fn an_approval_is_asked_for(on: On) {
    let api = Api::start(on).await;
    let project = api.post("projects", project()).await;
    let draft = json!({
        "title": "同意报价",
        "owner": "ZhangSan",
        "contact": CUSTOMER,
        "about": project["item"],
    });
    let made = api.post("approvals", draft.clone()).await;
    assert!(made["answer"].is_null());
    let give = |contact: &str| format!("contacts/{contact}/grants");
    let items = json!({"items": [made["item"], project["item"]]});
    api.refused(Method::POST, &give("wmCustomer2"), items.clone(), 403)
        .await;
    api.post(&give(CUSTOMER), items).await;
    let one = format!("approvals/{}", text(&made, "id"));
    as_customer(
        &api,
        Command::Answer(NewAnswer {
            approval: key(&made),
            contact: contact(CUSTOMER),
            seen: Timestamp::parse(text(&made, "changed_at")).unwrap(),
            verdict: Consent::Agreed,
            remark: "尽快".into(),
        }),
    )
    .await;
    let answered = api.get(&one).await;
    assert_eq!(answered["answer"]["verdict"], "agreed");
    assert_eq!(answered["state"], "closed");
    api.refused(Method::PUT, &one, draft, 409).await;
    let items = json!({"items": [made["item"]]});
    api.refused(Method::POST, &give(CUSTOMER), items, 409).await;
}

async fn the_same_request_is_answered_alike(on: On) {
    let api = Api::start(on).await;
    let post = async |key: &str, path: &str, body: Value| {
        let (status, answer) = api.ask(Method::POST, path, body, Some(key)).await;
        (status.as_u16(), answer)
    };
    let first = post("k", "projects", project()).await;
    assert_eq!(first.0, 201);
    api.world.clock.advance(SECOND);
    assert_eq!(post("k", "projects", project()).await, first);
    let mut other = project();
    other["title"] = "另一个".into();
    let (status, problem) = post("k", "projects", other).await;
    assert_eq!(
        (status, text(&problem, "title")),
        (422, "The key was used before.")
    );
    let (status, _) = post("k", "projects?corp=ww0123456789abcdef", project()).await;
    assert_eq!(status, 422, "another address is another request");
    let (_, second) = post("k2", "projects", project()).await;
    assert_ne!(second["id"], first.1["id"]);
    let unnamed = api.post("projects", project()).await;
    let again = api.post("projects", project()).await;
    assert_ne!(
        unnamed["id"], again["id"],
        "without a key, every request counts"
    );
    assert_eq!(
        api.get("projects").await["items"].as_array().unwrap().len(),
        4
    );

    let put = async |key: &str, body: Value| {
        let path = "projects/by-ref/CRM%2F7%E5%8F%B7";
        let (status, answer) = api.ask(Method::PUT, path, body, Some(key)).await;
        (status.as_u16(), answer)
    };
    let made = put("p1", project()).await;
    assert_eq!((made.0, text(&made.1, "external_ref")), (201, "CRM/7号"));
    api.world.clock.advance(SECOND);
    assert_eq!(put("p1", project()).await, made);
    let changed = put("p2", project()).await;
    assert_eq!((changed.0, &changed.1["id"]), (200, &made.1["id"]));
    assert_eq!(api.get("projects/by-ref/CRM%2F7%E5%8F%B7").await, changed.1);
    api.refused(
        Method::GET,
        "forms/by-ref/CRM%2F7%E5%8F%B7",
        Value::Null,
        404,
    )
    .await;

    api.post(
        &format!("contacts/{CUSTOMER}/grants"),
        json!({"items": [made.1["item"]]}),
    )
    .await;
    let comments = format!(
        "projects/{}/comments?contact={CUSTOMER}",
        text(&made.1, "id")
    );
    let said = post("c1", &comments, json!({"text": "你好"})).await;
    assert_eq!(said.0, 201);
    api.world.clock.advance(SECOND);
    assert_eq!(post("c1", &comments, json!({"text": "你好"})).await, said);
    assert_eq!(
        api.get(&comments).await["items"].as_array().unwrap().len(),
        1
    );

    for wrong in ["", " ", "ü", &"k".repeat(256)] {
        let (status, _) = post(wrong, "projects", project()).await;
        assert_eq!(status, 400, "{wrong:?}");
    }
}

async fn what_is_wrong_is_said(on: On) {
    let api = Api::start(on).await;
    let with = |field: &str, value: Value| {
        let mut body = project();
        body[field] = value;
        body
    };
    let task = |task: Value| with("stages", json!([{"title": "一", "tasks": [task]}]));
    let field = |field: Value| json!({"title": "一", "owner": "ZhangSan", "steps": ["一"], "fields": [field]});
    // What cannot be read, with a word that the answer has.
    for (path, body, word) in [
        (
            "projects",
            json!({"owner": "ZhangSan"}),
            "missing field `title`",
        ),
        (
            "projects",
            with("titel", "x".into()),
            "unknown field `titel`",
        ),
        (
            "projects",
            with("state", "closed".into()),
            "unknown field `state`",
        ),
        (
            "projects",
            with("circle", "all".into()),
            "`corp` or `followers`",
        ),
        (
            "projects",
            task(json!({"key": "a", "title": "a", "staet": "done"})),
            "unknown field `staet`",
        ),
        (
            "projects",
            task(json!({"key": "a", "title": "a", "due": "morgen"})),
            "line",
        ),
        (
            "forms",
            field(json!({"key": "a", "label": "a", "type": "txt"})),
            "fields[0]: unknown variant `txt`",
        ),
        (
            "forms",
            field(json!({"key": "a", "label": "a", "type": "text", "options": ["x"]})),
            "has no `options`",
        ),
        ("records", json!({"title": "一"}), "missing field `form`"),
        (
            "approvals",
            json!({"title": "一"}),
            "missing field `contact`",
        ),
        (
            "contacts/wmCustomer1/grants",
            json!({"items": ["task:1"]}),
            "not an id",
        ),
        (
            "members/ZhangSan/hand-over",
            json!({}),
            "missing field `to`",
        ),
    ] {
        let problem = api.refused(Method::POST, path, body, 400).await;
        let detail = text(&problem, "detail");
        assert!(detail.contains(word), "{path}: {detail}");
    }
    // What is read and wrong, by place.
    for (path, body, faults) in [
        (
            "projects",
            with("title", " ".into()),
            vec![("title", "missing")],
        ),
        (
            "projects",
            with("owner", "Nobody".into()),
            vec![("owner", "not_a_member")],
        ),
        (
            "projects",
            with("picture", "http://x".into()),
            vec![("picture", "not_an_address")],
        ),
        (
            "projects",
            task(json!({"key": "ä", "title": "a".repeat(101)})),
            vec![
                ("stages[0].tasks[0].title", "too_long"),
                ("stages[0].tasks[0].key", "bad_characters"),
            ],
        ),
        (
            "forms",
            field(json!({"key": "a", "label": "a", "type": "text", "max": 0})),
            vec![("fields[0].max", "below")],
        ),
        (
            "approvals",
            json!({"title": "一", "owner": "ZhangSan", "contact": "wmNobody"}),
            vec![("contact", "not_a_contact")],
        ),
        (
            "records",
            json!({"title": "一", "owner": "ZhangSan", "form": "nothere"}),
            vec![("form", "unknown")],
        ),
        (
            "contacts/wmCustomer1/grants",
            json!({"items": []}),
            vec![("items", "missing")],
        ),
        (
            "contacts/wmNobody/grants",
            json!({"items": ["form:a"]}),
            vec![("contact", "not_a_contact")],
        ),
        (
            "members/ZhangSan/hand-over",
            json!({"to": "Nobody"}),
            vec![("to", "not_a_member")],
        ),
    ] {
        let problem = api.refused(Method::POST, path, body, 422).await;
        let seen = problem["faults"].as_array().unwrap().iter();
        let seen: Vec<_> = seen
            .map(|fault| (text(fault, "place"), text(fault, "wrong")))
            .collect();
        assert_eq!(seen, faults, "{path}");
    }
    for (method, path) in [
        (Method::GET, "projects/nothere"),
        (Method::GET, "projects/NOT-AN-ID"),
        (Method::GET, "projects/by-ref/nothing"),
        (Method::GET, "contacts/wmNobody/grants"),
        (Method::GET, "plans/nothere/comments?contact=wmCustomer1"),
        (Method::POST, "records/nothere/close"),
        (Method::PUT, "forms/nothere/followers/ZhangSan"),
        (Method::DELETE, "contacts/wmCustomer1/grants/nothing"),
    ] {
        api.refused(method, path, Value::Null, 404).await;
    }
    for path in [
        "projects?contact=wmCustomer1",
        "forms?form=a",
        "records?owner=ZhangSan&member=LiSi",
        "records?state=dead",
        "records?after=nowhere",
        "records?after=ww0123456789abcdef:form:1",
        "records?limit=0",
        "records?order=up",
        "records?corp=wwOther",
        "records/r1/comments",
    ] {
        api.refused(Method::GET, path, Value::Null, 400).await;
    }
    let large = json!({"title": "x".repeat(1024 * 1024)});
    api.refused(Method::POST, "projects", large, 413).await;
    let almost = json!({"title": "x".repeat(1024 * 1000)});
    api.refused(Method::POST, "projects", almost, 422).await;
    let plain = api
        .world
        .post("api/v1/projects")
        .bearer_auth(crate::world::API_TOKEN);
    crate::pages::refused(plain.body("title=x"), 415, "a form is no JSON").await;
    assert_eq!(
        api.get("projects").await["items"],
        json!([]),
        "nothing was made"
    );
}

async fn lists_are_filtered_and_paged(on: On) {
    let api = Api::start(on).await;
    let form = api.post("forms", form()).await;
    api.world.clock.advance(SECOND);
    let other_form = api
        .post(
            "forms",
            json!({"title": "二", "owner": "LiSi", "steps": ["一"]}),
        )
        .await;
    for n in 0..5 {
        api.world.clock.advance(SECOND);
        let contact = ["wmCustomer1", "wmCustomer2"][n % 2];
        let form = if n == 4 { &other_form } else { &form };
        let owner = ["ZhangSan", "LiSi"][n / 3];
        let record = json!({"title": format!("{n}"), "owner": owner, "form": form["id"], "contact": contact});
        api.post("records", record).await;
    }
    let newest = api.get("records?limit=1").await;
    let id = text(&newest["items"][0], "id");
    api.post(&format!("records/{id}/close"), Value::Null).await;
    let handled = api.get("records?owner=ZhangSan&limit=1").await;
    let id = text(&handled["items"][0], "id");
    api.post(&format!("records/{id}/advance"), json!({"handler": "LiSi"}))
        .await;

    let form = format!("records?form={}", text(&form, "id"));
    for (list, expected) in [
        ("records", &["4", "3", "2", "1", "0"][..]),
        (
            "records?corp=ww0123456789abcdef",
            &["4", "3", "2", "1", "0"],
        ),
        ("records?state=open", &["3", "2", "1", "0"]),
        ("records?state=closed", &["4"]),
        ("records?owner=zhangsan", &["2", "1", "0"]),
        ("records?owner=LiSi", &["4", "3"]),
        ("records?member=LiSi", &["4", "3", "2"]),
        ("records?owner=LiSi&state=open", &["3"]),
        ("records?contact=wmCustomer2", &["3", "1"]),
        ("records?contact=wmCustomer2&owner=LiSi", &["3"]),
        (&form, &["3", "2", "1", "0"]),
        (&format!("{form}&contact=wmCustomer1"), &["2", "0"]),
        ("forms", &["二", "报修"]),
        ("forms?owner=LiSi", &["二"]),
        ("projects", &[]),
        ("approvals?contact=wmCustomer1", &[]),
    ] {
        for limit in [1, 2, 200] {
            let titles = api.titles(list, limit).await;
            assert_eq!(titles, expected, "{list} by {limit}");
        }
    }
}

async fn everything_of_a_member_goes_to_another(on: On) {
    let api = Api::start(on).await;
    let mut project = project();
    for _ in 0..3 {
        api.post("projects", project.clone()).await;
    }
    project["owner"] = "LiSi".into();
    api.post("projects", project).await;
    let path = "members/ZhangSan/hand-over";
    let (status, answer) = api
        .ask(Method::POST, path, json!({"to": "LiSi"}), None)
        .await;
    assert_eq!(
        (status.as_u16(), answer),
        (202, json!({"from": "ZhangSan", "to": "LiSi"}))
    );
    api.world.settle().await;
    assert_eq!(api.titles("projects?member=ZhangSan", 9).await, [""; 0]);
    assert_eq!(api.titles("projects?owner=LiSi", 9).await, ["上线"; 4]);
    let same = json!({"to": "lisi"});
    api.refused(Method::POST, "members/LiSi/hand-over", same, 422)
        .await;
}

async fn writes_name_their_corp(on: On) {
    let setup = Setup {
        more: OTHER_CORP,
        ..Setup::default()
    };
    let api = Api::of(World::with(on, setup).await).await;
    let other = CorpId::parse("wwOther").unwrap();
    let known = |userid: &str| Member {
        userid: user(userid),
        name: userid.into(),
        department: Vec::new(),
        status: 1,
        position: None,
        visible: true,
        changed_at: api.world.clock.now(),
    };
    let now = api.world.clock.now();
    let known = ["ZhangSan", "LiSi"].map(|userid| Effect::PutMember(known(userid)));
    let put = api.world.store().carry_out(&other, &[], &known, now);
    put.await.unwrap();

    let problem = api.refused(Method::POST, "projects", project(), 400).await;
    assert_eq!(
        text(&problem, "detail"),
        "Name the `corp`: there are several."
    );
    for corp in [CORP, "wwOther"] {
        for title in ["一", "二"] {
            api.world.clock.advance(SECOND);
            let mut project = project();
            project["title"] = format!("{corp} {title}").into();
            let made = api
                .post(&format!("projects?corp={corp}"), project.clone())
                .await;
            assert_eq!(made["corp"], corp);
            let one = format!("projects/{}", text(&made, "id"));
            assert_eq!(api.get(&one).await, made, "it is looked for in all of them");
            let path = format!("{one}/close");
            api.refused(Method::POST, &path, Value::Null, 400).await;
            let wrong = format!("{path}?corp=wwNone");
            api.refused(Method::POST, &wrong, Value::Null, 400).await;
            api.world.clock.advance(SECOND);
            let by_ref = format!("projects/by-ref/CRM-1?corp={corp}");
            api.put(&by_ref, project).await;
        }
        let elsewhere = if corp == CORP { "wwOther" } else { CORP };
        let own = api.get(&format!("projects?corp={corp}&limit=1")).await;
        let id = text(&own["items"][0], "id");
        let path = format!("projects/{id}/close?corp={elsewhere}");
        api.refused(Method::POST, &path, Value::Null, 404).await;
    }
    let titles = ["二", "二", "一"];
    let of = |corp: &str| titles.map(|title| format!("{corp} {title}")).to_vec();
    assert_eq!(
        api.titles(&format!("projects?corp={CORP}"), 2).await,
        of(CORP)
    );
    let all = [of(CORP), of("wwOther")].concat();
    for limit in [1, 2, 3, 200] {
        assert_eq!(api.titles("projects", limit).await, all, "{limit}");
        assert_eq!(
            api.titles("projects?owner=ZhangSan", limit).await,
            all,
            "{limit}"
        );
    }
}
