//! The company's pages of its items: a form is made on a phone, with the script and without a reload.

use crate::browser::driver::Browser;
use crate::browser::{DESKTOP, PHONE, opened_as, world};
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
