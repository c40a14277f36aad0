//! The read API's refusals. What it shows is looked at by the stories.

use reqwest::Method;

use crate::pages::refused;
use crate::world::{API_TOKEN, On, World};

#[tokio::test]
async fn it_refuses_in_problem_details() {
    let world = World::start(On::Embedded).await;
    let (member, customer) = world.people();
    world.sim.customer_adds(&member, &customer).await.unwrap();
    for list in [
        "events", "contacts", "members", "links", "outgoing", "syncs",
    ] {
        let path = format!("api/v1/{list}");
        let unknown = refused(world.get(&path), 401, &path).await;
        assert_eq!(unknown["type"], "about:blank");
        let wrong = world.get(&path).bearer_auth("a-token-of-the-read-apj");
        refused(wrong, 401, &path).await;
        let first = world.get(&format!("{path}?limit=0"));
        refused(first, 401, "who asks comes before what is asked").await;
        for query in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=many",
            "limit=1&limit=1",
            "unknown=1",
            "after=nowhere",
            "corp=wwOther",
        ] {
            let path = format!("{path}?{query}");
            refused(world.get(&path).bearer_auth(API_TOKEN), 400, &path).await;
        }
        for limit in ["limit=1", "limit=200"] {
            world.api(&format!("{path}?{limit}")).await;
        }
    }
    for missing in [
        "events/nowhere",
        "contacts/wmNobody",
        "contacts/wm%20Nobody",
        "members/Nobody",
        "outgoing/1",
        "syncs/1",
        "corps/wwOther/auto-sync",
        "other",
        "",
    ] {
        let path = format!("api/v1/{missing}");
        refused(world.get(&path), 401, &path).await;
        refused(world.get(&path).bearer_auth(API_TOKEN), 404, &path).await;
    }
    for wish in [
        r#"{"scope": "everything"}"#,
        r#"{"scope": "all", "dry-run": true}"#,
        r#"{"corp": "wwOther"}"#,
        "",
    ] {
        let sync = world.post("api/v1/sync").body(wish);
        refused(sync.header("Content-Type", "application/json"), 401, wish).await;
        let sync = world.post("api/v1/sync").bearer_auth(API_TOKEN).body(wish);
        refused(sync.header("Content-Type", "application/json"), 400, wish).await;
    }
    for query in ["state=lost", "since=yesterday"] {
        let path = format!("api/v1/events?{query}");
        refused(world.get(&path).bearer_auth(API_TOKEN), 400, &path).await;
    }
    let path = "api/v1/links?state=lost";
    refused(world.get(path).bearer_auth(API_TOKEN), 400, path).await;
    let id = world.items("events").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let replay = format!("api/v1/events/{id}/replay");
    refused(world.post(&replay), 401, &replay).await;
    refused(
        world.get(&replay).bearer_auth(API_TOKEN),
        405,
        "by POST only",
    )
    .await;
}

#[tokio::test]
async fn no_operation_takes_what_it_does_not_know() {
    let world = World::start(On::Embedded).await;
    let document = world.api("api/v1/openapi.json").await;
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path: Vec<&str> = path.split('/').collect();
        let named = path.iter().map(|word| match word.starts_with('{') {
            true => "x",
            false => word,
        });
        let path = named.collect::<Vec<_>>().join("/");
        for method in operations.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let url = world.base.join(&format!("/api/v1{path}?nonsense=1"));
            let request = world.http.request(method.clone(), url.unwrap());
            let request = request.bearer_auth(API_TOKEN);
            let request = request.header("Content-Type", "application/json");
            let what = format!("{method} {path}");
            let problem = refused(request.body("{}"), 400, &what).await;
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("nonsense"), "{what}: {detail}");
            asked += 1;
        }
    }
    assert!(asked > 50, "{asked}");
}
