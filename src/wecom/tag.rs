//! Customer tags: `externalcontact/get_corp_tag_list` (企业标签库, path/92117).

use serde::{Deserialize, Serialize};

use crate::model::tag::{CorpTag, TagGroup};
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::limit::BASE;
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const GET_CORP_TAG_LIST: Api = Api {
    path: "externalcontact/get_corp_tag_list",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "externalcontact/get_corp_tag_list",
};

impl Client {
    /// Reads all customer tags of the corp (10,000 at most, path/92117), by group; `changed_at` is `now`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn tags(&self, now: Timestamp) -> Result<Vec<TagGroup>, ApiError> {
        // An empty body asks for all.
        let reply: Reply = self.post(&GET_CORP_TAG_LIST, &Body {}, now).await?;
        Ok(reply
            .tag_group
            .into_iter()
            .map(|group| group.tag_group(now))
            .collect())
    }
}

#[derive(Serialize)]
struct Body {}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    tag_group: Vec<GroupReply>,
}

#[derive(Deserialize)]
struct GroupReply {
    group_id: String,
    #[serde(default)]
    group_name: String,
    #[serde(default)]
    create_time: i64,
    #[serde(default)]
    order: i64,
    #[serde(default)]
    tag: Vec<TagReply>,
}

impl GroupReply {
    fn tag_group(self, now: Timestamp) -> TagGroup {
        TagGroup {
            group_id: self.group_id,
            group_name: self.group_name,
            order: self.order,
            create_time: Timestamp::from_secs(self.create_time),
            tags: self.tag.into_iter().map(CorpTag::from).collect(),
            deleted_at: None,
            changed_at: now,
        }
    }
}

#[derive(Deserialize)]
struct TagReply {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    create_time: i64,
    #[serde(default)]
    order: i64,
}

impl From<TagReply> for CorpTag {
    fn from(reply: TagReply) -> Self {
        Self {
            tag_id: reply.id,
            tag_name: reply.name,
            order: reply.order,
            create_time: Timestamp::from_secs(reply.create_time),
            deleted_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::wecom::script::{NOW, Script, reply};

    #[tokio::test]
    async fn tags_are_read_by_group_and_may_be_none() {
        let group = json!([{
            "group_id": "etG", "group_name": "级别", "create_time": 1_600_000_000, "order": 1, "new_field": 1,
            "tag": [{"id": "etA", "name": "重要", "create_time": 1_600_000_001, "order": 2}],
        }]);
        let bare = json!({"group_id": "etE", "group_name": "空"});
        for (answer, expected) in [
            (json!({"errcode": 0}), json!([])),
            (
                json!({"errcode": 0, "tag_group": [bare]}),
                json!([{
                    "group_id": "etE", "group_name": "空", "order": 0, "tags": [],
                    "create_time": "1970-01-01T00:00:00.000Z", "changed_at": "2023-11-14T22:13:20.000Z",
                }]),
            ),
            (
                json!({"errcode": 0, "tag_group": group}),
                json!([{
                    "group_id": "etG", "group_name": "级别", "order": 1,
                    "create_time": "2020-09-13T12:26:40.000Z", "changed_at": "2023-11-14T22:13:20.000Z",
                    "tags": [{
                        "tag_id": "etA", "tag_name": "重要", "order": 2,
                        "create_time": "2020-09-13T12:26:41.000Z",
                    }],
                }]),
            ),
        ] {
            let script = Script::start(move |asked, _| {
                (asked.path == "externalcontact/get_corp_tag_list")
                    .then(|| reply(answer.clone()))
                    .flatten()
            })
            .await;
            let tags = script.client().tags(NOW).await.unwrap();
            assert_eq!(serde_json::to_value(&tags).unwrap(), expected);
        }
    }
}
