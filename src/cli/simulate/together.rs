//! The second part of the story: what a company and its customer do together with a form, a project and a record.

use anyhow::{Context, ensure};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};
use url::Url;

use crate::cli::simulate::browser::Page;
use crate::cli::simulate::step::Came;
use crate::cli::simulate::story::Players;
use crate::clock::Clock;
use crate::sim::ledger::Sent;

const FORM: &str = "报修登记";
const PROJECT: &str = "新办公室启用";
const RECORD: &str = "会议室灯不亮";
const FILLED_IN: &str = "前台空调不制冷";
const QUESTION: &str = "什么时候来修？";
const REPLY: &str = "明天上午九点，电工已约好。";
const TENANT: &str = "tenantKey=team1";

/// The items of the story, by their references such as `form:0a`.
#[derive(Default)]
pub(in crate::cli::simulate) struct Made {
    form: String,
    project: String,
    record: String,
}

impl Players<'_> {
    pub(in crate::cli::simulate) async fn make_items(&mut self) -> anyhow::Result<Came> {
        let owner = &self.zhang;
        let form = json!({
            "title": FORM,
            "description": "哪里坏了，请告诉我们。",
            "owner": owner,
            "fields": [
                { "key": "what", "label": "问题", "type": "text", "required": true },
                { "key": "where", "label": "位置", "type": "choice", "options": ["前台", "会议室", "机房"] },
                { "key": "tel", "label": "电话", "type": "phone" },
            ],
            "submissions": "many",
            "steps": ["待处理", "处理中", "已完成"],
        });
        self.made.form = self.make("forms", &form).await?;
        let today = today()?;
        let (soon, later) = (today.checked_add(3.days())?, today.checked_add(10.days())?);
        let project = json!({
            "title": PROJECT,
            "description": "从签约到入驻。",
            "owner": owner,
            "stages": [
                { "title": "准备", "tasks": [
                    { "key": "t1", "title": "签合同", "state": "done", "handler": { "member": owner } },
                    { "key": "t2", "title": "确认布线图", "handler": "customer", "due": soon },
                ]},
                { "title": "安装", "tasks": [
                    { "key": "t3", "title": "布线", "state": "doing", "start": today, "due": later },
                ]},
            ],
        });
        self.made.project = self.make("projects", &project).await?;
        let record = json!({
            "title": RECORD,
            "owner": owner,
            "form": key(&self.made.form),
            "project": key(&self.made.project),
            "contact": self.wang,
            "values": { "what": RECORD, "where": "会议室" },
        });
        self.made.record = self.make("records", &record).await?;
        let Made {
            project, record, ..
        } = &self.made;
        let came = format!("{FORM}, {PROJECT}, {RECORD}");
        let open = [
            "items?tenantKey=team1&kind=form".to_owned(),
            members_page(project),
            members_page(record),
        ];
        let open = open
            .iter()
            .map(|path| self.stage.page_as("member:ZhangSan", path));
        Ok(Came(came, open.collect::<Result<_, _>>()?))
    }

    /// As the toolbar's script and WeCom's client do it: given, sent into the chat, confirmed.
    pub(in crate::cli::simulate) async fn send_items(&mut self) -> anyhow::Result<Came> {
        let stage = self.stage;
        let plan = self.made.project.replace("project:", "plan:");
        let items = [
            &self.made.project,
            &plan,
            &self.made.form,
            &self.made.record,
        ];
        let toolbar = stage.page_as("member:ZhangSan", "sidebar")?;
        let toolbar = self.zhangs.open(toolbar).await?;
        let chat = self.zhangs.open(self.chat()?).await?;
        let of_wang = |what: &str| format!("/sidebar/customer/{}/{what}", self.wang);
        let given = json!({ "items": items });
        let given = self
            .zhangs
            .call(&toolbar, &of_wang("share"), &given)
            .await?;
        let cards = given["cards"].as_array().context("there are no cards")?;
        for card in cards {
            let news = ["link", "title", "desc", "imgUrl"];
            let news = news
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), card.get(name)?.clone())));
            let news: serde_json::Map<String, Value> = news.collect();
            let message = json!({
                "userid": self.zhang,
                "external_userid": self.wang,
                "content": { "msgtype": "news", "news": news },
            });
            let sent = self.zhangs.call(&chat, "/jssdk/send", &message).await?;
            ensure!(sent["errCode"] == 0, "{}", sent["errMsg"]);
            let one = json!({ "item": card["item"] });
            self.zhangs
                .call(&toolbar, &of_wang("confirm"), &one)
                .await?;
        }
        stage.quiet().await?;
        let titles: Vec<String> = self
            .chat_cards()
            .into_iter()
            .map(|(title, _)| title)
            .collect();
        ensure!(
            titles.len() >= items.len(),
            "only {} cards are in the chat",
            titles.len()
        );
        Ok(Came(
            format!("the chat shows {}", titles.join(", ")),
            vec![self.chat()?],
        ))
    }

    pub(in crate::cli::simulate) async fn fill_in(&mut self) -> anyhow::Result<Came> {
        let page = self.tap(FORM).await?;
        let typed = [
            ("f-what", FILLED_IN),
            ("f-where", "前台"),
            ("f-tel", "13800138000"),
        ];
        let sent = self.wangs.send(&page, "value=\"submit\"", &typed).await?;
        let mut query = sent.url.query_pairs();
        let record = query
            .find(|(name, _)| name == "sent")
            .context("nothing was made of it")?;
        let record = format!("record:{}", record.1);
        self.stage.quiet().await?;
        self.card("王女士提交了表单")?;
        let home = self.home(&customers_page(&record))?;
        let open = vec![home, self.window(&self.zhang)?];
        Ok(Came("a record is made of it".to_owned(), open))
    }

    pub(in crate::cli::simulate) async fn follow_account(&self) -> anyhow::Result<Came> {
        self.stage.sim.follows_account(&self.wang).await?;
        self.stage.quiet().await?;
        let came = "the service knows which customer it is".to_owned();
        Ok(Came(came, vec![self.weixin()?]))
    }

    pub(in crate::cli::simulate) async fn comment(&mut self) -> anyhow::Result<Came> {
        let page = self.tap(RECORD).await?;
        let typed = [("text", QUESTION)];
        let said = self.wangs.send(&page, "value=\"comment\"", &typed).await?;
        said.shows(QUESTION)?;
        self.stage.quiet().await?;
        self.card("王女士发表了评论")?;
        let home = self.home(&customers_page(&self.made.record))?;
        Ok(Came(
            format!("“{QUESTION}”"),
            vec![home, self.window(&self.zhang)?],
        ))
    }

    pub(in crate::cli::simulate) async fn reply(&mut self) -> anyhow::Result<Came> {
        let card = self.card("王女士发表了评论")?;
        let page = card.content["card_action"]["url"].as_str();
        let page: Url = page.context("the card leads nowhere")?.parse()?;
        let opened = self.zhangs.open(page.clone()).await?;
        opened.shows(QUESTION)?;
        let said = self
            .zhangs
            .send(&opened, "name=\"text\"", &[("text", REPLY)])
            .await?;
        said.shows(REPLY)?;
        self.stage.quiet().await?;
        Ok(Came(
            format!("“{REPLY}”"),
            vec![self.stage.link_as("member:ZhangSan", &page)?],
        ))
    }

    pub(in crate::cli::simulate) async fn read_reminder(&mut self) -> anyhow::Result<Came> {
        let sent = self.stage.sim.sent();
        let reminder = sent.iter().rev().find_map(|sent| {
            let Sent::Template(message) = sent else {
                return None;
            };
            (message.external_userid == self.wang).then_some(message)
        });
        let reminder = reminder.context("no reminder arrived")?;
        let page = reminder
            .url
            .as_ref()
            .context("the reminder leads nowhere")?;
        let page: Url = page.parse()?;
        let opened = self.open_as_wang(&page).await?;
        opened.shows(REPLY)?;
        let values: Vec<&str> = reminder
            .values
            .iter()
            .map(|(_, value)| value.as_str())
            .collect();
        let open = vec![self.weixin()?, self.stage.link_as(&self.as_wang(), &page)?];
        Ok(Came(values.join(" · "), open))
    }

    pub(in crate::cli::simulate) async fn look_home(&mut self) -> anyhow::Result<Came> {
        let home = self.home(&format!("home?{TENANT}"))?;
        let page = self.wangs.open(home.clone()).await?;
        for title in [PROJECT, FORM, RECORD] {
            page.shows(title)?;
        }
        let rows = page.html.matches("class=\"name\"").count();
        Ok(Came(format!("{rows} entries are there"), vec![home]))
    }

    pub(in crate::cli::simulate) async fn hand_over(&mut self) -> anyhow::Result<Came> {
        let page = self
            .stage
            .page_as("member:ZhangSan", &format!("items/hand-over?{TENANT}"))?;
        let opened = self.zhangs.open(page.clone()).await?;
        self.zhangs
            .send(&opened, "name=\"to\"", &[("to", "王五")])
            .await?;
        self.stage.quiet().await?;
        let card = self.card("王女士发表了评论")?;
        let (shown, _) = card.card_for(&self.zhang);
        let rows = shown["horizontal_content_list"].as_array();
        let mut rows = rows.context("the card has no rows")?.iter();
        let owner = rows.find(|row| row["value"] == "王五");
        let owner = owner.context("the old card does not show the new owner")?;
        let came = format!(
            "the card shows {} 王五",
            owner["keyname"].as_str().unwrap_or_default()
        );
        Ok(Came(came, vec![page, self.window(&self.zhang)?]))
    }

    /// Makes an item by the API; tells its reference.
    async fn make(&self, kind: &str, body: &Value) -> anyhow::Result<String> {
        let answer = self.stage.api(&format!("api/v1/{kind}"), body).await?;
        let item = answer["item"].as_str();
        Ok(item.context("the API told no reference")?.to_owned())
    }

    /// 王女士 opens the card with this title in the chat.
    async fn tap(&mut self, title: &str) -> anyhow::Result<Page> {
        let cards = self.chat_cards();
        let card = cards.into_iter().rev().find(|(shown, _)| shown == title);
        let (_, link) = card.with_context(|| format!("no card “{title}” is in the chat"))?;
        self.open_as_wang(&link.parse()?).await
    }

    async fn open_as_wang(&mut self, page: &Url) -> anyhow::Result<Page> {
        let link = self.stage.link_as(&self.as_wang(), page)?;
        self.wangs.open(link).await
    }

    /// Titles and links of what is in the chat with 王女士.
    fn chat_cards(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let sent = self.stage.sim.sent().into_iter();
        let cards = sent.filter_map(|sent| {
            let Sent::Chat(message) = sent else {
                return None;
            };
            let news = &message.content["news"];
            let card = (text(&news["title"]), text(&news["link"]));
            (message.external_userid == self.wang).then_some(card)
        });
        cards.collect()
    }

    fn as_wang(&self) -> String {
        format!("contact:{}", self.wang)
    }

    /// A page of the service, opened by 王女士.
    fn home(&self, path: &str) -> anyhow::Result<Url> {
        self.stage.page_as(&self.as_wang(), path)
    }

    /// The service account in the WeChat of 王女士.
    fn weixin(&self) -> anyhow::Result<Url> {
        self.stage.sim_page(&format!("weixin/window/{}", self.wang))
    }
}

/// The id in a reference.
fn key(item: &str) -> &str {
    item.split_once(':').map_or(item, |(_, key)| key)
}

fn members_page(item: &str) -> String {
    format!("items/{}?{TENANT}", item.replace(':', "/"))
}

fn customers_page(item: &str) -> String {
    format!("home/{}?{TENANT}", item.replace(':', "/"))
}

fn today() -> anyhow::Result<Date> {
    let now = Clock::system().now().to_string();
    let day = now.get(..10).context("the clock tells no day")?;
    Ok(day.parse()?)
}
