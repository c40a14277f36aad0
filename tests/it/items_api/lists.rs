//! Lists are filtered and paged, and everything of a member goes to another.

use reqwest::Method;
use serde_json::{Value, json};

use crate::items_api::api::Api;
use crate::items_api::{SECOND, form, project, text};
use crate::world::{On, stories};

stories!(
    lists_are_filtered_and_paged,
    everything_of_a_member_goes_to_another,
);

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
