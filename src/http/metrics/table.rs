//! Every figure that is told: its name, type and labels. `docs/metrics.md` has the same table for people.

use prometheus_client::metrics::MetricType;

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::metrics) enum Figure {
    Build,
    Received,
    Duplicates,
    Refused,
    AcceptSeconds,
    UnknownEvents,
    QueueItems,
    QueueOldest,
    QueueRetrying,
    QueueDead,
    Settled,
    Retries,
    SettleSeconds,
    Welcomes,
    Reminders,
    Webhooks,
    Sessions,
    ApiCalls,
    ApiNotMade,
    Tokens,
    Faults,
    Links,
    SyncAge,
    SyncWholeAge,
    SyncFound,
    SyncFailed,
    StoreUp,
    StoreSeconds,
}

/// What a figure is.
#[derive(Debug, Clone, Copy)]
pub(in crate::http::metrics) struct Metric {
    pub(in crate::http::metrics) name: &'static str,
    pub(in crate::http::metrics) kind: MetricType,
    pub(in crate::http::metrics) labels: &'static [&'static str],
    pub(in crate::http::metrics) help: &'static str,
}

impl Figure {
    /// All of them, in the order in which they are told.
    pub(in crate::http::metrics) const ALL: [Self; 28] = [
        Self::Build,
        Self::Received,
        Self::Duplicates,
        Self::Refused,
        Self::AcceptSeconds,
        Self::UnknownEvents,
        Self::QueueItems,
        Self::QueueOldest,
        Self::QueueRetrying,
        Self::QueueDead,
        Self::Settled,
        Self::Retries,
        Self::SettleSeconds,
        Self::Welcomes,
        Self::Reminders,
        Self::Webhooks,
        Self::Sessions,
        Self::ApiCalls,
        Self::ApiNotMade,
        Self::Tokens,
        Self::Faults,
        Self::Links,
        Self::SyncAge,
        Self::SyncWholeAge,
        Self::SyncFound,
        Self::SyncFailed,
        Self::StoreUp,
        Self::StoreSeconds,
    ];

