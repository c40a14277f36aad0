//! Forms on the pages, and the table of what was filled in.

use wecom_bridge::model::form::{CustomerUse, FieldKind, Submissions};
use wecom_bridge::model::item::Item;

use crate::guest::Guest;
use crate::item_pages::{FORM, office};
use crate::world::{On, stories};

stories!(
    a_form_is_made_row_by_row,
    what_is_made_is_not_made_again,
    records_are_a_table,
);

async fn a_form_is_made_row_by_row(on: On) {
    let (world, ..) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let new = "/items/new/form";
    // A row more, with what was typed.
    let more: Vec<_> = FORM.into_iter().chain([("do", "add:fields")]).collect();
    let shown = guest.submit(new, new, &more).await;
    assert_eq!(shown.status, 200);
    shown.shows("name=\"fields[3].label\" value=\"\"");
    shown.shows("value=\"问题\"");
    let up: Vec<_> = FORM.into_iter().chain([("do", "up:fields[1]")]).collect();
    let shown = guest.submit_on(&shown, new, &up).await;
    assert_eq!(shown.value("fields[0].label"), "楼层");
    assert_eq!(world.items_kept().await, 0);

    let made = guest.submit_on(&shown, new, &FORM).await;
    let Item::Form(form) = world.at(made.path()).await else {
        panic!("a form is kept");
    };
    let kinds: Vec<_> = form.fields.iter().map(|field| field.kind.clone()).collect();
    let options = vec!["一层".to_owned(), "二层".to_owned()];
    let expected = [
        FieldKind::Text { max: 5 },
        FieldKind::Choices { options, max: None },
        FieldKind::Member,
    ];
    assert_eq!(kinds, expected);
    assert!(form.fields[0].required);
    assert_eq!(form.fields[0].customer, CustomerUse::FillsIn);
    assert_eq!(form.submissions, Submissions::Many);
    assert_eq!(form.steps, ["待处理", "已完成"]);

    let wrong = [
        ("title", "x"),
        ("fields[0].label", "a"),
        ("fields[0].kind", "number"),
        ("fields[0].min", "zwei"),
        ("fields[1].label", "b"),
        ("fields[1].kind", "choice"),
        ("steps", ""),
    ];
    let refused = guest.submit(new, new, &wrong).await;
    assert_eq!(refused.status, 422);
    refused.shows("请填写数字");
    let mut wrong = wrong;
    wrong[3] = ("fields[0].min", "2");
    let refused = guest.submit_on(&refused, new, &wrong).await;
    assert_eq!(
        refused.html.matches("请填写。").count(),
        2,
        "options and steps"
    );
    assert_eq!(world.items_kept().await, 1);
}

async fn what_is_made_is_not_made_again(on: On) {
    let (world, ..) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let new = "/items/new/form";
    let editor = guest.get(new).await;
    let made = guest.submit_on(&editor, new, &FORM).await;
    let path = made.path().to_owned();
    // Back, a change, and the button again.
    let other: Vec<_> = FORM.into_iter().chain([("description", "急")]).collect();
    let refused = guest.submit_on(&editor, new, &other).await;
    assert_eq!(refused.status, 409);
    refused.shows("此事项已经创建，请打开它再修改。");
    guest.language = "en";
    let refused = guest.submit_on(&refused, new, &other).await;
    assert_eq!(refused.status, 409);
    refused.shows("This is made already; open it to change it.");
    assert_eq!(world.items_kept().await, 1);
    assert_eq!(world.at(&path).await.head().description, "");
}

async fn records_are_a_table(on: On) {
    let (world, _, wang) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let form = guest.make("form", &FORM).await;
    let id = form.rsplit('/').next().unwrap().to_owned();
    let from = format!("/items/new/record?form={id}&contact={wang}");
    for (text, circle) in [("=1+1", "corp"), ("a\"b,c", "corp"), ("-5", "followers")] {
        let values = [
            ("form", id.as_str()),
            ("contact", wang.as_str()),
            ("title", "报修"),
            ("circle", circle),
            ("v:f1", text),
        ];
        let made = guest.submit(&from, "/items/new/record", &values).await;
        assert_eq!(made.status, 303, "{}", made.html);
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    let table = guest.get(&format!("{form}/records.csv")).await;
    let text = table
        .html
        .strip_prefix('\u{feff}')
        .expect("spreadsheets need the mark");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(
        lines[0].ends_with("\"问题\",\"楼层\",\"联系人\""),
        "{}",
        lines[0]
    );
    for (line, value) in lines[1..]
        .iter()
        .zip(["\"-5\"", "\"a\"\"b,c\"", "\"'=1+1\""])
    {
        assert!(
            line.contains(value) && line.contains("\"王女士\""),
            "{line}"
        );
    }
    let mut li = Guest::at_work(&world, "member:LiSi").await;
    let table = li.get(&format!("{form}/records.csv")).await;
    assert!(!table.html.contains("-5"), "{}", table.html);
    assert_eq!(table.html.matches("\r\n").count(), 3);
}
