//! Where a Redis of several servers is: a list of addresses, which a usual URL has no room for.
//!
//! ```text
//! redis+sentinel://[user:password@]host:port,host:port/master[?db=0&sentinel_user=…&sentinel_password=…&tls=servers]
//! redis+cluster://[user:password@]host:port,host:port
//! ```
//! `rediss+…` speaks TLS to all of them. User and password are those of the servers; the Sentinels have their own.

use std::borrow::Cow;

use secrecy::SecretString;
use url::{Host, form_urlencoded};

/// How many Sentinels or nodes a URL may name.
const HOSTS_MAX: usize = 64;

const SENTINEL_PORT: u16 = 26379;
const SERVER_PORT: u16 = 6379;

/// Where a Redis is.
#[derive(Debug, Clone)]
pub enum RedisUrl {
    /// `redis://…` or `rediss://…`, as it was written: one server.
    Server(SecretString),
    /// `redis+sentinel://…`: whichever server the Sentinels call master.
    Sentinel(Sentinel),
    /// `redis+cluster://…`: a Redis Cluster.
    Cluster(Cluster),
}

/// A master and the Sentinels that know where it is.
#[derive(Debug, Clone)]
pub struct Sentinel {
    /// The Sentinels; at least one.
    pub sentinels: Vec<Address>,
    /// How they call the master.
    pub master: String,
    /// For the servers.
    pub login: Login,
    /// For the Sentinels.
    pub sentinel_login: Login,
    /// The number of the database.
    pub db: u16,
    /// Whether TLS is spoken, and to whom.
    pub tls: Tls,
}

/// A Redis Cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Some of its nodes; at least one. They tell of the others.
    pub nodes: Vec<Address>,
    /// For every node.
    pub login: Login,
    /// Whether TLS is spoken.
    pub tls: Tls,
}

/// A host and a port. An IPv6 address stands without brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Name or IP address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// User name and password; either may be absent.
#[derive(Debug, Clone, Default)]
pub struct Login {
    /// User name; without one, Redis's `default`.
    pub user: Option<String>,
    /// Password.
    pub password: Option<SecretString>,
}

/// Where TLS is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Nowhere.
    None,
    /// To the servers, not to the Sentinels.
    Servers,
    /// To the servers and to the Sentinels.
    All,
}

impl RedisUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, such as `names no host`. Repeats nothing of it: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("is no complete URL")?;
        if !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err("is no complete URL".into());
        }
        let parts = || Parts::of(rest);
        match scheme {
            "redis" | "rediss" => Ok(Self::Server(text.into())),
            "redis+sentinel" => sentinel(parts()?, Tls::None).map(Self::Sentinel),
            "rediss+sentinel" => sentinel(parts()?, Tls::All).map(Self::Sentinel),
            "redis+cluster" => cluster(parts()?, Tls::None).map(Self::Cluster),
            "rediss+cluster" => cluster(parts()?, Tls::All).map(Self::Cluster),
            _ => Err("names no store that is known".into()),
        }
    }
}

/// What lies between the marks of a URL.
struct Parts<'a> {
    login: Option<&'a str>,
    hosts: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str) -> Result<Self, String> {
        if rest.contains('#') {
            return Err("has a fragment: write %23 for a # in the password".into());
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        Ok(Self {
            login,
            hosts,
            path,
            query,
        })
    }
}

fn sentinel(parts: Parts<'_>, tls: Tls) -> Result<Sentinel, String> {
    let master = decoded(parts.path)?;
    if master.is_empty() || master.contains('/') {
        return Err("does not end with the master's name, as in …/mymaster".into());
    }
    let mut found = Sentinel {
        sentinels: addresses(parts.hosts, SENTINEL_PORT)?,
        master,
        login: login(parts.login)?,
        sentinel_login: Login::default(),
        db: 0,
        tls,
    };
    for (key, value) in form_urlencoded::parse(plain(parts.query).as_bytes()) {
        match key.as_ref() {
            "db" => found.db = value.parse().map_err(|_| "has a db that is no number")?,
            "sentinel_user" => found.sentinel_login.user = Some(value.into_owned()),
            "sentinel_password" => {
                found.sentinel_login.password = Some(value.into_owned().into());
            }
            "tls" => found.tls = tls_of(&value)?,
            _ => {
                return Err("has a setting after the ? other than db, sentinel_user, sentinel_password and tls".into());
            }
        }
    }
    Ok(found)
}

fn cluster(parts: Parts<'_>, tls: Tls) -> Result<Cluster, String> {
    if !parts.path.is_empty() || !parts.query.is_empty() {
        return Err("has something after the hosts, and a Cluster has no databases".into());
    }
    Ok(Cluster {
        nodes: addresses(parts.hosts, SERVER_PORT)?,
        login: login(parts.login)?,
        tls,
    })
}

fn tls_of(text: &str) -> Result<Tls, String> {
    match text {
        "none" => Ok(Tls::None),
        "servers" => Ok(Tls::Servers),
        "all" => Ok(Tls::All),
        _ => Err("has a tls other than none, servers and all".into()),
    }
}

