//! The SDK clients, which are configured by hand on one HTTP client, and the adapters that use them.
//!
//! `aws_config::load` would try profiles, SSO and the instance metadata service, which a Lambda function does
//! not have. The environment variables of a function are enough. The clients are made once per process, since
//! making one takes milliseconds.

mod authorities;
mod connection_error;
mod connector;
mod eventbridge;
mod iot;
mod parameter_store;
mod signed;
mod sqs;

pub use connector::Https;
pub use eventbridge::{DETAIL_TYPE, EventBus, SOURCE};
pub use iot::IotDataPlane;
pub use sqs::WakeQueue;

use crate::clock;
use crate::config::{ConfigError, Variables, form, required};
use crate::secrets_error::SecretsError;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use parameter_store::{MAX_NAMES, ParameterStore};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest wait before the first retry of a call.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// The configuration of all SDK clients. It owns their one HTTP connection pool.
pub struct Aws {
    shared: SdkConfig,
    https: Https,
    region: String,
    credentials: Credentials,
    endpoints: Endpoints,
}

/// Addresses that replace the default addresses of the SDK: those of the laptop stack, and of the account's
/// own broker.
struct Endpoints {
    dynamodb: Option<String>,
    data_plane: Option<String>,
    sqs: Option<String>,
    events: Option<String>,
    parameters: Option<String>,
}

