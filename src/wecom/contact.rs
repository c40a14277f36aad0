//! Contacts: `externalcontact/get` (客户详情, path/92114) and who may have them.

use futures_util::FutureExt;
use serde::Deserialize;

use crate::model::contact::{Contact, FollowUser, Tag};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::group::{Read, together};
use crate::wecom::limit::{BASE, SYNC_GROUPS};
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const GET: Api = Api {
    path: "externalcontact/get",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "externalcontact/get",
};

/// 获取配置了客户联系功能的成员列表 (path/92571).
const GET_FOLLOW_USER_LIST: Api = Api {
    path: "externalcontact/get_follow_user_list",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "externalcontact/get_follow_user_list",
};

/// How many pages of 500 relations are read. A contact with more members than this is not a person.
const PAGES_MAX: usize = 100;

/// No relation that this app can see: ended, not begun, another corp's id, or no follower in the visible range.
pub(in crate::wecom) const NO_RELATION: [i64; 2] = [84061, 40096];

/// The cursor is stale: somebody was added or removed while the pages were read.
pub(in crate::wecom) const STALE_CURSOR: i64 = 60268;

impl Client {
    /// Reads a contact with all its relations; `changed_at` is `now`. `None`: no relation that the app can see.
    ///
    /// # Errors
    /// [`ApiError`]. [`ApiError::Busy`] also when the relations change while they are read.
    pub async fn contact(
        &self,
        id: &ExternalUserId,
        now: Timestamp,
    ) -> Result<Option<Contact>, ApiError> {
        let mut contact: Option<Contact> = None;
        let mut cursor = String::new();
        for _ in 0..PAGES_MAX {
            let mut query = vec![("external_userid", id.as_str())];
            if !cursor.is_empty() {
                query.push(("cursor", &cursor));
            }
            let page: Page = match self.get(&GET, &query, now).await {
                Err(ApiError::State { errcode, .. }) if NO_RELATION.contains(&errcode) => {
                    return Ok(None);
                }
                Err(ApiError::State {
                    api,
                    errcode: errcode @ STALE_CURSOR,
                    errmsg,
                }) => {
                    return Err(ApiError::Busy {
                        api,
                        errcode,
                        errmsg,
                    });
                }
                other => other?,
            };
            let follow_users = page.follow_user.into_iter().map(FollowUser::from);
            contact
                .get_or_insert_with(|| page.external_contact.named(id, now))
                .follow_users
                .extend(follow_users);
            cursor = page.next_cursor.unwrap_or_default();
            if cursor.is_empty() {
                return Ok(contact);
            }
        }
        Err(GET.bad_reply(format!("its relations fill more than {PAGES_MAX} pages")))
    }

    /// Reads up to twenty contacts for a sync, a few at once: each by itself found, without relation, or not to be read.
    ///
    /// # Errors
    /// [`ApiError`] when it is not about one contact; also [`ApiError::RateLimited`] when syncs have used up their share.
    pub async fn contacts(
        &self,
        ids: &[ExternalUserId],
        now: Timestamp,
    ) -> Result<Vec<Read<Contact>>, ApiError> {
        self.share(&GET, "externalcontact/get for syncs", SYNC_GROUPS, now)
            .await?;
        let calls = ids.iter().map(|id| self.contact(id, now).boxed());
        together(calls.collect()).await
    }

    /// Reads which members may have contacts (客户联系 → 使用范围), as far as the app can see them.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::Misconfigured`] when the app may not call the customer API (48002) or this address is not
    /// trusted (60020).
    pub async fn follow_users(&self, now: Timestamp) -> Result<Vec<UserId>, ApiError> {
        let reply: FollowUsersReply = self.get(&GET_FOLLOW_USER_LIST, &[], now).await?;
        Ok(reply.follow_user)
    }
}

#[derive(Deserialize)]
struct FollowUsersReply {
    #[serde(default)]
    follow_user: Vec<UserId>,
}

#[derive(Deserialize)]
struct Page {
    external_contact: ContactReply,
    #[serde(default)]
    follow_user: Vec<FollowUserReply>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::wecom) struct ContactReply {
    name: Option<String>,
    #[serde(rename = "type", default)]
    kind: i64,
    #[serde(default)]
    gender: i64,
    avatar: Option<String>,
    unionid: Option<String>,
    position: Option<String>,
    corp_name: Option<String>,
}

impl ContactReply {
    pub(in crate::wecom) fn named(self, id: &ExternalUserId, now: Timestamp) -> Contact {
        Contact {
            external_userid: id.clone(),
            name: self.name.unwrap_or_default(),
            kind: self.kind,
            gender: self.gender,
            avatar: filled(self.avatar),
            unionid: filled(self.unionid),
            position: filled(self.position),
            corp_name: filled(self.corp_name),
            follow_users: Vec::new(),
            changed_at: now,
        }
    }
}

#[derive(Deserialize)]
pub(in crate::wecom) struct FollowUserReply {
    userid: UserId,
    remark: Option<String>,
    description: Option<String>,
    #[serde(default)]
    createtime: i64,
    #[serde(default)]
    tags: Vec<TagReply>,
    #[serde(default)]
    add_way: i64,
    oper_userid: Option<String>,
    state: Option<String>,
    remark_corp_name: Option<String>,
    /// Kept as it came: whatever stands in it must not make the contact unreadable.
    #[serde(default)]
    remark_mobiles: serde_json::Value,
}

impl From<FollowUserReply> for FollowUser {
    fn from(reply: FollowUserReply) -> Self {
        Self {
            userid: reply.userid,
            remark: reply.remark.unwrap_or_default(),
            description: reply.description.unwrap_or_default(),
            createtime: Timestamp::from_secs(reply.createtime),
            tags: reply.tags.into_iter().map(Tag::from).collect(),
            add_way: reply.add_way,
            oper_userid: filled(reply.oper_userid),
            state: filled(reply.state),
            remark_corp_name: filled(reply.remark_corp_name),
            remark_mobiles: texts(&reply.remark_mobiles),
            deleted_by_contact_at: None,
        }
    }
}

