//! Reading customers (客户联系): path/92571, 92113, 92114, 92994.

use std::ops::Bound;

use serde_json::{Value, json};

use crate::model::ids::ExternalUserId;
use crate::sim::api::request::{Answer, Refused, Request, array, member};
use crate::sim::corp::Corp;
use crate::sim::person::{Account, Contact, Counts, Follow, Member};

/// `batch/get_by_user` takes at most so many members.
const MAX_USERIDS: usize = 100;
/// Rows of `batch/get_by_user` when nothing is asked for, and at most.
const ROWS: (u64, u64) = (50, 100);

const NO_RELATION: Refused = Refused(84061, "not external contact");
const BAD_CURSOR: Refused = Refused(60268, "invalid cursor");

pub(crate) fn get_follow_user_list(corp: &mut Corp, _: &Request<'_>) -> Answer {
    let serving = corp.members().values().filter(|member| member.serves());
    let userids: Vec<_> = serving.map(|member| member.userid.as_str()).collect();
    Ok(json!({"follow_user": userids}))
}

pub(crate) fn list(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let userid = request.query("userid");
    if userid.is_empty() {
        return Err(Refused(41009, "userid missing"));
    }
    let key = serving_key(corp, userid)?;
    let ids: Vec<_> = corp
        .customers_of(&key, None)
        .map(|(contact, _)| contact.external_userid.as_str())
        .collect();
    if ids.is_empty() {
        return Err(NO_RELATION);
    }
    Ok(json!({"external_userid": ids}))
}

pub(crate) fn get(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let id = request.query("external_userid");
    if id.is_empty() {
        return Err(Refused(41035, "external_userid missing"));
    }
    let contact = visible_contact(corp, id)?;
    let start = match request.query("cursor") {
        "" => Bound::Unbounded,
        cursor => match cursor.strip_prefix("F:") {
            Some(key) => Bound::Excluded(key.to_owned()),
            None => return Err(BAD_CURSOR),
        },
    };
    let page = corp.console.follow_page.max(1);
    let mut rows: Vec<(&String, Value)> = contact
        .follows()
        .range((start, Bound::Unbounded))
        .filter(|(_, follow)| follow.shown())
        .filter_map(|(key, follow)| {
            let member = corp.members().get(key).filter(|m| m.serves())?;
            Some((key, follow_user(contact, member, follow)))
        })
        .take(page + 1)
        .collect();
    let more = rows.len() > page;
    rows.truncate(page);
    let mut answer = json!({"external_contact": external_contact(contact)});
    if let (true, Some((key, _))) = (more, rows.last()) {
        answer["next_cursor"] = json!(format!("F:{key}"));
    }
    answer["follow_user"] = rows.into_iter().map(|(_, row)| row).collect();
    Ok(answer)
}

