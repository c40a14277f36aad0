//! What is decided about events and receipts, as tables: event + facts → effects.

mod chat;
mod directory;
mod follower;
mod tag;

use std::time::Duration;

use url::Url;
use wecom_bridge::callback::event::own::{OwnEvent, SidebarOpened};
use wecom_bridge::callback::event::{self, Event};
use wecom_bridge::decide::facts::{
    AutoSync, CorpFacts, Facts, LinkWriting, Need, Occasion, SidebarCard,
};
use wecom_bridge::decide::input::{Input, Refusal};
use wecom_bridge::decide::{decide, needs};
use wecom_bridge::model::contact::{Contact, EndedBy, Ending, FollowUser, Greeting, GreetingStep};
use wecom_bridge::model::delivery::{Lane, Source};
use wecom_bridge::model::effect::{Effect, SentCard};
use wecom_bridge::model::ids::{ExternalUserId, TaskId, TenantKey, UserId};
use wecom_bridge::model::member::{Link, LinkState, Member, WebAttribute};
use wecom_bridge::model::outgoing::{
    Answer, Call, LinkCheck, OneTimeCode, Outcome, Receipt, Welcome, WriteLink,
};
use wecom_bridge::model::switches::{FORMER_KEYS, FormerKey, Home, Switches};
use wecom_bridge::model::time::Timestamp;

const AT: Timestamp = Timestamp::from_secs(1_700_000_000);
const NOW: Timestamp = Timestamp::from_secs(1_700_000_003);

fn corp() -> CorpFacts {
    CorpFacts {
        home: Url::parse("https://bridge.example/home?tenantKey=team1").unwrap(),
        auto_sync: AutoSync::On,
        sidebar_card: SidebarCard::On,
        links: LinkWriting::ByService,
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

fn contact(follow_users: &[(&str, Timestamp)]) -> Contact {
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
            Effect::DropContact(id) => format!("drop contact {id}"),
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
            Effect::PutSync(run) => format!("sync {:?}", run.state),
            Effect::DropSync(id) => format!("drop sync {id}"),
            Effect::PutBatch(batch) => format!("batch of {}", batch.ids.len()),
            Effect::DropBatch(_) => "drop batch".into(),
            Effect::PutSighting(sighting) => format!("seen {:?}", sighting.counted),
            Effect::PutSwitches(switches) => format!("auto-sync {:?}", switches.auto_sync),
            Effect::Refresh(delivery) => delivery.subject.to_string(),
            Effect::Send(outgoing) => format!("send {}", outgoing.call.name()),
        })
        .collect()
}

#[test]
fn an_added_customer_is_welcomed_at_once_or_owed_a_card() {
    let corp = corp();
    let code = "<WelcomeCode>CODE</WelcomeCode>";
    let ended = Ending {
        external_userid: wm1(),
        userid: zhang(),
        by: EndedBy::Member,
        at: AT,
    };
    type Row<'a> = (
        &'a str,
        &'a str,
        Option<GreetingStep>,
        Option<Ending>,
        &'a [&'a str],
    );
    let table: &[Row<'_>] = &[
        (
            "add_external_contact",
            code,
            None,
            None,
            &["greeting Sending", "send welcome", "refresh-contact:wm1"],
        ),
        (
            "add_half_external_contact",
            code,
            None,
            None,
            &["greeting Sending", "send welcome", "refresh-contact:wm1"],
        ),
        (
            "add_external_contact",
            "",
            None,
            None,
            &["greeting CardOwed", "refresh-contact:wm1"],
        ),
        (
            "add_external_contact",
            "",
            Some(GreetingStep::Welcomed),
            None,
            &["refresh-contact:wm1"],
        ),
        (
            "add_external_contact",
            "",
            Some(GreetingStep::Sending),
            None,
            &["refresh-contact:wm1"],
        ),
        (
            "add_external_contact",
            "",
            None,
            Some(ended),
            &["refresh-contact:wm1"],
        ),
        (
            "edit_external_contact",
            "",
            None,
            None,
            &["refresh-contact:wm1"],
        ),
        (
            "transfer_fail",
            "<FailReason>customer_refused</FailReason>",
            None,
            None,
            &[
                "not transferred: Some(\"customer_refused\")",
                "refresh-contact:wm1",
            ],
        ),
        (
            "msg_audit_approved",
            code,
            None,
            None,
            &["greeting Sending", "send welcome", "refresh-contact:wm1"],
        ),
        (
            "invented_tomorrow",
            "",
            None,
            None,
            &["refresh-contact:wm1"],
        ),
    ];
    for (change_type, more, known, ending, expected) in table {
        let mut facts = Facts::none(&corp);
        facts.greetings = known.map(greeting).into_iter().collect();
        facts.endings = ending.clone().into_iter().collect();
        let effects = decided(&customer(change_type, more), &facts).unwrap();
        assert_eq!(
            told(&effects),
            *expected,
            "{change_type} {more} after {known:?}"
        );
    }
}

