//! Every secret is in a type that wipes it when it is dropped. Mostly told by the compiler: another type would not pass.

use secrecy::SecretString;
use sha1::Sha1;
use sha2::Sha256;
use wecom_bridge::config::{Config, Corp, StoreChoice};
use wecom_bridge::files::S3Keys;
use wecom_bridge::http::session::SessionKey;
use wecom_bridge::model::keys::{AesKey, CallbackKeys};
use wecom_bridge::model::outgoing::OneTimeCode;
use wecom_bridge::model::password::PasswordHash;
use wecom_bridge::model::redis_url::Login;
use wecom_bridge::model::signing_secret::SigningSecret;
use zeroize::ZeroizeOnDrop;

fn wiped<T: ZeroizeOnDrop>() {}

fn is_wiped<T: ZeroizeOnDrop>(_: &T) {}

fn are_wiped<'a, T: ZeroizeOnDrop + 'a>(all: impl IntoIterator<Item = &'a T>) {
    all.into_iter().for_each(is_wiped);
}

#[test]
fn secrets_are_of_types_that_wipe_them() {
    wiped::<SecretString>();
    wiped::<AesKey>();
    wiped::<SessionKey>();
    wiped::<PasswordHash>();
    wiped::<SigningSecret>();
    wiped::<OneTimeCode>();
    // What is made of them on the way.
    wiped::<aes::Aes256Dec>();
    wiped::<aes::Aes256Enc>();
    wiped::<Sha256>();
    wiped::<Sha1>();
}

#[test]
fn the_example_has_its_secrets_in_such_types() {
    let text = include_str!("../../wecom-bridge.example.toml");
    if let Ok(config) = Config::from_parts(text, std::iter::empty()) {
        of_config(&config);
    }
}

/// All that the configuration keeps secret.
fn of_config(config: &Config) {
    are_wiped(config.api_tokens.iter().map(|token| &token.secret));
    are_wiped(
        config
            .traces
            .iter()
            .filter_map(|traces| traces.authorization.as_ref()),
    );
    are_wiped(&config.session_key);
    are_wiped(&config.admin_password);
    are_wiped(&config.wecom.proxy);
    if let StoreChoice::Redis(url) = &config.store {
        is_wiped(url);
    }
    config.corps.iter().for_each(of_corp);
}

fn of_corp(corp: &Corp) {
    is_wiped(&corp.app.secret);
    are_wiped(&corp.contact_sync_secret);
    are_wiped(corp.service_account.iter().map(|account| &account.secret));
    for target in &corp.webhooks {
        is_wiped(&target.secret);
        are_wiped(&target.previous_secret);
    }
    for receiver in corp.all_receivers() {
        of_pair(&receiver.keys);
        receiver.previous.iter().for_each(of_pair);
    }
}

/// Whoever adds something to these has to say here whether it is a secret.
fn of_pair(CallbackKeys { token, aes_key }: &CallbackKeys) {
    is_wiped(token);
    is_wiped(aes_key);
}

const _: fn(&S3Keys) = |S3Keys {
                            access_key_id: _,
                            secret_access_key,
                        }| is_wiped(secret_access_key);
const _: fn(&Login) = |Login { user: _, password }| are_wiped(password);
