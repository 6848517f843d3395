//! The HTTP client for management requests, based on hyper and rustls like the AWS SDK clients: JSON in both
//! directions, limits of time and size, and one retry if a second execution is harmless.

mod response;

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::RtcError;

pub(crate) use response::{ManagementResponse, parse_body, printable_code};

/// Delay before the retry: long enough for a server to restart a worker, and too short for a user to notice.
const PAUSE: Duration = Duration::from_millis(50);

/// Largest size of a response in bytes. A list of a thousand participants needs a tenth of it.
pub const MAX_RESPONSE_BYTES: usize = 4 << 20;

/// Time limits for requests to a service.
#[derive(Clone, Copy, Debug)]
pub struct HttpTimeouts {
    /// Time limit for connecting, including TLS.
    pub connect: Duration,
    /// Time limit for one request, from connecting to the last byte of the response, including the retry.
    pub request: Duration,
}

impl Default for HttpTimeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(1), request: super::REQUEST_TIMEOUT }
    }
}

/// An HTTP client with a connection pool. It creates its connector at the first request, because the
/// connector reads the trusted certificates and most invocations send no management request.
pub struct HttpClient {
    connector: OnceLock<SharedHttpConnector>,
    connect: Box<dyn Fn(Duration) -> SharedHttpConnector + Send + Sync>,
    timeouts: HttpTimeouts,
}

impl HttpClient {
    /// Creates a client. `connect` creates a connector with the given connect timeout. The service crate
    /// passes a connector with TLS (`aws::Https`).
    pub fn new(
        timeouts: HttpTimeouts,
        connect: impl Fn(Duration) -> SharedHttpConnector + Send + Sync + 'static,
    ) -> Self {
        Self { connector: OnceLock::new(), connect: Box::new(connect), timeouts }
    }

    /// Sends the request that `build` returns. Calls `build` once more for the retry, so that no signature is
    /// used twice.
    ///
    /// # Errors
    /// [`RtcError::Unavailable`] without a response in time; [`RtcError::Refused`] for a successful response
    /// that is not JSON, or for a response that is too long. A response with an error status is not an error
    /// here: the caller reads the status from [`ManagementResponse`].
    pub(crate) async fn send(
        &self,
        retry: RetryPolicy,
        build: impl FnMut() -> Result<ManagementRequest, RtcError> + Send,
    ) -> Result<ManagementResponse, RtcError> {
        self.in_time(self.send_with_retry(retry, build)).await
    }

    /// Runs `operation` within the time limit of one request.
    ///
    /// # Errors
    /// [`RtcError::Unavailable`] after the limit, or the error of `operation`.
    pub(crate) async fn in_time<T>(
        &self,
        operation: impl Future<Output = Result<T, RtcError>> + Send,
    ) -> Result<T, RtcError> {
        let late = |_| RtcError::Unavailable("no response in time".into());
        tokio::time::timeout(self.timeouts.request, operation).await.map_err(late)?
    }

    async fn send_with_retry(
        &self,
        retry: RetryPolicy,
        mut build: impl FnMut() -> Result<ManagementRequest, RtcError> + Send,
    ) -> Result<ManagementResponse, RtcError> {
        let why = match self.attempt(build()?).await {
            Ok(response) if response.is_server_error() && retry == RetryPolicy::Idempotent => {
                response.to_error("")
            }
            Err(failure) if failure.unsent || (failure.broken && retry == RetryPolicy::Idempotent) => {
                failure.error
            }
            done => return done.map_err(|failure| failure.error),
        };
        tracing::info!(%why, "RTC management request failed; retrying once");
        tokio::time::sleep(PAUSE).await;
        self.attempt(build()?).await.map_err(|failure| failure.error)
    }

    async fn attempt(&self, request: ManagementRequest) -> Result<ManagementResponse, SendFailure> {
        let request = request.into_http()?;
        let connector = self.connector.get_or_init(|| (self.connect)(self.timeouts.connect));
        let response = connector.call(request).await.map_err(|error| SendFailure::of(&error))?;
        read(response).await
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

/// Condition for the one retry of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
    /// A second execution is harmless: retry also after server errors and lost connections.
    Idempotent,
    /// Retry only if the server certainly has not received the request.
    OnlyIfUnsent,
}

/// One management request.
pub(crate) struct ManagementRequest {
    pub method: &'static str,
    pub url: String,
    /// Headers, with names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Body as JSON text. Callers set `content-type` themselves, because some services sign it.
    pub body: Vec<u8>,
}

impl ManagementRequest {
    fn into_http(self) -> Result<HttpRequest, RtcError> {
        // A setting led to the invalid header or address. The error omits its text, which may be secret.
        let unusable =
            |_| RtcError::Refused("the settings of the account do not form a valid HTTP request".into());
        let mut request = HttpRequest::new(SdkBody::from(self.body));
        request.set_method(self.method).map_err(unusable)?;
        request.set_uri(self.url).map_err(unusable)?;
        for (name, value) in self.headers {
            request.headers_mut().try_insert(name, value).map_err(unusable)?;
        }
        Ok(request)
    }
}

/// Failure of one attempt, with the facts that decide about a retry.
struct SendFailure {
    error: RtcError,
    /// The server certainly has not received the request.
    unsent: bool,
    /// The connection failed; the server may have executed the request.
    broken: bool,
}

impl SendFailure {
    fn of(error: &ConnectorError) -> Self {
        // The connector has only one timeout, that for connecting.
        let unsent = error.is_timeout() || refused_connection(error);
        let why = match (error.is_timeout(), unsent) {
            (true, _) => "no connection in time",
            (false, true) => "no connection",
            (false, false) => "connection lost",
        };
        Self { error: RtcError::Unavailable(why.into()), unsent, broken: true }
    }
}

impl From<RtcError> for SendFailure {
    fn from(error: RtcError) -> Self {
        Self { error, unsent: false, broken: false }
    }
}

fn refused_connection(error: &ConnectorError) -> bool {
    use std::io::ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable};
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            let kind = io.kind();
            return matches!(
                kind,
                ConnectionRefused | HostUnreachable | NetworkUnreachable | AddrNotAvailable
            );
        }
        source = inner.source();
    }
    false
}

async fn read(response: HttpResponse) -> Result<ManagementResponse, SendFailure> {
    let status = response.status().as_u16();
    // HTTP also allows a date, which none of these services sends. Without seconds, the caller chooses the
    // delay.
    let retry_after = response.headers().get("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    let mut stream = ByteStream::new(response.into_body());
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let lost = |_| SendFailure {
            error: RtcError::Unavailable("connection lost during the response".into()),
            unsent: false,
            broken: true,
        };
        body.extend_from_slice(&chunk.map_err(lost)?);
        if body.len() > MAX_RESPONSE_BYTES {
            let why = format!("the response exceeds {MAX_RESPONSE_BYTES} bytes");
            return Err(RtcError::Refused(why).into());
        }
    }
    Ok(ManagementResponse::read(status, retry_after.map(Duration::from_secs), &body)?)
}