#[test]
fn a_welcome_message_is_urgent_and_ends_with_its_code() {
    let corp = corp();
    let event = customer("add_external_contact", "<WelcomeCode>CODE</WelcomeCode>");
    let effects = decided(&event, &Facts::none(&corp)).unwrap();
    let sent = effects.iter().find_map(|effect| match effect {
        Effect::Send(outgoing) => Some(outgoing),
        _ => None,
    });
    let outgoing = sent.unwrap();
    assert_eq!(outgoing.lane, Lane::Urgent);
    assert_eq!(outgoing.deadline, Some(AT.plus(Duration::from_secs(20))));
    let Call::Welcome(welcome) = &outgoing.call else {
        panic!("{:?}", outgoing.call)
    };
    assert_eq!(welcome.url, "https://bridge.example/home?tenantKey=team1");
    assert_eq!(welcome.welcome_code.expose(), "CODE");
    assert!(welcome.text.len() <= 4000 && welcome.title.len() <= 128 && welcome.desc.len() <= 512);
}

#[test]
fn with_auto_sync_off_events_change_no_contact() {
    let corp = CorpFacts {
        auto_sync: AutoSync::Off,
        ..corp()
    };
    for change_type in [
        "add_external_contact",
        "edit_external_contact",
        "del_follow_user",
        "del_external_contact",
        "transfer_fail",
    ] {
        let effects = decided(&customer(change_type, ""), &Facts::none(&corp)).unwrap();
        assert_eq!(told(&effects), Vec::<String>::new(), "{change_type}");
    }
}

#[test]
fn an_ended_relation_is_kept_once_and_ends_its_greeting() {
    let corp = corp();
    for (change_type, more, by) in [
        ("del_follow_user", "", "Contact"),
        ("del_external_contact", "", "Member"),
        (
            "del_external_contact",
            "<Source>DELETE_BY_TRANSFER</Source>",
            "Transfer",
        ),
    ] {
        let event = customer(change_type, more);
        let mut facts = Facts::none(&corp);
        facts.greetings = vec![greeting(GreetingStep::Welcomed)];
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(
            told(&effects),
            [
                &format!("ended by {by}"),
                "drop greeting",
                "refresh-contact:wm1"
            ]
        );
        let Effect::PutEnding(ending) = &effects[0] else {
            panic!()
        };
        assert_eq!(ending.at, AT);
        facts.endings = vec![ending.clone()];
        facts.greetings = vec![Greeting {
            added_at: AT.plus(Duration::from_secs(60)),
            ..greeting(GreetingStep::Sending)
        }];
        assert_eq!(
            told(&decided(&event, &facts).unwrap()),
            ["refresh-contact:wm1"],
            "told again, after a new beginning"
        );
    }
}