#[derive(Deserialize)]
struct TagReply {
    tag_id: Option<String>,
    group_name: Option<String>,
    tag_name: Option<String>,
    #[serde(rename = "type", default)]
    kind: i64,
}

impl From<TagReply> for Tag {
    fn from(reply: TagReply) -> Self {
        Self {
            tag_id: filled(reply.tag_id),
            group_name: reply.group_name.unwrap_or_default(),
            tag_name: reply.tag_name.unwrap_or_default(),
            kind: reply.kind,
        }
    }
}

/// The texts of a list, without empty ones.
fn texts(list: &serde_json::Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten();
    let texts = texts.filter_map(serde_json::Value::as_str);
    let filled = texts.filter(|text| !text.is_empty());
    filled.map(str::to_owned).collect()
}

/// WeCom leaves a field out or sends it empty; both mean that there is nothing.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wecom::script::{NOW, Script, errcode, reply};

    fn id() -> ExternalUserId {
        ExternalUserId::parse("wmA").unwrap()
    }

    #[tokio::test]
    async fn all_pages_become_one_contact() {
        let script = Script::start(|asked, _| match asked.path.as_str() {
            "externalcontact/get" if asked.query.contains_key("cursor") => reply(json!({
                "errcode": 0,
                "external_contact": {"external_userid": "wmA", "name": "李", "type": 1},
                "follow_user": [{
                    "userid": "wang", "remark": "", "createtime": 1_600_000_001, "add_way": 999,
                    "tags": [{"group_name": "级别", "tag_name": "重要", "type": 1, "tag_id": "etA"},
                             {"tag_name": "自己的", "type": 2}],
                }],
                "next_cursor": "",
            })),
            "externalcontact/get" => reply(json!({
                "errcode": 0,
                "external_contact": {
                    "external_userid": "wmA", "name": "李", "type": 1, "gender": 2, "avatar": "https://a.example/i",
                    "unionid": "oA", "position": "", "new_field": {"a": 1},
                },
                "follow_user": [{
                    "userid": "Zhang", "remark": "李总", "description": "备注", "createtime": 1_600_000_000,
                    "add_way": 1, "oper_userid": "Zhang", "state": "qr1", "new_field": [],
                    "remark_corp_name": "示例公司", "remark_mobiles": ["13800000001", "", 7],
                }],
                "next_cursor": "page 2",
            })),
            _ => None,
        })
        .await;
        let contact = script.client().contact(&id(), NOW).await.unwrap().unwrap();
        let expected = json!({
            "external_userid": "wmA", "name": "李", "type": 1, "gender": 2, "avatar": "https://a.example/i",
            "unionid": "oA", "changed_at": "2023-11-14T22:13:20.000Z",
            "follow_users": [
                {"userid": "Zhang", "remark": "李总", "description": "备注",
                 "createtime": "2020-09-13T12:26:40.000Z", "add_way": 1, "oper_userid": "Zhang", "state": "qr1",
                 "remark_corp_name": "示例公司", "remark_mobiles": ["13800000001"]},
                {"userid": "wang", "createtime": "2020-09-13T12:26:41.000Z", "add_way": 999,
                 "tags": [{"tag_id": "etA", "group_name": "级别", "tag_name": "重要", "type": 1},
                          {"tag_name": "自己的", "type": 2}]},
            ],
        });
        assert_eq!(serde_json::to_value(&contact).unwrap(), expected);
        let cursors: Vec<_> = script
            .asked("externalcontact/get")
            .iter()
            .map(|asked| asked.query.get("cursor").cloned())
            .collect();
        assert_eq!(cursors, [None, Some("page 2".into())]);
    }

    #[tokio::test]
    async fn who_may_have_contacts_is_a_list_that_may_be_empty() {
        for (answer, expected) in [
            (json!({"errcode": 0, "follow_user": ["Zhang", "wang"]}), 2),
            (json!({"errcode": 0}), 0),
        ] {
            let script = Script::start(move |asked, _| match asked.path.as_str() {
                "externalcontact/get_follow_user_list" => reply(answer.clone()),
                _ => None,
            })
            .await;
            let members = script.client().follow_users(NOW).await.unwrap();
            assert_eq!(members.len(), expected);
        }
    }

    #[tokio::test]
    async fn no_relation_is_no_error() {
        for code in NO_RELATION {
            let script = Script::start(move |asked, _| {
                (asked.path == "externalcontact/get")
                    .then(|| errcode(code))
                    .flatten()
            })
            .await;
            assert_eq!(script.client().contact(&id(), NOW).await, Ok(None));
        }
    }

    #[tokio::test]
    async fn pages_that_never_end_or_change_are_errors() {
        let endless = Script::start(|asked, _| {
            let page = json!({"external_contact": {}, "next_cursor": "again"});
            (asked.path == "externalcontact/get")
                .then(|| reply(page))
                .flatten()
        })
        .await;
        let result = endless.client().contact(&id(), NOW).await;
        assert!(
            matches!(result, Err(ApiError::BadReply { .. })),
            "{result:?}"
        );
        assert_eq!(endless.asked("externalcontact/get").len(), PAGES_MAX);

        let stale = Script::start(|asked, _| {
            (asked.path == "externalcontact/get")
                .then(|| errcode(60268))
                .flatten()
        })
        .await;
        let result = stale.client().contact(&id(), NOW).await;
        assert!(matches!(result, Err(ApiError::Busy { .. })), "{result:?}");
    }
}
