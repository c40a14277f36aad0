//! What happens in the story, all of it through doors that exist: callbacks of WeCom and WeChat, the API of the
//! company's own systems, and people's browsers. Each step is looked at when it is over.

use anyhow::{Context, bail, ensure};
use serde_json::json;
use url::Url;

use crate::cli::simulate::browser::Browser;
use crate::cli::simulate::stage::Stage;
use crate::cli::simulate::step::{Came, Ended, Scene, Step};
use crate::cli::simulate::together::Made;
use crate::model::ids::{ExternalUserId, UserId};
use crate::sim::console::WelcomeBy;
use crate::sim::ledger::Sent;
use crate::sim::message::{Message, Shown};
use crate::sim::person::{Contact, Member};

/// The name of the members' link, in profiles and on pages.
const LINK: &str = "与我协作";

/// Everybody, and what they have in hand.
pub(in crate::cli::simulate) struct Players<'a> {
    pub(in crate::cli::simulate) stage: &'a Stage,
    pub(in crate::cli::simulate) zhang: UserId,
    wangwu: UserId,
    pub(in crate::cli::simulate) wang: ExternalUserId,
    li: ExternalUserId,
    pub(in crate::cli::simulate) zhangs: Browser,
    pub(in crate::cli::simulate) wangs: Browser,
    pub(in crate::cli::simulate) made: Made,
}

/// Plays all of it, or as far as it goes.
pub(in crate::cli::simulate) async fn play(stage: &Stage) -> anyhow::Result<Vec<Step>> {
    let mut players = Players::of(stage)?;
    let mut steps: Vec<Step> = Vec::new();
    for scene in Scene::ALL {
        let goes_on = steps.last().is_none_or(|last| last.state == Ended::Done);
        steps.push(match goes_on {
            true => Step::played(scene, players.play(scene).await),
            false => Step::left_out(scene),
        });
    }
    Ok(steps)
}

impl<'a> Players<'a> {
    /// Puts the people into the simulated WeCom.
    fn of(stage: &'a Stage) -> anyhow::Result<Self> {
        let players = Self {
            stage,
            zhang: UserId::parse("ZhangSan")?,
            wangwu: UserId::parse("WangWu")?,
            wang: ExternalUserId::parse("wmWangNvshi")?,
            li: ExternalUserId::parse("wmLiXiansheng")?,
            zhangs: Browser::new()?,
            wangs: Browser::new()?,
            made: Made::default(),
        };
        let mut corp = stage.sim.corp();
        corp.add_member(Member::new(players.zhang.clone(), "张三"));
        for (id, name) in [(&players.wang, "王女士"), (&players.li, "李先生")] {
            let mut contact = Contact::new(id.clone(), name);
            // By it the corp and its service account know that they speak of the same person.
            contact.unionid = Some(format!("union-{id}"));
            corp.add_contact(contact);
        }
        drop(corp);
        Ok(players)
    }

    async fn play(&mut self, scene: Scene) -> anyhow::Result<Came> {
        match scene {
            Scene::Welcomed => self.welcome().await,
            Scene::CardPressed => self.press().await,
            Scene::MemberJoins => self.join().await,
            Scene::ToolbarOpens => self.open_toolbar().await,
            Scene::ItemsMade => self.make_items().await,
            Scene::ItemsSent => self.send_items().await,
            Scene::FormFilledIn => self.fill_in().await,
            Scene::AccountFollowed => self.follow_account().await,
            Scene::Commented => self.comment().await,
            Scene::Replied => self.reply().await,
            Scene::Reminded => self.read_reminder().await,
            Scene::Overview => self.look_home().await,
            Scene::HandedOver => self.hand_over().await,
        }
    }

    async fn welcome(&self) -> anyhow::Result<Came> {
        let stage = self.stage;
        stage.sim.customer_adds(&self.zhang, &self.wang).await?;
        stage.quiet().await?;
        let sent = stage.sim.sent();
        let welcome = sent.iter().rev().find_map(|sent| {
            let Sent::Welcome(welcome) = sent else {
                return None;
            };
            (welcome.external_userid == self.wang).then_some(welcome)
        });
        let welcome = welcome.context("no welcome message arrived")?;
        let link = welcome
            .attachments
            .iter()
            .find_map(|it| it["link"]["url"].as_str());
        let link = link.context("the welcome message has no link")?;
        let came = format!("a welcome message leads to {link}");
        Ok(Came(came, vec![self.chat()?]))
    }

