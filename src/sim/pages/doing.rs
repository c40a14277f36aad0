//! The buttons of the pages: each form names what somebody does.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::model::ids::{ExternalUserId, TaskId, UserId};
use crate::sim::Sim;
use crate::sim::console::{ProfileMode, WelcomeBy};
use crate::sim::faults::{Fault, PushFault};
use crate::sim::pages::{is_own_page, refuse};
use crate::sim::people::Impossible;
use crate::sim::person::{Contact, Counts, Member};
use crate::sim::weixin::Snapshots;

/// The names of a card's questions begin with this in its form.
const QUESTION: &str = "q:";

/// The fields of a form; the first of equal names counts, except for a card's questions.
struct Form {
    first: HashMap<String, String>,
    questions: Vec<(String, Vec<String>)>,
}

/// Why nothing was done.
struct Refusal(String);

impl From<Impossible> for Refusal {
    fn from(impossible: Impossible) -> Self {
        Self(impossible.to_string())
    }
}

pub(crate) async fn perform(
    sim: Data<Sim>,
    doing: Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    if !is_own_page(&request) {
        return HttpResponse::Forbidden().finish();
    }
    match act(&sim, &doing, &Form::read(&body)).await {
        Ok(()) => {
            let back = request
                .headers()
                .get("referer")
                .and_then(|from| from.to_str().ok());
            HttpResponse::SeeOther()
                .insert_header(("location", back.unwrap_or("/")))
                .finish()
        }
        Err(Refusal(problem)) => refuse(StatusCode::BAD_REQUEST, &problem),
    }
}

async fn act(sim: &Sim, doing: &str, form: &Form) -> Result<(), Refusal> {
    match doing {
        "customer_adds" => sim.customer_adds(&form.userid()?, &form.contact()?).await?,
        "customer_half_adds" => {
            sim.customer_half_adds(&form.userid()?, &form.contact()?)
                .await?
        }
        "member_confirms" => {
            sim.member_confirms(&form.userid()?, &form.contact()?)
                .await?
        }
        "member_edits_remark" => {
            let remark = form.text("text");
            sim.member_edits_remark(&form.userid()?, &form.contact()?, remark)
                .await?
        }
        "member_deletes" => {
            sim.member_deletes(&form.userid()?, &form.contact()?)
                .await?
        }
        "customer_deletes" => {
            sim.customer_deletes(&form.userid()?, &form.contact()?)
                .await?
        }
        "follow_account" => sim.follows_account(&form.contact()?).await?,
        "unfollow_account" => sim.unfollows_account(&form.contact()?).await?,
        "enter_agent" => sim.enter_agent(&form.userid()?).await?,
        "member_writes" => {
            sim.member_writes(&form.userid()?, form.text("text"))
                .await?
        }
        "delete_member" => sim.delete_member(&form.userid()?).await?,
        "create_member" => {
            sim.create_member(Member::new(form.userid()?, form.text("name")))
                .await
        }
        "click" => {
            let task_id = TaskId::parse(form.text("task_id")).map_err(|_| Impossible::NoCard)?;
            sim.click_button(&form.userid()?, &task_id, form.text("key"), &form.questions)
                .await?
        }
        _ => return arrange(sim, doing, form),
    };
    Ok(())
}

/// What causes no callback.
fn arrange(sim: &Sim, doing: &str, form: &Form) -> Result<(), Refusal> {
    match doing {
        "customer_writes" => {
            sim.customer_writes(&form.userid()?, &form.contact()?, form.text("text"))?;
        }
        "add_contact" => {
            let mut contact = Contact::new(form.contact()?, form.text("name"));
            contact.unionid = Some(format!("union-{}", contact.external_userid));
            let mut corp = sim.corp();
            if corp.contact(&contact.external_userid).is_none() {
                corp.add_contact(contact);
            }
        }
        "counts" => {
            let mut corp = sim.corp();
            let contact = corp
                .contact_mut(&form.contact()?)
                .ok_or(Impossible::NoContact)?;
            contact.counts = match contact.counts {
                Counts::Customer => Counts::Stranger,
                Counts::Stranger => Counts::Customer,
            };
        }
        "snapshots" => {
            let mut corp = sim.corp();
            let account = corp.account.as_mut().ok_or(Impossible::NoAccount)?;
            account.snapshots = match account.snapshots {
                Snapshots::Never => Snapshots::Always,
                Snapshots::Always => Snapshots::Never,
            };
        }
        "attribute" => {
            let attributes = &mut sim.corp().console.attributes;
            if !attributes.remove("与我协作") {
                attributes.insert("与我协作".into());
            }
        }
        "profile_mode" => {
            let mode = &mut sim.corp().console.profile_mode;
            *mode = match mode {
                ProfileMode::Merge => ProfileMode::Replace,
                ProfileMode::Replace => ProfileMode::Merge,
            };
        }
        "welcome_by" => {
            let welcome = &mut sim.corp().console.welcome;
            *welcome = match welcome {
                WelcomeBy::App => WelcomeBy::Console,
                WelcomeBy::Console => WelcomeBy::App,
            };
        }
        "fault" => script(sim, form.text("fault"), form.text("api"))?,
        _ => return Err(Refusal("no such doing".into())),
    }
    Ok(())
}

/// Scripts the next call or callback.
fn script(sim: &Sim, fault: &str, api: &str) -> Result<(), Refusal> {
    let mut faults = sim.faults();
    match fault {
        "expire_token" => faults.next(api, Fault::ExpireToken),
        "cut" => faults.next(api, Fault::Cut),
        "cut_after" => faults.next(api, Fault::CutAfter),
        "html" => faults.next(api, Fault::Html),
        "slow" => faults.next(api, Fault::Slow(std::time::Duration::from_secs(3))),
        "ignore_attribute" => faults.next("user/update", Fault::IgnoreAttribute),
        "duplicate" => faults.next_push(PushFault::Duplicate),
        "out_of_order" => faults.next_push(PushFault::OutOfOrder),
        "suppress" => faults.next_push(PushFault::Suppress),
        code => match code.parse() {
            Ok(code) => faults.next(api, Fault::ErrCode(code)),
            Err(_) => return Err(Refusal("no such fault".into())),
        },
    }
    Ok(())
}

impl Form {
    fn read(body: &[u8]) -> Self {
        let mut form = Self {
            first: HashMap::new(),
            questions: Vec::new(),
        };
        for (name, value) in url::form_urlencoded::parse(body).into_owned() {
            match name.strip_prefix(QUESTION) {
                Some(question) => form.answer(question, value),
                None => {
                    form.first.entry(name).or_insert(value);
                }
            }
        }
        form
    }

    fn answer(&mut self, question: &str, option: String) {
        match self
            .questions
            .iter_mut()
            .find(|(asked, _)| asked == question)
        {
            Some((_, options)) => options.push(option),
            None => self.questions.push((question.to_owned(), vec![option])),
        }
    }

    fn text(&self, name: &str) -> &str {
        self.first.get(name).map_or("", |text| text.trim())
    }

    fn userid(&self) -> Result<UserId, Impossible> {
        UserId::parse(self.text("userid")).map_err(|_| Impossible::NoMember)
    }

    fn contact(&self) -> Result<ExternalUserId, Impossible> {
        ExternalUserId::parse(self.text("external_userid")).map_err(|_| Impossible::NoContact)
    }
}
