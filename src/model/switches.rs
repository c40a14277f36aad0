//! What can be switched while the service runs.

use serde::{Deserialize, Serialize};

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
}
