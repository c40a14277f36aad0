//! What happens in the story, all of it through WeCom's own doors: callbacks, and a member's browser.

use anyhow::{Context, bail};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response, redirect};
use url::Url;

use crate::cli::simulate::stage::Stage;
use crate::model::ids::{ExternalUserId, UserId};
use crate::sim::console::WelcomeBy;
use crate::sim::ledger::Sent;
use crate::sim::person::{Contact, Member};

/// Who plays.
pub(in crate::cli::simulate) struct Cast {
    zhang: UserId,
    wang: ExternalUserId,
    li: ExternalUserId,
}

/// Puts the people into the simulated WeCom.
pub(in crate::cli::simulate) fn cast(stage: &Stage) -> Cast {
    let cast = Cast {
        zhang: UserId::parse("ZhangSan").expect("a plain word is an id"),
        wang: ExternalUserId::parse("wmWangNvshi").expect("a plain word is an id"),
        li: ExternalUserId::parse("wmLiXiansheng").expect("a plain word is an id"),
    };
    let mut corp = stage.sim.corp();
    corp.add_member(Member::new(cast.zhang.clone(), "张三"));
    corp.add_contact(Contact::new(cast.wang.clone(), "王女士"));
    corp.add_contact(Contact::new(cast.li.clone(), "李先生"));
    cast
}

/// Plays it.
pub(in crate::cli::simulate) async fn play(stage: &Stage, cast: &Cast) -> anyhow::Result<()> {
    let sim = &stage.sim;
    sim.customer_adds(&cast.zhang, &cast.wang).await?;
    // The console welcomes by itself here, so the event carries no code and the member gets a card instead.
    sim.corp().console.welcome = WelcomeBy::Console;
    sim.customer_adds(&cast.zhang, &cast.li).await?;
    sim.corp().console.welcome = WelcomeBy::App;
    let wangwu = UserId::parse("WangWu")?;
    sim.create_member(Member::new(wangwu, "王五")).await;
    stage.quiet().await?;
    press_first_button(stage, cast).await?;
    open_toolbar(stage, &cast.zhang, &cast.wang).await
}

async fn press_first_button(stage: &Stage, cast: &Cast) -> anyhow::Result<()> {
    let task_id = stage.sim.sent().iter().find_map(|sent| match sent {
        Sent::Message(message) => message.task_id(),
        Sent::Welcome(_)
        | Sent::CardUpdate(_)
        | Sent::Profile(_)
        | Sent::Chat(_)
        | Sent::Template(_) => None,
    });
    let task_id = task_id.context("no card with a button arrived")?;
    stage
        .sim
        .click_button(&cast.zhang, &task_id, "contacted", &[])
        .await?;
    Ok(())
}

/// The member's browser: the toolbar page, the login that it asks for, and the beacon that its script sends.
async fn open_toolbar(
    stage: &Stage,
    member: &UserId,
    contact: &ExternalUserId,
) -> anyhow::Result<()> {
    let browser = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .build()?;
    let page = stage.service.join("sidebar")?;
    let to_login = browser.get(page.clone()).send().await?;
    let pending = cookie(&to_login)?;
    let mut login = location(&to_login)?;
    login
        .query_pairs_mut()
        .append_pair("as", &format!("member:{member}"));
    let back = location(&browser.get(login).send().await?)?;
    let logged_in = browser.get(back).header(COOKIE, pending).send().await?;
    let session = cookie(&logged_in)?;
    let shown = browser.get(page).header(COOKIE, &session).send().await?;
    if shown.status() != 200 {
        bail!("the toolbar page answered {}", shown.status());
    }
    let beacon = serde_json::json!({ "entry": "single_chat_tools", "external_userid": contact });
    let origin = stage.service.origin().ascii_serialization();
    let report = browser
        .post(stage.service.join("sidebar/opened")?)
        .json(&beacon);
    let answer = report
        .header(COOKIE, session)
        .header(ORIGIN, origin)
        .send()
        .await?;
    match answer.status().as_u16() {
        202 => Ok(()),
        status => bail!("the toolbar's report was answered {status}"),
    }
}

/// The first cookie that an answer sets, as a browser sends it back.
fn cookie(answer: &Response) -> anyhow::Result<String> {
    let set = answer
        .headers()
        .get(SET_COOKIE)
        .context("no cookie was set")?;
    let pair = set.to_str()?.split(';').next().unwrap_or_default();
    Ok(pair.to_owned())
}

fn location(answer: &Response) -> anyhow::Result<Url> {
    let location = answer.headers().get(LOCATION);
    let location =
        location.with_context(|| format!("{} instead of a redirect", answer.status()))?;
    Ok(answer.url().join(location.to_str()?)?)
}
