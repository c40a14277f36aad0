//! With several corps, writes name theirs.

use reqwest::Method;
use serde_json::Value;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::model::member::Member;

use crate::items_api::api::Api;
use crate::items_api::{SECOND, project, text};
use crate::world::{CORP, On, Setup, World, stories, user};

stories!(writes_name_their_corp,);

/// Besides the first one.
pub(crate) const OTHER_CORP: &str = r#"
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
