//! WeCom's error codes as data: how each is to be met, and what an administrator can do about it (path/90313).

use crate::wecom::Secret;

/// Where the app is found in the console.
pub const APP: &str = "应用管理 → 应用 → 自建 → the app";

/// Where the contact-sync assistant is found in the console.
const CONTACT_SYNC: &str = "管理工具 → 通讯录同步";

/// How a code is to be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The access token is no longer good: refresh it once, repeat once.
    Token,
    /// WeCom is busy or somebody else writes: try again soon, a few times.
    Transient,
    /// A limit is used up: wait until its window ends.
    Limit,
    /// The request is wrong and stays wrong.
    Wrong,
    /// Something is set up wrongly: nothing helps until an administrator changes it.
    Configuration,
    /// An outcome that belongs to normal work, such as a contact who is gone.
    State,
    /// Not in the documentation: a few tries do no harm, then give up.
    Unknown,
}

/// The class of a code other than 0. Where the documentation leaves two open, the one that an administrator can end.
pub const fn class(errcode: i64) -> Class {
    match errcode {
        40014 | 42001 => Class::Token,

        -1 | 6000 | 41063 | 41096 | 45033 | 45035 | 830003 => Class::Transient,

        45009 | 45036 | 85004 => Class::Limit,

        40003..=40006
        | 40008
        | 40009
        | 40011
        | 40031..=40033
        | 40035
        | 40039
        | 40058
        | 40063
        | 40066
        | 40068
        | 40073
        | 40093
        | 40094
        | 40123
        | 40206 => Class::Wrong,
        41001
        | 41002
        | 41004
        | 41006
        | 41008..=41011
        | 41016
        | 41033
        | 41035..=41043
        | 41046
        | 41047
        | 41049
        | 41056
        | 41064
        | 41065 => Class::Wrong,
        42014..=42020 | 42027..=42031 | 42033 | 42035..=42047 | 42049..=42051 => Class::Wrong,
        44001 | 44004 | 45001 | 45002 | 45007 | 45008 | 45029 | 45034 | 48005 | 49004 => {
            Class::Wrong
        }
        60003 | 60103..=60106 | 60112 | 60123 | 60129 => Class::Wrong,
        81001 | 81002 | 81012 | 81014 | 81017 | 82001..=82004 | 82101 | 82102 | 84025 | 85002 => {
            Class::Wrong
        }
        86001 | 86003 | 86006..=86008 | 86101 | 86215..=86217 | 86220 | 86224 => Class::Wrong,
        90100..=90106 | 90200..=90204 | 91040 | 92002 | 92003 => Class::Wrong,
        301005 | 301012..=301015 | 301021 | 301036 | 830001 | 830002 => Class::Wrong,

        40001
        | 40013
        | 40054..=40057
        | 40091
        | 40132
        | 41045
        | 41057
        | 42012
        | 43009
        | 43012
        | 45024
        | 45031 => Class::Configuration,
        48001..=48004 | 48006 | 48008..=48010 | 50001 | 50003 => Class::Configuration,
        60011 | 60020 | 60030 | 60031 | 80001 | 81011 | 84074 | 85005 | 85008..=85010 => {
            Class::Configuration
        }
        90206..=90208
        | 92001
        | 301002
        | 301007
        | 610014..=610018
        | 610023
        | 610024
        | 701008
        | 2000002 => Class::Configuration,

        40007 | 40029 | 40096 | 40098 | 40099 | 40126 | 40144 | 40145 | 40201 | 40204 | 40205 => {
            Class::State
        }
        41044 | 41048 | 41050 | 41051 | 41053 | 41054 | 42003 | 42022 | 42052 | 43004 => {
            Class::State
        }
        46004 | 48011 | 50002 | 60021 | 60102 | 60111 | 60136 | 60140 | 60268 | 81013 => {
            Class::State
        }
        84014
        | 84015
        | 84061
        | 84071
        | 84083
        | 84084
        | 90501
        | 90509
        | 90511
        | 92000
        | 610004
        | 660003..=660005 => Class::State,

        _ => Class::Unknown,
    }
}

/// What to do about a code of [`Class::Configuration`]; for the administrator.
pub const fn remedy(errcode: i64) -> &'static str {
    match errcode {
        40001 => {
            "the secret is wrong, was reset, or its app is stopped: copy it once more from the console"
        }
        40013 | 2000002 => "the corp id is wrong: copy it once more from the console",
        40091 => "the secret belongs to another corp: check which corp id it stands under",
        40056 => "the agent id is wrong: copy it once more from the app's page",
        301002 => {
            "agent id and secret belong to different apps: copy both from the same app's page"
        }
        40057 | 43012 => {
            "the app needs a working callback URL (接收消息) before it may send cards with buttons"
        }
        41057 => {
            "bind a WeChat developer id: 客户联系 → 客户 → API (only needed to join contacts with a service account)"
        }
        43009 => "the corp's subject has to be verified first",
        45024 => "the corp's number of accounts is used up",
        45031 => "WeCom asks for a new secret: reset it in the console, then configure the new one",
        48001 => "the app may not use this function",
        48002 => {
            "the secret may not be used for this. Customer calls: add the app under 客户联系 → 客户 → API → \
             可调用接口的应用. Writing profiles: configure the secret of 管理工具 → 通讯录同步, with \"API 编辑通讯录\" on"
        }
        48006 => {
            "the app was unused for so long that its permission was withdrawn: an administrator has to enable it again"
        }
        48008 => {
            "the contact-sync secret covers only a part of the contacts: 管理工具 → 通讯录同步 → API 编辑通讯录"
        }
        48009 => {
            "the contact-sync secret cannot read members from this address: read with the app's secret"
        }
        48010 => {
            "WeCom refuses the TLS version; something between here and WeCom offers an old one"
        }
        50001 => {
            "the address is not on the app's trusted domain (网页授权及 JS-SDK → 可信域名): host and port must be the same"
        }
        80001 | 85005 | 85008 | 85009 => {
            "the trusted domain is not accepted: it needs an ICP record of this corp and the WW_verify file at its root \
             (app → 网页授权及 JS-SDK)"
        }
        50003 | 60031 => "the app is disabled or banned",
        60011 | 60030 | 81011 => {
            "the member is outside what the app may see or edit: widen the app's visible range (可见范围), or for \
             profiles the range of 管理工具 → 通讯录同步"
        }
        60020 => {
            "the address that this service calls from is not trusted: add it to the app's trusted IPs (企业可信IP), for \
             the contact-sync secret under 管理工具 → 通讯录同步; it takes about a minute"
        }
        84074 => "the member may not have outside contacts: 客户联系 → 权限配置 → 使用范围",
        610023 => "the corp's quota of outside contacts is used up",
        610024 => "the corp has to hand in qualification papers",
        _ => "a setting in the console stands against it; look the code up in WeCom's error list",
    }
}

