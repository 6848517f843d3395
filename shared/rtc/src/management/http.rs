//! The HTTP client of the management calls: the same hyper and rustls that carry the SDK clients, with JSON in and
//! out, a limit on time and size, and one retry where it cannot do a thing twice.

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

/// Pause before the one retry: enough for a server that restarts its worker, little beside a person's patience.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest answer that is read. A list of a thousand participants has a tenth of it.
pub const MAX_RESPONSE_BYTES: usize = 4 << 20;

/// How long to wait for a service.
#[derive(Clone, Copy, Debug)]
pub struct HttpTimeouts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For one request from connecting to the last byte of the answer, the retry included.
    pub request: Duration,
}

impl Default for HttpTimeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(1), request: super::REQUEST_TIMEOUT }
    }
}

/// An HTTP client with a connection pool of its own. Connects, and reads the trusted authorities, at the first call:
/// most invocations manage nothing.
pub struct HttpClient {
    connector: OnceLock<SharedHttpConnector>,
    connect: Box<dyn Fn(Duration) -> SharedHttpConnector + Send + Sync>,
    timeouts: HttpTimeouts,
}

impl HttpClient {
    /// A client on what `connect` makes for a connect time-out; `aws::rtc_http` of the service crate passes the real one.
    pub fn new(
        timeouts: HttpTimeouts,
        connect: impl Fn(Duration) -> SharedHttpConnector + Send + Sync + 'static,
    ) -> Self {
        Self { connector: OnceLock::new(), connect: Box::new(connect), timeouts }
    }

    /// Sends what `call` makes, which is asked anew for the retry: no signature is used twice.
    ///
    /// # Errors
    /// [`RtcError::Unavailable`] without an answer in time or with a fault of the server;
    /// [`RtcError::Refused`] for an answer that is no JSON or too long. What a refusal of the service means is
    /// the caller's business: the [`ManagementResponse`] has its status.
    pub(crate) async fn send(
        &self,
        repeat: RetryPolicy,
        call: impl FnMut() -> Result<ManagementRequest, RtcError> + Send,
    ) -> Result<ManagementResponse, RtcError> {
        self.in_time(self.send_twice(repeat, call)).await
    }

    /// Ends what takes longer than one request may.
    pub(crate) async fn in_time<T>(
        &self,
        answered: impl Future<Output = Result<T, RtcError>> + Send,
    ) -> Result<T, RtcError> {
        let late = |_| RtcError::Unavailable("no answer in time".into());
        tokio::time::timeout(self.timeouts.request, answered).await.map_err(late)?
    }

    async fn send_twice(
        &self,
        repeat: RetryPolicy,
        mut call: impl FnMut() -> Result<ManagementRequest, RtcError> + Send,
    ) -> Result<ManagementResponse, RtcError> {
        let why = match self.attempt(call()?).await {
            Ok(answer) if answer.is_fault() && repeat == RetryPolicy::Safe => answer.refusal(""),
            Err(failure) if failure.unsent || (failure.broken && repeat == RetryPolicy::Safe) => {
                failure.error
            }
            done => return done.map_err(|failure| failure.error),
        };
        tracing::info!(%why, "RTC management is called once more");
        tokio::time::sleep(PAUSE).await;
        self.attempt(call()?).await.map_err(|failure| failure.error)
    }

    async fn attempt(&self, call: ManagementRequest) -> Result<ManagementResponse, SendFailure> {
        let request = call.request()?;
        let connector = self.connector.get_or_init(|| (self.connect)(self.timeouts.connect));
        let response = connector.call(request).await.map_err(|error| SendFailure::of(&error))?;
        read(response).await
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

/// Whether a call may be made once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
    /// Twice is as good as once: also after a fault of the server, or a connection that broke.
    Safe,
    /// Only if the server has certainly not seen it.
    Unsent,
}

/// One request.
pub(crate) struct ManagementRequest {
    pub method: &'static str,
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON text; `content-type` is the caller's business, since some services sign it.
    pub body: Vec<u8>,
}

impl ManagementRequest {
    fn request(self) -> Result<HttpRequest, RtcError> {
        // A header or an address that HTTP cannot carry comes from a setting; its text may be secret.
        let unusable = |_| RtcError::Refused("the account's settings make no HTTP request".into());
        let mut request = HttpRequest::new(SdkBody::from(self.body));
        request.set_method(self.method).map_err(unusable)?;
        request.set_uri(self.url).map_err(unusable)?;
        for (name, value) in self.headers {
            request.headers_mut().try_insert(name, value).map_err(unusable)?;
        }
        Ok(request)
    }
}

/// Why there is no answer, and whether that leaves open that the server did something.
struct SendFailure {
    error: RtcError,
    /// The server has not seen the request.
    unsent: bool,
    /// The connection ended under it.
    broken: bool,
}

impl SendFailure {
    fn of(error: &ConnectorError) -> Self {
        // The connector has no other time-out than that for the connection.
        let unsent = error.is_timeout() || refused_connection(error);
        let why = match (error.is_timeout(), unsent) {
            (true, _) => "no connection in time",
            (false, true) => "no connection",
            (false, false) => "the connection broke",
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
    // A date is allowed too; no service here sends one, and without a number the caller's own pause is as good.
    let retry_after = response.headers().get("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    let mut stream = ByteStream::new(response.into_body());
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let broke = |_| SendFailure {
            error: RtcError::Unavailable("the answer broke off".into()),
            unsent: false,
            broken: true,
        };
        body.extend_from_slice(&chunk.map_err(broke)?);
        if body.len() > MAX_RESPONSE_BYTES {
            let why = format!("an answer longer than {MAX_RESPONSE_BYTES} bytes");
            return Err(RtcError::Refused(why).into());
        }
    }
    Ok(ManagementResponse::read(status, retry_after.map(Duration::from_secs), &body)?)
}
