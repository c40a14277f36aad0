//! Template cards: their whole JSON, their limits, and what WeCom would refuse.

use serde_json::json;

use wecom_bridge::model::card::actions::{CardAction, Opens};
use wecom_bridge::model::card::blocks::{
    CardImage, EmphasisContent, HorizontalContent, ImageTextArea, Jump, MainTitle, Picture,
    QuoteArea, Source, SourceColor, VerticalContent,
};
use wecom_bridge::model::card::interactions::{
    ButtonInteraction, MultipleInteraction, VoteInteraction,
};
use wecom_bridge::model::card::notices::{NewsNotice, TextNotice};
use wecom_bridge::model::card::problem::CardProblem;
use wecom_bridge::model::card::questions::{
    ActionMenu, Button, ButtonSelection, Checkbox, CheckboxMode, Choice, MenuAction, Press,
    SelectList, SubmitButton, Tick,
};
use wecom_bridge::model::card::{Card, TemplateCard};
use wecom_bridge::model::ids::{TaskId, UserId};

fn task(id: &str) -> TaskId {
    TaskId::parse(id).unwrap()
}

fn choices(count: usize) -> Vec<Choice> {
    let choice = |n| Choice {
        id: format!("o{n}"),
        text: format!("选项{n}"),
    };
    (1..=count).map(choice).collect()
}

fn menu() -> ActionMenu {
    ActionMenu {
        desc: Some("更多".into()),
        action_list: vec![MenuAction {
            text: "不再提醒".into(),
            key: "mute".into(),
        }],
    }
}

fn url() -> CardAction {
    CardAction::Url("https://a.example/1".into())
}

fn text_notice() -> TextNotice {
    TextNotice::new(MainTitle::new("标题"), url())
}

fn buttons(button_list: Vec<Button>) -> ButtonInteraction {
    ButtonInteraction::new(MainTitle::new("标题"), task("t1"), button_list)
}

fn vote() -> VoteInteraction {
    VoteInteraction {
        source: None,
        main_title: MainTitle::new("标题"),
        task_id: task("t1"),
        checkbox: Checkbox {
            question_key: "q1".into(),
            mode: CheckboxMode::Multiple,
            option_list: vec![Tick {
                id: "o1".into(),
                text: "选项1".into(),
                is_checked: true,
            }],
        },
        submit_button: SubmitButton {
            text: "提交".into(),
            key: "submit".into(),
        },
    }
}

fn multiple() -> MultipleInteraction {
    MultipleInteraction {
        source: None,
        main_title: MainTitle::new("标题"),
        task_id: task("t1"),
        select_list: vec![SelectList {
            question_key: "q1".into(),
            title: Some("城市".into()),
            selected_id: Some("o1".into()),
            option_list: choices(1),
        }],
        submit_button: SubmitButton {
            text: "提交".into(),
            key: "submit".into(),
        },
    }
}

/// The whole JSON, the way back, and what the card says of itself.
#[track_caller]
fn assert_card(card: impl Into<Card>, expected: serde_json::Value, updatable: bool) {
    let card = TemplateCard::new(card).unwrap();
    let json = serde_json::to_string(&card).unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&json).unwrap(),
        expected
    );
    assert_eq!(serde_json::from_str::<TemplateCard>(&json).unwrap(), card);
    assert_eq!(card.updatable(), updatable);
    assert_eq!(
        card.task_id().map(TaskId::as_str),
        expected["task_id"].as_str()
    );
}

#[test]
fn the_smallest_text_notice() {
    let expected = json!({
        "card_type": "text_notice",
        "main_title": {"title": "标题"},
        "card_action": {"type": 1, "url": "https://a.example/1"},
    });
    assert_card(text_notice(), expected, false);
}