impl Aws {
    /// Reads region, credentials and endpoints. `https` provides the connections.
    pub fn read(variables: &impl Variables, https: Https) -> Result<Self, ConfigError> {
        // Lambda sets the credentials once for the life of the environment, and never changes them.
        let credentials = Credentials::new(
            required(variables, "AWS_ACCESS_KEY_ID")?,
            required(variables, "AWS_SECRET_ACCESS_KEY")?,
            variables("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let region = form::region(variables)?;
        let shared = SdkConfig::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
            .http_client(https.sdk_http_client())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(FIRST_BACKOFF))
            .timeout_config(timeouts(1_000, 3_000))
            .build();
        let endpoints = Endpoints {
            dynamodb: form::optional_url(variables, "AWS_ENDPOINT_URL_DYNAMODB")?,
            data_plane: form::optional_url(variables, "AWS_ENDPOINT_URL_IOT_DATA_PLANE")?,
            sqs: form::optional_url(variables, "AWS_ENDPOINT_URL_SQS")?,
            events: form::optional_url(variables, "AWS_ENDPOINT_URL_EVENTBRIDGE")?,
            parameters: form::optional_url(variables, "AWS_ENDPOINT_URL_SSM")?,
        };
        if let Some(url) = &endpoints.data_plane {
            require_region(url, &region)?;
        }
        Ok(Self { shared, https, region, credentials, endpoints })
    }

    /// Makes the client of the table.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.shared);
        config.set_endpoint_url(self.endpoints.dynamodb.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Makes the client of the broker's data plane for publishing. It makes at most two attempts for each
    /// call.
    #[must_use]
    pub fn data_plane(&self) -> aws_sdk_iotdataplane::Client {
        // The SDK's default first wait is up to a second, and all later downlinks to the device would wait,
        // too.
        let retries = RetryConfig::standard().with_max_attempts(2).with_initial_backoff(FIRST_BACKOFF);
        self.data_plane_with(retries, timeouts(1_500, 3_500))
    }

    /// Makes the client of the broker's data plane for direct messages. It makes one attempt for each call:
    /// the broker answers 504 if a device does not confirm in time, and if the SDK repeated the call, the
    /// phone would ring again.
    #[must_use]
    pub fn direct_messages(&self) -> aws_sdk_iotdataplane::Client {
        self.data_plane_with(RetryConfig::disabled(), timeouts(5_000, 5_000))
    }

    /// Makes the client of the delay queue.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::config::Builder::from(&self.shared);
        config.set_endpoint_url(self.endpoints.sqs.clone());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// Makes the adapter of the event bus `name`.
    #[must_use]
    pub fn event_bus(&self, name: String) -> EventBus {
        let url = self.url_of("events", self.endpoints.events.as_deref());
        let (region, credentials) = (self.region.clone(), self.credentials.clone());
        EventBus::new(name, url, region, credentials, self.https.clone())
    }

    /// Reads the secrets `path/NAME` from the Parameter Store. Omits a name without a parameter.
    pub async fn secrets(
        &self,
        path: &str,
        names: &[&'static str],
    ) -> Result<BTreeMap<&'static str, SecretString>, SecretsError> {
        let url = self.url_of("ssm", self.endpoints.parameters.as_deref());
        let store =
            ParameterStore::new(url, self.region.clone(), self.credentials.clone(), self.https.clone());
        let mut secrets = BTreeMap::new();
        for names in names.chunks(MAX_NAMES) {
            secrets.extend(store.read(path, names, clock::system_time()).await?);
        }
        Ok(secrets)
    }

    /// Returns the address of a service of the region, or its replacement, with a slash at its end.
    fn url_of(&self, service: &str, replacement: Option<&str>) -> String {
        let domain = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        match replacement {
            Some(url) => format!("{}/", url.trim_end_matches('/')),
            None => format!("https://{service}.{}.{domain}/", self.region),
        }
    }

    fn data_plane_with(&self, retries: RetryConfig, timeouts: TimeoutConfig) -> aws_sdk_iotdataplane::Client {
        let mut config = aws_sdk_iotdataplane::config::Builder::from(&self.shared)
            .retry_config(retries)
            .timeout_config(timeouts);
        config.set_endpoint_url(self.endpoints.data_plane.clone());
        // The wait for a device's confirmation does not count as a stalled stream.
        config.set_stalled_stream_protection(Some(
            aws_sdk_iotdataplane::config::StalledStreamProtectionConfig::disabled(),
        ));
        aws_sdk_iotdataplane::Client::from_conf(config.build())
    }
}

/// Refuses the address of a broker in another region: every call would fail, and no terminal would be
/// notified of anything. The account's own domains do not contain a region and are accepted.
fn require_region(url: &str, region: &str) -> Result<(), ConfigError> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let Some((_, rest)) = host.split_once(".iot.").filter(|(_, rest)| rest.contains(".amazonaws.com")) else {
        return Ok(());
    };
    let named = rest.split('.').next().unwrap_or_default();
    if named == region {
        return Ok(());
    }
    let why = format!(
        "it is a broker in {named}, and the function runs in {region}; set IotDataEndpoint to https:// and the answer of \
         `aws iot describe-endpoint --endpoint-type iot:Data-ATS --region {region}`"
    );
    Err(ConfigError::Wrong { name: "AWS_ENDPOINT_URL_IOT_DATA_PLANE", why })
}

fn timeouts(attempt_ms: u64, all_ms: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(attempt_ms))
        .operation_attempt_timeout(Duration::from_millis(attempt_ms))
        .operation_timeout(Duration::from_millis(all_ms))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_of_another_region_is_refused() {
        for url in [
            "https://a1b2-ats.iot.eu-west-1.amazonaws.com",
            "https://data-ats.iot.eu-west-1.amazonaws.com",
            "https://mqtt.example.com",
            "https://mqtt.iot.example.com",
            "http://127.0.0.1:8080/iot-data",
        ] {
            assert!(require_region(url, "eu-west-1").is_ok(), "{url}");
        }
        for url in [
            "https://a1b2-ats.iot.us-east-1.amazonaws.com",
            "https://a1b2.ats.iot.cn-north-1.amazonaws.com.cn",
        ] {
            let error = require_region(url, "eu-west-1").expect_err("refused").to_string();
            assert!(error.contains("runs in eu-west-1") && error.contains("IotDataEndpoint"), "{error}");
        }
    }
}
