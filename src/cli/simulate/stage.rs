//! The service and the simulated WeCom, joined.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use secrecy::SecretString;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::app::{self, App, AppError, Loops};
use crate::clock::Clock;
use crate::config::Config;
use crate::model::ids::{AgentId, AppId, CorpId};
use crate::sim::receiver::{Receiver, ReceiverKind};
use crate::sim::weixin::AccountSettings;
use crate::sim::{Sim, SimSettings};
use crate::store::Store;
use crate::store::item::Queue;

const CORP: &str = "ww0123456789abcdef";
const AGENT: u64 = 1_000_002;
const SECRET: &str = "the-secret-of-the-simulated-app";
const SYNC_SECRET: &str = "the-secret-of-contact-sync";
const ACCOUNT: &str = "wx0123456789abcdef";
const ACCOUNT_SECRET: &str = "the-secret-of-the-service-account";
/// The API's token in simulations; printed, so that it can be tried.
pub(in crate::cli) const API_TOKEN: &str = "simulated-api-token";

/// The administrator's password in simulations; printed, too.
const ADMIN_PASSWORD: &str = "simulated-admin-password";
const ADMIN_PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$6+9zbkc3Qt0BGnC24Sb0tw$Si9Pstu85Ltxt0SYvXkSDfN15bhQWC/iatMdIYCXBjI";

/// A story that has not come to an end by then never will.
const QUIET_WITHIN: Duration = Duration::from_secs(60);

/// How often it is looked whether anything is still to be done.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Both sides, running.
pub(in crate::cli::simulate) struct Stage {
    pub(in crate::cli::simulate) sim: Sim,
    pub(in crate::cli::simulate) store: Arc<Store>,
    pub(in crate::cli::simulate) corp: CorpId,
    /// Where the service is.
    pub(in crate::cli::simulate) service: Url,
    running: JoinHandle<Result<(), AppError>>,
}

impl Stage {
    /// Starts WeCom, then the service, then has WeCom and WeChat check the callback URLs.
    pub(in crate::cli::simulate) async fn set(
        listen: SocketAddr,
        wecom_listen: SocketAddr,
        store: &str,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let corp = CorpId::parse(CORP)?;
        let clock = Clock::system();
        let secret = SecretString::from(SECRET);
        let mut settings = SimSettings::new(corp.clone(), AgentId(AGENT), secret, clock.clone());
        settings.listen = wecom_listen;
        settings.contact_sync_secret = Some(SecretString::from(SYNC_SECRET));
        settings.service_account = Some(AccountSettings {
            app_id: AppId::parse(ACCOUNT)?,
            secret: SecretString::from(ACCOUNT_SECRET),
        });
        let sim = Sim::start(settings).await.with_context(|| {
            format!("cannot listen on {wecom_listen}; choose another --wecom-listen")
        })?;
        // The port may be chosen by the system, and the public URL has to name it.
        let listener = app::listen("server.listen", listen).map_err(in_flags)?;
        let service = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
        let config = Config::from_parts(&toml(&service, &sim, store), std::iter::empty())?;
        let app = App::build_on(listener, &config, clock)
            .await
            .map_err(in_flags)?;
        let store = Arc::clone(app.store());
        let running = tokio::spawn(app.run(Loops::Running, stop));
        let callers = [
            (ReceiverKind::App, CORP),
            (ReceiverKind::ContactSync, CORP),
            (ReceiverKind::ServiceAccount, ACCOUNT),
        ];
        for (receiver, (kind, receive_id)) in config.corps[0].all_receivers().zip(callers) {
            let url = service.join(&format!("callback/{}", receiver.name))?;
            let (keys, receive_id) = (receiver.keys.clone(), receive_id.to_owned());
            let receiver = Receiver {
                url,
                keys,
                receive_id,
                kind,
            };
            sim.register_patiently(&receiver)
                .await
                .context("the callback URL was refused")?;
        }
        sim.corp().console.toolbar_url = Some(service.join("sidebar")?);
        Ok(Self {
            sim,
            store,
            corp,
            service,
            running,
        })
    }

