//! Members bring files to what they make, on their pages and at the toolbar, before it is kept.

use std::time::Duration;

use image::ImageFormat;
use reqwest::header::{COOKIE, ORIGIN};
use serde_json::{Value as Json, json};
use wecom_bridge::model::item::Item;
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::store::record::Key;

use super::people::{Browser, OWN, Office, Part, corp, item};
use super::picture;
use crate::world::{On, contact, stories};

stories!(
    a_record_is_made_with_files,
    an_approval_is_made_with_files,
    without_a_script_the_editor_comes_back,
    what_is_never_made_is_removed,
    the_toolbar_makes_records_with_files,
);

const RECORD: &str = "items/new/record?tenantKey=team1&form=f1&contact=wmCustomer1";
const APPROVAL: &str = "items/new/approval?tenantKey=team1&contact=wmCustomer1";

impl Office {
    async fn page(&self, who: &Browser, path: &str) -> String {
        let answer = self.get(who, path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    /// Sends the editor as it stands on a page, with these fields; where it leads to, or the page that says why not.
    async fn save(
        &self,
        who: &Browser,
        page: &str,
        fields: &[(&str, &str)],
    ) -> Result<String, String> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for name in [
            "token",
            "request",
            "changed_at",
            "new_id",
            "form",
            "contact",
            "about",
        ] {
            if let Some(value) = value(page, &format!("name=\"{name}\" value=\"")) {
                form.append_pair(name, &value);
            }
        }
        form.extend_pairs(fields);
        let action = value(page, "id=\"editor\" method=\"post\" action=\"").unwrap();
        let request = self.world.post(action.trim_start_matches('/'));
        let request = request.header(COOKIE, &who.cookie).header(ORIGIN, OWN);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(form.finish()).send().await.unwrap();
        match answer.status().as_u16() {
            303 => {
                let to = answer.headers()["location"].to_str().unwrap();
                Ok(to
                    .split('?')
                    .next()
                    .unwrap()
                    .trim_start_matches('/')
                    .to_owned())
            }
            422 => Err(answer.text().await.unwrap()),
            status => panic!("{status}"),
        }
    }
}

/// What stands between this text and the next quotation mark.
fn value(page: &str, before: &str) -> Option<String> {
    let (_, rest) = page.split_once(before)?;
    Some(rest.split('"').next()?.replace("&#38;", "&"))
}

/// Where the page's upload fields send to.
fn door(page: &str) -> String {
    let door = value(page, "data-files=\"").expect(page);
    door.trim_start_matches('/').to_owned()
}

async fn a_record_is_made_with_files(on: On) {
    let office = Office::open(on).await;
    let (zhang, li) = (&office.zhang, &office.li);
    let page = office.page(zhang, RECORD).await;
    let door = door(&page);
    let photo = office
        .uploaded(zhang, &door, &picture(640, 480, ImageFormat::Png))
        .await;
    let hidden = office.uploaded(zhang, &door, b"internal").await;
    // Nobody sees it but who has brought it, and a colleague cannot make it theirs.
    assert_eq!(office.seen_by(&photo).await, [404, 404, 200, 404, 404]);
    let small = format!("files/{photo}/thumbnail");
    assert_eq!(office.get(zhang, &small).await.status(), 200);
    let approval = office.page(zhang, APPROVAL).await;
    let stolen = [("title", "报价"), ("attachments", photo.as_str())];
    assert!(office.save(zhang, &approval, &stolen).await.is_err());

    let fields = [
        ("title", "报修"),
        ("circle", "followers"),
        ("v:photos", photo.as_str()),
        ("v:internal", hidden.as_str()),
    ];
    let made = office.save(zhang, &page, &fields).await.unwrap();
    let record = made.replace("items/", "").replace('/', ":");
    office.share(&contact("wmCustomer1"), &record).await;
    assert_eq!(office.seen_by(&photo).await, [200, 404, 200, 404, 404]);
    assert_eq!(office.seen_by(&hidden).await, [404, 404, 200, 404, 404]);
    let shown = office.page(zhang, &made).await;
    for id in [&photo, &hidden] {
        assert!(
            shown.contains(&format!("href=\"/files/{id}\" download")),
            "{shown}"
        );
    }
    assert!(shown.contains(&format!("src=\"/files/{photo}/thumbnail\"")));
    let (status, _) = office.upload(li, &door, "a.txt", b"text").await;
    assert_eq!(status, 404, "it is made, and not theirs");

    // What is taken out of the editor is no longer part of it.
    let editor = office.page(zhang, &format!("{made}/edit")).await;
    let kept = format!("name=\"v:photos\" value=\"{photo}\" checked");
    assert!(editor.contains(&kept), "{editor}");
    let fields = [("title", "报修"), ("v:internal", hidden.as_str())];
    office.save(zhang, &editor, &fields).await.unwrap();
    assert_eq!(office.seen_by(&photo).await[0], 404);
}

async fn an_approval_is_made_with_files(on: On) {
    let office = Office::open(on).await;
    let zhang = &office.zhang;
    let page = office.page(zhang, APPROVAL).await;
    let offer = office
        .uploaded(zhang, &door(&page), b"%PDF-1.7 offer")
        .await;
    // What is wrong elsewhere costs no file.
    let fields = [("title", ""), ("attachments", offer.as_str())];
    let again = office.save(zhang, &page, &fields).await.unwrap_err();
    let kept = format!("name=\"attachments\" value=\"{offer}\" checked");
    assert!(again.contains(&kept), "{again}");
    let fields = [("title", "报价"), ("attachments", offer.as_str())];
    let made = office.save(zhang, &again, &fields).await.unwrap();
    let approval = made.replace("items/", "").replace('/', ":");
    office.share(&contact("wmCustomer1"), &approval).await;
    assert_eq!(office.seen_by(&offer).await[..2], [200, 404]);
    let shown = office.page(zhang, &made).await;
    assert!(
        shown.contains(&format!("href=\"/files/{offer}\"")),
        "{shown}"
    );
    let home = made.replace("items/", "home/") + "?tenantKey=team1";
    let home = office.page(&office.wang, &home).await;
    assert!(home.contains(&format!("/files/{offer}")), "{home}");
}

async fn without_a_script_the_editor_comes_back(on: On) {
    let office = Office::open(on).await;
    let mut zhang = office.zhang.clone();
    zhang.json = false;
    let page = office.page(&zhang, RECORD).await;
    let field = |name: &str| value(&page, &format!("name=\"{name}\" value=\"")).unwrap();
    let (id, token) = (field("new_id"), zhang.token.clone());
    let mut parts: Vec<Part<'_>> = vec![
        ("new_id", None, id.as_bytes()),
        ("form", None, b"f1"),
        ("contact", None, b"wmCustomer1"),
        ("title", None, "灯不亮".as_bytes()),
        ("upload_token", None, token.as_bytes()),
        ("file:v:photos", Some("a.txt"), b"one"),
    ];
    let answer = office.send(&zhang, &door(&page), &parts).await;
    assert_eq!(answer.status(), 200);
    let again = answer.text().await.unwrap();
    for there in [
        "value=\"灯不亮\"",
        "a.txt",
        "name=\"v:photos\" value=\"",
        &id,
    ] {
        assert!(again.contains(there), "{there}: {again}");
    }
    let file = value(&again, "name=\"v:photos\" value=\"").unwrap();
    let fields = [("title", "灯不亮"), ("v:photos", file.as_str())];
    office.save(&zhang, &again, &fields).await.unwrap();

