//! Customer groups: `externalcontact/groupchat/get` (客户群详情, path/92122).

use serde::{Deserialize, Serialize};

use crate::model::chat::{Chat, ChatMember, ChatPerson};
use crate::model::ids::{ChatId, ExternalUserId, UserId};
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::limit::BASE;
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const GET: Api = Api {
    path: "externalcontact/groupchat/get",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "externalcontact/groupchat/get",
};

/// No such customer group, or none that this app can see.
const NO_GROUP: [i64; 4] = [86001, 86003, 90501, 60011];

impl Client {
    /// Reads a customer group; `changed_at` is `now`. `None`: no group that the app can see.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn chat(&self, id: &ChatId, now: Timestamp) -> Result<Option<Chat>, ApiError> {
        let body = Body {
            chat_id: id,
            need_name: 1,
        };
        let reply: Reply = match self.post(&GET, &body, now).await {
            Err(error) if error.errcode().is_some_and(|c| NO_GROUP.contains(&c)) => {
                return Ok(None);
            }
            other => other?,
        };
        Ok(Some(reply.group_chat.chat(id, now)))
    }
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
        for code in NO_GROUP {
            let script = Script::start(move |asked, _| {
                (asked.path == "externalcontact/groupchat/get")
                    .then(|| errcode(code))
                    .flatten()
            })
            .await;
            assert_eq!(script.client().chat(&id(), NOW).await, Ok(None), "{code}");
        }
    }
}
