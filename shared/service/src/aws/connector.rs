//! HTTP/1.1 connections for the SDK clients and for calls without the SDK: hyper, with TLS by rustls on ring.
//!
//! The SDK's own connector also has HTTP/2, which no endpoint needs and which adds half a megabyte to each
//! function ([decision 15](../../../../docs/decisions/0015-http-1-only-and-embedded-authorities.md)).

#[cfg(test)]
mod tests;

use super::authorities;
use super::connection_error::{ConnectTimeout, connector_error};
use crate::config::{ConfigError, Variables};
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{
    CaptureConnection, HttpConnector as TcpConnector, capture_connection,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use switchboard_rtc::management::{HttpClient, HttpTimeouts};
use tokio::net::TcpStream;
use tower::Service;

/// Life of an idle connection. It is short, because Lambda may freeze the process for any time.
const IDLE: Duration = Duration::from_secs(20);
/// Time limit of the SDK clients for connecting, including TLS. The time limit of an attempt may be shorter.
const CONNECT: Duration = Duration::from_millis(1_500);

/// The TLS settings of the process, for making connection pools. Clones share them.
#[derive(Debug, Clone)]
pub struct Https(Arc<ClientConfig>);

impl Https {
    /// Reads the certificate authorities to trust: those of `SSL_CERT_FILE` (a PEM file) and `SSL_CERT_DIR`
    /// if one of the two is set, otherwise the embedded ones.
    pub fn read(variables: &impl Variables) -> Result<Self, ConfigError> {
        // The provider is passed explicitly, so that the process needs no default provider.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| ConfigError::Wrong { name: "TLS", why: error.to_string() })?
            .with_root_certificates(authorities::read(variables)?)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Makes a connection pool with a time limit for connecting, including TLS.
    #[must_use]
    pub fn connector(&self, connect: Duration) -> SharedHttpConnector {
        let mut tcp = TcpConnector::new();
        // The scheme is `https`, except for endpoints of the laptop stack.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let https = HttpsConnectorBuilder::new().with_tls_config(ClientConfig::clone(&self.0));
        let connecting = LimitedConnector {
            inner: https.https_or_http().enable_http1().wrap_connector(tcp),
            limit: connect,
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connecting);
        SharedHttpConnector::new(Http1Connector { client })
    }

    /// Makes the client for management requests to the RTC service: the same TLS settings, without AWS
    /// credentials.
    #[must_use]
    pub fn rtc_client(&self, timeouts: HttpTimeouts) -> HttpClient {
        let https = self.clone();
        HttpClient::new(timeouts, move |connect| https.connector(connect))
    }

    /// Makes the connection pool that all SDK clients share.
    pub(super) fn sdk_http_client(&self) -> SharedHttpClient {
        let connector = self.connector(CONNECT);
        // All clients share one pool, regardless of their time limits, so the two clients of the data plane
        // share its connections.
        http_client_fn(move |_, _| connector.clone())
    }
}

/// Adapts the pool to the SDK's connector trait.
#[derive(Debug)]
struct Http1Connector {
    client: Client<LimitedConnector, SdkBody>,
}

impl HttpConnector for Http1Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let connection = capture_connection(&mut request);
        // After a transient error of the server, the SDK uses this to drop the connection.
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let response = self.client.request(request);
        HttpConnectorFuture::new(async move {
            let response = response.await.map_err(connector_error)?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    let used = connection.clone();
    connection.connection_metadata().as_ref()?;
    let give_up = move || {
        if let Some(connected) = used.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(give_up).build())
}

/// Connects within a time limit. Without the limit, an attempt would last as long as the operating system
/// tries.
#[derive(Debug, Clone)]
struct LimitedConnector {
    inner: HttpsConnector<TcpConnector>,
    limit: Duration,
}

type BoxError = Box<dyn Error + Send + Sync>;

impl Service<Uri> for LimitedConnector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let limit = self.limit;
        let connecting = self.inner.call(to);
        Box::pin(
            async move { tokio::time::timeout(limit, connecting).await.map_err(|_| ConnectTimeout(limit))? },
        )
    }
}
