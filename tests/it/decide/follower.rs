//! Followers of the service account.

use wecom_bridge::callback::event::{self, Event};
use wecom_bridge::decide::facts::{Facts, Need};
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::needs;
use wecom_bridge::model::delivery::Source;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::follower::Follower;
use wecom_bridge::model::ids::{OpenId, UnionId};
use wecom_bridge::model::time::Timestamp;

use crate::decide::{AT, corp, decided, told};

fn openid() -> OpenId {
    OpenId::parse("oA").unwrap()
}

fn of_account(event: &str, secs: i64) -> Event {
    let xml = format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><CreateTime>{secs}</CreateTime>\
         <MsgType>event</MsgType><Event>{event}</Event></xml>"
    );
    event::parse(Source::ServiceAccount, &xml).unwrap()
}

fn kept(following: bool, since: i64, told_at: i64) -> Follower {
    Follower {
        openid: openid(),
        unionid: Some(UnionId::parse("uA").unwrap()),
        external_userid: None,
        following,
        since: Timestamp::from_secs(since),
        told_at: Timestamp::from_secs(told_at),
    }
}

#[test]
fn whether_a_person_follows_is_kept_by_the_newest_event() {
    let corp = corp();
    for (event, secs, before, expected) in [
        ("subscribe", 10, None, Some((true, 10, 10))),
        ("unsubscribe", 10, None, Some((false, 10, 10))),
        (
            "unsubscribe",
            20,
            Some(kept(true, 10, 10)),
            Some((false, 20, 20)),
        ),
        (
            "subscribe",
            20,
            Some(kept(true, 10, 10)),
            Some((true, 10, 20)),
        ),
        ("unsubscribe", 15, Some(kept(true, 10, 20)), None),
        (
            "unsubscribe",
            20,
            Some(kept(true, 10, 20)),
            Some((false, 20, 20)),
        ),
        ("SCAN", 20, Some(kept(false, 10, 10)), None),
        ("something_new", 20, None, None),
    ] {
        let event = of_account(event, secs);
        let facts = Facts {
            follower: before.clone(),
            ..Facts::none(&corp)
        };
        let effects = decided(&event, &facts).unwrap();
        let found = effects.first().map(|effect| {
            let Effect::PutFollower(follower) = effect else {
                panic!("{effect:?}");
            };
            let unionid = before.and_then(|before| before.unionid);
            assert_eq!(follower.unionid, unionid, "{event:?}");
            (
                follower.following,
                follower.since.secs(),
                follower.told_at.secs(),
            )
        });
        assert_eq!(found, expected, "{event:?}");
    }
}

#[test]
fn a_follower_is_no_member() {
    let corp = corp();
    let event = of_account("subscribe", 10);
    let needed = needs(&Input::Event(&event, AT));
    assert_eq!(needed, [Need::Follower(openid())]);
    let effects = decided(&event, &Facts::none(&corp)).unwrap();
    assert_eq!(told(&effects), ["oA follows: true"]);
}