    /// Waits until every event is settled and every call is made.
    pub(in crate::cli::simulate) async fn quiet(&self) -> anyhow::Result<()> {
        let started = tokio::time::Instant::now();
        while started.elapsed() < QUIET_WITHIN {
            let mut open = 0;
            // What a call brought stands in the inbox, which was looked at before.
            for queue in [Queue::Inbox, Queue::Outbox, Queue::Inbox] {
                let depth = self.store.depth(&self.corp, queue).await?;
                open += depth.urgent.waiting + depth.normal.waiting + depth.retrying;
            }
            if open == 0 {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        bail!(
            "something is still not settled after {} s",
            QUIET_WITHIN.as_secs()
        )
    }

    /// A page of the simulator.
    pub(in crate::cli::simulate) fn sim_page(&self, path: &str) -> anyhow::Result<Url> {
        Ok(self.sim.base().join(path)?)
    }

    /// A page of the service, opened as `member:ID` or `contact:ID`.
    pub(in crate::cli::simulate) fn page_as(&self, who: &str, path: &str) -> anyhow::Result<Url> {
        self.link_as(who, &self.service.join(path)?)
    }

    /// A link, opened as `member:ID` or `contact:ID`.
    pub(in crate::cli::simulate) fn link_as(&self, who: &str, to: &Url) -> anyhow::Result<Url> {
        let mut link = self.sim_page("open")?;
        link.query_pairs_mut()
            .append_pair("as", who)
            .append_pair("to", to.as_str());
        Ok(link)
    }

    /// What the company's own system sends to the API.
    pub(in crate::cli::simulate) async fn api(
        &self,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let request = client.post(self.service.join(path)?);
        let answer = request.bearer_auth(API_TOKEN).json(body).send().await?;
        let status = answer.status();
        let answer: Value = answer.json().await?;
        if !status.is_success() {
            bail!("{path} was answered {status}: {answer}");
        }
        Ok(answer)
    }

    /// Where to look.
    pub(in crate::cli::simulate) fn invitation(&self) -> String {
        let (service, wecom) = (&self.service, self.sim.base());
        format!(
            "\nThe simulated WeCom is open at   {wecom}\n\
             The customer's page is at        {service}home?tenantKey=team1\n\
             The members' pages of items at   {service}items?tenantKey=team1\n\
             The API is at                    {service}api/v1/events  (Authorization: Bearer {API_TOKEN})\n\
             The admin pages are at           {service}admin  (password: {ADMIN_PASSWORD})\n\
             Ctrl-C ends both."
        )
    }

    /// Waits for the end of the service and ends WeCom.
    pub(in crate::cli::simulate) async fn strike(self) -> anyhow::Result<()> {
        self.running.await??;
        self.sim.stop().await;
        Ok(())
    }
}

/// In a simulation the address is not a setting.
fn in_flags(problem: AppError) -> anyhow::Error {
    match problem {
        AppError::Listen {
            address, problem, ..
        } => {
            anyhow!("cannot listen on {address}: {problem}; choose another --listen")
        }
        AppError::Files(_)
        | AppError::Half(_)
        | AppError::Store(_)
        | AppError::Api(_)
        | AppError::Serve(_) => problem.into(),
    }
}

fn toml(service: &Url, sim: &Sim, store: &str) -> String {
    let listen = service.authority();
    let (wecom, weixin) = (sim.base(), sim.weixin_base());
    format!(
        r#"
public_url = "{service}"
[server]
listen = "{listen}"
[store]
url = "{store}"
[api]
tokens = ["{API_TOKEN}"]
[admin]
password_hash = "{ADMIN_PASSWORD_HASH}"
[wecom]
api_base = "{wecom}"
oauth_base = "{wecom}"
jssdk_url = "{wecom}jssdk.js"
[weixin]
api_base = "{weixin}"
oauth_base = "{weixin}"
[sync]
nightly = "off"
hourly = false
[[corp]]
id = "{CORP}"
name = "示例公司"
tenant_key = "team1"
admins = ["ZhangSan"]
[corp.app]
agent_id = {AGENT}
secret = "{SECRET}"
[corp.contact_sync]
secret = "{SYNC_SECRET}"
[corp.service_account]
app_id = "{ACCOUNT}"
secret = "{ACCOUNT_SECRET}"
name = "示例服务号"
quiet_hours = "off"
bundle = "0s"
[corp.service_account.templates.reply]
template_id = "TM1"
keys = {{ thing1 = "title", thing2 = "text", name3 = "member", time4 = "time", phrase5 = "=已回复" }}
[[corp.service_account.receiver]]
name = "account"
token = "SimulatedAccountToken"
aes_key = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
[[corp.receiver]]
name = "app"
token = "SimulatedAppToken"
aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
[[corp.receiver]]
name = "contacts"
token = "SimulatedContactsToken"
aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
"#
    )
}
