//! Who follows the account (`user/info`), and who that is for the open platform.

use serde::Deserialize;

use crate::model::follower::Standing;
use crate::model::ids::{OpenId, UnionId};
use crate::model::time::Timestamp;
use crate::weixin::error::WeixinError;
use crate::weixin::limit::FOLLOWERS;
use crate::weixin::{Api, Client};

const USER_INFO: Api = Api {
    path: "cgi-bin/user/info",
    rate: FOLLOWERS,
};

impl Client {
    /// How a person stands to the account. Needs no consent.
    ///
    /// # Errors
    /// [`WeixinError`].
    pub async fn follows(&self, openid: &OpenId, now: Timestamp) -> Result<Standing, WeixinError> {
        #[derive(Deserialize)]
        struct Reply {
            subscribe: u8,
            unionid: Option<String>,
        }

        let query = [("openid", openid.as_str()), ("lang", "zh_CN")];
        let reply: Reply = self.get(&USER_INFO, &query, now).await?;
        if reply.subscribe != 1 {
            return Ok(Standing::NotFollowing);
        }
        let unionid = unionid(&USER_INFO, reply.unionid)?;
        Ok(Standing::Following { unionid })
    }
}

/// Absent and empty are the same.
pub(in crate::weixin) fn unionid(
    api: &Api,
    text: Option<String>,
) -> Result<Option<UnionId>, WeixinError> {
    let filled = text.filter(|text| !text.is_empty());
    let id = filled.map(|text| UnionId::parse(&text)).transpose();
    id.map_err(|_| api.bad_reply("its unionid is not an id"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wecom::script::{NOW, reply};
    use crate::weixin::tests::{client, script};

    #[tokio::test]
    async fn followers_have_a_unionid_where_the_account_is_bound() {
        let following = |id: Option<&str>| Standing::Following {
            unionid: id.map(|id| UnionId::parse(id).unwrap()),
        };
        for (answer, expected) in [
            (
                json!({"subscribe": 1, "unionid": "uA"}),
                following(Some("uA")),
            ),
            (json!({"subscribe": 1}), following(None)),
            (json!({"subscribe": 1, "unionid": ""}), following(None)),
            (
                json!({"subscribe": 0, "openid": "oA"}),
                Standing::NotFollowing,
            ),
        ] {
            let script = script(move |asked, _| {
                (asked.path == "user/info")
                    .then(|| reply(answer.clone()))
                    .flatten()
            })
            .await;
            let openid = OpenId::parse("oA").unwrap();
            let found = client(&script).follows(&openid, NOW).await;
            assert_eq!(found, Ok(expected));
        }
    }
}
