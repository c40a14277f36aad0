//! The settings of a corp's own systems that are told what happens.

use url::Url;

use crate::config::WebhookTarget;
use crate::config::corp::not_an_id;
use crate::config::reader::Reader;
use crate::config::service::url;
use crate::model::ids::WebhookName;
use crate::model::reach::Reach;
use crate::model::signing_secret::SigningSecret;
use crate::model::webhook::Pattern;

/// With more, calls to slow ones could fill the places of cards and welcome messages.
pub(in crate::config) const WEBHOOKS_MAX: usize = 8;

/// Reads one `[[corp.webhook]]`.
pub(in crate::config) fn read(
    section: &mut Reader<'_, '_>,
    corp: Option<&str>,
) -> Option<WebhookTarget> {
    let write = "a name of a-z, 0-9, - and _ such as \"erp\"";
    let name = section.required("name", write, name);
    if let Some(name) = &name {
        let whole = format!("{} {name}", corp.unwrap_or_default());
        section.unique("webhook name", "name", &whole);
    }
    let write = "the https address that takes messages";
    let url = section.required("url", write, address);
    let write = "what messages are signed with: whsec_ and what `openssl rand -base64 32` makes";
    let secret = section.required("secret", write, secret);
    let write = "the secret before this one, while keys are changed";
    let previous_secret = section.text("previous_secret", write, self::secret);
    let write = "types of messages such as \"item.changed\", \"item.*\" or \"*\"";
    let events = section.list("events", write, |text| {
        Pattern::parse(text).map_err(|_| "is no type of messages".into())
    });
    let allow_private = section.switch("allow_private").unwrap_or(false);
    if let Some(url) = &url
        && !allow_private
        && !Reach::Public.admits(url)
    {
        let what = match url.scheme() {
            "https" => "is an address that the internet does not have",
            _ => "is not https",
        };
        let write =
            "write its https address, or allow_private = true where it is in your own network";
        section.note("url", what, write.into());
    }
    Some(WebhookTarget {
        name: name?,
        url: url?,
        secret: secret?,
        previous_secret,
        events: match events {
            Some(events) => events,
            None => vec![Pattern::parse("*").ok()?],
        },
        allow_private,
    })
}

fn name(text: &str) -> Result<WebhookName, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if !text.chars().all(plain) {
        return Err("has characters other than a-z, 0-9, - and _".into());
    }
    WebhookName::parse(text).map_err(not_an_id)
}

fn address(text: &str) -> Result<Url, String> {
    let url = url(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is no http address".into());
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("holds a user name, a password or a fragment".into());
    }
    Ok(url)
}

fn secret(text: &str) -> Result<SigningSecret, String> {
    SigningSecret::parse(text)
        .map_err(|_| "is no key: whsec_ and the base64 of 24 to 64 bytes are expected".into())
}
