//! The admin pages without a browser: who gets in, what a form must carry, and what comes of it.

mod acts;
mod doors;
mod sessions;
mod shows;

use wecom_bridge::sim::person::Member;

use crate::guest::{Guest, Page};
use crate::world::{Address, On, Setup, World, user};

const OWN: &str = "https://bridge.localhost";

/// Another corp, whose admin is nobody of the first.
const OTHER_CORP: &str = r#"
[[corp]]
id = "wwOther"
name = "Other"
tenant_key = "team2"
admins = ["LiSi"]
[corp.app]
agent_id = 1000003
secret = "secret-of-another-app"
[[corp.receiver]]
name = "other"
token = "OtherToken"
aes_key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
"#;

async fn world(more: &'static str) -> World {
    let setup = Setup {
        address: Address::BehindTls,
        more,
        ..Setup::default()
    };
    let world = World::with(On::Embedded, setup).await;
    let (member, customer) = world.people();
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world
        .sim
        .corp()
        .add_member(Member::new(user("LiSi"), "李四"));
    world.settle().await;
    world
}

impl Guest<'_> {
    /// Sends a form with the token that the page of `from` gives.
    async fn submit_form(&mut self, from: &str, path: &str, form: &str) -> Page {
        let token = token(&self.get(from).await.html);
        self.post_form(path, &format!("{form}&token={token}")).await
    }

    async fn log_in_by(&mut self, password: &str) -> Page {
        self.submit_form(
            "/admin/login",
            "/admin/login",
            &format!("password={password}"),
        )
        .await
    }

    /// By WeCom's login, as `member:ID` or `contact:ID`.
    async fn log_in_as(&mut self, who: &str, tenant: &str) -> Page {
        self.log_in(who, &format!("/admin/login/wecom/{tenant}"))
            .await
    }
}

fn token(html: &str) -> String {
    let (_, rest) = html.split_once("name=\"token\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_owned()
}