/// The console's page on which a fault of the set-up is put right.
pub fn place(errcode: Option<i64>, secret: Secret) -> String {
    let own = match secret {
        Secret::App => APP,
        Secret::ContactSync => CONTACT_SYNC,
    };
    match errcode {
        Some(40001 | 45031 | 40091) => format!("{own} → Secret"),
        Some(40013 | 2000002) => "我的企业 → 企业信息 → 企业ID".into(),
        Some(40056 | 301002) => format!("{APP}: AgentId and Secret"),
        Some(60020) => format!("{own} → 企业可信IP"),
        Some(48002) => "客户联系 → 客户 → API → 可调用接口的应用: add the app".into(),
        Some(48006 | 50003 | 60031) => format!("{APP}: switch it on again"),
        Some(errcode) => look_up(errcode),
        None => "change the configuration as it says".into(),
    }
}

/// Where WeCom explains a code.
pub fn look_up(errcode: i64) -> String {
    format!("https://open.work.weixin.qq.com/devtool/query?e={errcode} tells more")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Every code of the documentation, by class, as it is listed there.
    const LISTED: [(Class, &str); 6] = [
        (Class::Token, "40014 42001"),
        (Class::Transient, "-1 6000 41063 41096 45033 45035 830003"),
        (Class::Limit, "45009 45036 85004"),
        (
            Class::Wrong,
            "40003 40004 40005 40006 40008 40009 40011 40031 40032 40033 40035 40039 40058 40063 40066 40068 40073 \
             40093 40094 40123 40206 41001 41002 41004 41006 41008 41009 41010 41011 41016 41033 41035 41036 41037 \
             41038 41039 41040 41042 41043 41041 41046 41047 41049 41056 41064 41065 42014 42016 42015 42017 42018 \
             42019 42020 42027 42028 42029 42030 42031 42033 42035 42036 42037 42038 42039 42040 42041 42042 42043 \
             42044 42045 42046 42047 42049 42050 42051 44001 44004 45001 45002 45007 45008 45029 45034 48005 49004 \
             60003 60123 60103 60104 60105 60106 60112 60129 81001 81002 81012 82001 81014 81017 82002 82003 82004 \
             82101 82102 84025 85002 86001 86003 86006 86007 86008 86101 86215 86216 86217 86220 86224 90100 90101 \
             90102 90103 90104 90105 90106 90200 90201 90202 90203 90204 91040 92002 92003 301005 301012 301013 \
             301014 301015 301021 301036 830001 830002",
        ),
        (
            Class::Configuration,
            "40001 40013 40054 40055 40056 40057 40091 40132 41045 41057 42012 43009 43012 45024 45031 48001 48002 \
             48003 48004 48006 48008 48009 48010 50001 50003 60031 60011 60020 60030 80001 81011 84074 85005 85008 \
             85009 85010 90206 90207 90208 92001 301002 301007 610014 610015 610016 610017 610018 610023 610024 \
             701008 2000002",
        ),
        (
            Class::State,
            "40007 40029 40096 40098 41054 40099 40126 40144 40145 40201 40204 40205 41044 41048 41050 41051 41053 \
             42003 42022 42052 43004 46004 48011 50002 60021 60102 60111 60136 60140 60268 81013 84014 84015 84061 \
             84071 84083 84084 90501 90509 90511 92000 610004 660003 660004 660005",
        ),
    ];

    fn listed() -> HashMap<i64, Class> {
        let codes = |(class, text): &(Class, &'static str)| {
            let class = *class;
            text.split(' ')
                .map(move |code| (code.parse().unwrap(), class))
                .collect::<Vec<_>>()
        };
        LISTED.iter().flat_map(codes).collect()
    }

    #[test]
    fn every_listed_code_has_its_class() {
        for (code, expected) in listed() {
            assert_eq!(class(code), expected, "{code}");
        }
    }

    #[test]
    fn no_other_code_has_one() {
        let listed = listed();
        for code in (-10..1_000_000).chain([2_000_001, 2_000_003, i64::MIN, i64::MAX]) {
            let known = listed.contains_key(&code);
            assert_eq!(class(code) != Class::Unknown, known, "{code}");
        }
    }
}
