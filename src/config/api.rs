//! The settings of the API: who may use it, and for what.

use secrecy::{ExposeSecret, SecretString};

use crate::config::Corp;
use crate::config::corp::not_an_id;
use crate::config::reader::Reader;
use crate::config::service::secret;
use crate::model::api_token::{ApiToken, May};
use crate::model::ids::CorpId;

/// Shorter bearer tokens could be guessed.
const MIN_CHARS: usize = 16;

/// Reads `[api]`: its tokens for everything, and each `[[api.token]]`.
pub(in crate::config) fn read(api: &mut Reader<'_, '_>) -> Vec<ApiToken> {
    let write = "tokens of at least 16 characters, made by `openssl rand -hex 16`";
    let full = api.list("tokens", write, token);
    let write = "an [[api.token]] for each system that may not do everything";
    let limited = api.optional_sections("token", write, limited);
    let full = full.unwrap_or_default().into_iter();
    let mut tokens: Vec<ApiToken> = full.map(ApiToken::of_everything).collect();
    for limited in limited.unwrap_or_default() {
        let is_same =
            |known: &ApiToken| known.secret.expose_secret() == limited.secret.expose_secret();
        if tokens.iter().any(is_same) {
            let remedy = "give each system a token of its own";
            api.note(
                "token",
                "has a token that stands there twice",
                remedy.into(),
            );
        }
        tokens.push(limited);
    }
    tokens
}

/// Notes tokens for corps that are not served.
pub(in crate::config) fn check(root: &mut Reader<'_, '_>, tokens: &[ApiToken], corps: &[Corp]) {
    let wanted = tokens.iter().filter_map(|token| token.corps.as_ref());
    let is_served = |wanted: &CorpId| corps.iter().any(|corp| corp.id == *wanted);
    if !wanted.flatten().all(is_served) {
        let remedy = "write ids of [[corp]], or leave `corps` out for all of them";
        root.note(
            "api.token",
            "is for a corp that is not served",
            remedy.into(),
        );
    }
}

fn limited(token: &mut Reader<'_, '_>) -> Option<ApiToken> {
    let write = "a token of at least 16 characters, made by `openssl rand -hex 16`";
    let secret = token.required("token", write, self::token);
    let write = "\"read\", \"items\" or \"everything\"";
    let may = token.text("may", write, |text| {
        May::parse(text).ok_or_else(|| "is none of the three words".into())
    });
    let write = "ids of corps that are served";
    let corps = token.list("corps", write, |text| {
        CorpId::parse(text).map_err(not_an_id)
    });
    Some(ApiToken {
        secret: secret?,
        may: may.unwrap_or(May::Everything),
        corps,
    })
}

fn token(text: &str) -> Result<SecretString, String> {
    secret(text, MIN_CHARS)
}
