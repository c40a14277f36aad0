//! The corps of every run: what the service's configuration, the callbacks and the simulated WeCom have to agree on.
//! All values are invented.

use std::net::SocketAddr;

use wecom_bridge::clock::Clock;
use wecom_bridge::model::ids::{AgentId, CorpId};
use wecom_bridge::model::keys::{AesKey, CallbackKeys};
use wecom_bridge::sim::SimSettings;
use wecom_bridge::sim::receiver::{Receiver, ReceiverKind};

/// Of every receiver.
pub(crate) const TOKEN: &str = "benchtoken";
/// Of every receiver.
pub(crate) const AES_KEY: &str = "benchbenchbenchbenchbenchbenchbenchbenchabc";

const AGENT: u64 = 1_000_002;
const SECRET: &str = "bench";

/// The id of corp number `n`, from 0.
pub(crate) fn id(n: usize) -> String {
    format!("wwbench{:09}", n + 1)
}

/// The path of its callback URL.
pub(crate) fn path(n: usize) -> String {
    format!("/callback/{}", receiver(n))
}

/// Its team identification code.
pub(crate) fn tenant_key(n: usize) -> String {
    format!("bench{n}")
}

/// Token and EncodingAESKey.
pub(crate) fn keys() -> anyhow::Result<CallbackKeys> {
    Ok(CallbackKeys {
        token: TOKEN.to_owned().into(),
        aes_key: AesKey::parse(AES_KEY)?,
    })
}

/// The part of the service's configuration that tells of so many corps.
pub(crate) fn config(count: usize) -> String {
    (0..count).map(section).collect()
}

/// A simulated WeCom with the first corp.
pub(crate) fn wecom() -> anyhow::Result<SimSettings> {
    Ok(SimSettings::new(
        CorpId::parse(&id(0))?,
        AgentId(AGENT),
        SECRET.to_owned().into(),
        Clock::system(),
    ))
}

/// The first corp's receiver at a service that listens there, for that WeCom.
pub(crate) fn registration(service: SocketAddr) -> anyhow::Result<Receiver> {
    Ok(Receiver {
        url: format!("http://{service}{}", path(0)).parse()?,
        keys: keys()?,
        receive_id: id(0),
        kind: ReceiverKind::App,
    })
}

fn section(n: usize) -> String {
    let (id, tenant_key, receiver) = (id(n), tenant_key(n), receiver(n));
    format!(
        r#"
        [[corp]]
        id = "{id}"
        tenant_key = "{tenant_key}"
        [corp.app]
        agent_id = {AGENT}
        secret = "{SECRET}"
        [[corp.receiver]]
        name = "{receiver}"
        token = "{TOKEN}"
        aes_key = "{AES_KEY}"
        "#
    )
}

fn receiver(n: usize) -> String {
    match n {
        0 => "app".into(),
        n => format!("app{n}"),
    }
}