#[test]
fn a_refresh_brings_the_contact_up_to_date() {
    let corp = corp();
    let event = own(&OwnEvent::RefreshContact {
        external_userid: wm1(),
    });
    let one = || contact(&[("Zhang", AT)]);
    let both = || contact(&[("Zhang", AT), ("li", AT)]);
    let none = || contact(&[]);
    let table: [(Option<Contact>, Option<Contact>, &[&str]); 6] = [
        (None, Some(one()), &["contact wm1 of Zhang"]),
        (Some(one()), Some(one()), &[]),
        (Some(one()), Some(both()), &["contact wm1 of Zhang+li"]),
        (Some(one()), None, &["contact wm1 of "]),
        (Some(none()), None, &[]),
        (Some(none()), Some(one()), &["contact wm1 of Zhang"]),
    ];
    for (kept, at_wecom, expected) in table {
        let mut facts = Facts::none(&corp);
        (facts.contact, facts.contact_at_wecom) = (kept, at_wecom);
        assert_eq!(told(&decided(&event, &facts).unwrap()), expected);
    }
    assert_eq!(
        decided(&event, &Facts::none(&corp)).unwrap_err(),
        Refusal::NotACustomer
    );
}

#[test]
fn a_refresh_remembers_who_was_deleted_by_the_contact() {
    let corp = corp();
    let event = own(&OwnEvent::RefreshContact {
        external_userid: wm1(),
    });
    let later = AT.plus(Duration::from_secs(9));
    for (began, ended, by, expected) in [
        (AT, later, EndedBy::Contact, Some(later)),
        (later, AT, EndedBy::Contact, None),
        (AT, later, EndedBy::Member, None),
    ] {
        let mut facts = Facts::none(&corp);
        facts.contact_at_wecom = Some(contact(&[("ZHANG", began)]));
        facts.endings = vec![Ending {
            external_userid: wm1(),
            userid: zhang(),
            by,
            at: ended,
        }];
        let effects = decided(&event, &facts).unwrap();
        let Effect::PutContact(contact) = &effects[0] else {
            panic!("{effects:?}")
        };
        assert_eq!(contact.follow_users[0].deleted_by_contact_at, expected);
    }
}

#[test]
fn a_member_is_owed_one_card_about_a_customer_who_could_not_be_welcomed() {
    let corp = corp();
    let event = own(&OwnEvent::RefreshContact {
        external_userid: wm1(),
    });
    for (step, user, expected) in [
        (
            GreetingStep::CardOwed,
            "zhang",
            vec!["greeting Carded", "send card"],
        ),
        (GreetingStep::CardOwed, "li", vec![]),
        (GreetingStep::Carded, "zhang", vec![]),
        (GreetingStep::Sending, "zhang", vec![]),
        (GreetingStep::Welcomed, "zhang", vec![]),
    ] {
        let mut facts = Facts::none(&corp);
        facts.contact = Some(contact(&[(user, AT)]));
        facts.contact_at_wecom = facts.contact.clone();
        facts.greetings = vec![greeting(step)];
        assert_eq!(
            told(&decided(&event, &facts).unwrap()),
            expected,
            "{step:?} {user}"
        );
    }
}

#[test]
fn a_welcome_that_failed_becomes_a_card() {
    let corp = corp();
    let call = || {
        Call::Welcome(Welcome {
            welcome_code: OneTimeCode::new("CODE"),
            userid: zhang(),
            external_userid: wm1(),
            text: String::new(),
            title: String::new(),
            desc: String::new(),
            url: String::new(),
        })
    };
    let failed = || Outcome::Failed {
        reason: "41050".into(),
        errcode: Some(41050),
    };
    for (known, outcome, expected) in [
        (
            Some(GreetingStep::Sending),
            Outcome::Done(Answer::Welcomed),
            vec!["greeting Welcomed"],
        ),
        (
            Some(GreetingStep::Sending),
            Outcome::TooLate,
            vec!["greeting CardOwed", "refresh-contact:wm1"],
        ),
        (
            Some(GreetingStep::Sending),
            failed(),
            vec!["greeting CardOwed", "refresh-contact:wm1"],
        ),
        (Some(GreetingStep::Welcomed), failed(), vec![]),
        (None, failed(), vec![]),
    ] {
        let receipt = Receipt {
            call: call(),
            outcome,
        };
        let input = Input::Receipt(&receipt);
        assert_eq!(
            needs(&input),
            [Need::Switches, Need::Greeting(wm1(), zhang())]
        );
        let mut facts = Facts::none(&corp);
        facts.greetings = known.map(greeting).into_iter().collect();
        assert_eq!(
            told(&decide(&input, &facts, NOW).unwrap()),
            expected,
            "{known:?}"
        );
    }
}

