//! `auth/getuserinfo` (path/91023): who is behind a login code.

use serde_json::json;

use crate::sim::api::request::{Answer, Refused, Request};
use crate::sim::corp::Corp;
use crate::sim::grants::{Spent, Visitor};

pub(crate) fn getuserinfo(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let code = request.query("code");
    if code.is_empty() {
        return Err(Refused(41008, "code missing"));
    }
    let visitor = corp.grants.use_login(code, request.now);
    match visitor.map_err(refuse)? {
        Visitor::Member(userid) => Ok(json!({"userid": userid.as_str()})),
        Visitor::Contact(id) => {
            let contact = corp.contact(&id).ok_or(Refused(40029, "invalid code"))?;
            let mut answer = json!({"openid": contact.openid});
            if corp.is_customer(contact) {
                answer["external_userid"] = json!(id.as_str());
            }
            Ok(answer)
        }
    }
}

const fn refuse(spent: Spent) -> Refused {
    match spent {
        Spent::Unknown => Refused(40029, "invalid code"),
        Spent::Expired => Refused(42003, "code expired"),
        Spent::Used => Refused(42022, "code has been used"),
    }
}
