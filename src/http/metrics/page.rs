//! Figures as the text that Prometheus reads (`OpenMetrics` 1.0).

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::http::metrics::table::Figure;
use crate::model::histogram::Spread;

/// How the text is announced.
pub(in crate::http::metrics) const CONTENT_TYPE: &str =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a figure says.
#[derive(Debug)]
pub(in crate::http::metrics) enum Value {
    /// A count.
    Count(u64),
    /// Seconds, or anything else that is not counted.
    Number(f64),
    /// A histogram.
    Spread(Spread),
}

#[derive(Debug)]
struct Sample {
    labels: Vec<(&'static str, String)>,
    value: Value,
}

/// What all figures say.
#[derive(Debug, Default)]
pub(in crate::http::metrics) struct Page([Vec<Sample>; Figure::ALL.len()]);

impl Page {
    /// Adds what a figure says, with a text for each of its labels.
    pub(in crate::http::metrics) fn add(&mut self, figure: Figure, texts: &[&str], value: Value) {
        let names = figure.metric().labels.iter().copied();
        let texts = texts.iter().map(|text| (*text).to_owned());
        let labels = names.zip(texts).collect();
        self.0[figure as usize].push(Sample { labels, value });
    }

    /// The text.
    pub(in crate::http::metrics) fn into_text(self) -> Result<String, fmt::Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut written = String::new();
        text::encode(&mut written, &registry)?;
        Ok(written)
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for (figure, samples) in Figure::ALL.into_iter().zip(&self.0) {
            let metric = figure.metric();
            let mut family =
                encoder.encode_descriptor(metric.name, metric.help, None, metric.kind)?;
            for Sample { labels, value } in samples {
                if labels.is_empty() {
                    encode(&mut family, metric.kind, value)?;
                } else {
                    encode(&mut family.encode_family(labels)?, metric.kind, value)?;
                }
            }
        }
        Ok(())
    }
}

fn encode(into: &mut MetricEncoder<'_>, kind: MetricType, value: &Value) -> Result<(), fmt::Error> {
    match (kind, value) {
        (MetricType::Counter, Value::Count(count)) => {
            into.encode_counter::<NoLabelSet, u64, f64>(count, None)
        }
        (_, Value::Count(count)) => into.encode_gauge(count),
        (_, Value::Number(number)) => into.encode_gauge(number),
        (
            _,
            Value::Spread(Spread {
                buckets,
                count,
                sum,
            }),
        ) => into.encode_histogram::<NoLabelSet>(*sum, *count, buckets, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let mut page = Page::default();
        page.add(Figure::Received, &["ww1", "app", "other"], Value::Count(3));
        page.add(
            Figure::QueueOldest,
            &["ww1", "in\"box", "urgent"],
            Value::Number(1.5),
        );
        let spread = Spread {
            buckets: vec![(0.001, 2), (f64::INFINITY, 1)],
            count: 3,
            sum: 0.25,
        };
        page.add(Figure::AcceptSeconds, &[], Value::Spread(spread));
        let text = page.into_text().unwrap();
        for line in [
            "# TYPE wecom_bridge_received counter",
            "wecom_bridge_received_total{corp=\"ww1\",receiver=\"app\",family=\"other\"} 3",
            "wecom_bridge_queue_oldest_seconds{corp=\"ww1\",queue=\"in\\\"box\",lane=\"urgent\"} 1.5",
            "wecom_bridge_accept_seconds_sum 0.25",
            "wecom_bridge_accept_seconds_count 3",
            "wecom_bridge_accept_seconds_bucket{le=\"0.001\"} 2",
            "wecom_bridge_accept_seconds_bucket{le=\"+Inf\"} 3",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