    /// What it is.
    pub(in crate::http::metrics) const fn metric(self) -> Metric {
        let (name, kind, labels, help): (_, _, &[&str], _) = match self {
            Self::Build => (
                "wecom_bridge_build_info",
                MetricType::Gauge,
                &["version"],
                "Always 1; the version that runs.",
            ),
            Self::Received => (
                "wecom_bridge_received",
                MetricType::Counter,
                &["corp", "receiver", "family"],
                "Deliveries that were kept.",
            ),
            Self::Duplicates => (
                "wecom_bridge_duplicates",
                MetricType::Counter,
                &["corp", "receiver", "family"],
                "Deliveries that had come before.",
            ),
            Self::Refused => (
                "wecom_bridge_refused",
                MetricType::Counter,
                &["cause"],
                "Callbacks that were refused.",
            ),
            Self::AcceptSeconds => (
                "wecom_bridge_accept_seconds",
                MetricType::Histogram,
                &[],
                "From a verified callback to its being kept, to the millisecond.",
            ),
            Self::UnknownEvents => (
                "wecom_bridge_unknown_events",
                MetricType::Counter,
                &["corp"],
                "Events of a name that WeCom does not document.",
            ),
            Self::QueueItems => (
                "wecom_bridge_queue_items",
                MetricType::Gauge,
                &["corp", "queue", "lane"],
                "Items that wait for their turn or are in work.",
            ),
            Self::QueueOldest => (
                "wecom_bridge_queue_oldest_seconds",
                MetricType::Gauge,
                &["corp", "queue", "lane"],
                "Age of the oldest item that is next or in work; 0 without one.",
            ),
            Self::QueueRetrying => (
                "wecom_bridge_queue_retrying",
                MetricType::Gauge,
                &["corp", "queue"],
                "Items that wait for another attempt.",
            ),
            Self::QueueDead => (
                "wecom_bridge_queue_dead",
                MetricType::Gauge,
                &["corp", "queue"],
                "Dead items.",
            ),
            Self::Settled => (
                "wecom_bridge_settled",
                MetricType::Counter,
                &["corp", "queue", "outcome"],
                "Items that were settled.",
            ),
            Self::Retries => (
                "wecom_bridge_retries",
                MetricType::Counter,
                &["corp", "queue"],
                "Attempts that failed and will be repeated.",
            ),
            Self::SettleSeconds => (
                "wecom_bridge_settle_seconds",
                MetricType::Histogram,
                &["corp", "queue", "lane"],
                "From receipt to settlement.",
            ),
            Self::Welcomes => (
                "wecom_bridge_welcomes",
                MetricType::Counter,
                &["corp", "outcome"],
                "Greetings of new contacts.",
            ),
            Self::Reminders => (
                "wecom_bridge_reminders",
                MetricType::Counter,
                &["corp", "outcome"],
                "Reminders of customers by the service account.",
            ),
            Self::Webhooks => (
                "wecom_bridge_webhooks",
                MetricType::Counter,
                &["corp", "target", "result"],
                "Attempts to tell the company's own systems something.",
            ),
            Self::Sessions => (
                "wecom_bridge_sessions",
                MetricType::Counter,
                &["who"],
                "Sessions on pages that began.",
            ),
            Self::ApiCalls => (
                "wecom_bridge_api_calls",
                MetricType::Counter,
                &["corp", "family", "result"],
                "Calls to WeCom and WeChat.",
            ),
            Self::ApiNotMade => (
                "wecom_bridge_api_not_made",
                MetricType::Counter,
                &["corp", "reason"],
                "Calls to WeCom that were put off.",
            ),
            Self::Tokens => (
                "wecom_bridge_tokens",
                MetricType::Counter,
                &["corp", "how"],
                "Tokens and tickets that were renewed.",
            ),
            Self::Faults => (
                "wecom_bridge_fault",
                MetricType::Gauge,
                &["corp", "errcode", "api", "secret", "remedy"],
                "1 for each fault of the set-up that stands, with the console page that ends it.",
            ),
            Self::Links => (
                "wecom_bridge_links",
                MetricType::Gauge,
                &["corp", "state"],
                "Members by the state of their link, as last counted.",
            ),
            Self::SyncAge => (
                "wecom_bridge_sync_age_seconds",
                MetricType::Gauge,
                &["corp", "state"],
                "Since the last step of the newest sync.",
            ),
            Self::SyncWholeAge => (
                "wecom_bridge_sync_whole_age_seconds",
                MetricType::Gauge,
                &["corp"],
                "Since a sync of all members came to its end.",
            ),
            Self::SyncFound => (
                "wecom_bridge_sync_found",
                MetricType::Gauge,
                &["corp", "what"],
                "What the newest sync found at WeCom.",
            ),
            Self::SyncFailed => (
                "wecom_bridge_sync_failed",
                MetricType::Gauge,
                &["corp", "what"],
                "What the newest sync could not read or write.",
            ),
            Self::StoreUp => (
                "wecom_bridge_store_up",
                MetricType::Gauge,
                &[],
                "1 while the store answers.",
            ),
            Self::StoreSeconds => (
                "wecom_bridge_store_seconds",
                MetricType::Histogram,
                &["operation"],
                "How long the store takes to answer, to the millisecond.",
            ),
        };
        Metric {
            name,
            kind,
            labels,
            help,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_place_and_a_name_of_its_own() {
        let mut names: Vec<_> = Figure::ALL.map(|figure| figure.metric().name).into();
        for (place, figure) in Figure::ALL.into_iter().enumerate() {
            assert_eq!(figure as usize, place);
            assert!(figure.metric().help.ends_with('.'), "{figure:?}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Figure::ALL.len());
    }
}
