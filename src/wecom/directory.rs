//! Who is there: `user/list_id` (path/96067) with the contact-sync secret, or `department/simplelist` (path/95350) and
//! `user/simplelist` (path/90200) with the app's.

use serde::{Deserialize, Serialize};

use crate::model::ids::UserId;
use crate::model::time::Timestamp;
use crate::wecom::error::ApiError;
use crate::wecom::limit::{BASE, SYNC};
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const LIST_ID: Api = Api {
    path: "user/list_id",
    secret: Secret::ContactSync,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "user/list_id",
};

const DEPARTMENTS: Api = Api {
    path: "department/simplelist",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "department/simplelist",
};

const SIMPLELIST: Api = Api {
    path: "user/simplelist",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "user/simplelist",
};

/// How many rows a page of `user/list_id` has; WeCom gives up to 10,000.
const ROWS: u32 = 500;

/// A page of a list, and from where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: T,
    /// WeCom's cursor; `None` when this was the last page.
    pub next: Option<String>,
}

impl Client {
    /// Lists the ids of all members, those that the app cannot see among them. A member of several departments comes
    /// several times.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::Misconfigured`] without the contact-sync secret.
    pub async fn member_ids(
        &self,
        cursor: &str,
        now: Timestamp,
    ) -> Result<Page<Vec<UserId>>, ApiError> {
        let body = ListIdBody {
            cursor,
            limit: ROWS,
        };
        let reply: ListIdReply = self.post(&LIST_ID, &body, now).await?;
        Ok(Page {
            items: reply.dept_user.into_iter().map(|row| row.userid).collect(),
            next: reply.next_cursor.filter(|cursor| !cursor.is_empty()),
        })
    }

    /// Lists the departments that the app can see.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn departments(&self, now: Timestamp) -> Result<Vec<i64>, ApiError> {
        let reply: DepartmentsReply = self.get(&DEPARTMENTS, &[], now).await?;
        Ok(reply.department_id.into_iter().map(|row| row.id).collect())
    }

    /// Lists the members of one department that the app can see, without those of departments below.
    ///
    /// # Errors
    /// [`ApiError`]; also [`ApiError::RateLimited`] when syncs have used up their share.
    pub async fn members_of(
        &self,
        department: &str,
        now: Timestamp,
    ) -> Result<Vec<UserId>, ApiError> {
        self.share(&SIMPLELIST, "user/simplelist for syncs", SYNC, now)
            .await?;
        let query = [("department_id", department)];
        let reply: SimplelistReply = self.get(&SIMPLELIST, &query, now).await?;
        Ok(reply.userlist.into_iter().map(|row| row.userid).collect())
    }
}

#[derive(Serialize)]
struct ListIdBody<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    cursor: &'a str,
    limit: u32,
}

#[derive(Deserialize)]
struct ListIdReply {
    #[serde(default)]
    dept_user: Vec<MemberRow>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct SimplelistReply {
    #[serde(default)]
    userlist: Vec<MemberRow>,
}

#[derive(Deserialize)]
struct MemberRow {
    userid: UserId,
}

#[derive(Deserialize)]
struct DepartmentsReply {
    #[serde(default)]
    department_id: Vec<DepartmentRow>,
}

#[derive(Deserialize)]
struct DepartmentRow {
    id: i64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::wecom::script::{NOW, Script, reply};

    #[tokio::test]
    async fn members_are_listed_by_either_secret() {
        let script = Script::start(|asked, _| match asked.path.as_str() {
            "user/list_id" => reply(json!({
                "errcode": 0, "next_cursor": "c1",
                "dept_user": [{"userid": "zhang", "department": 1}, {"userid": "zhang", "department": 2}],
            })),
            "department/simplelist" => reply(json!({
                "errcode": 0, "department_id": [{"id": 1, "parentid": 0, "order": 1}, {"id": 7}],
            })),
            "user/simplelist" => reply(json!({
                "errcode": 0, "userlist": [{"userid": "li", "name": "李", "department": [7]}],
            })),
            _ => None,
        })
        .await;
        let client = script.client();
        let page = client.member_ids("", NOW).await.unwrap();
        assert_eq!((page.items.len(), page.next.as_deref()), (2, Some("c1")));
        assert_eq!(client.departments(NOW).await.unwrap(), [1, 7]);
        let members = client.members_of("7", NOW).await.unwrap();
        assert_eq!(members[0].as_str(), "li");
        let asked = &script.asked("user/list_id")[0];
        assert!(
            asked.query["access_token"].starts_with("token-sync"),
            "{:?}",
            asked.query
        );
        let asked = &script.asked("user/simplelist")[0];
        assert!(asked.query["access_token"].starts_with("token-app"));
        assert_eq!(asked.query["department_id"], "7");
    }
}