fn member(visible: bool) -> Member {
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
fn all_ways_of_hearing_of_a_member_lead_to_the_same_refresh() {
    let corp = corp();
    let created = |more: &str| {
        callback(&format!(
            "<Event>change_contact</Event><UserID>Zhang</UserID>{more}"
        ))
    };
    let subscribe = "<xml><ToUserName>ww1</ToUserName><FromUserName>ZHANG</FromUserName>\
        <CreateTime>1700000000</CreateTime><MsgType>event</MsgType><Event>subscribe</Event></xml>";
    for event in [
        created("<ChangeType>create_user</ChangeType>"),
        event::parse(Source::Callback, subscribe).unwrap(),
    ] {
        let effects = decided(&event, &Facts::none(&corp)).unwrap();
        assert_eq!(told(&effects), ["refresh-member:zhang"], "{event:?}");
    }
}

#[test]
fn a_new_member_is_kept_linked_and_told_once() {
    let home = corp().home.to_string();
    let event = own(&OwnEvent::RefreshMember { userid: zhang() });
    let (service, hand) = (LinkWriting::ByService, LinkWriting::ByHand);
    type Row = (
        LinkWriting,
        Option<Member>,
        Option<Link>,
        Option<Member>,
        Vec<&'static str>,
    );
    let table: Vec<Row> = vec![
        (
            service,
            None,
            None,
            Some(member(true)),
            vec![
                "member Zhang true",
                "link Wanted",
                "send write_link",
                "send card",
            ],
        ),
        (
            hand,
            None,
            None,
            Some(member(true)),
            vec!["member Zhang true", "link Wanted", "send card"],
        ),
        (
            service,
            Some(member(true)),
            Some(link(LinkState::Confirmed, &home)),
            Some(member(true)),
            vec![],
        ),
        (
            service,
            Some(member(true)),
            Some(link(LinkState::Ignored, &home)),
            Some(member(true)),
            vec![],
        ),
        (
            service,
            Some(member(true)),
            Some(link(LinkState::Confirmed, "https://old.example/")),
            Some(member(true)),
            vec!["link Wanted", "send write_link"],
        ),
        (
            service,
            Some(member(false)),
            Some(link(LinkState::Confirmed, &home)),
            Some(member(true)),
            vec!["member Zhang true", "send card"],
        ),
        (
            service,
            Some(member(true)),
            None,
            None,
            vec!["member Zhang false"],
        ),
        (service, Some(member(false)), None, None, vec![]),
        (service, None, None, None, vec![]),
    ];
    for (links, kept, known, at_wecom, expected) in table {
        let corp = CorpFacts { links, ..corp() };
        let mut facts = Facts::none(&corp);
        facts.web_attributes = known
            .as_ref()
            .filter(|link| link.state.stands())
            .map(at_its_place)
            .into_iter()
            .collect();
        (facts.member, facts.link, facts.member_at_wecom) = (kept, known, at_wecom);
        assert_eq!(
            told(&decided(&event, &facts).unwrap()),
            expected,
            "{facts:?}"
        );
    }
}

#[test]
fn what_came_of_a_link_is_kept_unless_another_is_wanted() {
    use LinkState::{Confirmed, FilledByHand, Wanted};
    let corp = corp();
    let home = corp.home.to_string();
    let failed = || Outcome::Failed {
        reason: "48002".into(),
        errcode: Some(48002),
    };
    let done = |check| Outcome::Done(Answer::Link(check));
    let written = ["link Written", "refresh-member:zhang"];
    let new = "https://new.example/";
    for (url, before, outcome, expected) in [
        (
            &*home,
            Wanted,
            done(LinkCheck::Confirmed),
            &["link Confirmed"][..],
        ),
        (
            &home,
            Wanted,
            done(LinkCheck::AlreadyThere),
            &["link Confirmed"],
        ),
        (&home, Wanted, done(LinkCheck::Ignored), &["link Ignored"]),
        (
            &home,
            Confirmed,
            done(LinkCheck::Ignored),
            &["link Ignored"],
        ),
        (&home, Wanted, done(LinkCheck::Unseen), &written),
        (&home, Wanted, failed(), &["link Failed"]),
        (&home, Wanted, Outcome::TooLate, &["link Failed"]),
        (&home, Confirmed, failed(), &[]),
        (&home, Confirmed, done(LinkCheck::AlreadyThere), &[]),
        (&home, FilledByHand, done(LinkCheck::AlreadyThere), &[]),
        (new, Wanted, done(LinkCheck::Confirmed), &[]),
        (new, Wanted, failed(), &[]),
    ] {
        let call = Call::WriteLink(WriteLink {
            userid: zhang(),
            name: "与我协作".into(),
            url: home.clone(),
        });
        let told_of = format!("{before:?} {outcome:?}");
        let receipt = Receipt { call, outcome };
        let mut facts = Facts::none(&corp);
        facts.link = Some(link(before, url));
        assert_eq!(
            told(&decide(&Input::Receipt(&receipt), &facts, NOW).unwrap()),
            expected,
            "{told_of}"
        );
    }
}

#[test]
fn what_failed_a_moment_ago_is_tried_again_when_asked() {
    let corp = corp();
    let event = own(&OwnEvent::RefreshMember { userid: zhang() });
    for (occasion, expected) in [
        (Occasion::InPassing, &[][..]),
        (Occasion::Asked, &["link Wanted", "send write_link"]),
    ] {
        let mut facts = Facts::none(&corp);
        facts.occasion = occasion;
        (facts.member, facts.member_at_wecom) = (Some(member(true)), Some(member(true)));
        facts.link = Some(link(LinkState::Ignored, corp.home.as_str()));
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(told(&effects), expected, "{occasion:?}");
        for effect in &effects {
            if let Effect::PutLink(link) = effect {
                assert_eq!((link.attempt, link.at), (2, NOW));
            }
        }
    }
}

#[test]
fn the_link_is_sent_to_a_member_once_a_day_until_it_stands_there() {
    let by_hand = CorpFacts {
        links: LinkWriting::ByHand,
        ..corp()
    };
    let home = by_hand.home.to_string();
    let event = own(&OwnEvent::SendLink { userid: zhang() });
    let sent = |ago: u64| Link {
        sent_at: Some(NOW.minus(Duration::from_secs(ago))),
        ..link(LinkState::Wanted, &home)
    };
    let sends = || vec!["link Wanted", "send card"];
    let table: Vec<(Option<Member>, Option<Link>, Vec<&str>)> = vec![
        (Some(member(true)), None, sends()),
        (Some(member(true)), Some(sent(24 * 3600)), sends()),
        (Some(member(true)), Some(sent(24 * 3600 - 1)), vec![]),
        (
            Some(member(true)),
            Some(link(LinkState::Failed, &home)),
            vec!["link Failed", "send card"],
        ),
        (
            Some(member(true)),
            Some(Link {
                url: "https://old.example/".into(),
                ..sent(60)
            }),
            sends(),
        ),
        (
            Some(member(true)),
            Some(link(LinkState::Confirmed, &home)),
            vec![],
        ),
        (
            Some(member(true)),
            Some(link(LinkState::FilledByHand, &home)),
            vec![],
        ),
        (Some(member(false)), None, vec![]),
        (None, None, vec![]),
    ];
    for (kept, known, expected) in table {
        let mut facts = Facts::none(&by_hand);
        (facts.member, facts.link) = (kept, known);
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(told(&effects), expected, "{facts:?}");
        let [Effect::PutLink(link), Effect::Send(outgoing)] = &effects[..] else {
            continue;
        };
        assert_eq!((&link.url, link.sent_at), (&home, Some(NOW)));
        // A card that does not arrive does not count as sent.
        let refused = || Outcome::Failed {
            reason: "60020".into(),
            errcode: Some(60020),
        };
        let code = None;
        for (outcome, expected) in [
            (
                Outcome::Done(Answer::CardSent {
                    response_code: code,
                }),
                &[][..],
            ),
            (
                Outcome::Done(Answer::NotDelivered),
                &[format!("link {:?}", link.state)],
            ),
            (refused(), &[format!("link {:?}", link.state)]),
        ] {
            let call = outgoing.call.clone();
            let receipt = Receipt { call, outcome };
            let input = Input::Receipt(&receipt);
            assert!(needs(&input).contains(&Need::Link(zhang())));
            let mut facts = Facts::none(&by_hand);
            facts.link = Some(link.clone());
            let effects = decide(&input, &facts, NOW).unwrap();
            assert_eq!(told(&effects), expected);
            if let [Effect::PutLink(link)] = &effects[..] {
                assert_eq!(link.sent_at, None);
            }
        }
    }
}

#[test]
fn another_address_is_remembered_and_starts_a_sync_of_the_links_once() {
    let corp = corp();
    let home = |key: &str| format!("https://bridge.example/home?tenantKey={key}");
    let key = |key: &str, at| FormerKey {
        key: TenantKey::parse(key).unwrap(),
        replaced_at: at,
    };
    let known = |url: String, since, former_keys| Switches {
        auto_sync: Some(false),
        home: Some(Home { url, since }),
        former_keys,
        ..Switches::default()
    };
    let many: Vec<FormerKey> = (0..FORMER_KEYS)
        .map(|n| key(&format!("k{n}"), AT))
        .collect();
    // What was known, what changed, and what is known then.
    let table = [
        (
            Switches::default(),
            (home("a"), home("b")),
            Some((home("b"), vec![key("a", NOW)])),
        ),
        (
            known(home("a"), AT, vec![]),
            (home("a"), "https://new.example/home?tenantKey=a".into()),
            Some(("https://new.example/home?tenantKey=a".into(), vec![])),
        ),
        (
            known(home("b"), AT, vec![key("a", AT)]),
            (home("b"), home("a")),
            Some((home("a"), vec![key("b", NOW)])),
        ),
        (
            known(home("z"), AT, many.clone()),
            (home("z"), home("y")),
            Some((home("y"), [&many[1..], &[key("z", NOW)]].concat())),
        ),
        // It is known already, or a later change is.
        (known(home("b"), AT, vec![]), (home("a"), home("b")), None),
        (known(home("c"), NOW, vec![]), (home("a"), home("b")), None),
    ];
    for (switches, (former, new), expected) in table {
        let event = own(&OwnEvent::HomeChanged { former, home: new });
        let input = Input::Event(&event, NOW);
        assert_eq!(needs(&input), [Need::Switches]);
        let mut facts = Facts::none(&corp);
        facts.switches = switches.clone();
        let effects = decide(&input, &facts, NOW).unwrap();
        let Some((url, former_keys)) = expected else {
            assert_eq!(told(&effects), Vec::<String>::new(), "{switches:?}");
            continue;
        };
        let [Effect::PutSwitches(put), Effect::Refresh(delivery)] = &effects[..] else {
            panic!("{effects:?}")
        };
        let expected = Switches {
            home: Some(Home { url, since: NOW }),
            former_keys,
            ..switches
        };
        assert_eq!(*put, expected);
        assert_eq!(delivery.kind.as_str(), "start_sync");
        assert!(delivery.xml.contains("links") && delivery.xml.contains("switch"));
    }
}

#[test]
fn the_first_press_of_a_card_acts() {
    let corp = corp();
    let xml = "<xml><FromUserName>Zhang</FromUserName><CreateTime>1700000000</CreateTime>\
        <MsgType>event</MsgType><Event>template_card_event</Event><EventKey>contacted</EventKey>\
        <TaskId>t1</TaskId><CardType>button_interaction</CardType><ResponseCode>R</ResponseCode></xml>";
    let event = event::parse(Source::Callback, xml).unwrap();
    let sent = |pressed: Option<&str>| SentCard {
        task_id: TaskId::parse("t1").unwrap(),
        touser: zhang(),
        response_code: None,
        sent_at: AT,
        pressed: pressed.map(Into::into),
    };
    for (kept, expected) in [
        (None, vec!["card Some(\"contacted\")", "send update_card"]),
        (
            Some(sent(None)),
            vec!["card Some(\"contacted\")", "send update_card"],
        ),
        (Some(sent(Some("contacted"))), vec![]),
        (Some(sent(Some("other"))), vec![]),
    ] {
        let mut facts = Facts::none(&corp);
        facts.card = kept;
        assert_eq!(told(&decided(&event, &facts).unwrap()), expected);
    }
}

#[test]
fn a_card_is_changed_while_its_code_is_good() {
    let corp = corp();
    let event = |code: &str| {
        let fields = format!(
            "<Event>template_card_event</Event><EventKey>contacted</EventKey><TaskId>t1</TaskId>{code}"
        );
        callback(&fields)
    };
    let life = Duration::from_secs(72 * 3600);
    let sent_at = AT.minus(Duration::from_secs(3600));
    let mut facts = Facts::none(&corp);
    facts.card = Some(SentCard {
        task_id: TaskId::parse("t1").unwrap(),
        touser: zhang(),
        response_code: Some(OneTimeCode::new("OLD")),
        sent_at,
        pressed: None,
    });
    for (event, code, deadline) in [
        (
            event("<ResponseCode>NEW</ResponseCode>"),
            "NEW",
            AT.plus(life),
        ),
        (event(""), "OLD", sent_at.plus(life)),
    ] {
        let effects = decided(&event, &facts).unwrap();
        let Some(Effect::Send(outgoing)) = effects.last() else {
            panic!("{effects:?}")
        };
        let Call::UpdateCard(update) = &outgoing.call else {
            panic!("{outgoing:?}")
        };
        assert_eq!(update.response_code.expose(), code);
        assert_eq!(outgoing.deadline, Some(deadline));
    }
}

#[test]
fn an_opened_toolbar_is_counted_and_answered_now_and_then() {
    let corp = corp();
    let (userid, external_userid) = (zhang(), wm1());
    let entry = "single_chat_tools".to_owned();
    let opened = OwnEvent::SidebarOpened(SidebarOpened {
        userid,
        external_userid,
        entry,
    });
    let event = own(&opened);
    let effects = decided(&event, &Facts::none(&corp)).unwrap();
    assert_eq!(
        told(&effects),
        ["visit 1", "refresh-contact:wm1", "send card"]
    );
    let Effect::PutVisit(visit) = &effects[0] else {
        panic!()
    };
    // Another contact of the same (here: no known) name is another card: WeCom drops equal ones within half an hour.
    let other = own(&OwnEvent::SidebarOpened(SidebarOpened {
        userid: zhang(),
        external_userid: ExternalUserId::parse("wm2").unwrap(),
        entry: "single_chat_tools".into(),
    }));
    let card = |effects: &[Effect]| match effects.last() {
        Some(Effect::Send(outgoing)) => serde_json::to_string(&outgoing.call).unwrap(),
        _ => panic!("{effects:?}"),
    };
    let others = decided(&other, &Facts::none(&corp)).unwrap();
    assert_ne!(card(&effects), card(&others));
    let mut facts = Facts::none(&corp);
    facts.visit = Some(visit.clone());
    assert_eq!(
        told(&decided(&event, &facts).unwrap()),
        ["visit 2", "refresh-contact:wm1"]
    );
    let silent = CorpFacts {
        sidebar_card: SidebarCard::Off,
        ..corp
    };
    assert_eq!(
        told(&decided(&event, &Facts::none(&silent)).unwrap()),
        ["visit 1", "refresh-contact:wm1"]
    );
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
