//! Reading members and departments (通讯录): path/90196, 90200, 90201, 96067, 95350.

use std::ops::Bound;

use serde_json::{Value, json};

use crate::sim::api::request::{Answer, Refused, Request, member, text};
use crate::sim::corp::{Corp, Department};
use crate::sim::person::Member;

/// Rows of one page of `user/list_id` at most.
const MAX_ROWS: u64 = 10_000;

pub(crate) fn get(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let userid = request.query("userid");
    if userid.is_empty() {
        return Err(Refused(41009, "userid missing"));
    }
    let member = member(corp, userid)
        .filter(|member| member.visible())
        .ok_or(Refused(60111, "userid not found"))?;
    Ok(detail(member))
}

pub(crate) fn simplelist(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let list: Vec<Value> = members_of(corp, request)?
        .map(|member| {
            json!({"userid": member.userid.as_str(), "name": member.name, "department": member.department})
        })
        .collect();
    Ok(json!({"userlist": list}))
}

pub(crate) fn list(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let list: Vec<Value> = members_of(corp, request)?.map(detail).collect();
    Ok(json!({"userlist": list}))
}

/// One row for each member and department. The cursor names the last row.
pub(crate) fn list_id(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let limit = match request.json.get("limit").map(Value::as_u64) {
        None => MAX_ROWS,
        Some(Some(limit)) if (1..=MAX_ROWS).contains(&limit) => limit,
        Some(_) => return Err(Refused(40058, "limit is a number from 1 to 10000")),
    };
    let limit = usize::try_from(limit).unwrap_or(1);
    let cursor = text(&request.json, "cursor");
    let bad_cursor = Refused(60268, "invalid cursor");
    let (key, seen) = match cursor.strip_prefix("L:").map(|rest| rest.split_once(':')) {
        Some(Some((seen, key))) => (key, seen.parse::<usize>().map_err(|_| bad_cursor)?),
        Some(None) => return Err(bad_cursor),
        None if cursor.is_empty() => ("", 0),
        None => return Err(bad_cursor),
    };
    let members = corp
        .members()
        .range::<str, _>((Bound::Included(key), Bound::Unbounded));
    let mut rows: Vec<(usize, &Member)> = members
        .flat_map(|(own, member)| {
            let skip = if own == key { seen } else { 0 };
            (skip..member.department.len()).map(move |index| (index, member))
        })
        .take(limit + 1)
        .collect();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows
        .last()
        .filter(|_| more)
        .map_or(String::new(), |(index, member)| {
            format!("L:{}:{}", index + 1, member.userid.key())
        });
    let list: Vec<Value> = rows
        .into_iter()
        .map(|(index, member)| {
            json!({"userid": member.userid.as_str(), "department": member.department[index]})
        })
        .collect();
    Ok(json!({"dept_user": list, "next_cursor": next}))
}

pub(crate) fn department_simplelist(corp: &mut Corp, request: &Request<'_>) -> Answer {
    if !request.query("id").is_empty() {
        department(corp, request.query("id"))?;
    }
    let list: Vec<Value> = corp
        .departments()
        .iter()
        .map(|(id, department)| json!({"id": id, "parentid": department.parentid, "order": id}))
        .collect();
    Ok(json!({"department_id": list}))
}

fn department<'c>(corp: &'c Corp, id: &str) -> Result<&'c Department, Refused> {
    let id: i64 = id
        .parse()
        .map_err(|_| Refused(60123, "invalid department id"))?;
    let found = corp.departments().get(&id);
    found.ok_or(Refused(60003, "department not found"))
}

/// The visible members of one department; those below it are asked for separately.
fn members_of<'c>(
    corp: &'c Corp,
    request: &Request<'_>,
) -> Result<impl Iterator<Item = &'c Member>, Refused> {
    let department = department(corp, request.query("department_id"))?;
    let members = department.members().iter();
    let members = members.filter_map(|key| corp.members().get(key));
    Ok(members.filter(|member| member.visible()))
}

/// What self-built apps get: mobile, mail, avatar and the like are left out, gender is "0".
fn detail(member: &Member) -> Value {
    let mut detail = json!({
        "userid": member.userid.as_str(),
        "name": member.name,
        "department": member.department,
        "order": vec![0; member.department.len()],
        "position": member.position,
        "gender": "0",
        "is_leader_in_dept": vec![0; member.department.len()],
        "direct_leader": [],
        "telephone": "",
        "alias": "",
        "extattr": {"attrs": []},
        "status": member.status.code(),
        "external_position": member.external_position,
    });
    if let Some(main) = member.department.first() {
        detail["main_department"] = json!(main);
    }
    if !member.external_profile.is_empty() {
        detail["external_profile"] = Value::Object(member.external_profile.clone());
    }
    detail
}
