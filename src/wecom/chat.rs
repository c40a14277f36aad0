//! Customer groups: `externalcontact/groupchat/list` (客户群列表, path/92120) and `get` (客户群详情, path/92122).

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use crate::model::chat::{Chat, ChatMember, ChatPerson, ChatView};
use crate::model::ids::{ChatId, ExternalUserId, UserId};
use crate::model::time::Timestamp;
use crate::wecom::contact::STALE_CURSOR;
use crate::wecom::error::ApiError;
use crate::wecom::group::{Read, together};
use crate::wecom::limit::{BASE, SYNC, SYNC_GROUPS};
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const GET: Api = Api {
    path: "externalcontact/groupchat/get",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "externalcontact/groupchat/get",
};

const LIST: Api = Api {
    path: "externalcontact/groupchat/list",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "externalcontact/groupchat/list",
};

/// How many rows a page of the list has; WeCom gives up to 1000.
const ROWS: u32 = 500;

/// Every group, whoever inherits it.
const ALL: u8 = 0;

/// No such customer group (any more).
const NO_GROUP: [i64; 3] = [86001, 86003, 90501];

/// The owner is outside what this app can see.
const OUT_OF_RANGE: i64 = 60011;

/// One of the owners is unknown or has left: the whole call is refused. 60011 is not among them, it says that this app
/// may not ask at all: who may have contacts is listed as far as the app can see.
const BAD_OWNER: [i64; 6] = [40003, 40031, 46004, 50002, 60021, 60111];

/// What `groupchat/list` gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chats {
    /// A page of the groups of these owners.
    Page {
        /// Which.
        ids: Vec<ChatId>,
        /// WeCom's cursor; `None` when this was the last page.
        next: Option<String>,
    },
    /// The cursor is stale: the same owners are asked about from the beginning.
    Stale,
    /// The call is refused because of one of the owners; for people.
    BadOwner(String),
}

impl Client {
    /// Reads a customer group; `changed_at` is `now`. `None`: no group that the app can see.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn chat(&self, id: &ChatId, now: Timestamp) -> Result<Option<Chat>, ApiError> {
        Ok(match self.view(id, now).await? {
            Some(ChatView::Shown(chat)) => Some(*chat),
            Some(ChatView::OutOfRange) | None => None,
        })
    }

    /// Reads up to twenty groups for a sync, a few at once.
    ///
    /// # Errors
    /// [`ApiError`] when it is not about one group; also [`ApiError::RateLimited`] when syncs have used up their share.
    pub async fn chats(
        &self,
        ids: &[ChatId],
        now: Timestamp,
    ) -> Result<Vec<Read<ChatView>>, ApiError> {
        self.share(&GET, "groupchat/get for syncs", SYNC_GROUPS, now)
            .await?;
        let calls = ids.iter().map(|id| self.view(id, now).boxed());
        together(calls.collect()).await
    }

    /// Lists the groups of up to 100 owners.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::Misconfigured`] when this app may not list groups; also [`ApiError::RateLimited`] when
    /// syncs have used up their share.
    pub async fn chat_ids(
        &self,
        owners: &[UserId],
        cursor: &str,
        now: Timestamp,
    ) -> Result<Chats, ApiError> {
        self.share(&LIST, "groupchat/list for syncs", SYNC, now)
            .await?;
        let body = ListBody {
            status_filter: ALL,
            owner_filter: Owners {
                userid_list: owners,
            },
            cursor,
            limit: ROWS,
        };
        let reply: ListReply = match self.post(&LIST, &body, now).await {
            Ok(reply) => reply,
            Err(error) => {
                return match error.errcode() {
                    Some(STALE_CURSOR) => Ok(Chats::Stale),
                    Some(code) if BAD_OWNER.contains(&code) => {
                        Ok(Chats::BadOwner(error.to_string()))
                    }
                    _ => Err(error),
                };
            }
        };
        let rows = reply.group_chat_list.into_iter();
        Ok(Chats::Page {
            ids: rows
                .filter_map(|row| ChatId::parse(&row.chat_id).ok())
                .collect(),
            next: filled(reply.next_cursor),
        })
    }

    async fn view(&self, id: &ChatId, now: Timestamp) -> Read<ChatView> {
        let body = Body {
            chat_id: id,
            need_name: 1,
        };
        let reply: Reply = match self.post(&GET, &body, now).await {
            Err(error) => {
                return match error.errcode() {
                    Some(OUT_OF_RANGE) => Ok(Some(ChatView::OutOfRange)),
                    Some(code) if NO_GROUP.contains(&code) => Ok(None),
                    _ => Err(error),
                };
            }
            Ok(reply) => reply,
        };
        let chat = reply.group_chat.chat(id, now);
        Ok(Some(ChatView::Shown(Box::new(chat))))
    }
}

