//! The company's pages of its items: a form is made on a phone, with the script and without a reload, and a record with
//! a file.

use image::ImageFormat;
use tempfile::TempDir;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::request::Content;
use wecom_bridge::model::form::{FieldKind, Submissions};

use crate::browser::driver::Browser;
use crate::browser::{DESKTOP, PHONE, opened_as, world};
use crate::files::picture;
use crate::home::{field, put};
use crate::world::JsSdk;

pub(super) async fn a_form_is_made_on_a_phone(browser: &Browser) {
    let (world, ..) = world(JsSdk::Simulated).await;
    browser.forget().await;
    browser
        .open(world.base.join("admin/language/zh").unwrap())
        .await;
    browser.size(PHONE.0, PHONE.1).await;
    let start = opened_as(&world, "member:ZhangSan", "items?tenantKey=team1&kind=form");
    browser.open(start).await;
    browser.sees("还没有由您负责或处理的事项").await;
    // The page has the member read, whom nobody had asked about before.
    world.settle().await;
    assert!(browser.fits_its_width().await, "the empty list");
    browser.submit("#new").await;

    browser.type_into("[name='title']", "报修登记").await;
    browser.type_into("[name='fields[0].label']", "问题").await;
    for (n, label) in [(1, "楼层"), (2, "电话")] {
        // The row comes without a reload, and what was typed stays.
        browser.script("window.same = true").await;
        browser.click("#add-field").await;
        let name = format!("[name='fields[{n}].label']");
        browser.type_into(&name, label).await;
        assert_eq!(browser.script("return window.same").await, true);
    }
    let choose = "const kind = document.querySelector(\"[name='fields[1].kind']\");
        kind.value = 'choice';
        kind.dispatchEvent(new Event('change', { bubbles: true }))";
    browser.script(choose).await;
    browser
        .type_into("[name='fields[1].options']", "一层\n二层")
        .await;
    assert!(browser.fits_its_width().await, "the editor");
    browser.keep_picture("items-editor").await;
    browser
        .script("document.documentElement.style.fontSize = ''")
        .await;
    browser.submit("#save").await;

    browser.sees("已创建。").await;
    for text in ["报修登记", "问题", "楼层", "电话"] {
        browser.sees(text).await;
    }
    assert!(browser.fits_its_width().await, "the form's page");
    browser.keep_picture("items-form").await;
    let list = world.base.join("items?tenantKey=team1&kind=form").unwrap();
    browser.open(&list).await;
    assert_eq!(browser.text(".rows .name").await, "报修登记");
    assert!(browser.fits_its_width().await, "the list");
    browser.keep_picture("items-list").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.size(DESKTOP.0, DESKTOP.1).await;
}

pub(super) async fn a_record_is_made_with_a_file(browser: &Browser) {
    let (world, userid, wang) = world(JsSdk::Simulated).await;
    world.ask(&OwnEvent::RefreshMember { userid }).await;
    world.settle().await;
    let content = Content::Form {
        fields: vec![field("photos", "照片", FieldKind::Attachment { max: 3 })],
        submissions: Submissions::Many,
        steps: vec!["待处理".into()],
    };
    put(&world, "f1", "报修单", "", content).await;
    let folder = TempDir::new().unwrap();
    let photo = folder.path().join("现场.png");
    std::fs::write(&photo, picture(640, 480, ImageFormat::Png)).unwrap();
    let program = folder.path().join("现场.exe");
    std::fs::write(&program, b"MZ\x90\0\x03").unwrap();
    browser.forget().await;
    browser
        .open(world.base.join("admin/language/zh").unwrap())
        .await;
    browser.size(PHONE.0, PHONE.1).await;
    let editor = format!("items/new/record?tenantKey=team1&form=f1&contact={wang}");
    browser
        .open(opened_as(&world, "member:ZhangSan", &editor))
        .await;
    browser
        .type_into("[type=file]", program.to_str().unwrap())
        .await;
    browser.sees("不支持这种文件").await;
    browser
        .type_into("[type=file]", photo.to_str().unwrap())
        .await;
    browser.text(".files img").await;
    assert!(browser.fits_its_width().await, "the editor");
    browser.keep_picture("items-record").await;
    browser.submit("#save").await;
    browser.sees("已创建。").await;
    browser.sees("现场.png").await;
    let drawn = "const small = document.querySelector('.files img');
        return small.decode().then(() => small.naturalWidth)";
    assert_eq!(browser.script(drawn).await, 320);
    assert!(browser.fits_its_width().await, "the record's page");
    let complaints = browser.complaints().await;
    assert!(
        complaints.iter().all(|line| line.contains("415")),
        "{complaints:?}"
    );
    browser.size(DESKTOP.0, DESKTOP.1).await;
}
