//! `gettoken` (path/91039), the JS-SDK tickets (path/90506), `getcallbackip` (path/92521).

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::sim::api::request::{Answer, Refused, Request};
use crate::sim::corp::Corp;
use crate::sim::grants::{Secret, Ticket};

pub(crate) fn gettoken(corp: &mut Corp, request: &Request<'_>) -> Answer {
    let (corpid, secret) = (request.query("corpid"), request.query("corpsecret"));
    if corpid.is_empty() {
        return Err(Refused(41002, "corpid missing"));
    }
    if secret.is_empty() {
        return Err(Refused(41004, "secret missing"));
    }
    if corpid != corp.id.as_str() {
        return Err(Refused(40013, "invalid corpid"));
    }
    let whose = if matches(&corp.secret, secret) {
        Secret::App
    } else if corp
        .contact_sync_secret
        .as_ref()
        .is_some_and(|own| matches(own, secret))
    {
        Secret::ContactSync
    } else {
        return Err(Refused(40001, "invalid credential"));
    };
    let (token, life) = corp.grants.token(whose, request.now);
    Ok(json!({"access_token": token, "expires_in": life.as_secs()}))
}

fn matches(own: &SecretString, given: &str) -> bool {
    own.expose_secret()
        .as_bytes()
        .ct_eq(given.as_bytes())
        .into()
}

pub(crate) fn get_jsapi_ticket(corp: &mut Corp, request: &Request<'_>) -> Answer {
    if request.query("type").is_empty() {
        Ok(ticket(corp, request, Ticket::Corp))
    } else {
        Err(Refused(91040, "invalid ticket type"))
    }
}

pub(crate) fn ticket_get(corp: &mut Corp, request: &Request<'_>) -> Answer {
    if request.query("type") == "agent_config" {
        Ok(ticket(corp, request, Ticket::Agent))
    } else {
        Err(Refused(91040, "invalid ticket type"))
    }
}

fn ticket(corp: &mut Corp, request: &Request<'_>, ticket: Ticket) -> Value {
    let (ticket, life) = corp.grants.ticket(ticket, request.now);
    json!({"ticket": ticket, "expires_in": life.as_secs()})
}

pub(crate) fn getcallbackip(_: &mut Corp, _: &Request<'_>) -> Answer {
    Ok(json!({"ip_list": ["127.0.0.1", "101.226.103.*"]}))
}
