//! Many contacts at once: `batch/get_by_user` (path/92994), and with `contact_list` (path/99434) those whom it leaves out
//! because they are no customers.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::model::contact::{Contact, FollowUser, Tag};
use crate::model::ids::{ExternalUserId, UserId};
use crate::model::time::Timestamp;
use crate::wecom::contact::{ContactReply, FollowUserReply, NO_RELATION, STALE_CURSOR};
use crate::wecom::directory::Page;
use crate::wecom::error::ApiError;
use crate::wecom::limit::{BASE, SYNC};
use crate::wecom::wire::{Api, Lane};
use crate::wecom::{Client, Secret};

const GET_BY_USER: Api = Api {
    path: "externalcontact/batch/get_by_user",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "externalcontact/batch/get_by_user",
};

const CONTACT_LIST: Api = Api {
    path: "externalcontact/contact_list",
    secret: Secret::App,
    lane: Lane::Usual,
    rate: BASE,
    bucket: "externalcontact/contact_list",
};

/// `batch/get_by_user` takes so many members, and gives so many rows a page.
pub const MEMBERS_MAX: usize = 100;
const ROWS: u32 = 100;

/// How many rows a page of `contact_list` has.
const OTHERS: u32 = 1000;

/// One of the members is unknown, left, or outside of the app's range: the whole call is refused.
const BAD_MEMBER: [i64; 7] = [40003, 40031, 60011, 60021, 60111, 46004, 50002];

/// What `batch/get_by_user` gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Customers {
    /// A page of rows.
    Page {
        /// Each a contact with the one relation that the row is about. Corp tags have their id and no name, personal
        /// ones are left out.
        rows: Vec<Contact>,
        /// Rows that are not what the documentation says.
        unreadable: u64,
        /// WeCom's cursor; `None` when this was the last page.
        next: Option<String>,
    },
    /// The cursor is stale: the same members are asked about from the beginning.
    Stale,
    /// The call is refused because of one of the members; for people.
    BadMember(String),
}

impl Client {
    /// Reads a page of the contacts of up to 100 members.
    ///
    /// # Errors
    /// [`ApiError`]; also [`ApiError::RateLimited`] when syncs have used up their share.
    pub async fn customers(
        &self,
        members: &[UserId],
        cursor: &str,
        now: Timestamp,
    ) -> Result<Customers, ApiError> {
        self.share(&GET_BY_USER, "get_by_user for syncs", SYNC, now)
            .await?;
        let body = GetByUserBody {
            userid_list: members,
            cursor,
            limit: ROWS,
        };
        let reply: GetByUserReply = match self.post(&GET_BY_USER, &body, now).await {
            Ok(reply) => reply,
            Err(error) => {
                return match error.errcode() {
                    Some(STALE_CURSOR) => Ok(Customers::Stale),
                    Some(code) if BAD_MEMBER.contains(&code) => {
                        Ok(Customers::BadMember(error.to_string()))
                    }
                    Some(code) if NO_RELATION.contains(&code) => Ok(Customers::Page {
                        rows: Vec::new(),
                        unreadable: 0,
                        next: None,
                    }),
                    _ => Err(error),
                };
            }
        };
        let all = reply.external_contact_list.len();
        let rows: Vec<Contact> = reply
            .external_contact_list
            .iter()
            .filter_map(|row| Some(serde_json::from_str::<Row>(row.get()).ok()?.contact(now)))
            .collect();
        Ok(Customers::Page {
            unreadable: (all - rows.len()) as u64,
            rows,
            next: reply.next_cursor.filter(|cursor| !cursor.is_empty()),
        })
    }

    /// Counts, on one page, the rows about people who are served and are no customers.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::State`] when the cursor is stale.
    pub async fn others(&self, cursor: &str, now: Timestamp) -> Result<Page<u64>, ApiError> {
        let body = ContactListBody {
            cursor,
            limit: OTHERS,
        };
        let reply: ContactListReply = self.post(&CONTACT_LIST, &body, now).await?;
        let others = reply.info_list.iter().filter(|row| !row.is_customer);
        Ok(Page {
            items: others.count() as u64,
            next: reply.next_cursor.filter(|cursor| !cursor.is_empty()),
        })
    }
}

#[derive(Serialize)]
struct GetByUserBody<'a> {
    userid_list: &'a [UserId],
    #[serde(skip_serializing_if = "str::is_empty")]
    cursor: &'a str,
    limit: u32,
}

