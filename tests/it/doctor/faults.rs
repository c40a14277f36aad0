//! What `doctor` sees when one thing is wrong at WeCom: that line alone is a fault, and it names the page of the console.

use wecom_bridge::app::check::Verdict;
use wecom_bridge::model::ids::UserId;
use wecom_bridge::sim::Sim;
use wecom_bridge::sim::console::{ContactEdit, CustomerApi, TrustedIps};
use wecom_bridge::sim::faults::Fault;
use wecom_bridge::sim::person::{Member, Range};

use crate::doctor::Ward;

/// What is set wrongly, which line tells of it, and where it is put right.
struct Case {
    wrong: fn(&Sim),
    line: &'static str,
    seen: &'static str,
    page: &'static str,
}

const CASES: [Case; 15] = [
    Case {
        wrong: |sim| sim.corp().console.app_ips = TrustedIps::NotListed,
        line: "app of",
        seen: "127.0.0.1",
        page: "自建 → the app → 企业可信IP",
    },
    Case {
        wrong: |sim| once(sim, "externalcontact/get_follow_user_list", 60020),
        line: "app of",
        seen: "127.0.0.1",
        page: "自建 → the app → 企业可信IP",
    },
    Case {
        wrong: |sim| zhang(sim, |zhang| zhang.app_range = Range::Outside),
        line: "visible range",
        seen: "sees no member",
        page: "可见范围",
    },
    Case {
        wrong: |sim| always(sim, "department/simplelist", 50003),
        line: "app of",
        seen: "50003",
        page: "switch it on again",
    },
    Case {
        wrong: |sim| always(sim, "user/simplelist", 60011),
        line: "visible range",
        seen: "60011",
        page: "可见范围",
    },
    Case {
        wrong: |sim| sim.corp().console.customer_api = CustomerApi::NotListed,
        line: "customer API",
        seen: "48002",
        page: "可调用接口的应用",
    },
    Case {
        wrong: |sim| zhang(sim, |zhang| zhang.follow_range = Range::Outside),
        line: "customer scope",
        seen: "no member",
        page: "使用范围",
    },
    Case {
        wrong: |sim| always(sim, "getcallbackip", 610_024),
        line: "callback addresses",
        seen: "610024",
        page: "自建 → the app",
    },
    Case {
        wrong: |sim| always(sim, "get_jsapi_ticket", 85005),
        line: "JS-SDK",
        seen: "85005",
        page: "网页授权及JS-SDK",
    },
    Case {
        wrong: |sim| always(sim, "ticket/get", 42012),
        line: "JS-SDK",
        seen: "42012",
        page: "网页授权及JS-SDK",
    },
    Case {
        wrong: |sim| sim.corp().console.contact_sync_ips = TrustedIps::NotListed,
        line: "contact-sync of",
        seen: "127.0.0.1",
        page: "通讯录同步 → 企业可信IP",
    },
    Case {
        wrong: |sim| always(sim, "user/update", 48009),
        line: "contact-sync of",
        seen: "48009",
        page: "通讯录同步 → 企业可信IP",
    },
    Case {
        wrong: |sim| sim.corp().console.contact_edit = ContactEdit::ReadOnly,
        line: "rights of contact-sync",
        seen: "48002",
        page: "API编辑通讯录",
    },
    Case {
        wrong: |sim| always(sim, "user/update", 48008),
        line: "rights of contact-sync",
        seen: "48008",
        page: "API编辑通讯录",
    },
    Case {
        wrong: |sim| always(sim, "user/get", 48001),
        line: "attribute",
        seen: "48001",
        page: "e=48001",
    },
];

fn always(sim: &Sim, api: &str, code: i64) {
    sim.faults().always(api, Fault::ErrCode(code));
}

fn once(sim: &Sim, api: &str, code: i64) {
    sim.faults().next(api, Fault::ErrCode(code));
}

/// The only member.
fn zhang(sim: &Sim, change: fn(&mut Member)) {
    let id = UserId::parse("ZhangSan").unwrap();
    change(sim.corp().member_mut(&id).unwrap());
}

#[tokio::test]
async fn one_wrong_setting_is_one_fault_that_names_its_page() {
    for case in CASES {
        let ward = Ward::running().await;
        (case.wrong)(&ward.sim);
        let found = ward.only_fault().await;
        assert_eq!(found.verdict, Verdict::Fault, "{found:?}");
        assert!(
            found.name.starts_with(case.line),
            "{}: {found:?}",
            case.line
        );
        assert!(found.seen.contains(case.seen), "{}: {found:?}", case.seen);
        let advice = found.advice.as_deref().unwrap();
        assert!(advice.contains(case.page), "{}: {found:?}", case.page);
    }
}
