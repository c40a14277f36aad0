//! Calls that only find out what a secret may do. None of them changes anything.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::model::ids::UserId;
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::limit::BASE;
use crate::wecom::link::UPDATE;
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

/// 获取企业微信服务器的ip段 (path/92521).
const GETCALLBACKIP: Api = Api {
    path: "getcallbackip",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "getcallbackip",
};

/// How many departments are looked into for a member.
const DEPARTMENTS_MAX: usize = 20;

/// A member whom no corp has. Were there one, a request without a field would leave it as it is.
const NOBODY: &str = "wecom-bridge.doctor.nobody";

/// No such member: the secret would have been allowed to write.
const NO_MEMBER: [i64; 2] = [60111, 46004];

/// A part of what the app can see of the contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visible {
    /// How many departments.
    pub departments: usize,
    /// The members of the first department that has any; none when no department that was looked into has.
    pub members: Vec<UserId>,
}

impl Client {
    /// The addresses that callbacks come from: single ones, and patterns such as `101.226.103.*`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn callback_ips(&self, now: Timestamp) -> Result<Vec<String>, ApiError> {
        let reply: IpsReply = self.get(&GETCALLBACKIP, &[], now).await?;
        Ok(reply.ip_list)
    }

    /// Looks for members in the app's visible range (可见范围), in up to 20 departments.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn visible(&self, now: Timestamp) -> Result<Visible, ApiError> {
        let departments = self.departments(now).await?;
        let mut members = Vec::new();
        for department in departments.iter().take(DEPARTMENTS_MAX) {
            members = self.members_of(&department.to_string(), now).await?;
            if !members.is_empty() {
                break;
            }
        }
        Ok(Visible {
            departments: departments.len(),
            members,
        })
    }

    /// Whether the contact-sync secret may write members: asks to change nothing about a member whom nobody has.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::Misconfigured`] when it may not (48002), or not from this address (60020).
    pub async fn may_write(&self, now: Timestamp) -> Result<(), ApiError> {
        let body = UpdateBody { userid: NOBODY };
        match self.post::<IgnoredAny>(&UPDATE, &body, now).await {
            Err(error) if error.errcode().is_some_and(|c| NO_MEMBER.contains(&c)) => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

#[derive(Serialize)]
struct UpdateBody {
    userid: &'static str,
}

#[derive(Deserialize)]
struct IpsReply {
    #[serde(default)]
    ip_list: Vec<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wecom::script::{NOW, Script, errcode, reply};

    #[tokio::test]
    async fn departments_are_looked_into_until_one_has_members() {
        let script = Script::start(|asked, before| match asked.path.as_str() {
            "department/simplelist" => {
                let rows: Vec<_> = (1..=30)
                    .map(|id| json!({"id": id, "parentid": 1}))
                    .collect();
                reply(json!({"errcode": 0, "department_id": rows}))
            }
            "user/simplelist" if before == 2 => {
                reply(json!({"errcode": 0, "userlist": [{"userid": "zhang", "name": "张"}]}))
            }
            "user/simplelist" if before > 2 => reply(json!({"errcode": 0, "userlist": []})),
            _ => None,
        })
        .await;
        let client = script.client();
        let zhang = UserId::parse("zhang").unwrap();
        let found = client.visible(NOW).await.unwrap();
        assert_eq!((found.departments, found.members), (30, vec![zhang]));
        let asked = script.asked("user/simplelist");
        let ids: Vec<_> = asked.iter().map(|a| &a.query["department_id"]).collect();
        assert_eq!(ids, ["1", "2", "3"]);

        let found = client.visible(NOW).await.unwrap();
        assert_eq!((found.departments, found.members), (30, vec![]));
        assert_eq!(script.asked("user/simplelist").len(), 3 + DEPARTMENTS_MAX);
    }

    #[tokio::test]
    async fn a_secret_may_write_when_only_the_member_is_missing() {
        let table = [
            (60111, None),
            (46004, None),
            (0, None),
            (48002, Some(48002)),
            (60020, Some(60020)),
            (48008, Some(48008)),
        ];
        for (code, expected) in table {
            let script = Script::start(move |asked, _| {
                (asked.path == "user/update")
                    .then(|| errcode(code))
                    .flatten()
            })
            .await;
            let found = script.client().may_write(NOW).await;
            assert_eq!(found.err().and_then(|e| e.errcode()), expected, "{code}");
            assert_eq!(script.body("user/update"), json!({ "userid": NOBODY }));
        }
    }

    #[tokio::test]
    async fn the_addresses_of_callbacks_are_read() {
        let script = Script::start(|asked, _| match asked.path.as_str() {
            "getcallbackip" => reply(json!({"ip_list": ["101.226.103.*"], "errcode": 0})),
            _ => None,
        })
        .await;
        let found = script.client().callback_ips(NOW).await;
        assert_eq!(found, Ok(vec!["101.226.103.*".to_owned()]));
    }
}
