//! The address that the links carry.

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::{Facts, Need};
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::{decide, needs};
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::ids::TenantKey;
use wecom_bridge::model::switches::{FORMER_KEYS, FormerKey, Home, Switches};

use crate::decide::{AT, NOW, corp, own, told};

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
