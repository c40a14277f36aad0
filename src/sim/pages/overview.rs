//! The overview: people, settings, and what came and went.

use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;

use crate::sim::Sim;
use crate::sim::console::{ProfileMode, WelcomeBy};
use crate::sim::corp::Corp;
use crate::sim::ledger::Sent;
use crate::sim::pages::{PEOPLE, render, time_of_day};
use crate::sim::person::{Counts, Stage};
use crate::sim::push::{Attempt, PushReport};

/// How many entries of each log are shown.
const LINES: usize = 30;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    corp: String,
    member_count: usize,
    contact_count: usize,
    members: Vec<MemberRow>,
    contacts: Vec<ContactRow>,
    account: bool,
    attribute_exists: bool,
    replaces: bool,
    console_greets: bool,
    /// What came and went, by heading.
    logs: [(&'static str, Vec<Line>); 3],
}

struct MemberRow {
    userid: String,
    name: String,
    department: String,
    link: &'static str,
}

struct ContactRow {
    id: String,
    name: String,
    counts: bool,
    /// Userid and how far the relation is.
    follows: Vec<(String, &'static str)>,
}

struct Line {
    at: String,
    what: String,
    outcome: String,
}

pub(crate) async fn page(sim: Data<Sim>) -> HttpResponse {
    let page = Page::of(&sim.corp());
    render(&page)
}

impl Page {
    fn of(corp: &Corp) -> Self {
        let members = corp
            .members()
            .values()
            .take(PEOPLE)
            .map(|member| MemberRow {
                userid: member.userid.to_string(),
                name: member.name.clone(),
                department: member
                    .department
                    .iter()
                    .map(i64::to_string)
                    .collect::<Vec<_>>()
                    .join(","),
                link: match member
                    .external_profile
                    .get("external_attr")
                    .and_then(|a| a.as_array())
                {
                    Some(attrs) if !attrs.is_empty() => "有",
                    Some(_) | None => "无",
                },
            });
        let contacts = corp
            .contacts()
            .values()
            .take(PEOPLE)
            .map(|contact| ContactRow {
                id: contact.external_userid.to_string(),
                name: contact.name.clone(),
                counts: contact.counts == Counts::Customer,
                follows: contact
                    .follows()
                    .iter()
                    .take(10)
                    .filter_map(|(key, follow)| {
                        let member = corp.members().get(key)?;
                        Some((member.userid.to_string(), stage(follow.stage)))
                    })
                    .collect(),
            });
        Self {
            corp: corp.id.to_string(),
            member_count: corp.members().len(),
            contact_count: corp.contacts().len(),
            members: members.collect(),
            contacts: contacts.collect(),
            account: corp.account.is_some(),
            attribute_exists: corp.console.attributes.contains("与我协作"),
            replaces: corp.console.profile_mode == ProfileMode::Replace,
            console_greets: corp.console.welcome == WelcomeBy::Console,
            logs: logs(corp),
        }
    }
}

/// The newest entries first.
fn logs(corp: &Corp) -> [(&'static str, Vec<Line>); 3] {
    let ledger = &corp.ledger;
    let pushes = ledger.pushes.iter().rev().take(LINES).map(push);
    let calls = ledger.calls.iter().rev().take(LINES).map(|call| Line {
        at: time_of_day(call.at),
        what: call.api.clone(),
        outcome: call
            .errcode
            .map_or("无回答".into(), |code| code.to_string()),
    });
    let sent = ledger.sent.iter().rev().take(LINES);
    [
        ("推送的回调", pushes.collect()),
        ("接口调用", calls.collect()),
        ("送达的内容", sent.map(|sent| arrived(corp, sent)).collect()),
    ]
}

const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Half => "待确认",
        Stage::Both => "已添加",
        Stage::Chatting => "聊天中",
        Stage::LeftByContact => "被客户删除",
    }
}

fn push(report: &PushReport) -> Line {
    let attempts = report.attempts.iter().map(|attempt| match attempt {
        Attempt::Answered { status, .. } => status.to_string(),
        Attempt::TimedOut => "超时".into(),
        Attempt::Broken => "连接失败".into(),
    });
    let attempts: Vec<_> = attempts.collect();
    Line {
        at: time_of_day(report.at),
        what: report.event.clone(),
        outcome: if attempts.is_empty() {
            "丢失".into()
        } else {
            attempts.join(" ")
        },
    }
}

fn arrived(corp: &Corp, sent: &Sent) -> Line {
    let (at, what, outcome) = match sent {
        Sent::Welcome(welcome) => (
            welcome.at,
            format!("欢迎语 {} → {}", welcome.userid, welcome.external_userid),
            welcome.text.clone(),
        ),
        Sent::Message(message) => {
            let to: Vec<_> = message.to.iter().take(3).map(ToString::to_string).collect();
            let title = message.content["main_title"]["title"].as_str();
            let title = title
                .or_else(|| message.content["content"].as_str())
                .unwrap_or_default();
            (
                message.at,
                format!("应用消息 → {}", to.join(" ")),
                format!("{} {title}", message.msgtype),
            )
        }
        Sent::CardUpdate(update) => {
            let task = corp
                .ledger
                .message(update.message)
                .and_then(|message| message.task_id());
            let task = task.map_or_else(String::new, |task| task.to_string());
            (update.at, "更新卡片".into(), task)
        }
        Sent::Profile(write) => (
            write.at,
            format!("写入对外名片 {}", write.userid),
            String::new(),
        ),
        Sent::Chat(chat) => (
            chat.at,
            format!("聊天 {} · {}", chat.userid, chat.external_userid),
            String::new(),
        ),
        Sent::Template(message) => (
            message.at,
            format!("服务号模板消息 → {}", message.external_userid),
            message.template_id.clone(),
        ),
    };
    Line {
        at: time_of_day(at),
        what,
        outcome,
    }
}
