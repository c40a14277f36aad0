//! The customer's home page "与我协作".

use image::ImageFormat;
use tempfile::TempDir;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::request::Content;
use wecom_bridge::model::form::{FieldKind, Submissions};
use wecom_bridge::sim::person::Member;

use crate::browser::driver::Browser;
use crate::browser::{PHONE, at, opened_as, world};
use crate::files::picture;
use crate::home::{approval, field, form, project, put, reply, share};
use crate::world::{JsSdk, user};

const EMPTY: &str = "还没有项目任务。";

pub(super) async fn it_is_there_on_a_phone(browser: &Browser) {
    let (world, ..) = world(JsSdk::Simulated).await;
    browser.forget().await;
    browser.size(PHONE.0, PHONE.1).await;
    let table = [
        (
            "home?tenantKey=team2&lang=zh",
            "链接无效",
            "请从对方的企业微信名片中重新打开“与我协作”。",
        ),
        (
            "home?tenantKey=&lang=zh",
            "链接无效",
            "链接不完整或已失效。",
        ),
        (
            "home?tenantKey=team1&tenantKey=team1&lang=zh",
            "链接无效",
            "链接不完整或已失效。",
        ),
        ("home?lang=zh", "链接无效", "链接不完整或已失效。"),
        ("elsewhere", "页面不存在", "请检查地址"),
    ];
    let customer = "contact:wmCustomer1";
    let home = "home?tenantKey=team1&lang=zh";
    browser.open(opened_as(&world, customer, home)).await;
    browser.sees(EMPTY).await;
    assert!(browser.fits_its_width().await);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    for (path, title, text) in table {
        browser.open(world.base.join(path).unwrap()).await;
        assert_eq!(browser.text("h1").await, title, "{path}");
        browser.sees(text).await;
        assert!(browser.fits_its_width().await, "{path}");
        // The style sheet is there, too.
        let color = "return getComputedStyle(document.body).margin";
        assert_eq!(browser.script(color).await, "0px", "{path}");
        let complaints = browser.complaints().await;
        assert_eq!(complaints.len(), 1, "{path}: {complaints:?}");
        assert!(
            complaints.iter().all(|line| line.contains("404")),
            "{complaints:?}"
        );
    }
}

