//! Counts and times of invocations: one log line for each invocation, from which CloudWatch makes metrics
//! (Embedded Metric Format). `docs/operations.md` explains how to read them.
//!
//! The numbers go through the `metrics` facade. Without [`MetricLines::start`], as in tests and in the simulator, they
//! go nowhere.

use crate::config::environment;
use crate::effects::report::InvocationReport;
use metrics_cloudwatch_embedded::{Builder, Collector};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::Reach;
use tokio::time::Instant;

/// Variable with the namespace of the metrics in CloudWatch.
pub const NAMESPACE: &str = "METRICS_NAMESPACE";

/// Defines the metrics: the doc comment of each is its meaning.
macro_rules! metrics {
    ($($(#[doc = $meaning:literal])+ $name:ident,)+) => {
        /// A metric.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Metric {
            $($(#[doc = $meaning])+ $name,)+
        }

        impl Metric {
            /// All metrics.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns the name of the metric in CloudWatch.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// Returns the meaning of the metric, for people.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($meaning),+).trim_ascii(),)+
                }
            }
        }
    };
}

metrics! {
    /// Requests of terminals.
    Requests,
    /// Requests that were refused, for any reason.
    RequestsRefused,
    /// Requests that the service could not serve: refused with `unavailable` or `internal`.
    RequestsUnavailable,
    /// New meetings.
    MeetingsCreated,
    /// Invitations that were accepted.
    InvitationsAccepted,
    /// Meetings that ended.
    MeetingsEnded,
    /// Offers that a device confirmed.
    OffersDelivered,
    /// Offers that were sent to a connected device without a confirmation.
    OffersSent,
    /// Offers that the broker keeps for a device that is not connected.
    OffersQueued,
    /// Offers that reached no device and no queue.
    OffersUnreached,
    /// Users for whom a push notification is wanted.
    PushesWanted,
    /// Downlinks that the broker did not accept.
    DownlinksFailed,
    /// Calls to the RTC service that failed.
    RtcCallsFailed,
    /// Commits that came second and were decided again.
    CommitConflicts,
    /// Connections that the authorizer admitted.
    ConnectionsAdmitted,
    /// Connections that the authorizer refused.
    ConnectionsRefused,
    /// Milliseconds from the broker's receipt of a request to its commit.
    ReceivedToCommit,
    /// Milliseconds from the broker's receipt of a request to its last downlink.
    ReceivedToLastDownlink,
}

impl Metric {
    /// Returns whether the metric is a number of milliseconds instead of a count.
    #[must_use]
    pub fn is_time(self) -> bool {
        matches!(self, Self::ReceivedToCommit | Self::ReceivedToLastDownlink)
    }

    /// Counts `n` more.
    pub(crate) fn count(self, n: usize) {
        if n > 0 {
            metrics::counter!(self.name()).increment(n as u64);
        }
    }

    fn record_ms(self, ms: i64) {
        // The two clocks differ by milliseconds, so the first of the times may be the later one.
        let ms = i32::try_from(ms.max(0)).unwrap_or(i32::MAX);
        metrics::histogram!(self.name()).record(f64::from(ms));
    }
}

/// Start of the invocation of a request.
#[derive(Debug, Clone, Copy)]
struct Invocation {
    /// Time of the receipt by the broker, in milliseconds since the epoch.
    received_ms: i64,
    /// Time of the start, in milliseconds since the epoch.
    now_ms: i64,
    /// The same time by a clock that is never set.
    started: Instant,
}

tokio::task_local! {
    static INVOCATION: Invocation;
}

/// Runs `serve` as the invocation for a request that the broker received at `received_ms`, in milliseconds
/// since the epoch, and that began at `now_ms`. The times of its commit and its downlinks are recorded.
pub(crate) async fn timed<F: Future>(received_ms: Option<i64>, now_ms: i64, serve: F) -> F::Output {
    match received_ms {
        Some(received_ms) => {
            INVOCATION.scope(Invocation { received_ms, now_ms, started: Instant::now() }, serve).await
        }
        None => serve.await,
    }
}

/// Records the time since the broker's receipt of the present request, if there is one.
pub(crate) fn record_time(metric: Metric) {
    // Fails outside of an invocation for a request: a deadline or a callback has no receipt by the broker.
    let _ = INVOCATION.try_with(|invocation| {
        let served_ms = i64::try_from(invocation.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        metric.record_ms(invocation.now_ms.saturating_sub(invocation.received_ms).saturating_add(served_ms));
    });
}

/// Counts what a report contains.
pub(crate) fn count_report(report: &InvocationReport) {
    for (metric, reach) in [
        (Metric::OffersDelivered, Reach::Delivered),
        (Metric::OffersSent, Reach::Sent),
        (Metric::OffersQueued, Reach::Queued),
        (Metric::OffersUnreached, Reach::Unknown),
    ] {
        metric.count(report.reached.values().filter(|one| **one == reach).count());
    }
    Metric::PushesWanted.count(report.push_wanted.len());
    Metric::DownlinksFailed.count(report.failed.len());
    Metric::RtcCallsFailed.count(report.media_failed.len());
}

/// Counts a request with its refusal, if it was refused.
pub(crate) fn count_request(refused: Option<Code>) {
    Metric::Requests.count(1);
    if let Some(code) = refused {
        Metric::RequestsRefused.count(1);
        if matches!(code, Code::Unavailable | Code::Internal) {
            Metric::RequestsUnavailable.count(1);
        }
    }
}

/// Counts a connection that the authorizer admitted or refused.
pub fn count_connection(is_admitted: bool) {
    let metric = if is_admitted { Metric::ConnectionsAdmitted } else { Metric::ConnectionsRefused };
    metric.count(1);
}

/// The log lines with the metrics of a process.
#[derive(Clone, Copy)]
pub struct MetricLines(Option<&'static Collector>);

impl MetricLines {
    /// Starts collecting, once per process, in the namespace `METRICS_NAMESPACE`. Without it, nothing is
    /// collected.
    pub fn start() -> Self {
        let Some(namespace) = environment(NAMESPACE) else { return Self(None) };
        match Builder::new().cloudwatch_namespace(namespace).init() {
            Ok(collector) => {
                for metric in Metric::ALL.iter().filter(|metric| metric.is_time()) {
                    metrics::describe_histogram!(
                        metric.name(),
                        metrics::Unit::Milliseconds,
                        metric.meaning()
                    );
                }
                let function = environment("AWS_LAMBDA_FUNCTION_NAME");
                collector.set_property("function", function.unwrap_or_default());
                Self(Some(collector))
            }
            Err(error) => {
                tracing::error!(%error, "metrics not started; this process writes none");
                Self(None)
            }
        }
    }

    /// Writes the line of an invocation to `log`. Writes nothing if nothing was counted.
    pub fn write(self, request: Option<&'static str>, refused: Option<Code>, log: impl std::io::Write) {
        let Some(collector) = self.0 else { return };
        collector.set_property("request", request).set_property("code", serde_json::json!(refused));
        if let Err(error) = collector.flush(log) {
            tracing::error!(%error, "metrics of the invocation lost: its line cannot be written");
        }
    }
}
