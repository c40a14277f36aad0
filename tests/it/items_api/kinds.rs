//! Projects, forms, records and approvals through the API.

use reqwest::Method;
use serde_json::{Value, json};
use wecom_bridge::decide::request::{Command, NewAnswer, NewComment, Submission};
use wecom_bridge::model::approval::Consent;
use wecom_bridge::model::form;
use wecom_bridge::model::item::ItemKey;
use wecom_bridge::model::time::Timestamp;

use crate::items_api::api::Api;
use crate::items_api::{CUSTOMER, as_customer, form, key, project, text};
use crate::world::{On, contact, stories};

stories!(
    a_project_goes_its_way,
    a_form_leads_to_records,
    an_approval_is_asked_for,
);

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