pub(super) async fn a_profile_card_leads_to_it(browser: &Browser) {
    let (world, _, customer) = world(JsSdk::Simulated).await;
    let member = Member::new(user("LiSi"), "李四");
    world.sim.create_member(member).await;
    world.settle().await;
    world
        .sim
        .customer_adds(&user("LiSi"), &customer)
        .await
        .unwrap();
    browser.forget().await;
    browser.open(at(&world.sim, "profile/LiSi")).await;
    assert_eq!(browser.text("th").await, "与我协作");
    browser.click_into_new_window("td a").await;
    browser.sees("No projects yet.").await;
    let home = world.base.join("home?tenantKey=team1").unwrap();
    let mut opened = browser.url().await;
    // WeCom's login address ends in #wechat_redirect, and browsers keep that through redirects.
    opened.set_fragment(None);
    assert_eq!(opened, home);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

pub(super) async fn a_customer_works_with_it(browser: &Browser) {
    let (world, userid, wang) = world(JsSdk::Simulated).await;
    world.ask(&OwnEvent::RefreshMember { userid }).await;
    world.settle().await;
    put(&world, "p1", "上线项目", "一起上线", project()).await;
    put(&world, "f1", "报修单", "请填写", form(Submissions::One)).await;
    put(&world, "a1", "同意报价", "总价 100 元", approval()).await;
    let items = ["project:p1", "plan:p1", "form:f1", "approval:a1"];
    share(&world, &wang, &items).await;
    reply(&world, &wang, "project:p1", "c1", "欢迎").await;
    browser.forget().await;
    browser.size(PHONE.0, PHONE.1).await;

    let home = "home?tenantKey=team1&lang=zh";
    let home = opened_as(&world, "contact:wmCustomer1", home);
    browser.open(&home).await;
    assert_eq!(browser.text("h1").await, "与我协作");
    browser.sees("1 项等您处理").await;
    browser.leave_picture("home").await;
    browser.click("#projects li a[href*='/project/']").await;
    browser.sees("盖章").await;
    browser.sees("欢迎").await;
    browser.leave_picture("home-project").await;
    browser.click(".path a").await;

    // A form is half written when the line breaks.
    browser.click("#forms li a").await;
    browser.type_into("[name=f-what]", "灯不亮").await;
    browser.click("[name=f-any][value=灯]").await;
    browser
        .type_into("[name=f-more]", "<script>alert(1)</script>")
        .await;
    browser.go_offline().await;
    browser.click("[data-draft=submit] button").await;
    browser.sees("现在没有网络").await;
    browser.go_online().await;
    browser.reload().await;
    browser.sees("已恢复您上次没有提交的内容").await;
    let kept = "const field = (css) => document.querySelector(css);
        return [field('[name=f-what]').value, field('[name=f-any][value=灯]').checked]";
    let kept = browser.script(kept).await;
    assert_eq!(kept, serde_json::json!(["灯不亮", true]));
    browser.leave_picture("home-form").await;
    browser.submit("[data-draft=submit] button").await;
    browser.sees("提交成功").await;
    browser.leave_picture("home-form-sent").await;
    let drafts = "return Object.keys(localStorage).length";
    assert_eq!(browser.script(drafts).await, 0);
    browser.click(".sent .button").await;
    browser.sees("待处理").await;
    browser.sees("<script>alert(1)</script>").await;

    browser.type_into("#comment", "什么时候来？").await;
    browser.submit("[data-draft=comment] button").await;
    browser.sees("评论已发送。").await;
    browser.sees("什么时候来？").await;
    assert_eq!(browser.script(drafts).await, 0);
    browser.leave_picture("home-record").await;

    browser.click(".path a").await;
    browser.click("#approvals li a").await;
    browser.type_into("#remark", "可以").await;
    browser.leave_picture("home-approval").await;
    browser.submit("button[value=agreed]").await;
    browser.sees("您的答复已提交。").await;
    browser.sees("可以").await;

    // The list knows what is done; only the plan was never open.
    browser.click(".path a").await;
    browser.sees("已提交").await;
    browser.sees("已同意").await;
    let new = "return document.querySelectorAll('li .new').length";
    assert_eq!(browser.script(new).await, 1);
    assert!(browser.fits_its_width().await);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

pub(super) async fn a_file_comes_with_a_form(browser: &Browser) {
    let (world, userid, wang) = world(JsSdk::Simulated).await;
    world.ask(&OwnEvent::RefreshMember { userid }).await;
    world.settle().await;
    let content = Content::Form {
        fields: vec![
            field("photos", "照片", FieldKind::Attachment { max: 3 }),
            field("what", "问题", FieldKind::Text { max: 50 }),
        ],
        submissions: Submissions::One,
        steps: vec!["待处理".into()],
    };
    put(&world, "f1", "报修单", "", content).await;
    share(&world, &wang, &["form:f1"]).await;
    let folder = TempDir::new().unwrap();
    let photo = folder.path().join("现场.png");
    std::fs::write(&photo, picture(640, 480, ImageFormat::Png)).unwrap();
    let photo = photo.to_str().unwrap();
    browser.forget().await;
    browser.size(PHONE.0, PHONE.1).await;
    let form = "home/form/f1?tenantKey=team1&lang=zh";
    browser
        .open(opened_as(&world, "contact:wmCustomer1", form))
        .await;
    browser.text("[data-draft=submit]").await;
    let without_script = "return document.querySelectorAll('.files-upload, .files-enter').length";
    assert_eq!(browser.script(without_script).await, 0);

    // A draft is what was typed, however many files stand before it.
    browser.type_into("[type=file]", photo).await;
    browser.text(".files img").await;
    browser.type_into("[name=f-what]", "灯不亮").await;
    browser.reload().await;
    browser.sees("已恢复您上次没有提交的内容").await;
    let typed = "return document.querySelector('[name=f-what]').value";
    assert_eq!(browser.script(typed).await, "灯不亮");

    // Whoever sends the form while a file is on its way sends it again when it is there.
    let hold = "window.send = XMLHttpRequest.prototype.send;
        XMLHttpRequest.prototype.send = function (body) { window.go = () => window.send.call(this, body); };";
    browser.script(hold).await;
    browser.type_into("[type=file]", photo).await;
    let button = "[data-draft=submit] > button";
    browser.click(button).await;
    browser.sees("附件仍在上传，请稍候再提交。").await;
    browser
        .script("XMLHttpRequest.prototype.send = window.send; window.go()")
        .await;
    browser.text(".files img").await;
    browser.leave_picture("home-form-file").await;
    assert!(browser.fits_its_width().await);
    browser.submit(button).await;
    browser.sees("提交成功").await;
    browser.click(".sent .button").await;
    browser.sees("现场.png").await;
    let drawn = "const small = document.querySelector('.files img');
        return small.decode().then(() => small.naturalWidth)";
    assert_eq!(browser.script(drawn).await, 320);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
