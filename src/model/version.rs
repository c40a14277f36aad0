//! Which program this is.

use std::sync::LazyLock;

/// The version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What it was built from, where the builder said so with `WECOM_BRIDGE_BUILD`: a commit.
pub const BUILD: Option<&str> = option_env!("WECOM_BRIDGE_BUILD");

/// Both, for people: `1.2.3` or `1.2.3 (0a1b2c3)`.
pub fn version() -> &'static str {
    static WHOLE: LazyLock<String> = LazyLock::new(|| match BUILD {
        Some(build) => format!("{VERSION} ({build})"),
        None => VERSION.to_owned(),
    });
    &WHOLE
}