#[test]
fn a_full_text_notice() {
    let card = TextNotice {
        source: Some(Source {
            icon_url: Some("https://a.example/i.png".into()),
            desc: Some("协作".into()),
            desc_color: Some(SourceColor::Green),
        }),
        action_menu: Some(menu()),
        task_id: Some(task("t1")),
        main_title: Some(MainTitle {
            title: "标题".into(),
            desc: Some("说明".into()),
        }),
        quote_area: Some(QuoteArea {
            action: Some(url()),
            title: Some("引文".into()),
            quote_text: Some("原文".into()),
        }),
        emphasis_content: Some(EmphasisContent {
            title: Some("100".into()),
            desc: Some("份".into()),
        }),
        sub_title_text: Some("副标题".into()),
        horizontal_content_list: vec![
            HorizontalContent::new("客户", "王"),
            HorizontalContent {
                opens: Some(Opens::Url("https://a.example/2".into())),
                ..HorizontalContent::new("网页", "打开")
            },
            HorizontalContent {
                opens: Some(Opens::Attachment {
                    media_id: "m1".into(),
                }),
                ..HorizontalContent::new("附件", "报价.pdf")
            },
            HorizontalContent {
                opens: Some(Opens::Member(UserId::parse("Zhang").unwrap())),
                ..HorizontalContent::new("同事", "张")
            },
        ],
        jump_list: vec![
            Jump {
                action: Some(CardAction::MiniProgram {
                    appid: "wx1".into(),
                    pagepath: Some("/p.html".into()),
                }),
                title: "小程序".into(),
            },
            Jump {
                action: None,
                title: "文字".into(),
            },
        ],
        card_action: CardAction::MiniProgram {
            appid: "wx1".into(),
            pagepath: None,
        },
    };
    let expected = json!({
        "card_type": "text_notice",
        "source": {"icon_url": "https://a.example/i.png", "desc": "协作", "desc_color": 3},
        "action_menu": {"desc": "更多", "action_list": [{"text": "不再提醒", "key": "mute"}]},
        "task_id": "t1",
        "main_title": {"title": "标题", "desc": "说明"},
        "quote_area": {"type": 1, "url": "https://a.example/1", "title": "引文", "quote_text": "原文"},
        "emphasis_content": {"title": "100", "desc": "份"},
        "sub_title_text": "副标题",
        "horizontal_content_list": [
            {"keyname": "客户", "value": "王"},
            {"type": 1, "keyname": "网页", "value": "打开", "url": "https://a.example/2"},
            {"type": 2, "keyname": "附件", "value": "报价.pdf", "media_id": "m1"},
            {"type": 3, "keyname": "同事", "value": "张", "userid": "Zhang"},
        ],
        "jump_list": [
            {"type": 2, "title": "小程序", "appid": "wx1", "pagepath": "/p.html"},
            {"title": "文字"},
        ],
        "card_action": {"type": 2, "appid": "wx1"},
    });
    assert_card(card, expected, true);
}

#[test]
fn a_news_notice_with_either_picture() {
    let image = Picture::CardImage(CardImage {
        url: "https://a.example/i.png".into(),
        aspect_ratio: Some(1.5),
    });
    let mut card = NewsNotice::new(MainTitle::new("标题"), image, url());
    card.vertical_content_list = vec![VerticalContent {
        title: "二级".into(),
        desc: Some("正文".into()),
    }];
    let expected = json!({
        "card_type": "news_notice",
        "main_title": {"title": "标题"},
        "card_image": {"url": "https://a.example/i.png", "aspect_ratio": 1.5},
        "vertical_content_list": [{"title": "二级", "desc": "正文"}],
        "card_action": {"type": 1, "url": "https://a.example/1"},
    });
    assert_card(card, expected, false);

    let area = Picture::ImageTextArea(ImageTextArea {
        action: Some(url()),
        title: Some("左图".into()),
        desc: None,
        image_url: "https://a.example/i.png".into(),
    });
    let mut card = NewsNotice::new(MainTitle::new("标题"), area, url());
    card.action_menu = Some(menu());
    card.task_id = Some(task("t2"));
    let expected = json!({
        "card_type": "news_notice",
        "action_menu": {"desc": "更多", "action_list": [{"text": "不再提醒", "key": "mute"}]},
        "task_id": "t2",
        "main_title": {"title": "标题"},
        "image_text_area": {
            "type": 1, "url": "https://a.example/1", "title": "左图",
            "image_url": "https://a.example/i.png",
        },
        "card_action": {"type": 1, "url": "https://a.example/1"},
    });
    assert_card(card, expected, true);
}

#[test]
fn a_button_interaction() {
    let mut card = buttons(vec![
        Button {
            style: Some(2),
            ..Button::callback("完成", "done")
        },
        Button {
            text: "打开".into(),
            style: None,
            press: Press::Url("https://a.example/2".into()),
        },
    ]);
    card.button_selection = Some(ButtonSelection {
        question_key: "q1".into(),
        title: Some("原因".into()),
        option_list: choices(2),
        selected_id: Some("o2".into()),
    });
    let expected = json!({
        "card_type": "button_interaction",
        "main_title": {"title": "标题"},
        "task_id": "t1",
        "button_selection": {
            "question_key": "q1", "title": "原因", "selected_id": "o2",
            "option_list": [{"id": "o1", "text": "选项1"}, {"id": "o2", "text": "选项2"}],
        },
        "button_list": [
            {"type": 0, "text": "完成", "style": 2, "key": "done"},
            {"type": 1, "text": "打开", "url": "https://a.example/2"},
        ],
    });
    assert_card(card, expected, true);
}

