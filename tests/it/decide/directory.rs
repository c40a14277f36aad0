//! Changes of the directory that concern many.

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::{AutoSync, CorpFacts, Facts, Need, Page, Passing};
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::needs;
use wecom_bridge::model::contact::{EndedBy, Ending, GreetingStep};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::UserId;
use wecom_bridge::model::member::{LinkState, Member};
use wecom_bridge::model::relation::{Relation, RelationKind, Rename};

use crate::decide::{
    AT, NOW, at_its_place, callback, contact, corp, decided, greeting, link, member, own, told,
    wm1, zhang,
};

fn change(change_type: &str, fields: &str) -> Vec<String> {
    let event = callback(&format!(
        "<Event>change_contact</Event><ChangeType>{change_type}</ChangeType>{fields}"
    ));
    told(&decided(&event, &Facts::none(&corp())).unwrap())
}

fn rename(kind: Option<RelationKind>) -> Rename {
    Rename {
        from: UserId::parse("Zhang").unwrap(),
        to: UserId::parse("zhang2").unwrap(),
        kind,
        after: None,
    }
}

#[test]
fn a_change_in_the_directory_is_worked_off_for_everybody_it_concerns() {
    let zhang = "<UserID>Zhang</UserID>";
    let party = "<Id>7</Id>";
    let rename = |to| {
        change(
            "update_user",
            &format!("{zhang}<NewUserID>{to}</NewUserID>"),
        )
    };
    for (effects, expected) in [
        (change("update_user", zhang), vec!["refresh-member:zhang"]),
        (rename("zhang2"), vec!["rename:zhang zhang2  "]),
        (
            rename("ZHANG"),
            vec!["refresh-member:zhang", "contacts-of:zhang "],
        ),
        (
            rename("Zhang"),
            vec!["refresh-member:zhang", "contacts-of:zhang "],
        ),
        (
            change("delete_user", zhang),
            vec!["refresh-member:zhang", "contacts-of:zhang "],
        ),
        (change("create_party", party), vec!["members-of:7 "]),
        (change("update_party", party), vec!["members-of:7 "]),
        (change("delete_party", party), vec!["members-of:7 "]),
        (change("delete_party", "<Id>none</Id>"), vec![]),
        (
            change(
                "update_tag",
                "<TagId>1</TagId><AddUserItems>a,b</AddUserItems><DelPartyItems>7,8</DelPartyItems>",
            ),
            vec![
                "refresh-member:a",
                "refresh-member:b",
                "members-of:7 ",
                "members-of:8 ",
            ],
        ),
    ] {
        assert_eq!(effects, expected);
    }
}

#[test]
fn a_member_and_its_link_pass_to_the_new_id() {
    let corp = corp();
    let event = own(&OwnEvent::RenameMember(rename(None)));
    let to = || rename(None).to;
    let expected = [
        Need::Member(to()),
        Need::Link(to()),
        Need::Former(zhang()),
        Need::Switches,
    ];
    assert_eq!(needs(&Input::Event(&event, AT)), expected);
    let new = || Member {
        userid: to(),
        ..member(true)
    };
    let next = ["refresh-member:zhang2", "rename:zhang zhang2 greeting "];
    let home = corp.home.to_string();
    let both = ["drop member Zhang", "drop link Zhang"];
    type Row = (
        Option<Member>,
        Option<LinkState>,
        Option<Member>,
        Vec<&'static str>,
    );
    let table: Vec<Row> = vec![
        (
            Some(member(false)),
            Some(LinkState::Confirmed),
            None,
            vec!["member zhang2 true", both[0], "link Confirmed", both[1]],
        ),
        // A write that is owed under the former id comes to nothing: the refresh wants the link anew.
        (
            Some(member(true)),
            Some(LinkState::Wanted),
            None,
            vec!["member zhang2 true", both[0], both[1]],
        ),
        // Another event was faster.
        (Some(member(true)), None, Some(new()), vec![both[0]]),
        (None, None, Some(new()), vec![]),
        (None, None, None, vec![]),
    ];
    for (former, state, kept, mut expected) in table {
        let mut facts = Facts::none(&corp);
        facts.former_member = former;
        facts.former_link = state.map(|state| link(state, &home));
        facts.member = kept;
        expected.extend(next);
        let effects = decided(&event, &facts).unwrap();
        assert_eq!(told(&effects), expected, "{facts:?}");
        for effect in &effects {
            if let Effect::PutLink(link) = effect {
                assert_eq!(link.userid, to());
            } else if let Effect::PutMember(member) = effect {
                assert_eq!(member.changed_at, NOW);
            }
        }
    }
    // The link that is wanted under the new id is not that of the former.
    let mut facts = Facts::none(&corp);
    facts.former_link = Some(link(LinkState::Confirmed, &home));
    facts.link = Some(link(LinkState::Wanted, &home));
    let expected = [both[1], next[0], next[1]];
    assert_eq!(told(&decided(&event, &facts).unwrap()), expected);
}