fn login(text: Option<&str>) -> Result<Login, String> {
    let Some(text) = text else {
        return Ok(Login::default());
    };
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let some = |text: &str| -> Result<Option<String>, String> {
        Ok(Some(decoded(text)?).filter(|text| !text.is_empty()))
    };
    Ok(Login {
        user: some(user)?,
        password: some(password)?.map(SecretString::from),
    })
}

fn addresses(hosts: &str, port: u16) -> Result<Vec<Address>, String> {
    let found: Result<Vec<Address>, String> =
        hosts.split(',').map(|host| address(host, port)).collect();
    let found = found?;
    if found.len() > HOSTS_MAX {
        return Err(format!("names more than {HOSTS_MAX} hosts"));
    }
    Ok(found)
}

fn address(text: &str, default: u16) -> Result<Address, String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let port = port.parse().ok().filter(|port| *port > 0);
            (host, port.ok_or("has a port that is none")?)
        }
        _ => (text, default),
    };
    if host.is_empty() {
        return Err("names no host, or an empty one between commas".into());
    }
    let host = match Host::parse(host).map_err(|_| "names a host that is none")? {
        Host::Domain(name) => name,
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    };
    Ok(Address { host, port })
}

/// Undoes `%40` and the like, and nothing else.
fn decoded(text: &str) -> Result<String, String> {
    let text = plain(text).replace('=', "%3D").replace('&', "%26");
    let pair = form_urlencoded::parse(text.as_bytes()).next();
    let decoded = pair.map_or(Cow::Borrowed(""), |(key, _)| key);
    if decoded.contains('\u{fffd}') {
        return Err("has a name or password that is no UTF-8".into());
    }
    Ok(decoded.into_owned())
}

/// A `+` is meant as one, not as a blank.
fn plain(text: &str) -> String {
    text.replace('+', "%2B")
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn shown(addresses: &[Address]) -> String {
        let each = addresses
            .iter()
            .map(|it| format!("{}|{}", it.host, it.port));
        each.collect::<Vec<_>>().join(" ")
    }

    fn secret(login: &Login) -> (Option<&str>, Option<&str>) {
        let password = login.password.as_ref().map(ExposeSecret::expose_secret);
        (login.user.as_deref(), password)
    }

    #[test]
    fn sentinels_and_their_master() {
        let text = "redis+sentinel://me:a%40b%3A+c=&@one:1,two,[::1]:3/my%2Dmaster?db=4&sentinel_user=s&sentinel_password=x%26+y&tls=servers";
        let RedisUrl::Sentinel(found) = RedisUrl::parse(text).unwrap() else {
            panic!("it is one of Sentinels");
        };
        assert_eq!(shown(&found.sentinels), "one|1 two|26379 ::1|3");
        assert_eq!((found.master.as_str(), found.db), ("my-master", 4));
        assert_eq!(secret(&found.login), (Some("me"), Some("a@b:+c=&")));
        assert_eq!(secret(&found.sentinel_login), (Some("s"), Some("x&+y")));
        assert_eq!(found.tls, Tls::Servers);
        assert!(!format!("{found:?}").contains("a@b"), "{found:?}");
    }

    #[test]
    fn nodes_of_a_cluster() {
        let all = RedisUrl::parse("rediss+cluster://:p@one,10.0.0.2:7000").unwrap();
        let RedisUrl::Cluster(found) = all else {
            panic!("it is one of a Cluster");
        };
        assert_eq!(shown(&found.nodes), "one|6379 10.0.0.2|7000");
        assert_eq!(secret(&found.login), (None, Some("p")));
        assert_eq!(found.tls, Tls::All);
    }

    #[test]
    fn what_is_wrong_is_told_without_the_secrets() {
        for (text, told) in [
            ("q7Zk", "is no complete URL"),
            ("redis+sentinel://a /m", "is no complete URL"),
            ("mysql://:q7Zk@a", "names no store that is known"),
            ("redis+sentinel://:q7Zk@a:1,b:2", "master's name"),
            ("redis+sentinel://a/m/n", "master's name"),
            ("redis+sentinel://:q7Zk@/m", "names no host"),
            ("redis+sentinel://a,,b/m", "names no host"),
            ("redis+sentinel://a:q7Zk/m", "has a port that is none"),
            ("redis+sentinel://a:0/m", "has a port that is none"),
            ("redis+sentinel://a^b/m", "names a host that is none"),
            ("redis+sentinel://a/m?db=q7Zk", "has a db"),
            ("redis+sentinel://a/m?tls=q7Zk", "has a tls"),
            ("redis+sentinel://a/m?q7Zk=1", "has a setting"),
            ("redis+sentinel://:q7Zk#@a/m", "has a fragment"),
            ("redis+sentinel://:%ff@a/m", "no UTF-8"),
            ("redis+cluster://a/0", "after the hosts"),
            ("redis+cluster://a?db=1", "after the hosts"),
        ] {
            let wrong = RedisUrl::parse(text).unwrap_err();
            assert!(wrong.contains(told), "{text}: {wrong}");
            assert!(!wrong.contains("q7Zk"), "{text}: {wrong}");
        }
        let many = vec!["a"; HOSTS_MAX + 1].join(",");
        assert!(RedisUrl::parse(&format!("redis+cluster://{many}")).is_err());
    }
}
