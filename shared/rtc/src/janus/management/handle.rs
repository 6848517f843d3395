//! A session at a Janus gateway with a handle to the plugin `videoroom`, for one operation.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::super::{JanusMinter, VIDEOROOM};
use super::gateway::JanusGateway;
use crate::management::{
    CLOCK_LEEWAY_SECONDS, ManagementRequest, ManagementResponse, RequestContext, RetryPolicy, RtcError,
};
use crate::sign::encode;

/// Life of the token of one operation, in seconds.
const TOKEN_SECONDS: i64 = 60;

/// Largest number of events to read while waiting for an asynchronous reply.
const MAX_EVENTS: usize = 20;

/// Error codes of the plugin, from `janus_videoroom.c`.
const NO_SUCH_ROOM: i64 = 426;
pub(super) const ROOM_EXISTS: i64 = 427;
const NO_SUCH_FEED: i64 = 428;
const UNAUTHORIZED: i64 = 433;

/// A reply of the plugin.
#[derive(Debug)]
pub(super) enum JanusReply {
    /// The data.
    Done(Value),
    /// The error code.
    Refused { code: i64 },
}

impl JanusReply {
    fn read(data: &Value) -> Self {
        match data["error_code"].as_i64() {
            Some(code) => Self::Refused { code },
            None => Self::Done(data.clone()),
        }
    }

    /// Returns the data, or the error that the code stands for.
    pub fn or_error(self) -> Result<Value, RtcError> {
        match self {
            Self::Done(data) => Ok(data),
            Self::Refused { code: UNAUTHORIZED } => Err(RtcError::Unauthorized("videoroom error 433".into())),
            Self::Refused { code } => Err(RtcError::Refused(format!("videoroom error {code}"))),
        }
    }

    /// Works like [`or_error`](Self::or_error), but returns `None` for an unknown room or participant.
    pub fn or_not_found(self) -> Result<Option<Value>, RtcError> {
        match self {
            Self::Refused { code: NO_SUCH_ROOM | NO_SUCH_FEED } => Ok(None),
            other => other.or_error().map(Some),
        }
    }
}

/// A handle to the plugin. Call [`end`](Self::end) after use; the gateway ends abandoned sessions after a
/// minute.
pub(super) struct JanusHandle<'a> {
    gateway: &'a JanusGateway,
    token: SecretString,
    transactions: Box<dyn FnMut() -> String + Send + Sync>,
    /// Paths below the address of the gateway.
    session: String,
    plugin: String,
}

impl<'a> JanusHandle<'a> {
    pub async fn attach(gateway: &'a JanusGateway, context: RequestContext) -> Result<Self, RtcError> {
        let unsigned = |_| RtcError::Refused("the request could not be signed".into());
        let token = JanusMinter::core_token(
            &gateway.secret,
            context.seconds() + TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS,
        )
        .map_err(unsigned)?;
        let transactions = Box::new(context.nonces());
        let mut opened = Self { gateway, token, transactions, session: String::new(), plugin: String::new() };
        let session = opened.post("", json!({ "janus": "create" }), RetryPolicy::Idempotent).await?;
        opened.session = format!("/{}", id(&session)?);
        let path = opened.session.clone();
        let attach = json!({ "janus": "attach", "plugin": VIDEOROOM });
        let handle = match opened
            .post(&path, attach, RetryPolicy::Idempotent)
            .await
            .and_then(|response| id(&response))
        {
            Ok(handle) => handle,
            Err(error) => {
                opened.end().await;
                return Err(error);
            }
        };
        opened.plugin = format!("{path}/{handle}");
        Ok(opened)
    }

    /// Sends a request with a synchronous reply.
    pub async fn request(&mut self, body: Value) -> Result<JanusReply, RtcError> {
        let message = json!({ "janus": "message", "body": body });
        let response = self.post(&self.plugin.clone(), message, RetryPolicy::Idempotent).await?;
        Ok(JanusReply::read(&response["plugindata"]["data"]))
    }

    /// Sends a request whose reply arrives as an event.
    pub async fn request_event(&mut self, body: Value) -> Result<JanusReply, RtcError> {
        let message = json!({ "janus": "message", "body": body });
        let accepted = self.post(&self.plugin.clone(), message, RetryPolicy::OnlyIfUnsent).await?;
        for _ in 0..MAX_EVENTS {
            let event = self.poll().await?;
            let data = &event["plugindata"]["data"];
            if event["transaction"] == accepted["transaction"] && !data.is_null() {
                return Ok(JanusReply::read(data));
            }
        }
        Err(RtcError::Unavailable("the gateway sent no reply".into()))
    }

    /// Ends the session together with its handle. A failure is only logged, because the operation itself is
    /// complete.
    pub async fn end(mut self) {
        let path = self.session.clone();
        if let Err(error) = self.post(&path, json!({ "janus": "destroy" }), RetryPolicy::OnlyIfUnsent).await {
            tracing::info!(%error, "Janus session not ended; the gateway ends it after its timeout");
        }
    }

    async fn post(&mut self, path: &str, mut body: Value, retry: RetryPolicy) -> Result<Value, RtcError> {
        body["token"] = self.token.expose_secret().into();
        body["transaction"] = (self.transactions)().into();
        let request = || {
            Ok(ManagementRequest {
                method: "POST",
                url: format!("{}{path}", self.gateway.url),
                headers: vec![("content-type", "application/json".to_owned())],
                body: body.to_string().into_bytes(),
            })
        };
        body_or_error(self.gateway.http.send(retry, request).await?)
    }

    async fn poll(&self) -> Result<Value, RtcError> {
        let token = encode(self.token.expose_secret());
        let request = || {
            Ok(ManagementRequest {
                method: "GET",
                url: format!("{}{}?maxev=1&token={token}", self.gateway.url, self.session),
                headers: Vec::new(),
                body: Vec::new(),
            })
        };
        body_or_error(self.gateway.http.send(RetryPolicy::OnlyIfUnsent, request).await?)
    }
}

/// Returns the body, or the error of the gateway, which also has status 200.
fn body_or_error(response: ManagementResponse) -> Result<Value, RtcError> {
    if !response.is_success() {
        return Err(response.to_error(""));
    }
    if response.body["janus"] != "error" {
        return Ok(response.body);
    }
    let code = response.body["error"]["code"].as_i64().unwrap_or_default();
    let text = format!("Janus error {code}");
    // 403: invalid token; 405: a plugin that the token does not name.
    Err(match code {
        403 | 405 => RtcError::Unauthorized(text),
        _ => RtcError::Refused(text),
    })
}

fn id(response: &Value) -> Result<u64, RtcError> {
    let id = response["data"]["id"].as_u64();
    id.ok_or_else(|| RtcError::Refused("the response has unexpected members".into()))
}
