//! Customer tags.

use wecom_bridge::callback::event::own::OwnEvent;
use wecom_bridge::decide::facts::{Facts, Need};
use wecom_bridge::decide::input::Input;
use wecom_bridge::decide::needs;
use wecom_bridge::model::effect::Effect;
use wecom_bridge::model::tag::{CorpTag, TagGroup};

use crate::decide::{AT, NOW, callback, corp, decided, own, told};

fn group(id: &str, tags: &[&str]) -> TagGroup {
    let tag = |name: &&str| CorpTag {
        tag_id: format!("et{}", &name[..1]),
        tag_name: (*name).into(),
        order: 0,
        create_time: AT,
        deleted_at: None,
    };
    TagGroup {
        group_id: id.into(),
        group_name: "级别".into(),
        order: 0,
        create_time: AT,
        tags: tags.iter().map(tag).collect(),
        deleted_at: None,
        changed_at: AT,
    }
}

#[test]
fn every_change_of_tags_reads_them() {
    let corp = corp();
    for fields in [
        "<ChangeType>create</ChangeType><Id>etA</Id><TagType>tag</TagType>",
        "<ChangeType>update</ChangeType><Id>etA</Id><TagType>tag_group</TagType>",
        "<ChangeType>delete</ChangeType><Id>etA</Id><TagType>tag_group</TagType>",
        "<ChangeType>shuffle</ChangeType>",
        "<ChangeType>invented_tomorrow</ChangeType>",
    ] {
        let event = callback(&format!("<Event>change_external_tag</Event>{fields}"));
        let effects = decided(&event, &Facts::none(&corp)).unwrap();
        assert_eq!(told(&effects), ["refresh-tags:"], "{fields}");
    }
}

#[test]
fn tags_are_brought_up_to_date_and_gone_ones_marked() {
    let corp = corp();
    let refresh = own(&OwnEvent::RefreshTags);
    let expected = [Need::TagGroups, Need::TagGroupsAtWecom];
    assert_eq!(needs(&Input::Event(&refresh, AT)), expected);
    let read_now = TagGroup {
        changed_at: NOW,
        ..group("g1", &["a"])
    };
    let table: Vec<(Vec<TagGroup>, Vec<TagGroup>, Vec<&str>)> = vec![
        (vec![], vec![], vec![]),
        (vec![], vec![group("g1", &["a"])], vec!["tags of g1"]),
        (vec![group("g1", &["a"])], vec![group("g1", &["a"])], vec![]),
        (vec![group("g1", &["a"])], vec![read_now], vec![]),
        (
            vec![group("g1", &["a"])],
            vec![group("g1", &["a2"])],
            vec!["tags of g1"],
        ),
        (
            vec![group("g1", &["a"]), group("g2", &["b"])],
            vec![group("g3", &[]), group("g1", &["a"])],
            vec!["tags of g3", "tags of g2"],
        ),
    ];
    for (kept, at_wecom, expected) in table {
        let mut facts = Facts::none(&corp);
        (facts.tag_groups, facts.tag_groups_at_wecom) = (kept, at_wecom);
        let effects = decided(&refresh, &facts).unwrap();
        assert_eq!(told(&effects), expected, "{facts:?}");
        for effect in &effects {
            if let Effect::PutTagGroup(group) = effect {
                assert_eq!(group.changed_at, NOW);
            }
        }
    }

    let mut facts = Facts::none(&corp);
    facts.tag_groups = vec![group("g1", &["a", "b"])];
    facts.tag_groups_at_wecom = vec![group("g1", &["b2"])];
    let effects = decided(&refresh, &facts).unwrap();
    let [Effect::PutTagGroup(kept)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let tags: Vec<_> = kept
        .tags
        .iter()
        .map(|t| (&*t.tag_name, t.deleted_at))
        .collect();
    assert_eq!(tags, [("b2", None), ("a", Some(NOW))]);

    facts.tag_groups = vec![kept.clone()];
    assert_eq!(
        told(&decided(&refresh, &facts).unwrap()),
        Vec::<String>::new()
    );
    facts.tag_groups_at_wecom.clear();
    let effects = decided(&refresh, &facts).unwrap();
    let [Effect::PutTagGroup(gone)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(gone.deleted_at, Some(NOW));
    assert!(gone.tags.iter().all(|tag| tag.deleted_at == Some(NOW)));
}