#[test]
fn a_vote_interaction_has_no_colour() {
    let source = Source {
        icon_url: None,
        desc: Some("协作".into()),
        desc_color: Some(SourceColor::Red),
    };
    let card = VoteInteraction {
        source: Some(source),
        ..vote()
    };
    let expected = json!({
        "card_type": "vote_interaction",
        "source": {"desc": "协作"},
        "main_title": {"title": "标题"},
        "task_id": "t1",
        "checkbox": {
            "question_key": "q1", "mode": 1,
            "option_list": [{"id": "o1", "text": "选项1", "is_checked": true}],
        },
        "submit_button": {"text": "提交", "key": "submit"},
    });
    assert_card(card, expected, true);
}

#[test]
fn a_multiple_interaction() {
    let expected = json!({
        "card_type": "multiple_interaction",
        "main_title": {"title": "标题"},
        "task_id": "t1",
        "select_list": [{
            "question_key": "q1", "title": "城市", "selected_id": "o1",
            "option_list": [{"id": "o1", "text": "选项1"}],
        }],
        "submit_button": {"text": "提交", "key": "submit"},
    });
    assert_card(multiple(), expected, true);
}

/// Where a text stands in a card's JSON, and how many characters of it stay.
#[test]
fn texts_are_cut_at_their_limits() {
    let long = |max: usize| "字".repeat(max);
    type Make = fn(String) -> Card;
    let cases: [(&str, usize, Make); 18] = [
        ("/main_title/title", 36, |s| {
            TextNotice::new(MainTitle::new(s), url()).into()
        }),
        ("/main_title/desc", 44, |s| {
            let mut card = text_notice();
            card.main_title.as_mut().unwrap().desc = Some(s);
            card.into()
        }),
        ("/source/desc", 20, |s| {
            let mut card = text_notice();
            card.source = Some(Source {
                desc: Some(s),
                ..Source::default()
            });
            card.into()
        }),
        ("/emphasis_content/title", 14, |s| {
            let mut card = text_notice();
            card.emphasis_content = Some(EmphasisContent {
                title: Some(s),
                desc: None,
            });
            card.into()
        }),
        ("/emphasis_content/desc", 22, |s| {
            let mut card = text_notice();
            card.emphasis_content = Some(EmphasisContent {
                title: None,
                desc: Some(s),
            });
            card.into()
        }),
        ("/sub_title_text", 160, |s| {
            let mut card = text_notice();
            card.sub_title_text = Some(s);
            card.into()
        }),
        ("/horizontal_content_list/0/keyname", 5, |s| {
            let mut card = text_notice();
            card.horizontal_content_list = vec![HorizontalContent::new(s, "v")];
            card.into()
        }),
        ("/horizontal_content_list/0/value", 30, |s| {
            let mut card = text_notice();
            card.horizontal_content_list = vec![HorizontalContent::new("k", s)];
            card.into()
        }),
        ("/jump_list/0/title", 18, |s| {
            let mut card = text_notice();
            card.jump_list = vec![Jump {
                action: None,
                title: s,
            }];
            card.into()
        }),
        ("/vertical_content_list/0/title", 38, |s| {
            news_with(VerticalContent {
                title: s,
                desc: None,
            })
        }),
        ("/vertical_content_list/0/desc", 160, |s| {
            news_with(VerticalContent {
                title: "t".into(),
                desc: Some(s),
            })
        }),
        ("/button_list/0/text", 10, |s| {
            buttons(vec![Button::callback(s, "k")]).into()
        }),
        ("/main_title/title", 16, |s| {
            let mut card = vote();
            card.main_title.title = s;
            card.into()
        }),
        ("/main_title/desc", 160, |s| {
            let mut card = vote();
            card.main_title.desc = Some(s);
            card.into()
        }),
        ("/checkbox/option_list/0/text", 17, |s| {
            let mut card = vote();
            card.checkbox.option_list[0].text = s;
            card.into()
        }),
        ("/submit_button/text", 10, |s| {
            let mut card = vote();
            card.submit_button.text = s;
            card.into()
        }),
        ("/select_list/0/option_list/0/text", 16, |s| {
            let mut card = multiple();
            card.select_list[0].option_list[0].text = s;
            card.into()
        }),
        ("/main_title/desc", 160, |s| {
            let mut card = multiple();
            card.main_title.desc = Some(s);
            card.into()
        }),
    ];
    for (pointer, max, make) in cases {
        for (given, kept) in [(max - 1, max - 1), (max, max), (max + 1, max)] {
            let card = TemplateCard::new(make(long(given))).unwrap();
            let json = serde_json::to_value(&card).unwrap();
            assert_eq!(
                json.pointer(pointer),
                Some(&json!(long(kept))),
                "{pointer} {given}"
            );
        }
    }
}

