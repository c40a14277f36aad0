//! What is decided about events, receipts and commands, as tables: input + facts → effects.

mod contact;
mod greeting;

mod link;
mod member;

mod home;

mod card;
mod sidebar;

mod item;
mod tell;

mod chat;
mod directory;
mod follower;
mod tag;

mod fan_out;

use std::time::Duration;

use url::Url;
use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::callback::event::{self, Event};
use wecom_bridge::decide::decide;
use wecom_bridge::decide::facts::{
    Authorised, AutoSync, CorpFacts, Facts, LinkWriting, SidebarCard,
};
use wecom_bridge::decide::input::{Input, Refusal};
use wecom_bridge::model::contact::{Contact, FollowUser, Greeting, GreetingStep};
use wecom_bridge::model::delivery::Source;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::{ExternalUserId, UserId};
use wecom_bridge::model::member::{Link, LinkState, Member, WebAttribute};
use wecom_bridge::model::time::Timestamp;

const AT: Timestamp = Timestamp::from_secs(1_700_000_000);
const NOW: Timestamp = Timestamp::from_secs(1_700_000_003);

pub(crate) fn corp() -> CorpFacts {
    CorpFacts {
        home: Url::parse("https://bridge.example/home?tenantKey=team1").unwrap(),
        auto_sync: AutoSync::On,
        sidebar_card: SidebarCard::On,
        links: LinkWriting::ByService,
        authorised: Authorised::ALL,
        bundle: Duration::from_secs(300),
        reminders: None,
    }
}

fn zhang() -> UserId {
    UserId::parse("Zhang").unwrap()
}

fn wm1() -> ExternalUserId {
    ExternalUserId::parse("wm1").unwrap()
}

fn callback(fields: &str) -> Event {
    let xml = format!(
        "<xml><ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName>\
         <CreateTime>1700000000</CreateTime><MsgType>event</MsgType>{fields}</xml>"
    );
    event::parse(Source::Callback, &xml).unwrap()
}

fn customer(change_type: &str, more: &str) -> Event {
    callback(&format!(
        "<Event>change_external_contact</Event><ChangeType>{change_type}</ChangeType>\
         <UserID>Zhang</UserID><ExternalUserID>wm1</ExternalUserID>{more}"
    ))
}

fn own(event: &OwnEvent) -> Event {
    let (_, delivery) = event.delivery(NOW);
    event::parse(delivery.source, &delivery.xml).unwrap()
}

pub(crate) fn contact(follow_users: &[(&str, Timestamp)]) -> Contact {
    let follow = |(userid, createtime): &(&str, Timestamp)| FollowUser {
        userid: UserId::parse(userid).unwrap(),
        remark: String::new(),
        description: String::new(),
        createtime: *createtime,
        tags: Vec::new(),
        add_way: 1,
        oper_userid: None,
        state: None,
        remark_corp_name: None,
        remark_mobiles: Vec::new(),
        deleted_by_contact_at: None,
    };
    Contact {
        external_userid: wm1(),
        name: "王女士".into(),
        kind: 1,
        gender: 0,
        avatar: None,
        unionid: None,
        position: None,
        corp_name: None,
        follow_users: follow_users.iter().map(follow).collect(),
        changed_at: AT,
    }
}

fn greeting(step: GreetingStep) -> Greeting {
    Greeting {
        external_userid: wm1(),
        userid: zhang(),
        step,
        added_at: AT,
    }
}

fn decided(event: &Event, facts: &Facts<'_>) -> Result<Vec<Effect>, Refusal> {
    decide(&Input::Event(event, AT), facts, NOW)
}

