//! A session at a Janus gateway with a handle to the plugin `videoroom`, for one operation.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::super::{JanusMinter, VIDEOROOM};
use super::JanusManagement;
use crate::management::{ManagementRequest, ManagementResponse, RequestContext, RetryPolicy, RtcError};
use crate::sign::encode;

/// Life of the token of one operation; it covers clocks that differ a little.
const TOKEN_SECONDS: i64 = 60;

/// Events that are looked through for the answer to a request that the plugin answers later.
const MAX_EVENTS: usize = 20;

/// What the plugin answered.
#[derive(Debug)]
pub(super) enum JanusReply {
    /// Its data.
    Done(Value),
    /// Its error.
    Refused { code: i64 },
}

impl JanusReply {
    fn read(data: &Value) -> Self {
        match data["error_code"].as_i64() {
            Some(code) => Self::Refused { code },
            None => Self::Done(data.clone()),
        }
    }
}

/// A handle to the plugin. [`end`](Self::end) it; a gateway ends by itself what was forgotten, after a minute.
pub(super) struct JanusHandle<'a> {
    rooms: &'a JanusManagement,
    token: SecretString,
    transactions: Box<dyn FnMut() -> String + Send + Sync>,
    /// Paths below the gateway's address.
    session: String,
    plugin: String,
}

impl<'a> JanusHandle<'a> {
    pub async fn attach(rooms: &'a JanusManagement, at: RequestContext) -> Result<Self, RtcError> {
        let unsigned = |_| RtcError::Refused("the call could not be signed".into());
        let token = JanusMinter::core_token(&rooms.secret, at.seconds() + TOKEN_SECONDS).map_err(unsigned)?;
        let transactions = Box::new(at.nonces());
        let mut opened = Self { rooms, token, transactions, session: String::new(), plugin: String::new() };
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

    /// Asks what the plugin answers at once.
    pub async fn ask(&mut self, body: Value) -> Result<JanusReply, RtcError> {
        let message = json!({ "janus": "message", "body": body });
        let response = self.post(&self.plugin.clone(), message, RetryPolicy::Idempotent).await?;
        Ok(JanusReply::read(&response["plugindata"]["data"]))
    }

    /// Asks what the plugin answers with an event.
    pub async fn ask_later(&mut self, body: Value) -> Result<JanusReply, RtcError> {
        let message = json!({ "janus": "message", "body": body });
        let asked = self.post(&self.plugin.clone(), message, RetryPolicy::OnlyIfUnsent).await?;
        for _ in 0..MAX_EVENTS {
            let event = self.poll().await?;
            let data = &event["plugindata"]["data"];
            if event["transaction"] == asked["transaction"] && !data.is_null() {
                return Ok(JanusReply::read(data));
            }
        }
        Err(RtcError::Unavailable("the gateway did not answer".into()))
    }

    /// Ends the session and everything in it. Whatever comes of that, the operation is done.
    pub async fn end(mut self) {
        let path = self.session.clone();
        if let Err(error) = self.post(&path, json!({ "janus": "destroy" }), RetryPolicy::OnlyIfUnsent).await {
            tracing::info!(%error, "a session of Janus was left to its time-out");
        }
    }

    async fn post(&mut self, path: &str, mut body: Value, retry: RetryPolicy) -> Result<Value, RtcError> {
        body["token"] = self.token.expose_secret().into();
        body["transaction"] = (self.transactions)().into();
        let call = || {
            Ok(ManagementRequest {
                method: "POST",
                url: format!("{}{path}", self.rooms.url),
                headers: vec![("content-type", "application/json".to_owned())],
                body: body.to_string().into_bytes(),
            })
        };
        accepted(self.rooms.http.send(retry, call).await?)
    }

    async fn poll(&self) -> Result<Value, RtcError> {
        let token = encode(self.token.expose_secret());
        let call = || {
            Ok(ManagementRequest {
                method: "GET",
                url: format!("{}{}?maxev=1&token={token}", self.rooms.url, self.session),
                headers: Vec::new(),
                body: Vec::new(),
            })
        };
        accepted(self.rooms.http.send(RetryPolicy::OnlyIfUnsent, call).await?)
    }
}

/// The gateway's own errors come with status 200 too.
fn accepted(response: ManagementResponse) -> Result<Value, RtcError> {
    if !response.is_success() {
        return Err(response.to_error(""));
    }
    if response.body["janus"] != "error" {
        return Ok(response.body);
    }
    let code = response.body["error"]["code"].as_i64().unwrap_or_default();
    let said = format!("Janus error {code}");
    // 403: the token; 405: a plugin that the token does not name.
    Err(match code {
        403 | 405 => RtcError::Unauthorized(said),
        _ => RtcError::Refused(said),
    })
}

fn id(response: &Value) -> Result<u64, RtcError> {
    let id = response["data"]["id"].as_u64();
    id.ok_or_else(|| RtcError::Refused("an answer with other members than expected".into()))
}
