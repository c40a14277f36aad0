//! How many sessions began, counted for whoever shows figures. How many there are nobody counts: they are cookies.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::http::session::Who;

/// Whose session began, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Begun {
    /// A member's, by WeCom's login.
    Member,
    /// A customer's, by WeCom's login.
    Customer,
    /// A customer's, by the login of the corp's service account.
    CustomerByAccount,
    /// A member's on the admin pages.
    Admin,
    /// On the admin pages, by their password.
    AdminByPassword,
}

/// How many began since the start.
#[derive(Debug, Default)]
pub struct Sessions([AtomicU64; Begun::ALL.len()]);

impl Begun {
    /// All of them.
    pub(in crate::http) const ALL: [Self; 5] = [
        Self::Member,
        Self::Customer,
        Self::CustomerByAccount,
        Self::Admin,
        Self::AdminByPassword,
    ];

    /// The session of somebody who came back from WeCom's login.
    pub(in crate::http) const fn of(who: &Who) -> Self {
        match who {
            Who::Member(_) => Self::Member,
            Who::Contact(_) => Self::Customer,
        }
    }

    /// Its name, as a metric would have it.
    pub(in crate::http) const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Customer => "customer",
            Self::CustomerByAccount => "customer_by_account",
            Self::Admin => "admin",
            Self::AdminByPassword => "admin_by_password",
        }
    }
}

impl Sessions {
    /// One more.
    pub(in crate::http) fn count(&self, begun: Begun) {
        self.0[begun as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many began so.
    pub(in crate::http) fn of(&self, begun: Begun) -> u64 {
        self.0[begun as usize].load(Ordering::Relaxed)
    }
}
