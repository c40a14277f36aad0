//! How often one address may try something: a password, or a login by WeCom.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;

use crate::model::time::Timestamp;

/// Passwords that one address may try.
const PASSWORDS: Window = Window {
    attempts: 10,
    length: Duration::from_secs(10 * 60),
};

/// Logins that one address may come back from. Many people share the address of an office or of a mobile network.
const LOGINS: Window = Window {
    attempts: 120,
    length: Duration::from_secs(60),
};

/// How many addresses are remembered. When there are more, the oldest is forgotten.
const ADDRESSES_MAX: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Window {
    attempts: u32,
    length: Duration,
}

/// The attempts of the last minutes.
#[derive(Debug)]
pub struct Attempts {
    window: Window,
    windows: Mutex<HashMap<IpAddr, (Timestamp, u32)>>,
}

impl Attempts {
    /// For passwords.
    pub(in crate::http) fn of_passwords() -> Self {
        Self::of(PASSWORDS)
    }

    /// For logins by WeCom or WeChat.
    pub fn of_logins() -> Self {
        Self::of(LOGINS)
    }

    fn of(window: Window) -> Self {
        Self {
            window,
            windows: Mutex::default(),
        }
    }

    /// Counts an attempt. Tells whether there is one left.
    pub(in crate::http) fn take(&self, from: IpAddr, now: Timestamp) -> bool {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |began: Timestamp| now.since(began) >= self.window.length || began > now;
        if !windows.contains_key(&from) && windows.len() >= ADDRESSES_MAX {
            windows.retain(|_, (began, _)| !over(*began));
            if windows.len() >= ADDRESSES_MAX {
                let oldest = windows.iter().min_by_key(|(_, (began, _))| *began);
                if let Some(oldest) = oldest.map(|(from, _)| *from) {
                    windows.remove(&oldest);
                }
            }
        }
        let window = windows.entry(from).or_insert((now, 0));
        if over(window.0) {
            *window = (now, 0);
        }
        window.1 = window.1.saturating_add(1);
        window.1 <= self.window.attempts
    }

    /// Forgets the attempts of somebody who knew the password.
    pub(in crate::http) fn forgive(&self, from: IpAddr) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.remove(&from);
    }
}

/// Who asks. Behind a reverse proxy of this machine or network: whom that one names last. An IPv6 network counts as one
/// address, since a single machine has all of it.
pub(in crate::http) fn address(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let peer = peer.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    let header = request.headers().get_all("X-Forwarded-For").last();
    let named =
        header.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    network(if is_near(peer) {
        named.unwrap_or(peer)
    } else {
        peer
    })
}

fn is_near(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    }
}

fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn ip(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn ten_attempts_and_a_new_window() {
        let (attempts, began) = (Attempts::of_passwords(), Timestamp::from_secs(1000));
        let taken = (0..20).filter(|_| attempts.take(ip(1), began)).count();
        assert_eq!(taken, 10);
        assert!(attempts.take(ip(2), began), "another address");
        assert!(!attempts.take(ip(1), began.plus(PASSWORDS.length - Duration::from_secs(1))));
        assert!(attempts.take(ip(1), began.plus(PASSWORDS.length)));
        attempts.forgive(ip(1));
        let taken = (0..20).filter(|_| attempts.take(ip(1), began.plus(PASSWORDS.length)));
        assert_eq!(taken.count(), 10);
        assert!(
            attempts.take(ip(1), began),
            "a clock that was put back locks nobody out"
        );
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::of_passwords();
        for n in 0..10_000 {
            attempts.take(ip(n), Timestamp::from_secs(i64::from(n) / 100));
        }
        assert_eq!(attempts.windows.lock().unwrap().len(), ADDRESSES_MAX);
    }

    #[test]
    fn the_nearest_proxy_is_believed_and_nobody_else() {
        let table = [
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "6.6.6.6, 9.9.9.9", "9.9.9.9"),
            ("10.0.0.2", "9.9.9.9", "9.9.9.9"),
            ("8.8.8.8", "9.9.9.9", "8.8.8.8"),
            ("127.0.0.1", "nonsense", "127.0.0.1"),
            ("::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::ffff:8.8.8.8", "9.9.9.9", "8.8.8.8"),
        ];
        for (peer, header, expected) in table {
            let request =
                TestRequest::default().peer_addr((peer.parse::<IpAddr>().unwrap(), 1).into());
            let request = request
                .insert_header(("X-Forwarded-For", header))
                .to_http_request();
            assert_eq!(address(&request).to_string(), expected, "{peer} {header}");
        }
    }
}
