//! Reading customer groups and customer tags: path/92120, 92122, 92117.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde_json::{Value, json};

use crate::model::chat::ChatPerson;
use crate::model::ids::ChatId;
use crate::sim::api::request::{Answer, Refused, Request, array, member, text};
use crate::sim::corp::Corp;
use crate::sim::person::Member;

/// `owner_filter` takes at most so many members.
const MAX_OWNERS: usize = 100;
/// Without `owner_filter`, the app may see at most so many members.
const MAX_UNFILTERED: usize = 1_000;
/// Rows of one page of `groupchat/list` at most.
const MAX_ROWS: u64 = 1_000;

const NO_GROUP: Refused = Refused(90501, "chat is not external group chat");

/// Who asks must see the owner.
pub(crate) fn get(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let need_name = match request.json.get("need_name").map(Value::as_u64) {
        None | Some(Some(0)) => false,
        Some(Some(1)) => true,
        Some(_) => return Err(Refused(40058, "need_name is 0 or 1")),
    };
    let id = text(&request.json, "chat_id");
    let id = ChatId::parse(id).map_err(|_| Refused(40058, "chat_id missing"))?;
    let group = corp.groups.get(&id).ok_or(NO_GROUP)?;
    let state = group.shown(request.now, corp.console.group_lag);
    let state = state.ok_or(NO_GROUP)?;
    if !corp.member(&state.owner).is_some_and(Member::serves) {
        return Err(Refused(60011, "no privilege to access the owner"));
    }
    let people = state.people.iter();
    let people: Vec<Value> = people
        .map(|(who, at)| person(corp, who, at.secs(), need_name))
        .collect();
    Ok(json!({"group_chat": {
        "chat_id": id.as_str(),
        "name": state.name,
        "owner": state.owner.as_str(),
        "create_time": group.created_at.secs(),
        "notice": state.notice,
        "member_list": people,
        "admin_list": [],
        "member_version": state.member_version(),
    }}))
}

fn person(corp: &Corp, who: &ChatPerson, joined: i64, need_name: bool) -> Value {
    let (id, kind, name, unionid) = match who {
        ChatPerson::Member(userid) => {
            let member = corp.member(userid);
            (userid.as_str(), 1, member.map(|member| &member.name), None)
        }
        ChatPerson::Outside(id) => {
            let contact = corp.contact(id);
            let unionid = contact.and_then(|contact| contact.unionid.as_ref());
            (
                id.as_str(),
                2,
                contact.map(|contact| &contact.name),
                unionid,
            )
        }
    };
    let mut fields = json!({
        "userid": id,
        "type": kind,
        "join_time": joined,
        "join_scene": 1,
        "group_nickname": "",
    });
    if need_name {
        fields["name"] = json!(name);
    }
    if let Some(unionid) = unionid {
        fields["unionid"] = json!(unionid);
    }
    fields
}

/// One row for each group. The cursor names the last row. No group is without its owner here, so that
/// `status_filter` leaves all or none.
pub(crate) fn list(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let limit = request.json.get("limit").and_then(Value::as_u64);
    let limit = limit.filter(|limit| (1..=MAX_ROWS).contains(limit));
    let limit = limit.ok_or(Refused(40058, "limit is a number from 1 to 1000"))?;
    let limit = usize::try_from(limit).unwrap_or(1);
    let none = Value::Null;
    let filter = request.json.get("owner_filter").unwrap_or(&none);
    let owners = array(filter, "userid_list")?;
    if owners.len() > MAX_OWNERS {
        return Err(Refused(40035, "owner_filter holds at most 100 members"));
    }
    let serving = corp.members().values().filter(|member| member.serves());
    if owners.is_empty() && serving.count() > MAX_UNFILTERED {
        return Err(Refused(81017, "too many members, use owner_filter"));
    }
    let mut wanted = Vec::new();
    for owner in owners {
        let owner = member(corp, owner.as_str().unwrap_or_default());
        wanted.push(
            owner
                .ok_or(Refused(40003, "invalid userid"))?
                .userid
                .clone(),
        );
    }
    let inherited = request.json.get("status_filter").and_then(Value::as_u64);
    let after = match text(&request.json, "cursor") {
        "" => Bound::Unbounded,
        cursor => {
            let id = cursor.strip_prefix("G:").map(ChatId::parse);
            let bad = Refused(60268, "invalid cursor");
            Bound::Excluded(id.ok_or(bad)?.map_err(|_| bad)?)
        }
    };
    let groups = corp.groups.range((after, Bound::Unbounded));
    let mut rows: Vec<&ChatId> = groups
        .filter(|_| inherited.unwrap_or(0) == 0)
        .filter(|(_, group)| {
            let state = group.shown(request.now, corp.console.group_lag);
            state.is_some_and(|state| {
                let seen = corp.member(&state.owner).is_some_and(Member::serves);
                seen && (wanted.is_empty() || wanted.contains(&state.owner))
            })
        })
        .map(|(id, _)| id)
        .take(limit + 1)
        .collect();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more);
    let next = next.map_or(String::new(), |id| format!("G:{id}"));
    let list: Vec<Value> = rows
        .into_iter()
        .map(|id| json!({"chat_id": id.as_str(), "status": 0}))
        .collect();
    Ok(json!({"group_chat_list": list, "next_cursor": next}))
}

/// All tags, those of some groups, or some of them. Tags that only stand on relations are in groups named after them.
pub(crate) fn get_corp_tag_list(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let (groups, tags) = (
        array(&request.json, "group_id")?,
        array(&request.json, "tag_id")?,
    );
    let mut found: BTreeMap<String, (String, i64, BTreeMap<String, String>)> = BTreeMap::new();
    for (id, group) in &corp.tags {
        let known = (
            group.name.clone(),
            group.created_at.secs(),
            group.tags.clone(),
        );
        found.insert(id.clone(), known);
    }
    let follows = corp.contacts().values().flat_map(|c| c.follows().values());
    for tag in follows.flat_map(|follow| &follow.tags) {
        if corp
            .tags
            .values()
            .all(|group| !group.tags.contains_key(&tag.tag_id))
        {
            let group = found.entry(format!("group-{}", tag.group_name));
            let group = group.or_insert_with(|| (tag.group_name.clone(), 0, BTreeMap::new()));
            group.2.insert(tag.tag_id.clone(), tag.tag_name.clone());
        }
    }
    let asked = |list: &[Value], id: &str| list.iter().any(|asked| asked == id);
    let list: Vec<Value> = found
        .into_iter()
        .filter(|(id, _)| groups.is_empty() || asked(groups, id))
        .map(|(id, (name, created, mut inside))| {
            if groups.is_empty() && !tags.is_empty() {
                inside.retain(|id, _| asked(tags, id));
            }
            let inside: Vec<Value> = inside
                .into_iter()
                .map(|(id, name)| json!({"id": id, "name": name, "create_time": created, "order": 0}))
                .collect();
            json!({"group_id": id, "group_name": name, "create_time": created, "order": 0, "tag": inside})
        })
        .filter(|group| !groups.is_empty() || tags.is_empty() || group["tag"] != json!([]))
        .collect();
    Ok(json!({"tag_group": list}))
}