pub(crate) fn get_by_user(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let userids = array(&request.json, "userid_list")?;
    if userids.is_empty() || userids.len() > MAX_USERIDS {
        return Err(Refused(40035, "userid_list holds 1 to 100 members"));
    }
    let keys = userids
        .iter()
        .map(|userid| serving_key(corp, userid.as_str().unwrap_or_default()))
        .collect::<Result<Vec<_>, _>>()?;
    let limit = request
        .json
        .get("limit")
        .map_or(Some(ROWS.0), Value::as_u64);
    let limit = limit.ok_or(Refused(40058, "limit is a number"))?;
    let limit = usize::try_from(limit.clamp(1, ROWS.1)).unwrap_or(1);
    let (first, after) = batch_cursor(request, &keys)?;

    let mut rows: Vec<(usize, &Contact, &Follow)> = Vec::new();
    for (index, key) in keys.iter().enumerate().skip(first) {
        let after = after.as_ref().filter(|_| index == first);
        let left = limit + 1 - rows.len();
        let own = corp.customers_of(key, after).take(left);
        rows.extend(own.map(|(contact, follow)| (index, contact, follow)));
    }
    if rows.is_empty() && first == 0 && after.is_none() {
        return Err(NO_RELATION);
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows
        .last()
        .filter(|_| more)
        .map_or(String::new(), |(index, contact, _)| {
            format!("B:{index}:{}", contact.external_userid)
        });
    let list: Vec<Value> = rows
        .into_iter()
        .filter_map(|(index, contact, follow)| {
            let member = corp.members().get(&keys[index])?;
            Some(json!({
                "external_contact": external_contact(contact),
                "follow_info": follow_info(contact, member, follow),
            }))
        })
        .collect();
    Ok(json!({"external_contact_list": list, "next_cursor": next}))
}

/// Where a page of `batch/get_by_user` begins: the member, and the contact after which.
fn batch_cursor(
    request: &Request<'_>,
    keys: &[String],
) -> Result<(usize, Option<ExternalUserId>), Refused> {
    let cursor = request
        .json
        .get("cursor")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if cursor.is_empty() {
        return Ok((0, None));
    }
    let parts = cursor
        .strip_prefix("B:")
        .and_then(|rest| rest.split_once(':'));
    let (index, id) = parts.ok_or(BAD_CURSOR)?;
    let index = index.parse().ok().filter(|index| *index < keys.len());
    let id = ExternalUserId::parse(id).map_err(|_| BAD_CURSOR)?;
    Ok((index.ok_or(BAD_CURSOR)?, Some(id)))
}

/// The filing key of a member whose customers the app may see.
fn serving_key(corp: &Corp, userid: &str) -> Result<String, Refused> {
    let member = member(corp, userid).ok_or(Refused(40003, "invalid userid"))?;
    if member.serves() {
        Ok(member.userid.key())
    } else {
        Err(Refused(60011, "no privilege to access the member"))
    }
}

/// 40096 for the id of another subject or with no follower in the app's range, 84061 without a relation.
fn visible_contact<'c>(corp: &'c Corp, id: &str) -> Result<&'c Contact, Refused> {
    let invalid = Refused(40096, "invalid external userid");
    let id = ExternalUserId::parse(id).map_err(|_| invalid)?;
    let contact = corp.contact(&id).ok_or(invalid)?;
    let mut followers = contact
        .follows()
        .iter()
        .filter(|(_, f)| f.shown())
        .peekable();
    if contact.counts == Counts::Stranger || followers.peek().is_none() {
        return Err(NO_RELATION);
    }
    let mut seen = followers
        .filter_map(|(key, _)| corp.members().get(key))
        .filter(|m| m.visible());
    let Some(first) = seen.next() else {
        return Err(invalid);
    };
    if first.serves() || seen.any(Member::serves) {
        Ok(contact)
    } else {
        Err(NO_RELATION)
    }
}

fn external_contact(contact: &Contact) -> Value {
    let mut fields = json!({
        "external_userid": contact.external_userid.as_str(),
        "name": contact.name,
        "avatar": format!("https://wx.qlogo.cn/mmhead/{}/0", contact.external_userid),
        "type": contact.account.code(),
        "gender": 0,
    });
    if let (Account::WeChat, Some(unionid)) = (contact.account, &contact.unionid) {
        fields["unionid"] = json!(unionid);
    }
    fields
}

/// What both shapes share.
fn relation(contact: &Contact, member: &Member, follow: &Follow) -> Value {
    let mut fields = json!({
        "userid": member.userid.as_str(),
        "remark": if follow.remark.is_empty() { &contact.name } else { &follow.remark },
        "description": follow.description,
        "createtime": follow.created_at.secs(),
        "add_way": follow.add_way,
        "oper_userid": contact.external_userid.as_str(),
        "remark_mobiles": follow.remark_mobiles,
    });
    if let Some(state) = &follow.state {
        fields["state"] = json!(state);
    }
    fields
}

fn follow_user(contact: &Contact, member: &Member, follow: &Follow) -> Value {
    let mut fields = relation(contact, member, follow);
    fields["tags"] = follow
        .tags
        .iter()
        .map(|tag| {
            json!({"group_name": tag.group_name, "tag_name": tag.tag_name, "tag_id": tag.tag_id, "type": 1})
        })
        .collect();
    fields
}

fn follow_info(contact: &Contact, member: &Member, follow: &Follow) -> Value {
    let mut fields = relation(contact, member, follow);
    fields["tag_id"] = follow.tags.iter().map(|tag| json!(tag.tag_id)).collect();
    fields
}
