//! Which addresses a message may go to. An address that only this machine or its network reaches is refused unless the
//! settings allow it: whoever can write a URL into the settings must not reach what stands behind the firewall.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Which addresses a system may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of the internet, by TLS.
    Public,
    /// Any, also without TLS.
    Anywhere,
}

impl Reach {
    /// Whether a message may go there, as far as the URL alone tells. A name is looked up when a message goes.
    pub fn admits(self, url: &Url) -> bool {
        match (self, url.scheme(), url.host()) {
            (_, _, None) => false,
            (Self::Anywhere, "http" | "https", Some(_)) => true,
            (Self::Public, "https", Some(Host::Domain(_))) => true,
            (Self::Public, "https", Some(Host::Ipv4(ip))) => !is_private(ip.into()),
            (Self::Public, "https", Some(Host::Ipv6(ip))) => !is_private(ip.into()),
            _ => false,
        }
    }
}

/// Whether an address is no one's in the internet: this machine, its network, or none (RFC 6890).
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || matches!(
            (a, b, c),
            (0 | 224.., _, _)
                | (100, 64..=127, _)
                | (192, 0, 0)
                | (192, 88, 99)
                | (198, 18 | 19, _)
        )
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    let [.., high, low] = segments;
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    let last = Ipv4Addr::new(a, b, c, d);
    match segments {
        // Addresses of IPv4 in another form lead where those lead.
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => is_private_v4(last),
        [0x2002, high, low, ..] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_private_v4(Ipv4Addr::new(a, b, c, d))
        }
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] => true,
        // What is in use of the internet's addresses lies in 2000::/3.
        [first, ..] => first & 0xe000 != 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_we_can_reach_is_private() {
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
        ] {
            assert!(is_private(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "223.5.5.5",
            "2400:3200::1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(!is_private(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn addresses_are_admitted_as_the_settings_say() {
        for (url, public, anywhere) in [
            ("https://erp.example.com/hooks", true, true),
            ("http://erp.example.com/hooks", false, true),
            ("https://1.1.1.1/", true, true),
            ("https://127.0.0.1/", false, true),
            ("https://2130706433/", false, true),
            ("https://0x7f.1/", false, true),
            ("https://[::1]/", false, true),
            ("ftp://erp.example.com/", false, false),
            ("data:,x", false, false),
        ] {
            let parsed = Url::parse(url).unwrap();
            assert_eq!(Reach::Public.admits(&parsed), public, "{url}");
            assert_eq!(Reach::Anywhere.admits(&parsed), anywhere, "{url}");
        }
    }
}
