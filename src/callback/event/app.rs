//! The app's life: used, unused, limited, restored; and jobs that it started (path/90240).

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::glance;
use crate::callback::node::Node;
use crate::model::ids::UserId;
use crate::model::time::Timestamp;

/// What WeCom does about an app that is little used.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AppLifeCycle {
    /// `inactive_alert`: it will be disabled for being unused.
    InactiveAlert {
        /// When.
        effect_time: Option<Timestamp>,
    },
    /// `close_inactive_agent`: it was disabled.
    CloseInactiveAgent,
    /// `reopen_inactive_agent`: an administrator enabled it again.
    ReopenInactiveAgent {
        /// Who.
        userid: UserId,
    },
    /// `low_active_alert`: its access to customer data will be limited.
    LowActiveAlert {
        /// When.
        effect_time: Option<Timestamp>,
    },
    /// `low_active`: its access to customer data is limited.
    LowActive,
    /// `active_restored`: the limit is gone.
    ActiveRestored,
}

/// A job that was started by an API call has ended (path/90973).
#[derive(Debug, Clone, Serialize)]
pub struct BatchJobResult {
    /// Which.
    pub job_id: String,
    /// `sync_user`, `replace_user`, `invite_user`, `replace_party`, `export_user`, …
    pub job_type: Option<String>,
    /// 0 when all went well.
    pub err_code: Option<i64>,
    /// The code in words.
    pub err_msg: Option<String>,
}

pub(in crate::callback::event) fn life_cycle(
    root: &Node,
    event: &str,
) -> Result<Option<AppLifeCycle>, EventError> {
    let effect_time = || glance::time(root.first("EffectTime"));
    let change = match event {
        "inactive_alert" => AppLifeCycle::InactiveAlert {
            effect_time: effect_time(),
        },
        "close_inactive_agent" => AppLifeCycle::CloseInactiveAgent,
        "reopen_inactive_agent" => AppLifeCycle::ReopenInactiveAgent {
            userid: root.id("FromUserName", UserId::parse)?,
        },
        "low_active_alert" => AppLifeCycle::LowActiveAlert {
            effect_time: effect_time(),
        },
        "low_active" => AppLifeCycle::LowActive,
        "active_restored" => AppLifeCycle::ActiveRestored,
        _ => return Ok(None),
    };
    Ok(Some(change))
}

pub(in crate::callback::event) fn batch_job_result(
    root: &Node,
) -> Result<BatchJobResult, EventError> {
    let job = root
        .child("BatchJob")
        .ok_or(EventError::Missing("BatchJob"))?;
    Ok(BatchJobResult {
        job_id: job.required("JobId")?.to_owned(),
        job_type: job.filled("JobType"),
        err_code: job.number("ErrCode"),
        err_msg: job.filled("ErrMsg"),
    })
}
