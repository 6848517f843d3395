//! The metrics of all functions since the start of the stack, as `GET /metrics` returns them: the lines that the
//! functions write for CloudWatch, added up in the text format of Prometheus
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::collections::BTreeMap;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use serde::Deserialize;
use serde_json::Value;
use switchboard_service::metrics::Metric;

/// Labels of each value: the function, the type of the request, and the code of its refusal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    function: String,
    request: String,
    code: String,
}

/// A line in CloudWatch's Embedded Metric Format
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
#[derive(Deserialize)]
struct MetricLine {
    /// Present in lines of this format alone.
    #[serde(rename = "_aws")]
    _aws: Value,
    #[serde(default)]
    function: Option<String>,
    #[serde(default)]
    request: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(flatten)]
    values: BTreeMap<String, Value>,
}

/// The histograms of one metric, by their labels.
type Times = Family<Labels, Histogram, fn() -> Histogram>;

/// The sums.
pub struct Metrics {
    registry: Registry,
    counts: BTreeMap<&'static str, Family<Labels, Counter>>,
    times: BTreeMap<&'static str, Times>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("switchboard");
        let (mut counts, mut times) = (BTreeMap::new(), BTreeMap::new());
        for &metric in Metric::ALL {
            // The library adds the full stop.
            let (name, help) = (metric.name(), metric.meaning().trim_end_matches('.'));
            if metric.is_time() {
                let family: Times = Family::new_with_constructor(histogram);
                let unit = Unit::Other("milliseconds".to_owned());
                registry.register_with_unit(snake_case(name), help, unit, family.clone());
                times.insert(name, family);
            } else {
                let family = Family::<Labels, Counter>::default();
                registry.register(snake_case(name), help, family.clone());
                counts.insert(name, family);
            }
        }
        Self { registry, counts, times }
    }
}

impl Metrics {
    /// Adds the values of a line of output of a function. Returns `false` for a line of another kind.
    pub(crate) fn add_line(&self, line: &str) -> bool {
        let Ok(line) = serde_json::from_str::<MetricLine>(line) else { return false };
        let labels = Labels {
            function: line.function.unwrap_or_default(),
            request: line.request.unwrap_or_default(),
            code: line.code.unwrap_or_default(),
        };
        for (name, value) in &line.values {
            if let Some((family, count)) = self.counts.get(name.as_str()).zip(value.as_u64()) {
                family.get_or_create(&labels).inc_by(count);
            }
            if let Some((family, values)) = self.times.get(name.as_str()).zip(value.as_array()) {
                let histogram = family.get_or_create(&labels);
                values.iter().filter_map(Value::as_f64).for_each(|ms| histogram.observe(ms));
            }
        }
        true
    }

    /// Returns all metrics in the text format.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Returns a histogram of times from 1 ms to 16 s.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 2.0, 15))
}

/// Converts `RtcCallsFailed` to `rtc_calls_failed`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_functions_are_added_up() {
        let metrics = Metrics::default();
        let line = r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"function":"switchboard-answer","request":"accept",
            "code":null,"Requests":1,"ReceivedToCommit":[12.0]}"#;
        assert!(metrics.add_line(line) && metrics.add_line(line));
        assert!(!metrics.add_line(r#"{"level":"INFO","message":"request served"}"#));
        assert!(!metrics.add_line("thread 'main' panicked"));
        let text = metrics.text();
        let expected = [
            r#"switchboard_requests_total{function="switchboard-answer",request="accept",code=""} 2"#,
            r#"switchboard_received_to_commit_milliseconds_count{function="switchboard-answer",request="accept",code=""} 2"#,
            r#"switchboard_received_to_commit_milliseconds_sum{function="switchboard-answer",request="accept",code=""} 24.0"#,
        ];
        for one in expected {
            assert!(text.lines().any(|line| line == one), "{one} is missing in:\n{text}");
        }
    }
}
