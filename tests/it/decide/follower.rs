//! Followers of the service account.

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::callback::event::{self, Event};
use wecom_bridge::decide::facts::{Facts, Need};
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::needs;
use wecom_bridge::model::delivery::Source;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::follower::{Follower, Standing};
use wecom_bridge::model::ids::{OpenId, UnionId};
use wecom_bridge::model::time::Timestamp;

use crate::decide::{AT, NOW, corp, decided, told};

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
        // It comes once more.
        (
            "subscribe",
            10,
            Some(kept(true, 10, 10)),
            Some((true, 10, 10)),
        ),
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
    let expected = ["oA follows: true", "refresh-follower:oA"];
    assert_eq!(told(&effects), expected);
    // Who they are is asked of those who follow, and once.
    let gone = of_account("unsubscribe", 10);
    let effects = decided(&gone, &Facts::none(&corp)).unwrap();
    assert_eq!(told(&effects), ["oA follows: false"]);
    let known = Facts {
        follower: Some(kept(false, 5, 5)),
        ..Facts::none(&corp)
    };
    let effects = decided(&event, &known).unwrap();
    assert_eq!(told(&effects), ["oA follows: true"]);
}

#[test]
fn a_look_tells_who_follows_and_who_that_is() {
    let corp = corp();
    let follower = |following, unionid: Option<&str>| Follower {
        unionid: unionid.map(|id| UnionId::parse(id).unwrap()),
        ..kept(following, 10, 10)
    };
    let at_weixin = |unionid: Option<&str>| {
        Some(Standing::Following {
            unionid: unionid.map(|id| UnionId::parse(id).unwrap()),
        })
    };
    let gone = Some(Standing::NotFollowing);
    for (before, seen, agreed, expected) in [
        // No account is configured any more.
        (None, None, Some("uA"), None),
        (None, at_weixin(Some("uA")), None, Some((true, Some("uA")))),
        (None, at_weixin(None), None, Some((true, None))),
        (None, gone.clone(), Some("uA"), Some((false, Some("uA")))),
        (
            Some(follower(true, Some("uA"))),
            at_weixin(Some("uA")),
            None,
            None,
        ),
        (
            Some(follower(true, None)),
            at_weixin(None),
            Some("uA"),
            Some((true, Some("uA"))),
        ),
        (
            Some(follower(true, Some("uA"))),
            gone,
            None,
            Some((false, Some("uA"))),
        ),
    ] {
        let facts = Facts {
            follower: before.clone(),
            follower_at_weixin: seen.clone(),
            ..Facts::none(&corp)
        };
        let event = crate::decide::own(&OwnEvent::RefreshFollower {
            openid: openid(),
            unionid: agreed.map(|id| UnionId::parse(id).unwrap()),
        });
        let expected_needs = [Need::Follower(openid()), Need::FollowerAtWeixin(openid())];
        assert_eq!(needs(&Input::Event(&event, AT)), expected_needs);
        let effects = decided(&event, &facts).unwrap();
        let seen_now = effects.iter().map(|effect| {
            let Effect::PutFollower(follower) = effect else {
                panic!("{:?}", told(&effects));
            };
            let unionid = follower.unionid.as_ref().map(UnionId::as_str);
            // Since when is known where nothing has changed.
            let same = before
                .as_ref()
                .is_some_and(|it| it.following == follower.following);
            let since = if same { Timestamp::from_secs(10) } else { NOW };
            assert_eq!((follower.since, follower.told_at), (since, since));
            (follower.following, unionid)
        });
        assert_eq!(
            seen_now.collect::<Vec<_>>(),
            Vec::from_iter(expected),
            "{before:?} {seen:?}"
        );
    }
}