    // What is refused says why, in the language of who reads.
    parts[5] = ("file:v:photos", Some("a.exe"), b"MZ\x90\0\x03");
    let door = door(&office.page(&zhang, RECORD).await);
    for (language, expected) in [
        ("zh", "不支持这种文件"),
        ("en", "Files of this type are not taken"),
    ] {
        let mut reader = zhang.clone();
        reader.cookie = format!("{}; bridge_language={language}", zhang.cookie);
        let answer = office.send(&reader, &door, &parts).await;
        assert_eq!(answer.status(), 415);
        assert!(
            answer.text().await.unwrap().contains(expected),
            "{language}"
        );
    }
}

async fn what_is_never_made_is_removed(on: On) {
    let office = Office::open(on).await;
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let (world, clock) = (&office.world, &office.world.clock);
    clock.advance(now.since(clock.now()));
    let zhang = Browser::of(world, "member:ZhangSan").await;
    let page = office.page(&zhang, RECORD).await;
    let id = office.uploaded(&zhang, &door(&page), b"text").await;
    assert_eq!(world.sweep().await, 0);
    clock.advance(Duration::from_secs(25 * 60 * 60));
    assert_eq!(world.sweep().await, 1);
    let records = world.store().read(&corp(), &[Key::attachment(&id)]).await;
    assert!(records.unwrap()[0].json.is_none());
}

async fn the_toolbar_makes_records_with_files(on: On) {
    let office = Office::open(on).await;
    let zhang = &office.zhang;
    let page = office.page(zhang, "sidebar?tenantKey=team1").await;
    let token = value(&page, "data-token=\"").unwrap();
    let form = "sidebar/customer/wmCustomer1/form?form=f1";
    let part = office.page(zhang, form).await;
    let photo = office.uploaded(zhang, &door(&part), b"text").await;
    let id = value(&part, "data-id=\"").unwrap();
    let body = json!({ "id": id, "form": "f1", "title": "门", "values": { "photos": [photo] } });
    let request = office.world.post("sidebar/customer/wmCustomer1/record");
    let request = request.header(COOKIE, &zhang.cookie).header(ORIGIN, OWN);
    let request = request.header("X-Toolbar-Token", token);
    let request = request.header("content-type", "application/json");
    let answer = request.body(body.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let told: Json = answer.json().await.unwrap();
    let made = told["item"].as_str().unwrap();
    assert_eq!(made, format!("record:{id}"));
    let keys = [Key::item(&item(made))];
    let records = office.world.store().read(&corp(), &keys).await.unwrap();
    let Some(Item::Record(record)) = records[0].parse().unwrap() else {
        panic!("the record is kept");
    };
    assert_eq!(record.values["photos"].texts(), [photo.as_str()]);
    office.share(&contact("wmCustomer1"), made).await;
    assert_eq!(office.seen_by(&photo).await[..2], [200, 404]);
}
