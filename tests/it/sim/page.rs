//! Pages for people, and their forms.

use serde_json::json;
use wecom_bridge::sim::console::WelcomeBy;
use wecom_bridge::sim::faults::{Fault, PushFault};
use wecom_bridge::sim::person::Stage as Relation;
use wecom_bridge::sim::receiver::ReceiverKind;

use crate::sim::card_check::cards;
use crate::sim::ear::Ear;
use crate::sim::stage::{As, Stage, contact, user};

async fn get(stage: &Stage, path: &str) -> (u16, String) {
    let url = stage.sim.base().join(path).unwrap();
    let answer = stage.http.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn act(stage: &Stage, doing: &str, form: &str) -> u16 {
    let url = stage.sim.base().join(&format!("do/{doing}")).unwrap();
    let request = stage.http.post(url).body(form.to_owned());
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_overview_shows_people_and_logs() {
    let stage = Stage::start().await;
    stage
        .get(As::App, "user/get", &[("userid", "nobody")])
        .await;
    stage.sim.corp().member_mut(&user("lisi")).unwrap().name = "<b>".into();
    let (status, page) = get(&stage, "/").await;
    assert_eq!(status, 200);
    for part in [
        "ZhangSan",
        "wmAnna",
        "安娜",
        "/chat/ZhangSan/wmAnna",
        "gettoken",
        "60111",
        "&#60;b&#62;",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<b>"));
}

#[tokio::test]
async fn forms_do_what_people_do() {
    let (stage, ear) = (Stage::start().await, Ear::start());
    stage
        .sim
        .register(ear.receiver(ReceiverKind::App))
        .await
        .unwrap();
    let pair = "userid=lisi&external_userid=wmBen";
    let table = [
        ("customer_half_adds", pair.to_owned(), 303),
        ("member_confirms", pair.to_owned(), 303),
        ("member_edits_remark", format!("{pair}&text=%E6%9C%AC"), 303),
        ("customer_writes", format!("{pair}&text=hi"), 303),
        ("customer_deletes", pair.to_owned(), 303),
        ("member_deletes", pair.to_owned(), 303),
        ("member_deletes", pair.to_owned(), 400),
        ("enter_agent", pair.to_owned(), 303),
        ("create_member", "userid=wang&name=%E7%8E%8B".into(), 303),
        ("delete_member", "userid=wang".into(), 303),
        ("add_contact", "external_userid=wmC&name=C".into(), 303),
        ("welcome_by", String::new(), 303),
        ("enter_agent", String::new(), 400),
        ("other", pair.to_owned(), 400),
        ("fault", "api=user/get&fault=cut".into(), 303),
        ("fault", "api=user/get&fault=45009".into(), 303),
        ("fault", "fault=duplicate".into(), 303),
        ("fault", "fault=other".into(), 400),
    ];
    for (doing, form, status) in table {
        assert_eq!(act(&stage, doing, &form).await, status, "{doing} {form}");
    }
    assert_eq!(ear.texts().len(), 8);
    assert!(stage.sim.corp().contact(&contact("wmC")).is_some());
    assert_eq!(stage.sim.corp().console.welcome, WelcomeBy::Console);
    let mut left = stage.sim.faults().left();
    left.sort();
    let expected = [
        format!("push: {:?}", PushFault::Duplicate),
        format!("user/get: {:?}", Fault::Cut),
        format!("user/get: {:?}", Fault::ErrCode(45009)),
    ];
    assert_eq!(left, expected);
}

#[tokio::test]
async fn a_chat_frames_its_toolbar_as_the_member() {
    let stage = Stage::start().await;
    stage
        .sim
        .customer_writes(&user("zhangsan"), &contact("wmAnna"), "在吗")
        .unwrap();
    let toolbar = "https://bridge.example/sidebar?corp=1".parse().unwrap();
    stage.sim.corp().console.toolbar_url = Some(toolbar);
    let url = stage.sim.base().join("chat/zhangsan/wmAnna").unwrap();
    let answer = stage.http.get(url).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("as=member:zhangsan;"), "{cookie}");
    let page = answer.text().await.unwrap();
    for part in [
        "data-src=\"https://bridge.example/sidebar?corp=1\"",
        "在吗",
        "data-permitted=\"yes\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let relation = stage
        .sim
        .corp()
        .follow_of(&user("zhangsan"), &contact("wmAnna"))
        .unwrap()
        .stage;
    assert_eq!(relation, Relation::Chatting);
    assert_eq!(get(&stage, "chat/nobody/wmAnna").await.0, 404);
}

#[tokio::test]
async fn a_profile_shows_its_links_as_its_visitor_opens_them() {
    let stage = Stage::start().await;
    let web = json!({"title": "与我协作", "url": "https://bridge.example/home?tenantKey=k"});
    let attr = json!([{"type": 1, "name": "与我协作", "web": web}]);
    let body = json!({"userid": "zhangsan", "external_profile": {"external_attr": attr}});
    stage.post(As::ContactSync, "user/update", &body).await.ok();
    let (_, page) = get(&stage, "profile/zhangsan").await;
    let href =
        "/open?as=contact%3AwmAnna&#38;to=https%3A%2F%2Fbridge.example%2Fhome%3FtenantKey%3Dk";
    assert!(page.contains(href), "{page}");

    let url = stage.sim.base().join(&href.replace("&#38;", "&")).unwrap();
    let answer = stage.http.get(url).send().await.unwrap();
    assert_eq!(
        answer.headers()["location"],
        "https://bridge.example/home?tenantKey=k"
    );
    assert!(
        answer.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .starts_with("as=contact:wmAnna;")
    );
    for bad in [
        "/open?as=contact:wmAnna&to=javascript:alert(1)",
        "/open?as=contact:x&to=https://a.example/",
    ] {
        assert_eq!(get(&stage, bad).await.0, 404, "{bad}");
    }
}

#[tokio::test]
async fn buttons_in_a_window_push_what_was_chosen() {
    let (stage, ear) = (Stage::start().await, Ear::start());
    stage
        .sim
        .register(ear.receiver(ReceiverKind::App))
        .await
        .unwrap();
    for card in cards() {
        let body = json!({
            "touser": "lisi", "msgtype": "template_card", "agentid": 1000002, "template_card": card,
        });
        stage.post(As::App, "message/send", &body).await.ok();
    }
    let (_, page) = get(&stage, "window/lisi").await;
    for part in [
        "客户有回复",
        "name=\"q:q\"",
        "value=\"submit\"",
        "value=\"done\"",
        "to=https%3A%2F%2Fa.example%2F",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let form = "userid=lisi&task_id=vote&key=submit&q:q=1&q:q=2";
    assert_eq!(act(&stage, "click", form).await, 303);
    let xml = ear.texts().pop().unwrap();
    let selected = "<QuestionKey><![CDATA[q]]></QuestionKey><OptionIds><OptionId><![CDATA[1]]></OptionId>\
        <OptionId><![CDATA[2]]></OptionId></OptionIds>";
    assert!(xml.contains(selected), "{xml}");
    assert_eq!(
        act(&stage, "click", "userid=lisi&task_id=vote&key=other").await,
        400
    );
}
