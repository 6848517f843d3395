//! The Lambda run loop, which a function's `main.rs` calls.

use crate::aws::{Aws, EventBus, Https, IotDataPlane, WakeQueue};
use crate::clock;
use crate::config::{Config, ConfigError, environment};
use crate::dynamodb::Table;
use crate::effects::downlinks::Publisher;
use crate::effects::report::InvocationReport;
use crate::error::{InvocationFailure, ServeError};
use crate::metrics::MetricLines;
use crate::ports::Ports;
use crate::request::{ReceivedRequest, serve_event};
use crate::request_rate::Paces;
use crate::rtc_client::RtcClient;
use crate::service::{HANG_UP_WAITS, Service};
use crate::settings::{FunctionSettings, MEETING_SECRETS};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;
use switchboard_core::Now;
use switchboard_protocol::json;
use switchboard_protocol::requests::Requests;
use switchboard_rtc::management::HttpTimeouts;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// The adapters for production.
#[derive(Debug, Clone, Copy)]
pub struct AwsPorts;

impl Ports for AwsPorts {
    type Table = Table;
    type Downlinks = IotDataPlane;
    type Wakes = WakeQueue;
    type Outcomes = EventBus;
}

/// Runs a function that serves requests, until Lambda stops the process.
pub async fn run<R, F>(function: F) -> Result<(), lambda_runtime::Error>
where
    R: Requests,
    F: AsyncFn(ReceivedRequest<R>, &Service<AwsPorts>) -> Result<InvocationReport, ServeError>,
{
    init_logs();
    let service = Service { is_forwarded: true, ..connect().await? };
    let lines = MetricLines::start();
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let now = Now { ms: clock::now_ms(&event.context) };
        let served = serve_event(read_event(&event.payload)?, now, &service, &function).await;
        let (request, refused) =
            served.as_ref().map_or((None, None), |report| (report.request, report.refused));
        lines.write(request, refused, std::io::stdout().lock());
        served
    }))
    .await
}

/// Runs a function that takes events without parsing them, until Lambda stops the process.
pub async fn run_event<F>(function: F) -> Result<(), lambda_runtime::Error>
where
    F: AsyncFn(Value, Now, &Service<AwsPorts>) -> Result<Value, InvocationFailure>,
{
    init_logs();
    let service = connect().await?;
    let lines = MetricLines::start();
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let now = Now { ms: clock::now_ms(&event.context) };
        let served = Box::pin(function(read_event(&event.payload)?, now, &service)).await;
        lines.write(None, None, std::io::stdout().lock());
        served
    }))
    .await
}

/// Reads an event. An operator may have written the event, with texts that JSON allows and a strict parser
/// refuses.
fn read_event(event: &RawValue) -> Result<Value, InvocationFailure> {
    json::parse(event.get().as_bytes()).map_err(|error| InvocationFailure::malformed(&error))
}

/// Reads the settings and makes the clients, once per process.
pub async fn connect() -> Result<Service<AwsPorts>, ConfigError> {
    let https = Https::read(&environment)?;
    let settings = FunctionSettings::read(&MEETING_SECRETS, &https).await?;
    let config = Config::read(&|name| settings.get(name), https.rtc_client(HttpTimeouts::default()))?;
    let aws = Aws::read(&environment, https)?;
    let key = config.id_key;
    Ok(Service {
        table: Table::new(aws.dynamodb(), config.table),
        publisher: Publisher {
            broker: IotDataPlane {
                data_plane: aws.data_plane(),
                direct: aws.direct_messages(),
                parents: config.parents,
            },
            key: key.clone(),
            minter: config.minter,
            channel_prefix: config.channel_prefix,
        },
        wakes: WakeQueue { client: aws.sqs(), queue_url: config.wake_queue_url },
        rtc: config.control.map(|control| RtcClient::new(control, key.clone(), process_id())),
        outcomes: config.outcome_bus.map(|name| aws.event_bus(name)),
        is_forwarded: false,
        key,
        hang_up_waits: HANG_UP_WAITS,
        limits: config.limits,
        paces: Paces::default(),
    })
}

/// Returns an id that no other process has at the same time.
fn process_id() -> String {
    environment("AWS_LAMBDA_LOG_STREAM_NAME").unwrap_or_else(|| std::process::id().to_string())
}

/// Starts logging: one line of JSON per event, at the level that Lambda's logging configuration sets.
pub fn init_logs() {
    let level = environment("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.parse().ok());
    logs(level.unwrap_or(tracing::Level::INFO), std::io::stdout).init();
}

/// Returns the log of a function. Each line has a `timestamp`, although Lambda adds a time of its own: Lambda
/// gives a line without a timestamp the level INFO, and drops it if it keeps only warnings or errors.
pub(crate) fn logs<W>(level: tracing::Level, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_max_level(level)
        .with_writer(writer)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::FakeLog;

    #[test]
    fn lambda_can_tell_the_level_of_each_line() {
        let log = FakeLog::start();
        tracing::info!("below the level");
        tracing::error!(code = 7, "table failed");
        let line = &log.take("ERROR")[0];
        assert_eq!((&line["level"], &line["message"]), (&Value::from("ERROR"), &Value::from("table failed")));
        // The documented form: RFC 3339 in UTC.
        let timestamp = line["timestamp"].as_str().expect("a timestamp");
        assert!(timestamp.starts_with("20") && timestamp.ends_with('Z') && timestamp.contains('T'), "{line}");
    }
}
