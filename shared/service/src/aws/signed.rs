//! Calls to AWS services that the SDK's own signer signs, without the SDK's client for the service. That
//! client would be a large part of the binary for a single kind of request.

use std::error::Error;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::connector::Https;

/// A service with AWS's JSON protocol.
pub(super) struct SignedCalls {
    /// Name of the service in signatures.
    pub service: &'static str,
    /// Address of the service, with a slash at its end.
    pub url: String,
    pub region: String,
    pub credentials: Credentials,
    pub https: Https,
    /// Time limit for connecting.
    pub connect: Duration,
    /// The connector, which is made at the first call.
    pub connector: OnceLock<SharedHttpConnector>,
}

/// Error of a call.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("request cannot be built")]
    Request(#[source] Box<dyn Error + Send + Sync>),
    #[error("no response")]
    NoResponse(#[source] Box<dyn Error + Send + Sync>),
}

/// The answer of a service.
pub(super) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl SignedCalls {
    /// Sends one request and returns the answer.
    pub async fn post(&self, target: &'static str, body: &str, at: SystemTime) -> Result<Answer, CallError> {
        let request = self.request(target, body, at).map_err(CallError::Request)?;
        let connector = self.connector.get_or_init(|| self.https.connector(self.connect));
        let response =
            connector.call(request).await.map_err(|error| CallError::NoResponse(Box::new(error)))?;
        let status = response.status().as_u16();
        let body = ByteStream::new(response.into_body()).collect().await;
        let body = body.map_err(|error| CallError::NoResponse(Box::new(error)))?.into_bytes();
        Ok(Answer { status, body: body.to_vec() })
    }

    pub(super) fn request(
        &self,
        target: &'static str,
        body: &str,
        at: SystemTime,
    ) -> Result<HttpRequest, Box<dyn Error + Send + Sync>> {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let identity = self.credentials.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(at)
            .settings(SigningSettings::default())
            .build()?
            .into();
        let signable = SignableRequest::new(
            "POST",
            &self.url,
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        )?;
        let (signed, _) = sign(signable, &params)?.into_parts();

        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST")?;
        request.set_uri(self.url.as_str())?;
        for (name, value) in headers.into_iter().chain(signed.headers()) {
            request.headers_mut().try_insert(name.to_owned(), value.to_owned())?;
        }
        Ok(request)
    }
}