#[derive(Serialize)]
struct ListBody<'a> {
    status_filter: u8,
    owner_filter: Owners<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    cursor: &'a str,
    limit: u32,
}

#[derive(Serialize)]
struct Owners<'a> {
    userid_list: &'a [UserId],
}

#[derive(Deserialize)]
struct ListReply {
    #[serde(default)]
    group_chat_list: Vec<ListRow>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct ListRow {
    #[serde(default)]
    chat_id: String,
}

#[derive(Serialize)]
struct Body<'a> {
    chat_id: &'a ChatId,
    /// 1: with the names of those inside.
    need_name: u8,
}

#[derive(Deserialize)]
struct Reply {
    group_chat: ChatReply,
}

#[derive(Deserialize)]
struct ChatReply {
    name: Option<String>,
    owner: Option<String>,
    create_time: Option<i64>,
    notice: Option<String>,
    #[serde(default)]
    member_list: Vec<MemberReply>,
    #[serde(default)]
    admin_list: Vec<IdReply>,
    member_version: Option<String>,
}

impl ChatReply {
    /// Whoever has no id that can be one is left out.
    fn chat(self, id: &ChatId, now: Timestamp) -> Chat {
        let admins = self.admin_list.into_iter();
        Chat {
            name: self.name.unwrap_or_default(),
            owner: self.owner.and_then(|id| UserId::parse(&id).ok()),
            create_time: self.create_time.map(Timestamp::from_secs),
            notice: filled(self.notice),
            members: self
                .member_list
                .into_iter()
                .filter_map(MemberReply::member)
                .collect(),
            admins: admins.filter_map(IdReply::userid).collect(),
            member_version: filled(self.member_version),
            changed_at: Some(now),
            ..Chat::unread(id.clone())
        }
    }
}

#[derive(Deserialize)]
struct MemberReply {
    userid: String,
    #[serde(rename = "type", default)]
    kind: i64,
    unionid: Option<String>,
    #[serde(default)]
    join_time: i64,
    #[serde(default)]
    join_scene: i64,
    invitor: Option<IdReply>,
    group_nickname: Option<String>,
    name: Option<String>,
}

impl MemberReply {
    /// `userid` holds the one or the other id; the type tells which.
    fn member(self) -> Option<ChatMember> {
        let who = match self.kind {
            1 => ChatPerson::Member(UserId::parse(&self.userid).ok()?),
            _ => ChatPerson::Outside(ExternalUserId::parse(&self.userid).ok()?),
        };
        Some(ChatMember {
            who,
            kind: self.kind,
            unionid: filled(self.unionid),
            join_time: Timestamp::from_secs(self.join_time),
            join_scene: self.join_scene,
            invitor: self.invitor.and_then(IdReply::userid),
            group_nickname: filled(self.group_nickname),
            name: filled(self.name),
        })
    }
}

#[derive(Deserialize)]
struct IdReply {
    userid: Option<String>,
}

impl IdReply {
    fn userid(self) -> Option<UserId> {
        UserId::parse(&self.userid?).ok()
    }
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

    fn id() -> ChatId {
        ChatId::parse("wrA").unwrap()
    }

