//! Logs in as a browser would: the service sends it to WeCom's login, which the simulator plays, and it comes back.

use std::net::SocketAddr;

use anyhow::Context;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

/// Somebody who does not follow redirections by themselves.
pub(crate) fn browser() -> anyhow::Result<Client> {
    Ok(Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .build()?)
}

/// The session, as it stands in the header `Cookie`, of a login that begins at this path. `who` is `member:ID` or
/// `contact:ID`.
pub(crate) async fn session(service: SocketAddr, path: &str, who: &str) -> anyhow::Result<String> {
    let browser = browser()?;
    let page = format!("http://{service}{path}");
    let away = browser.get(page).send().await?;
    let pending = cookie(&away, "wb_login=")?;
    let mut authorize = location(&away)?;
    authorize.query_pairs_mut().append_pair("as", who);
    let back = location(&browser.get(authorize).send().await?)?;
    let entered = browser.get(back).header(COOKIE, pending).send().await?;
    cookie(&entered, "wb_session=")
}

fn location(answer: &Response) -> anyhow::Result<Url> {
    let to = answer.headers().get(LOCATION);
    let to = to.with_context(|| format!("{} leads nowhere: {}", answer.url(), answer.status()))?;
    Ok(Url::parse(to.to_str()?)?)
}

fn cookie(answer: &Response, name: &str) -> anyhow::Result<String> {
    let cookies = answer.headers().get_all(SET_COOKIE).into_iter();
    let mut pairs = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    let pair = pairs.find(|pair| pair.starts_with(name) && pair.len() > name.len());
    let pair = pair.with_context(|| format!("no {name} from {}", answer.url().path()));
    Ok(pair?.to_owned())
}