/// The rows are read one by one, so that an odd one spoils no other.
#[derive(Deserialize)]
struct GetByUserReply {
    #[serde(default)]
    external_contact_list: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Row {
    external_contact: RowContact,
    follow_info: FollowInfo,
}

#[derive(Deserialize)]
struct RowContact {
    external_userid: ExternalUserId,
    #[serde(flatten)]
    contact: ContactReply,
}

/// Like `follow_user`, but for `tag_id`.
#[derive(Deserialize)]
struct FollowInfo {
    #[serde(flatten)]
    follow: FollowUserReply,
    #[serde(default)]
    tag_id: Vec<String>,
}

impl Row {
    fn contact(self, now: Timestamp) -> Contact {
        let RowContact {
            external_userid,
            contact,
        } = self.external_contact;
        let named_by_id = |tag_id| Tag {
            tag_id: Some(tag_id),
            group_name: String::new(),
            tag_name: String::new(),
            kind: 0,
        };
        let follow = FollowUser {
            tags: self
                .follow_info
                .tag_id
                .into_iter()
                .map(named_by_id)
                .collect(),
            ..FollowUser::from(self.follow_info.follow)
        };
        Contact {
            follow_users: vec![follow],
            ..contact.named(&external_userid, now)
        }
    }
}

#[derive(Serialize)]
struct ContactListBody<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    cursor: &'a str,
    limit: u32,
}

#[derive(Deserialize)]
struct ContactListReply {
    #[serde(default)]
    info_list: Vec<ServedRow>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct ServedRow {
    #[serde(default)]
    is_customer: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::wecom::script::{NOW, Script, errcode, reply};

    fn members() -> [UserId; 2] {
        ["Zhang", "li"].map(|id| UserId::parse(id).unwrap())
    }

    fn row(id: &str) -> Value {
        json!({
            "external_contact": {"external_userid": id, "name": "王", "type": 1, "gender": 2, "position": ""},
            "follow_info": {
                "userid": "Zhang", "remark": "王总", "createtime": 1_600_000_000, "add_way": 1,
                "oper_userid": "Zhang", "tag_id": ["et1", "et2"], "new_field": [7],
            },
        })
    }

    #[tokio::test]
    async fn rows_become_contacts_with_one_relation() {
        let script = Script::start(|asked, _| {
            let rows = json!([row("wm1"), {"external_contact": {}}, row("wm2")]);
            let page = json!({"errcode": 0, "external_contact_list": rows, "next_cursor": "c1"});
            (asked.path == "externalcontact/batch/get_by_user")
                .then(|| reply(page))
                .flatten()
        })
        .await;
        let client = script.client();
        let page = client.customers(&members(), "c0", NOW).await.unwrap();
        let Customers::Page {
            rows,
            unreadable,
            next,
        } = page
        else {
            panic!("{page:?}")
        };
        assert_eq!(
            (rows.len(), unreadable, next.as_deref()),
            (2, 1, Some("c1"))
        );
        let expected = json!({
            "external_userid": "wm1", "name": "王", "type": 1, "gender": 2, "changed_at": "2023-11-14T22:13:20.000Z",
            "follow_users": [{
                "userid": "Zhang", "remark": "王总", "createtime": "2020-09-13T12:26:40.000Z", "add_way": 1,
                "oper_userid": "Zhang",
                "tags": [{"tag_id": "et1", "tag_name": "", "type": 0}, {"tag_id": "et2", "tag_name": "", "type": 0}],
            }],
        });
        assert_eq!(serde_json::to_value(&rows[0]).unwrap(), expected);
        let asked = &script.asked("externalcontact/batch/get_by_user")[0];
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(
            body,
            json!({"userid_list": ["Zhang", "li"], "cursor": "c0", "limit": 100})
        );
    }

    #[tokio::test]
    async fn outcomes_that_are_no_errors() {
        let empty = || Customers::Page {
            rows: Vec::new(),
            unreadable: 0,
            next: None,
        };
        for (code, expected) in [
            (84061, Some(empty())),
            (60268, Some(Customers::Stale)),
            (40003, None),
            (60011, None),
        ] {
            let script = Script::start(move |asked, _| {
                (asked.path == "externalcontact/batch/get_by_user")
                    .then(|| errcode(code))
                    .flatten()
            });
            let read = script
                .await
                .client()
                .customers(&members(), "", NOW)
                .await
                .unwrap();
            match expected {
                Some(expected) => assert_eq!(read, expected),
                None => assert!(matches!(read, Customers::BadMember(_)), "{read:?}"),
            }
        }
        let script = Script::start(|asked, _| {
            (asked.path == "externalcontact/batch/get_by_user")
                .then(|| errcode(48002))
                .flatten()
        });
        let refused = script.await.client().customers(&members(), "", NOW).await;
        assert!(matches!(refused, Err(ApiError::Misconfigured { .. })));
    }

    #[tokio::test]
    async fn others_are_counted() {
        let script = Script::start(|asked, _| match asked.path.as_str() {
            "externalcontact/contact_list" => reply(json!({"errcode": 0, "next_cursor": "", "info_list": [
                {"is_customer": true, "tmp_openid": "a"}, {"is_customer": false, "tmp_openid": "b"},
            ]})),
            _ => None,
        })
        .await;
        let page = script.client().others("", NOW).await.unwrap();
        assert_eq!((page.items, page.next), (1, None));
    }
}