    /// The console welcomes by itself here, so the event carries no code and the member gets a card instead.
    async fn press(&self) -> anyhow::Result<Came> {
        let stage = self.stage;
        stage.sim.corp().console.welcome = WelcomeBy::Console;
        stage.sim.customer_adds(&self.zhang, &self.li).await?;
        stage.sim.corp().console.welcome = WelcomeBy::App;
        stage.quiet().await?;
        let card = self.card("新客户：李先生")?;
        let task_id = card.task_id().context("the card has no button")?;
        let clicked = stage
            .sim
            .click_button(&self.zhang, &task_id, "contacted", &[]);
        clicked.await?;
        stage.quiet().await?;
        let card = self.card("新客户：李先生")?;
        let Some(Shown::Greyed(text)) = card.shown.get(&self.zhang.key()) else {
            bail!("the card did not change");
        };
        Ok(Came(
            format!("its buttons show “{text}”"),
            vec![self.window(&self.zhang)?],
        ))
    }

    async fn join(&self) -> anyhow::Result<Came> {
        let stage = self.stage;
        let member = Member::new(self.wangwu.clone(), "王五");
        stage.sim.create_member(member).await;
        stage.quiet().await?;
        let corp = stage.sim.corp();
        let member = corp
            .member(&self.wangwu)
            .context("there is no such member")?;
        let profile = serde_json::to_string(&member.external_profile)?;
        drop(corp);
        ensure!(profile.contains(LINK), "the profile has no link");
        let came = "the link is in the profile".to_owned();
        Ok(Came(
            came,
            vec![
                stage.sim_page("profile/WangWu")?,
                self.window(&self.wangwu)?,
            ],
        ))
    }

    /// The toolbar page, the login that it asks for, and the beacon that its script sends.
    async fn open_toolbar(&mut self) -> anyhow::Result<Came> {
        let page = self.stage.page_as("member:ZhangSan", "sidebar")?;
        let page = self.zhangs.open(page).await?;
        let beacon = json!({ "entry": "single_chat_tools", "external_userid": self.wang });
        self.zhangs.call(&page, "/sidebar/opened", &beacon).await?;
        // It opens as any web page, too. That has the member read whose items these are.
        let items = self
            .stage
            .page_as("member:ZhangSan", "items?tenantKey=team1")?;
        self.zhangs.open(items).await?;
        self.stage.quiet().await?;
        let card = self.card("正在与王女士协作")?;
        let came = format!("the visit is kept, and a card told: {}", title(&card));
        Ok(Came(came, vec![self.chat()?, self.window(&self.zhang)?]))
    }

    /// The newest card of 张三 with this title.
    pub(in crate::cli::simulate) fn card(&self, wanted: &str) -> anyhow::Result<Message> {
        let cards = self.stage.sim.window(&self.zhang);
        let card = cards.into_iter().find(|card| title(card) == wanted);
        card.with_context(|| format!("张三 got no card “{wanted}”"))
    }

    /// The chat of 张三 with 王女士, with the toolbar beside it.
    pub(in crate::cli::simulate) fn chat(&self) -> anyhow::Result<Url> {
        self.stage
            .sim_page(&format!("chat/{}/{}", self.zhang, self.wang))
    }

    /// The app's window of a member.
    pub(in crate::cli::simulate) fn window(&self, member: &UserId) -> anyhow::Result<Url> {
        self.stage.sim_page(&format!("window/{member}"))
    }
}

fn title(card: &Message) -> &str {
    card.content["main_title"]["title"]
        .as_str()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::sim::faults::PushFault;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_does_not_happen_is_told_and_ends_the_story() {
        let folder = tempfile::tempdir().unwrap();
        let store = format!("embedded:{}", folder.path().join("a.redb").display());
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let stop = CancellationToken::new();
        let stage = Stage::set(free, free, &store, stop.clone());
        let stage = stage.await.unwrap();
        stage.sim.faults().next_push(PushFault::Suppress);
        let steps = play(&stage).await.unwrap();
        stop.cancel();
        stage.strike().await.unwrap();
        let states: Vec<Ended> = steps.iter().map(|step| step.state).collect();
        let mut expected = [Ended::NotPlayed; Scene::ALL.len()];
        expected[0] = Ended::Failed;
        assert_eq!(states, expected);
        assert_eq!(steps[0].came, "no welcome message arrived");
    }
}
