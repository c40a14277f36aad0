//! An administrator keeps the customer tags: `change_external_tag` (path/92130).

use crate::sim::Sim;
use crate::sim::corp::Corp;
use crate::sim::event_xml::EventXml;
use crate::sim::group::TagGroup;
use crate::sim::people::{Impossible, Pushed};
use crate::sim::receiver::ReceiverKind;

impl Sim {
    /// A group of tags is made, or gets another name: `create` or `update`.
    pub async fn names_tag_group(&self, group_id: &str, name: &str) -> Pushed {
        let change_type = {
            let mut corp = self.corp();
            let now = self.now();
            if let Some(group) = corp.tags.get_mut(group_id) {
                let old = std::mem::replace(&mut group.name, name.to_owned());
                corp.tags_on_relations(|tag| {
                    if tag.group_name == old {
                        tag.group_name = name.to_owned();
                    }
                    true
                });
                "update"
            } else {
                let group = TagGroup {
                    name: name.into(),
                    created_at: now,
                    tags: std::collections::BTreeMap::new(),
                };
                corp.tags.insert(group_id.into(), group);
                "create"
            }
        };
        self.tag_event(change_type, group_id, "tag_group").await
    }

    /// A tag is made, or gets another name: `create` or `update`.
    pub async fn names_tag(&self, group_id: &str, tag_id: &str, name: &str) -> Pushed {
        let change_type = {
            let mut corp = self.corp();
            let group = corp.tags.get_mut(group_id).ok_or(Impossible::NoTag)?;
            let known = group.tags.insert(tag_id.into(), name.into()).is_some();
            corp.tags_on_relations(|tag| {
                if tag.tag_id == tag_id {
                    tag.tag_name = name.to_owned();
                }
                true
            });
            if known { "update" } else { "create" }
        };
        self.tag_event(change_type, tag_id, "tag").await
    }

    /// A tag is deleted, and taken off every contact: `delete`.
    pub async fn deletes_tag(&self, tag_id: &str) -> Pushed {
        {
            let mut corp = self.corp();
            let mut groups = corp.tags.values_mut();
            let deleted = groups.any(|group| group.tags.remove(tag_id).is_some());
            deleted.then_some(()).ok_or(Impossible::NoTag)?;
            corp.tags_on_relations(|tag| tag.tag_id != tag_id);
        }
        self.tag_event("delete", tag_id, "tag").await
    }

    /// A group of tags is deleted; its tags go without events of their own: `delete`.
    pub async fn deletes_tag_group(&self, group_id: &str) -> Pushed {
        {
            let mut corp = self.corp();
            let group = corp.tags.remove(group_id).ok_or(Impossible::NoTag)?;
            corp.tags_on_relations(|tag| !group.tags.contains_key(&tag.tag_id));
        }
        self.tag_event("delete", group_id, "tag_group").await
    }

    async fn tag_event(&self, change_type: &str, id: &str, tag_type: &str) -> Pushed {
        let event = EventXml::tag(&self.settings().corp, self.now(), change_type, id, tag_type);
        Ok(self.push(ReceiverKind::App, &event).await)
    }
}

impl Corp {
    /// Changes the tags on every relation; those for which `keep` is false are taken off.
    fn tags_on_relations(&mut self, mut keep: impl FnMut(&mut crate::sim::person::Tag) -> bool) {
        let ids: Vec<_> = self.contacts().keys().cloned().collect();
        for id in ids {
            if let Some(contact) = self.contact_mut(&id) {
                for follow in contact.follows_mut().values_mut() {
                    follow.tags.retain_mut(&mut keep);
                }
            }
        }
    }
}