/// Effects in a few words, for comparing whole lists.
fn told(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::PutContact(contact) => {
                let users: Vec<_> = contact
                    .follow_users
                    .iter()
                    .map(|f| f.userid.to_string())
                    .collect();
                format!("contact {} of {}", contact.external_userid, users.join("+"))
            }
            Effect::PutGreeting(greeting) => format!("greeting {:?}", greeting.step),
            Effect::PutEnding(ending) => format!("ended by {:?}", ending.by),
            Effect::DropGreeting(..) => "drop greeting".into(),
            Effect::PutTransferFailure(failure) => format!("not transferred: {:?}", failure.reason),
            Effect::DropRelation(relation) => {
                let (contact, member) = relation.pair();
                format!("drop {contact} at {member}")
            }
            Effect::DropMember(id) => format!("drop member {id}"),
            Effect::DropLink(id) => format!("drop link {id}"),
            Effect::PutChat(chat) => {
                let news = if chat.news.is_some() {
                    " with news"
                } else {
                    ""
                };
                let dismissed = chat.dismissed_at.map_or("", |_| " dismissed");
                format!("chat {}{news}{dismissed}", chat.name)
            }
            Effect::DropChat(id) => format!("drop chat {id}"),
            Effect::PutTagGroup(group) => format!("tags of {}", group.group_id),
            Effect::PutMember(member) => format!("member {} {}", member.userid, member.visible),
            Effect::PutLink(link) => format!("link {:?}", link.state),
            Effect::PutVisit(visit) => format!("visit {}", visit.count),
            Effect::PutFollower(follower) => {
                format!("{} follows: {}", follower.openid, follower.following)
            }
            Effect::PutCard(card) => format!("card {:?}", card.pressed),
            Effect::DropCard(_) => "drop card".into(),
            Effect::PutSync(run) => format!("sync {:?}", run.state),
            Effect::DropSync(id) => format!("drop sync {id}"),
            Effect::PutBatch(batch) => format!("batch of {}", batch.ids.len()),
            Effect::DropBatch(_) => "drop batch".into(),
            Effect::PutSighting(sighting) => format!("seen {:?}", sighting.counted),
            Effect::PutSwitches(switches) => format!("auto-sync {:?}", switches.auto_sync),
            Effect::PutItem(item) => format!("item {}", item.item_ref()),
            Effect::PutOnShelf(shelf, item) => format!("{item} on {shelf:?}"),
            Effect::TakeFromShelf(shelf, item) => format!("{item} off {shelf:?}"),
            Effect::PutGrant(grant) => format!("grant {} {:?}", grant.item, grant.state),
            Effect::PutSeen(seen) => format!("{} seen", seen.item),
            Effect::PutComment(comment) => format!("comment on {}", comment.item),
            Effect::PutThread(thread) => format!("thread {}", thread.item),
            Effect::PutAttachment(file) => format!("file of {}", file.item),
            Effect::DropAttachment(_) => "drop file".into(),
            Effect::PutCarried(_) => "carried".into(),
            Effect::DropCarried(_) => "drop carried".into(),
            Effect::PutForgetting(forgetting) => format!("forgetting at {}", forgetting.removed),
            Effect::Refresh(delivery) => delivery.subject.to_string(),
            Effect::Send(outgoing) => format!("send {}", outgoing.call.name()),
        })
        .collect()
}

pub(crate) fn member(visible: bool) -> Member {
    let (name, department) = ("张".to_owned(), vec![1]);
    Member {
        userid: zhang(),
        name,
        department,
        status: 1,
        position: None,
        visible,
        changed_at: AT,
    }
}

fn link(state: LinkState, url: &str) -> Link {
    Link {
        userid: zhang(),
        url: url.into(),
        state,
        at: AT,
        attempt: 1,
        reason: None,
        remedy: None,
        sent_at: None,
    }
}

/// What the profile shows of a link.
fn at_its_place(link: &Link) -> WebAttribute {
    WebAttribute {
        name: "与我协作".into(),
        url: link.url.clone(),
    }
}

#[test]
fn what_only_sounds_alike_changes_nothing() {
    let corp = corp();
    for fields in [
        "<Event>enter_agent</Event>",
        "<Event>view</Event><EventKey>https://a.example/</EventKey>",
        "<Event>sidebar_opened</Event><UserID>Zhang</UserID><ExternalUserID>wm1</ExternalUserID>",
        "<Event>refresh_contact</Event><ExternalUserID>wm1</ExternalUserID>",
        "<Event>invented_tomorrow</Event>",
    ] {
        let effects = decided(&callback(fields), &Facts::none(&corp)).unwrap();
        assert_eq!(told(&effects), Vec::<String>::new(), "{fields}");
    }
}
