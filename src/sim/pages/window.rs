//! The app's conversation in a member's client: messages and cards, whose buttons work.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;
use serde_json::Value;

use crate::model::ids::UserId;
use crate::sim::Sim;
use crate::sim::corp::Corp;
use crate::sim::grants::Visitor;
use crate::sim::message::Message;
use crate::sim::pages::{link_as, missing, render, time_of_day};

/// How many messages are shown.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "window.html")]
struct Page {
    userid: String,
    name: String,
    cards: Vec<Card>,
}

/// Any message; what a card does not have is empty.
struct Card {
    at: String,
    task_id: String,
    source: String,
    title: String,
    desc: String,
    emphasis: String,
    text: String,
    /// Name, value and address.
    lines: Vec<(String, String, Option<String>)>,
    questions: Vec<Question>,
    buttons: Vec<Button>,
    /// The text on dead buttons.
    dead: Option<String>,
    menu: Vec<Button>,
    href: Option<String>,
}

struct Question {
    key: String,
    title: String,
    /// `checkbox` or `radio`.
    input: &'static str,
    options: Vec<(String, String)>,
}

struct Button {
    text: String,
    key: String,
    href: Option<String>,
}

pub(crate) async fn page(sim: Data<Sim>, userid: Path<UserId>) -> HttpResponse {
    let corp = sim.corp();
    let Some(member) = corp.member(&userid) else {
        return missing("没有这个成员");
    };
    render(&Page {
        userid: member.userid.to_string(),
        name: member.name.clone(),
        cards: cards(&corp, &member.userid),
    })
}

fn cards(corp: &Corp, userid: &UserId) -> Vec<Card> {
    let newest = corp.ledger.window(userid).take(SHOWN);
    newest.map(|message| card(message, userid)).collect()
}

fn card(message: &Message, userid: &UserId) -> Card {
    let (card, dead) = message.card_for(userid);
    let text = |part: &Value, field: &str| part[field].as_str().unwrap_or_default().to_owned();
    let open = |to: Option<&str>| to.map(|to| link_as(&Visitor::Member(userid.clone()), to));
    let title = &card["main_title"];
    let lines = [
        "horizontal_content_list",
        "vertical_content_list",
        "jump_list",
    ];
    let lines = lines
        .iter()
        .flat_map(|list| items(&card[*list]))
        .map(|line| {
            let name = text(line, "keyname") + &text(line, "title");
            let value = text(line, "value") + &text(line, "desc");
            (name, value, open(line["url"].as_str()))
        });
    let button = |button: &Value| Button {
        text: text(button, "text"),
        key: text(button, "key"),
        href: open(button["url"].as_str()),
    };
    let submit = Some(&card["submit_button"]).filter(|button| button.is_object());
    let checkbox = Some(&card["checkbox"]).filter(|question| question.is_object());
    let selection = Some(&card["button_selection"]).filter(|question| question.is_object());
    let selects = items(&card["select_list"]);
    Card {
        at: time_of_day(message.at),
        task_id: message
            .task_id()
            .map_or_else(String::new, |task| task.to_string()),
        source: text(&card["source"], "desc"),
        title: text(title, "title") + &text(card, "title"),
        desc: text(title, "desc") + &text(card, "description"),
        emphasis: text(&card["emphasis_content"], "title"),
        text: text(card, "sub_title_text") + &text(card, "content"),
        lines: lines.collect(),
        questions: checkbox
            .into_iter()
            .chain(selection)
            .chain(selects)
            .map(question)
            .collect(),
        buttons: items(&card["button_list"])
            .chain(submit)
            .map(button)
            .collect(),
        dead: dead.map(str::to_owned),
        menu: items(&card["action_menu"]["action_list"])
            .map(button)
            .collect(),
        href: open(card["card_action"]["url"].as_str().or(card["url"].as_str())),
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn question(question: &Value) -> Question {
    let text = |part: &Value, field: &str| part[field].as_str().unwrap_or_default().to_owned();
    let options = items(&question["option_list"]);
    Question {
        key: text(question, "question_key"),
        title: text(question, "title"),
        input: if question["mode"] == 1 {
            "checkbox"
        } else {
            "radio"
        },
        options: options
            .map(|option| (text(option, "id"), text(option, "text")))
            .collect(),
    }
}
