//! HTTP connections with TLS by rustls on ring, for the SDK clients and for calls outside of the SDK.

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};
use aws_types::sdk_config::SharedHttpClient;
use std::time::Duration;

/// Life of an idle connection. Lambda may freeze the process unnoticed, so pooled connections are given up early.
const IDLE: Duration = Duration::from_secs(20);

/// Makes a connection pool with the given connect time-out.
#[must_use]
pub fn connector(connect: Duration) -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(connect).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .pool_idle_timeout(IDLE)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build();
    SharedHttpConnector::new(connector)
}

/// Makes the connection pool that all SDK clients share.
pub(super) fn sdk_http_client() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).pool_idle_timeout(IDLE).build_https()
}
