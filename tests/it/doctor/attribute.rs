//! What `doctor` sees of the attribute that carries the link: profiles, and what came of what was written.

use wecom_bridge::app::check::{Check, Verdict};
use wecom_bridge::model::ids::UserId;
use wecom_bridge::sim::person::Member;

use crate::doctor::{Ward, hears_of_members, named, settle};

/// A corp in which nobody's profile has the attribute.
async fn ward() -> Ward {
    let ward = Ward::open().await;
    let zhang = UserId::parse("ZhangSan").unwrap();
    let mut corp = ward.sim.corp();
    corp.member_mut(&zhang).unwrap().external_profile.clear();
    corp.console.attributes.clear();
    drop(corp);
    ward
}

async fn attribute(ward: &Ward) -> Check {
    named(&ward.checks().await, "attribute").clone()
}

#[tokio::test]
async fn an_attribute_that_does_not_exist_is_found_out_by_what_wecom_ignored() {
    let mut ward = ward().await;
    let worker = ward.start().await;
    let found = ward.only_fault().await;
    assert_eq!(found.verdict, Verdict::Warning, "{found:?}");
    assert!(found.seen.contains("not known yet"), "{found:?}");

    hears_of_members(&ward).await;
    let li = Member::new(UserId::parse("LiSi").unwrap(), "李四");
    ward.sim.create_member(li).await;
    settle(&worker).await;
    drop(worker);
    // The service holds the store, so it is asked.
    let found = ward.only_fault().await;
    assert_eq!(found.verdict, Verdict::Fault, "{found:?}");
    assert!(found.name.starts_with("attribute"), "{found:?}");
    assert!(found.advice.unwrap().contains("成员资料显示"));
    let tokens = std::mem::take(&mut ward.config.api_tokens);
    assert_eq!(attribute(&ward).await.verdict, Verdict::Warning);
    ward.config.api_tokens = tokens;

    // Without the service, the store is opened.
    ward.end().await;
    let found = attribute(&ward).await;
    assert_eq!(found.verdict, Verdict::Fault, "{found:?}");
}