    #[tokio::test]
    async fn a_group_is_read_with_everybody_in_it() {
        let script = Script::start(|asked, _| {
            let group = json!({
                "errcode": 0,
                "group_chat": {
                    "chat_id": "wrA", "name": "客户群", "owner": "Zhang", "create_time": 1_600_000_000,
                    "notice": "", "new_field": 1, "member_version": "v1",
                    "member_list": [
                        {"userid": "Zhang", "type": 1, "join_time": 1_600_000_000, "join_scene": 1,
                         "invitor": {"userid": "Zhang"}, "group_nickname": "", "name": "张"},
                        {"userid": "wmA", "type": 2, "unionid": "oA", "join_time": 1_600_000_001, "join_scene": 3},
                        {"userid": "", "type": 2},
                    ],
                    "admin_list": [{"userid": "Li"}, {"userid": ""}],
                },
            });
            (asked.path == "externalcontact/groupchat/get")
                .then(|| reply(group))
                .flatten()
        })
        .await;
        let chat = script.client().chat(&id(), NOW).await.unwrap().unwrap();
        let expected = json!({
            "chat_id": "wrA", "name": "客户群", "owner": "Zhang", "create_time": "2020-09-13T12:26:40.000Z",
            "member_version": "v1", "admins": ["Li"], "changed_at": "2023-11-14T22:13:20.000Z",
            "members": [
                {"userid": "Zhang", "type": 1, "join_time": "2020-09-13T12:26:40.000Z", "join_scene": 1,
                 "invitor": "Zhang", "name": "张"},
                {"external_userid": "wmA", "type": 2, "unionid": "oA",
                 "join_time": "2020-09-13T12:26:41.000Z", "join_scene": 3},
            ],
        });
        let told = serde_json::to_value(&chat).unwrap();
        assert_eq!(told, expected);
        assert_eq!(serde_json::from_value::<Chat>(told).unwrap(), chat);
    }

    #[tokio::test]
    async fn no_group_is_no_error() {
        for code in NO_GROUP.into_iter().chain([OUT_OF_RANGE]) {
            let script = Script::start(move |asked, _| {
                (asked.path == "externalcontact/groupchat/get")
                    .then(|| errcode(code))
                    .flatten()
            })
            .await;
            assert_eq!(script.client().chat(&id(), NOW).await, Ok(None), "{code}");
        }
    }

    #[tokio::test]
    async fn the_groups_of_some_owners_are_listed_by_page() {
        let script = Script::start(|asked, before| {
            let rows = json!([{"chat_id": "wrA", "status": 0}, {"chat_id": ""}, {"chat_id": "wrB", "status": 1}]);
            let page = json!({"errcode": 0, "group_chat_list": rows, "next_cursor": "c1"});
            (asked.path == "externalcontact/groupchat/list")
                .then(|| match before {
                    0 => reply(page),
                    _ => reply(json!({"errcode": 0, "group_chat_list": [], "next_cursor": ""})),
                })
                .flatten()
        })
        .await;
        let client = script.client();
        let owners = [
            UserId::parse("Zhang").unwrap(),
            UserId::parse("Li").unwrap(),
        ];
        let ids = ["wrA", "wrB"].map(|id| ChatId::parse(id).unwrap());
        let first = Chats::Page {
            ids: ids.to_vec(),
            next: Some("c1".into()),
        };
        assert_eq!(client.chat_ids(&owners, "", NOW).await, Ok(first));
        let last = Chats::Page {
            ids: Vec::new(),
            next: None,
        };
        assert_eq!(client.chat_ids(&owners, "c1", NOW).await, Ok(last));
        let asked = script.asked("externalcontact/groupchat/list");
        let bodies: Vec<serde_json::Value> = asked
            .iter()
            .map(|asked| serde_json::from_str(&asked.body).unwrap())
            .collect();
        let filter = json!({"userid_list": ["Zhang", "Li"]});
        assert_eq!(
            bodies,
            [
                json!({"status_filter": 0, "owner_filter": filter, "limit": 500}),
                json!({"status_filter": 0, "owner_filter": filter, "limit": 500, "cursor": "c1"}),
            ]
        );
    }

    #[tokio::test]
    async fn a_list_that_is_refused_says_what_to_do() {
        let owners = [UserId::parse("Zhang").unwrap()];
        for (code, expected) in [
            (60268, "stale"),
            (40003, "owner"),
            (60111, "owner"),
            (48002, "configuration"),
            (60011, "configuration"),
            (-1, "again"),
        ] {
            let script = Script::start(move |asked, _| {
                (asked.path == "externalcontact/groupchat/list")
                    .then(|| errcode(code))
                    .flatten()
            })
            .await;
            let told = match script.client().chat_ids(&owners, "", NOW).await {
                Ok(Chats::Stale) => "stale",
                Ok(Chats::BadOwner(_)) => "owner",
                Ok(Chats::Page { .. }) => "page",
                Err(ApiError::Misconfigured { .. }) => "configuration",
                Err(ApiError::Busy { .. }) => "again",
                Err(other) => panic!("{other}"),
            };
            assert_eq!(told, expected, "{code}");
        }
    }
}