fn news_with(content: VerticalContent) -> Card {
    let image = Picture::CardImage(CardImage {
        url: "https://a.example/i.png".into(),
        aspect_ratio: None,
    });
    let mut card = NewsNotice::new(MainTitle::new("标题"), image, url());
    card.vertical_content_list = vec![content];
    card.into()
}

#[test]
fn full_lists_and_long_keys_are_taken() {
    let mut card = text_notice();
    card.horizontal_content_list = vec![HorizontalContent::new("k", "v"); 6];
    card.jump_list = vec![
        Jump {
            action: None,
            title: "t".into()
        };
        3
    ];
    TemplateCard::new(card).unwrap();
    let six = (0..6).map(|n| Button::callback("b", format!("{n}{}", "k".repeat(1023))));
    TemplateCard::new(buttons(six.collect())).unwrap();
    let mut card = multiple();
    card.select_list[0].option_list = choices(10);
    card.task_id = task(&"t".repeat(128));
    TemplateCard::new(card).unwrap();
}

#[test]
fn what_wecom_would_refuse_is_refused_here() {
    let over = |list, count, max| CardProblem::Count { list, count, max };
    let mut cases: Vec<(Card, CardProblem)> = Vec::new();

    let mut card = text_notice();
    card.main_title = None;
    let untitled = CardProblem::Missing("main_title.title and sub_title_text");
    cases.push((card.into(), untitled));

    let mut card = text_notice();
    card.card_action = CardAction::Url(String::new());
    cases.push((card.into(), CardProblem::Missing("card_action.url")));

    let mut card = text_notice();
    card.action_menu = Some(menu());
    cases.push((card.into(), CardProblem::Missing("task_id")));

    let mut card = text_notice();
    card.task_id = Some(task("t1"));
    card.action_menu = Some(ActionMenu {
        desc: None,
        action_list: vec![menu().action_list[0].clone(); 2],
    });
    let repeated = CardProblem::Repeated("action_menu.action_list.key");
    cases.push((card.into(), repeated));

    let mut card = text_notice();
    card.task_id = Some(task("t#1"));
    cases.push((card.into(), CardProblem::OutOfRange("task_id")));

    let mut card = text_notice();
    card.horizontal_content_list = vec![HorizontalContent::new("k", "v"); 7];
    cases.push((card.into(), over("horizontal_content_list", 7, 6)));

    let mut card = text_notice();
    card.horizontal_content_list = vec![HorizontalContent::new("", "v")];
    let unnamed = CardProblem::Missing("horizontal_content_list.keyname");
    cases.push((card.into(), unnamed));

    let ratio = |aspect_ratio| {
        let url_only = CardImage {
            url: "https://a.example/i.png".into(),
            aspect_ratio: Some(aspect_ratio),
        };
        NewsNotice::new(MainTitle::new("t"), Picture::CardImage(url_only), url()).into()
    };
    for aspect_ratio in [1.2, 2.25, f64::NAN] {
        let problem = CardProblem::OutOfRange("card_image.aspect_ratio");
        cases.push((ratio(aspect_ratio), problem));
    }

    cases.push((buttons(vec![]).into(), over("button_list", 0, 6)));
    let seven = (0..7).map(|n| Button::callback("b", n.to_string()));
    cases.push((buttons(seven.collect()).into(), over("button_list", 7, 6)));
    let twins = vec![Button::callback("a", "k"), Button::callback("b", "k")];
    let repeated = CardProblem::Repeated("button_list.key");
    cases.push((buttons(twins).into(), repeated));
    let long = CardProblem::TooLong {
        field: "button_list.key",
        max: 1024,
    };
    let button = Button::callback("a", "k".repeat(1025));
    cases.push((buttons(vec![button]).into(), long));
    let button = Button {
        style: Some(5),
        ..Button::callback("a", "k")
    };
    let style = CardProblem::OutOfRange("button_list.style");
    cases.push((buttons(vec![button]).into(), style));

    let mut card = vote();
    card.checkbox.option_list = vec![card.checkbox.option_list[0].clone(); 21];
    cases.push((card.into(), over("checkbox.option_list", 21, 20)));

    let mut card = multiple();
    card.select_list = vec![card.select_list[0].clone(); 2];
    let repeated = CardProblem::Repeated("select_list.question_key");
    cases.push((card.into(), repeated));

    let mut card = multiple();
    card.select_list[0].option_list = choices(11);
    cases.push((card.into(), over("select_list.option_list", 11, 10)));

    let mut card = multiple();
    card.select_list[0].option_list[0].id = "i".repeat(129);
    let long = CardProblem::TooLong {
        field: "option_list.id",
        max: 128,
    };
    cases.push((card.into(), long));

    for (card, problem) in cases {
        assert_eq!(
            TemplateCard::new(card.clone()).unwrap_err(),
            problem,
            "{card:?}"
        );
    }
}
