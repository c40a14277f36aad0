//! Files at the door, on both stores: brought, part of a record, fetched by whoever sees it and by nobody else.

use image::ImageFormat;
use reqwest::header::{COOKIE, IF_NONE_MATCH};
use wecom_bridge::act::error::ActError;
use wecom_bridge::decide::input::Refusal;
use wecom_bridge::decide::rejection::{Fault, Rejection, Wrong};
use wecom_bridge::decide::request::{Command, Content, Target};
use wecom_bridge::model::form::Value;

use super::people::{FORM, Office, item, key, put, zhang_san};
use super::picture;
use crate::world::{On, contact, stories};

stories!(
    a_file_comes_with_a_form_and_goes_to_who_sees_it,
    what_leaves_cannot_run,
    the_companys_files_are_shown_where_they_belong,
    without_a_script_the_page_comes_back,
    what_was_given_stays,
);

/// Nobody but who brought it, until the form is submitted; then who sees the record, until it is taken back.
async fn a_file_comes_with_a_form_and_goes_to_who_sees_it(on: On) {
    let office = Office::open(on).await;
    let content = picture(640, 480, ImageFormat::Png);
    let (status, told) = office
        .upload(&office.wang, FORM, "现场 照片.png", &content)
        .await;
    assert_eq!((status, &told["name"]), (200, &"现场 照片.png".into()));
    assert_eq!(told["bytes"], content.len());
    assert_eq!(told["thumbnail"], true);
    let id = told["id"].as_str().unwrap();
    // Mr Chen has the same form; Li Si does not work on it.
    assert_eq!(office.seen_by(id).await, [200, 404, 200, 404, 404]);

    // The form's page has a place for it.
    let page = async |path: &str| {
        let answer = office.get(&office.wang, path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    };
    let empty = page("home/form/f1?tenantKey=team1").await;
    assert!(empty.contains("name=\"file:f-photos\"") && !empty.contains(id));

    // Another customer cannot make it theirs.
    assert!(office.submit("wmCustomer2", "r2", &[id]).await.is_err());
    office.submit("wmCustomer1", "r1", &[id]).await.unwrap();
    assert_eq!(office.seen_by(id).await, [200, 404, 200, 404, 404]);
    let record = page("home/record/r1?tenantKey=team1").await;
    let link = format!("href=\"/files/{id}\" download>现场 照片.png</a>");
    assert!(record.contains(&link), "{record}");
    let answer = office.get(&office.wang, &format!("files/{id}")).await;
    assert_eq!(answer.bytes().await.unwrap(), content);
    let small = office
        .get(&office.wang, &format!("files/{id}/thumbnail"))
        .await;
    let small = image::load_from_memory(&small.bytes().await.unwrap()).unwrap();
    assert_eq!((small.width(), small.height()), (320, 240));
    let small = office
        .get(&office.chen, &format!("files/{id}/thumbnail"))
        .await;
    assert_eq!(small.status(), 404);

    let revoke = Command::Revoke(contact("wmCustomer1"), item("record:r1"));
    office.ask(zhang_san(), revoke).await.unwrap();
    assert_eq!(office.seen_by(id).await, [404, 404, 200, 404, 404]);
    assert_eq!(office.bucket.is_some(), matches!(on, On::Redis));
}

async fn what_leaves_cannot_run(on: On) {
    let office = Office::open(on).await;
    let (status, told) = office
        .upload(
            &office.wang,
            FORM,
            "x.html",
            b"hello <script>alert(1)</script>",
        )
        .await;
    assert_eq!((status, &told["name"]), (200, &"x.html.txt".into()));
    let path = format!("files/{}", told["id"].as_str().unwrap());
    let answer = office.get(&office.wang, &path).await;
    let headers = answer.headers().clone();
    for (name, expected) in [
        ("content-type", "text/plain; charset=utf-8"),
        (
            "content-disposition",
            "attachment; filename=\"x.html.txt\"; filename*=UTF-8''x.html.txt",
        ),
        ("content-length", "31"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cache-control", "private, no-cache"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(headers[name], expected, "{name}");
    }
    let again = office
        .world
        .get(&path)
        .header(COOKIE, &office.wang.cookie)
        .header(IF_NONE_MATCH, &headers["etag"]);
    assert_eq!(again.send().await.unwrap().status(), 304);
    // Whoever knows the tag but may not see the file learns nothing.
    let foreign = office
        .world
        .get(&path)
        .header(COOKIE, &office.chen.cookie)
        .header(IF_NONE_MATCH, &headers["etag"]);
    assert_eq!(foreign.send().await.unwrap().status(), 404);
    let none = office.get(&office.wang, &format!("{path}/thumbnail")).await;
    assert_eq!(none.status(), 404);
}

/// A file in a field that customers do not see, and one of an approval.
async fn the_companys_files_are_shown_where_they_belong(on: On) {
    let office = Office::open(on).await;
    office.submit("wmCustomer1", "r1", &[]).await.unwrap();
    let to = "items/files?item=record:r1";
    let hidden = office.uploaded(&office.zhang, to, b"internal").await;
    let content = Content::Record {
        form: key("f1"),
        contact: Some(contact("wmCustomer1")),
        values: [("internal".to_owned(), Value::Many(vec![hidden.clone()]))].into(),
        project: None,
    };
    let change = put(Target::Existing(key("r1"), None), content);
    office.ask(zhang_san(), change).await.unwrap();
    assert_eq!(office.seen_by(&hidden).await, [404, 404, 200, 404, 404]);

    let approval = |target, attachments| {
        put(
            target,
            Content::Approval {
                contact: contact("wmCustomer1"),
                about: None,
                attachments,
            },
        )
    };
    let new = approval(Target::New(key("a1")), Vec::new());
    office.ask(zhang_san(), new).await.unwrap();
    office.share(&contact("wmCustomer1"), "approval:a1").await;
    let offer = office
        .uploaded(
            &office.zhang,
            "items/files?item=approval:a1",
            b"%PDF-1.7 offer",
        )
        .await;
    assert_eq!(office.seen_by(&offer).await, [404, 404, 200, 404, 404]);
    let with = approval(Target::Existing(key("a1"), None), vec![offer.clone()]);
    office.ask(zhang_san(), with).await.unwrap();
    assert_eq!(office.seen_by(&offer).await, [200, 404, 200, 404, 404]);
    // Another item's file cannot be named.
    let foreign = approval(
        Target::Existing(key("a1"), None),
        vec![offer.clone(), hidden.clone()],
    );
    let refused = office.ask(zhang_san(), foreign).await;
    let faults = vec![Fault::new("attachments", Wrong::NotAFile)];
    assert!(
        matches!(&refused, Err(ActError::Refused(Refusal::Rejected(Rejection::Invalid(wrong)))) if *wrong == faults),
        "{refused:?}"
    );
    assert_eq!(office.seen_by(&hidden).await, [404, 404, 200, 404, 404]);
}

async fn without_a_script_the_page_comes_back(on: On) {
    let office = Office::open(on).await;
    let earlier = office.uploaded(&office.wang, FORM, b"zero").await;
    let mut wang = office.wang.clone();
    wang.json = false;
    let token = wang.token.clone();
    let parts = [
        ("do", None, b"submit".as_slice()),
        ("f-what", None, "灯不亮".as_bytes()),
        ("f-photos", None, earlier.as_bytes()),
        ("upload_token", None, token.as_bytes()),
        ("file:f-photos", Some("a.txt"), b"one".as_slice()),
        ("file:f-photos", Some("b.txt"), b"two".as_slice()),
        ("file:f-other", Some(""), b"".as_slice()),
    ];
    let answer = office.send(&wang, FORM, &parts).await;
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    for there in [
        "value=\"灯不亮\"",
        "a.txt",
        "b.txt",
        &format!("name=\"f-photos\" value=\"{earlier}\" checked"),
        "action=\"/home/form/f1?tenantKey=team1\"",
        "name=\"do\" value=\"submit\"",
    ] {
        assert!(page.contains(there), "{there}: {page}");
    }
    assert_eq!(page.matches("name=\"f-photos\" value=\"").count(), 3);
    // Enter in a field presses the first button.
    let button = page.find("<button").unwrap();
    assert!(page[button..].starts_with("<button class=\"files-enter\""));
    // Members hear that it was done.
    let mut zhang = office.zhang.clone();
    zhang.json = false;
    let token = zhang.token.clone();
    let parts = [
        ("upload_token", None, token.as_bytes()),
        ("file:photos", Some("a.txt"), b"one".as_slice()),
    ];
    let answer = office
        .send(&zhang, "items/files?item=form:f1", &parts)
        .await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("附件已上传"));
}

/// The company stops working with forms; what customers were given stays as it is.
async fn what_was_given_stays(on: On) {
    let mut office = Office::open(on).await;
    let id = office.uploaded(&office.wang, FORM, b"text").await;
    office.submit("wmCustomer1", "r1", &[&id]).await.unwrap();
    let only = "tenant_key = \"team1\"\nitems = [\"projects\"]";
    office.world.restart("tenant_key = \"team1\"", only).await;
    assert_eq!(office.seen_by(&id).await, [200, 404, 404, 404, 404]);
    let record = office
        .get(&office.wang, "home/record/r1?tenantKey=team1")
        .await;
    let record = record.text().await.unwrap();
    assert!(record.contains(&format!("/files/{id}")), "{record}");
}
