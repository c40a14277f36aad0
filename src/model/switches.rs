//! What can be switched while the service runs, and what it remembers about itself between runs.

use serde::{Deserialize, Serialize};

use crate::model::ids::TenantKey;
use crate::model::time::Timestamp;

/// A corp's switches as they stand; what was never switched is as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Switches {
    /// Whether events change contacts, once an administrator has decided; before that the configuration decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_sync: Option<bool>,
    /// The newest sync, running or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync: Option<String>,
    /// The "与我协作" address since it last changed. Nothing before it has ever changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<Home>,
    /// Team identification codes that links carried before, oldest first; at most [`FORMER_KEYS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_keys: Vec<FormerKey>,
}

/// How many replaced team identification codes are remembered.
pub const FORMER_KEYS: usize = 16;

/// The "与我协作" address of a corp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// The address, as links carry it.
    pub url: String,
    /// Since when.
    pub since: Timestamp,
}

impl Home {
    /// The team identification code in an address.
    pub fn tenant_key(address: &str) -> Option<TenantKey> {
        let (_, query) = address.split_once('?')?;
        let key = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("tenantKey="))?;
        // Codes have only characters that need no escaping.
        TenantKey::parse(key).ok()
    }
}

/// A team identification code that links carried before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerKey {
    /// The code.
    pub key: TenantKey,
    /// When another took its place.
    pub replaced_at: Timestamp,
}
