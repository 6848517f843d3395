//! The SDK clients, configured by hand on one HTTP client.
//!
//! `aws_config::load` would look at profiles, SSO and the instance metadata service, none of which a function
//! has; the environment of a Lambda says everything. Built once per process: a client costs milliseconds.

use crate::bus::Bus;
use crate::config::{ConfigError, Variables, required};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::SharedHttpClient;
use std::sync::OnceLock;
use std::time::Duration;
use switchboard_rtc::management::{HttpClient, HttpTimeouts};

/// Whether AWS froze the process meanwhile cannot be seen, so pooled connections are given up early.
const IDLE: Duration = Duration::from_secs(20);

/// The configuration that all clients are made from; it owns the one HTTP connection pool.
pub struct Aws {
    shared: SdkConfig,
    region: String,
    credentials: Credentials,
    endpoints: Endpoints,
}

/// Where the services are, if not where the SDK would look: the laptop stack, and the account's own broker.
struct Endpoints {
    dynamodb: Option<String>,
    data_plane: Option<String>,
    sqs: Option<String>,
    events: Option<String>,
}

impl Aws {
    /// Reads region, credentials and endpoints.
    pub fn read(variables: &impl Variables) -> Result<Self, ConfigError> {
        // A Lambda's credentials are set for the life of its environment and never change in place.
        let credentials = Credentials::new(
            required(variables, "AWS_ACCESS_KEY_ID")?,
            required(variables, "AWS_SECRET_ACCESS_KEY")?,
            variables("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let region = required(variables, "AWS_REGION")?;
        let shared = SdkConfig::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
            .http_client(http_client())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .retry_config(
                RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)),
            )
            .timeout_config(timeouts(1_000, 3_000))
            .build();
        let endpoints = Endpoints {
            dynamodb: variables("AWS_ENDPOINT_URL_DYNAMODB"),
            data_plane: variables("AWS_ENDPOINT_URL_IOT_DATA_PLANE"),
            sqs: variables("AWS_ENDPOINT_URL_SQS"),
            events: variables("AWS_ENDPOINT_URL_EVENTBRIDGE"),
        };
        Ok(Self { shared, region, credentials, endpoints })
    }

    /// The table.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.shared);
        config.set_endpoint_url(self.endpoints.dynamodb.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// The broker's data plane, for publishing: tried twice.
    #[must_use]
    pub fn data_plane(&self) -> aws_sdk_iotdataplane::Client {
        self.data_plane_with(RetryConfig::standard().with_max_attempts(2), timeouts(1_500, 3_500))
    }

    /// The broker's data plane, for direct messages: never tried twice. A device that does not confirm in time is
    /// a 504, which the SDK would repeat, and the phone would ring again.
    #[must_use]
    pub fn direct_messages(&self) -> aws_sdk_iotdataplane::Client {
        self.data_plane_with(RetryConfig::disabled(), timeouts(5_000, 5_000))
    }

    /// The delay queue.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::config::Builder::from(&self.shared);
        config.set_endpoint_url(self.endpoints.sqs.clone());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// An event bus.
    #[must_use]
    pub fn bus(&self, name: String) -> Bus {
        let domain = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url = match &self.endpoints.events {
            Some(url) => format!("{}/", url.trim_end_matches('/')),
            None => format!("https://events.{}.{domain}/", self.region),
        };
        let (region, credentials) = (self.region.clone(), self.credentials.clone());
        Bus { name, url, region, credentials, connector: OnceLock::new() }
    }

    fn data_plane_with(&self, retries: RetryConfig, timeouts: TimeoutConfig) -> aws_sdk_iotdataplane::Client {
        let mut config = aws_sdk_iotdataplane::config::Builder::from(&self.shared)
            .retry_config(retries)
            .timeout_config(timeouts);
        config.set_endpoint_url(self.endpoints.data_plane.clone());
        // Waiting for a device's confirmation is no stalled stream.
        config.set_stalled_stream_protection(Some(
            aws_sdk_iotdataplane::config::StalledStreamProtectionConfig::disabled(),
        ));
        aws_sdk_iotdataplane::Client::from_conf(config.build())
    }
}

/// Why a call failed, in one line: what the service said, or what stood in the way. Never the request.
pub fn explain<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    if let Some(service) = error.as_service_error() {
        return format!(
            "{}: {}",
            service.code().unwrap_or("error"),
            service.message().unwrap_or("no message")
        );
    }
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        words = format!("{words}: {inner}");
        source = inner.source();
    }
    words
}

/// The same HTTP and TLS for management calls to the RTC service, which is elsewhere and needs no credentials of AWS.
#[must_use]
pub fn rtc_http(timeouts: HttpTimeouts) -> HttpClient {
    HttpClient::new(timeouts, connector)
}

/// Connections of their own, with the same TLS.
pub(crate) fn connector(connect: Duration) -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(connect).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .pool_idle_timeout(IDLE)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build();
    SharedHttpConnector::new(connector)
}

fn http_client() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).pool_idle_timeout(IDLE).build_https()
}

fn timeouts(attempt_ms: u64, all_ms: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(attempt_ms))
        .operation_attempt_timeout(Duration::from_millis(attempt_ms))
        .operation_timeout(Duration::from_millis(all_ms))
        .build()
}
