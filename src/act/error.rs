//! Why nothing changed.

use crate::decide::input::Refusal;
use crate::store::error::StoreError;
use crate::webhook::error::WebhookError;
use crate::wecom::error::ApiError;
use crate::weixin::error::WeixinError;

/// Joins the ways in which acting fails.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// A normal answer that is no change.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// WeCom could not be asked, or refused.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// WeChat could not be asked, or refused.
    #[error(transparent)]
    Weixin(#[from] WeixinError),
    /// One of the corp's own systems could not be told.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// The store could not be asked, or the claim is lost.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ActError {
    /// The code of WeCom or WeChat, where one of them has refused.
    pub const fn errcode(&self) -> Option<i64> {
        match self {
            Self::Api(error) => error.errcode(),
            Self::Weixin(error) => error.errcode(),
            Self::Refused(_) | Self::Webhook(_) | Self::Store(_) => None,
        }
    }
}
