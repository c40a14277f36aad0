//! Members: `user/get` (读取成员, path/90196), with the app's token.
//!
//! The contact-sync secret may write members but not read them from a new address (48009); the app may read but not write.

use futures_util::FutureExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::model::ids::UserId;
use crate::model::member::{Member, ProfiledMember, WebAttribute};
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::group::{Read, together};
use crate::wecom::limit::{BASE, SYNC_GROUPS};
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const GET: Api = Api {
    path: "user/get",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "user/get",
};

/// No such member, or none that this app can see: left, deleted, or outside the visible range.
const NOT_VISIBLE: [i64; 4] = [60111, 46004, 60021, 40003];

impl Client {
    /// Reads a member and its external profile at once; `changed_at` is `now`. `None`: no member that the app can see.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn member(
        &self,
        id: &UserId,
        now: Timestamp,
    ) -> Result<Option<ProfiledMember>, ApiError> {
        let reply: MemberReply = match self.user(id, now).await {
            Err(error) if error.errcode().is_some_and(|c| NOT_VISIBLE.contains(&c)) => {
                return Ok(None);
            }
            other => other?,
        };
        Ok(Some(ProfiledMember {
            member: Member {
                userid: reply.userid,
                name: reply.name.unwrap_or_default(),
                department: reply.department,
                status: reply.status,
                position: reply.position.filter(|text| !text.is_empty()),
                visible: true,
                changed_at: now,
            },
            web_attributes: web_attributes(&reply.external_profile),
        }))
    }

    /// Reads up to twenty members for a sync, a few at once: each by itself found, not visible, or not to be read.
    ///
    /// # Errors
    /// [`ApiError`] when it is not about one member; also [`ApiError::RateLimited`] when syncs have used up their share.
    pub async fn members(
        &self,
        ids: &[UserId],
        now: Timestamp,
    ) -> Result<Vec<Read<ProfiledMember>>, ApiError> {
        self.share(&GET, "user/get for syncs", SYNC_GROUPS, now)
            .await?;
        let calls = ids.iter().map(|id| self.member(id, now).boxed());
        together(calls.collect()).await
    }

    /// Reads a member's external profile (对外名片, path/92230), whole and as it came: what is unknown here must survive a
    /// write. Empty when the member has none.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::State`] when the app cannot see the member.
    pub async fn external_profile(
        &self,
        id: &UserId,
        now: Timestamp,
    ) -> Result<Map<String, Value>, ApiError> {
        let reply: ProfileReply = self.user(id, now).await?;
        Ok(reply.external_profile.unwrap_or_default())
    }

    async fn user<T: DeserializeOwned>(&self, id: &UserId, now: Timestamp) -> Result<T, ApiError> {
        self.get(&GET, &[("userid", id.as_str())], now).await
    }
}

#[derive(Deserialize)]
struct MemberReply {
    userid: UserId,
    name: Option<String>,
    #[serde(default)]
    department: Vec<i64>,
    #[serde(default)]
    status: i64,
    position: Option<String>,
    /// Kept as it came: whatever stands in it must not make the member unreadable.
    #[serde(default)]
    external_profile: Value,
}

/// Those entries that have the shape of path/92230; others are left out.
fn web_attributes(profile: &Value) -> Vec<WebAttribute> {
    let attributes = profile.get("external_attr").and_then(Value::as_array);
    let web = |attribute: &Value| {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        Some(WebAttribute {
            name: text(attribute.get("name"))?,
            url: text(attribute.get("web")?.get("url"))?,
        })
    };
    attributes.into_iter().flatten().filter_map(web).collect()
}

#[derive(Deserialize)]
struct ProfileReply {
    external_profile: Option<Map<String, Value>>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wecom::script::{NOW, Script, errcode, reply};

    fn id() -> UserId {
        UserId::parse("zhang").unwrap()
    }

    #[tokio::test]
    async fn a_member_and_its_profile_are_read_with_the_apps_token() {
        let profile = json!({
            "external_corp_name": "公司",
            "wechat_channels": {"nickname": "号", "status": 1},
            "external_attr": [
                {"type": 9, "name": "新", "new": {"a": 1}},
                {"type": 1, "name": "与我协作", "web": {"url": "https://a.example/", "title": "与我协作"}},
                7,
            ],
            "new_field": 7,
        });
        let sent = profile.clone();
        let script = Script::start(move |asked, _| {
            let user = json!({
                "errcode": 0, "userid": "Zhang", "name": "张", "department": [1, 2], "order": [0, 0],
                "position": "经理", "gender": "0", "status": 1, "external_profile": sent,
            });
            (asked.path == "user/get").then(|| reply(user)).flatten()
        })
        .await;
        let client = script.client();
        let read = client.member(&id(), NOW).await.unwrap().unwrap();
        let link = WebAttribute {
            name: "与我协作".into(),
            url: "https://a.example/".into(),
        };
        assert_eq!(read.web_attributes, [link]);
        let member = read.member;
        let expected = Member {
            userid: id(),
            name: "张".into(),
            department: vec![1, 2],
            status: 1,
            position: Some("经理".into()),
            visible: true,
            changed_at: NOW,
        };
        assert_eq!(member, expected);
        assert_eq!(member.userid.as_str(), "Zhang");
        let read = client.external_profile(&id(), NOW).await.unwrap();
        assert_eq!(Value::Object(read), profile);
        for asked in script.asked("user/get") {
            assert!(asked.query["access_token"].starts_with("token-app-"));
        }
    }

    #[tokio::test]
    async fn members_are_read_together_and_fail_by_themselves() {
        let script =
            Script::start(
                |asked, _| match asked.query.get("userid").map(String::as_str) {
                    Some("gone") => errcode(60111),
                    Some("odd") => reply(json!({"errcode": 0, "userid": 7})),
                    Some(other) => {
                        reply(json!({"errcode": 0, "userid": other, "external_profile": [1]}))
                    }
                    None => None,
                },
            )
            .await;
        let ids = ["zhang", "gone", "odd", "li"].map(|id| UserId::parse(id).unwrap());
        let read = script.client().members(&ids, NOW).await.unwrap();
        let told: Vec<_> = read
            .iter()
            .map(|read| match read {
                Ok(Some(read)) => read.member.userid.to_string(),
                Ok(None) => "not visible".into(),
                Err(error) => error.to_string(),
            })
            .collect();
        assert_eq!(told[..2], ["zhang", "not visible"]);
        assert!(told[2].contains("cannot be understood"), "{}", told[2]);
        assert_eq!(told[3], "li");

        let busy =
            Script::start(|asked, _| (asked.path == "user/get").then(|| errcode(-1)).flatten());
        let result = busy.await.client().members(&ids, NOW).await;
        assert!(matches!(result, Err(ApiError::Busy { .. })), "{result:?}");
    }

    #[tokio::test]
    async fn a_member_who_cannot_be_seen_is_no_error() {
        for code in NOT_VISIBLE {
            let script = Script::start(move |asked, _| {
                (asked.path == "user/get").then(|| errcode(code)).flatten()
            })
            .await;
            assert_eq!(script.client().member(&id(), NOW).await, Ok(None));
        }
    }
}