#[test]
fn what_is_kept_at_contacts_passes_page_by_page() {
    let corp = corp();
    let event = own(&OwnEvent::RenameMember(rename(Some(
        RelationKind::Greeting,
    ))));
    let old = || Relation::Greeting(greeting(GreetingStep::CardOwed));
    let newer = old().at_member(&rename(None).to);
    let mut older = greeting(GreetingStep::Welcomed);
    older.added_at = AT.minus(std::time::Duration::from_secs(1));
    let older = Relation::Greeting(older);
    let drop = "drop wm1 at Zhang";
    for (at_new_id, ended_at, expected) in [
        (None, None, vec![drop, "greeting CardOwed"]),
        (Some(older), None, vec![drop, "greeting CardOwed"]),
        (Some(newer), None, vec![drop]),
        (None, Some(AT), vec![drop]),
    ] {
        for (next, step) in [
            (None, "rename:zhang zhang2 ending "),
            (
                Some("wm1 zhang".to_owned()),
                "rename:zhang zhang2 greeting wm1 zhang",
            ),
        ] {
            let mut facts = Facts::none(&corp);
            let passing = Passing {
                relation: old(),
                at_new_id: at_new_id.clone(),
                ended_at,
            };
            let items = vec![passing];
            facts.renaming = Page { items, next };
            let effects = decided(&event, &facts).unwrap();
            assert_eq!(told(&effects), [expected.clone(), vec![step]].concat());
            if let Effect::PutGreeting(passed) = &effects[1] {
                assert_eq!(passed.userid.as_str(), "zhang2");
            }
        }
    }
    let last = own(&OwnEvent::RenameMember(rename(
        RelationKind::ALL.last().copied(),
    )));
    let effects = decided(&last, &Facts::none(&corp)).unwrap();
    assert_eq!(told(&effects), ["contacts-of:zhang "]);
}

#[test]
fn an_ending_that_passes_is_shown_where_the_customer_made_it() {
    let corp = corp();
    let step = rename(Some(RelationKind::Ending));
    let event = own(&OwnEvent::RenameMember(step.clone()));
    let expected = [Need::Renaming(step), Need::Switches];
    assert_eq!(needs(&Input::Event(&event, AT)), expected);
    let drop = "drop wm1 at Zhang";
    for (by, expected) in [
        (
            EndedBy::Contact,
            vec![drop, "ended by Contact", "refresh-contact:wm1"],
        ),
        (EndedBy::Member, vec![drop, "ended by Member"]),
    ] {
        let relation = Relation::Ending(Ending {
            external_userid: wm1(),
            userid: zhang(),
            by,
            at: AT,
        });
        let mut facts = Facts::none(&corp);
        facts.renaming.items = vec![Passing {
            relation,
            at_new_id: None,
            ended_at: None,
        }];
        let effects = decided(&event, &facts).unwrap();
        let told = told(&effects);
        let (_, passed) = told.split_last().unwrap();
        assert_eq!(passed, expected, "{by:?}");
    }
}

#[test]
fn a_page_of_contacts_or_members_is_made_due() {
    let on = corp();
    let off = CorpFacts {
        auto_sync: AutoSync::Off,
        ..corp()
    };
    let contacts = own(&OwnEvent::RefreshContactsOf {
        userid: UserId::parse("ZHANG").unwrap(),
        after: None,
    });
    let members = own(&OwnEvent::RefreshMembersOf {
        department: 1,
        after: None,
    });
    for (corp, next, expected) in [
        (&on, None, vec!["refresh-contact:wm1"]),
        (
            &on,
            Some("wm1".to_owned()),
            vec!["refresh-contact:wm1", "contacts-of:zhang wm1"],
        ),
        (&off, Some("wm1".to_owned()), vec![]),
    ] {
        let mut facts = Facts::none(corp);
        let mut other = contact(&[("li", AT)]);
        other.external_userid = wecom_bridge::model::ids::ExternalUserId::parse("wm0").unwrap();
        let items = vec![other, contact(&[("li", AT), ("zhang", NOW)])];
        facts.contact_page = Page { items, next };
        assert_eq!(told(&decided(&contacts, &facts).unwrap()), expected);
    }
    let mut facts = Facts::none(&on);
    let elsewhere = Member {
        userid: UserId::parse("li").unwrap(),
        department: vec![2],
        ..member(true)
    };
    facts.member_page = Page {
        items: vec![member(true), elsewhere],
        next: Some("li".into()),
    };
    let effects = decided(&members, &facts).unwrap();
    assert_eq!(told(&effects), ["refresh-member:zhang", "members-of:1 li"]);
}

#[test]
fn an_id_in_another_spelling_is_kept_as_it_is_spelled_now() {
    let corp = corp();
    let spelled = |id: &str| Member {
        userid: UserId::parse(id).unwrap(),
        ..member(true)
    };
    let mut facts = Facts::none(&corp);
    let confirmed = link(LinkState::Confirmed, corp.home.as_str());
    facts.web_attributes = vec![at_its_place(&confirmed)];
    facts.link = Some(confirmed);
    facts.member = Some(spelled("zhang"));
    let userid = UserId::parse("zhang").unwrap();
    let event = own(&OwnEvent::RefreshMember { userid });
    for (at_wecom, expected) in [("zhang", vec![]), ("ZhAng", vec!["member ZhAng true"])] {
        facts.member_at_wecom = Some(spelled(at_wecom));
        assert_eq!(told(&decided(&event, &facts).unwrap()), expected);
    }
    let external_userid = contact(&[]).external_userid;
    let event = own(&OwnEvent::RefreshContact { external_userid });
    facts.contact = Some(contact(&[("zhang", AT)]));
    for (at_wecom, expected) in [("zhang", vec![]), ("ZhAng", vec!["contact wm1 of ZhAng"])] {
        facts.contact_at_wecom = Some(contact(&[(at_wecom, AT)]));
        assert_eq!(told(&decided(&event, &facts).unwrap()), expected);
    }
}
