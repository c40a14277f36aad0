//! The settings of a corp's service account (服务号).

use std::time::Duration;

use crate::config::corp::{keys, name, not_an_id, own_name};
use crate::config::reader::Reader;
use crate::config::service::{duration_within, safe_url, secret, time_of_day};
use crate::config::{Receiver, ServiceAccount};
use crate::model::ids::AppId;
use crate::model::quiet::QuietHours;
use crate::model::template::{KEYS_MAX, Part, ReplyTemplate, TemplateKey};

/// Somebody who answers in several messages does so within this time.
const BUNDLE: Duration = Duration::from_secs(10 * 60);

/// When nobody wants to hear from a company.
const QUIET: (Duration, Duration) = (
    Duration::from_secs(22 * 60 * 60),
    Duration::from_secs(8 * 60 * 60),
);

/// Later a reply is no news.
const BUNDLE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// No template id is longer.
const TEMPLATE_ID_MAX: usize = 128;

/// Reads `[corp.service_account]`.
pub(in crate::config) fn read(account: &mut Reader<'_, '_>) -> Option<ServiceAccount> {
    let write = "the account's appid, from its console at mp.weixin.qq.com";
    let app_id = account.required("app_id", write, app_id);
    if let Some(id) = &app_id {
        account.unique("appid", "app_id", id.as_str());
    }
    let write = "the account's secret, from its console at mp.weixin.qq.com";
    let secret = account.required("secret", write, |text| secret(text, 1));
    let name = account.text("name", "a name of at most 64 characters", name);
    let write = "the https address of the account's QR code";
    let qr_code = account.text("qr_code", write, safe_url);
    let write = "two times of day in Beijing such as \"22:00-08:00\", or \"off\"";
    let quiet_hours = account.text("quiet_hours", write, quiet_hours);
    let write = "a number with s, m or h, at most 24h, such as \"10m\"";
    let bundle = account.text("bundle", write, |text| {
        duration_within(Duration::ZERO..=BUNDLE_MAX, text)
    });
    let reply = account.section("templates", |templates| {
        templates.optional_section("reply", reply)
    });
    let write = "a [[corp.service_account.receiver]] for the account's callback URL";
    let receivers =
        account.optional_sections("receiver", write, |it| receiver(it, app_id.as_ref()));
    Some(ServiceAccount {
        app_id: app_id?,
        secret: secret?,
        name,
        qr_code,
        reply,
        quiet_hours: quiet_hours.unwrap_or_else(|| QuietHours::new(QUIET.0, QUIET.1)),
        bundle: bundle.unwrap_or(BUNDLE),
        receivers: receivers?,
    })
}

fn receiver(receiver: &mut Reader<'_, '_>, app_id: Option<&AppId>) -> Option<Receiver> {
    let name = own_name(receiver);
    let keys = keys(receiver);
    let previous = receiver.optional_section("previous", self::keys);
    Some(Receiver {
        name: name?,
        keys: keys?,
        previous,
        receive_ids: vec![app_id?.to_string()],
        reply: None,
    })
}

fn reply(reply: &mut Reader<'_, '_>) -> Option<ReplyTemplate> {
    let write = "the id of a template out of the account's list";
    let template_id = reply.required("template_id", write, template_id);
    let write = "{ thing1 = \"title\", time2 = \"time\" }: keys of the template, each with \"title\", \"text\", \
                 \"member\", \"corp\", \"time\" or \"=\" and a text";
    if !reply.has("keys") {
        reply.note("keys", "is missing", format!("write {write}"));
    }
    let keys = reply.texts("keys", write, |name, text| pair(name, text).map(drop))?;
    let keys: Result<Vec<_>, _> = keys.iter().map(|(name, text)| pair(name, text)).collect();
    // What is wrong was noted when the texts were read.
    let keys = keys.ok()?;
    if !(1..=KEYS_MAX).contains(&keys.len()) {
        let remedy = "write the keys that the template has".into();
        reply.note("keys", "names no key, or too many", remedy);
    }
    Some(ReplyTemplate {
        template_id: template_id?,
        keys,
    })
}

fn pair(name: &str, text: &str) -> Result<(TemplateKey, Part), String> {
    let Ok(key) = TemplateKey::parse(name) else {
        return Err(
            "is no key: it is a word such as thing, time, name or phrase and a number".into(),
        );
    };
    let Some(part) = Part::parse(text) else {
        return Err("says nothing that a key can show".into());
    };
    if !part.goes_into(&key) {
        return Err("does not fit a key of this kind".into());
    }
    Ok((key, part))
}

fn app_id(text: &str) -> Result<AppId, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !text.chars().all(plain) {
        return Err("has characters other than letters, digits, - and _".into());
    }
    AppId::parse(text).map_err(not_an_id)
}

fn template_id(text: &str) -> Result<String, String> {
    let fits = (1..=TEMPLATE_ID_MAX).contains(&text.len());
    match fits && text.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok(text.into()),
        false => Err("is no template id".into()),
    }
}

fn quiet_hours(text: &str) -> Result<Option<QuietHours>, String> {
    if text == "off" {
        return Ok(None);
    }
    let Some((from, to)) = text.split_once('-') else {
        return Err("is no stretch of the day".into());
    };
    let hours = QuietHours::new(time_of_day(from.trim())?, time_of_day(to.trim())?);
    hours.map(Some).ok_or_else(|| "ends when it begins".into())
}
