//! The DynamoDB endpoint of the stack: passes requests on to the store, unchanged, and keeps the journal. Here the
//! faults of tables happen, too, since the store itself never throttles and has no conflicts.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use serde_json::{Value, json};

use super::Tables;
use crate::access::{denied, table_wishes};
use crate::caller::caller_of;
use crate::faults::Kind as Fault;
use crate::instruments::Instruments;
use crate::journal::{Caller, Kind};
use crate::runtime::Functions;
use crate::stack::{ACCOUNT_ID, REGION};

/// DynamoDB's own limit of a request.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// The endpoint.
#[derive(Clone)]
pub(crate) struct TableApi {
    url: String,
    client: reqwest::Client,
    functions: Arc<Functions>,
    instruments: Arc<Instruments>,
}

impl TableApi {
    pub(crate) fn new(tables: &Tables, functions: Arc<Functions>, instruments: Arc<Instruments>) -> Self {
        Self { url: format!("{}/", tables.url), client: tables.client.clone(), functions, instruments }
    }

    /// The endpoint, at `/dynamodb`.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/dynamodb", any(call))
            .route("/dynamodb/", any(call))
            .route("/dynamodb/{*path}", any(call))
            .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
            .with_state(self)
    }
}

/// What the journal says about a call, and what becomes of it.
struct Call<'a> {
    operation: &'a str,
    caller: &'a Caller,
    request: &'a Bytes,
}

/// An answer of the store, or one in its place.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    injected: bool,
}

async fn call(State(api): State<TableApi>, uri: Uri, headers: HeaderMap, request: Bytes) -> Response {
    let caller = caller_of(uri.path(), "/dynamodb", &api.functions).0;
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let call = Call { operation: &operation, caller: &caller, request: &request };

    if call.writes() && api.strikes(Fault::KillBeforeCommit, &call) {
        api.functions.kill(&caller).await;
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let answer = match api.denied(&call).or_else(|| api.injected(&call)) {
        Some(answer) => answer,
        None => match api.forward(headers, &request).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!("the table store does not answer: {error}");
                return StatusCode::BAD_GATEWAY.into_response();
            }
        },
    };
    api.instruments.record(Kind::Table, &caller, call.detail(&answer));
    if call.writes() && answer.status.is_success() && api.strikes(Fault::KillAfterCommit, &call) {
        api.functions.kill(&caller).await;
    }
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

impl Call<'_> {
    fn writes(&self) -> bool {
        matches!(
            self.operation,
            "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" | "BatchWriteItem"
        )
    }

    /// How many items a batch or transaction is about.
    fn items(&self) -> Option<usize> {
        if !self.operation.starts_with("Transact") && !self.operation.starts_with("Batch") {
            return None;
        }
        let request: Value = serde_json::from_slice(self.request).ok()?;
        if let Some(items) = request.get("TransactItems") {
            return items.as_array().map(Vec::len);
        }
        let tables = request.get("RequestItems")?.as_object()?;
        let count = |table: &Value| table.get("Keys").unwrap_or(table).as_array().map_or(0, Vec::len);
        Some(tables.values().map(count).sum())
    }

    fn detail(&self, answer: &Answer) -> Value {
        let mut detail = json!({"operation": self.operation, "status": answer.status.as_u16()});
        if let Some(items) = self.items() {
            detail["items"] = json!(items);
        }
        if !answer.status.is_success() {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let code = body.get("__type").and_then(Value::as_str).unwrap_or_default();
            let code = code.rsplit('#').next().unwrap_or_default();
            let reasons = body.get("CancellationReasons").and_then(Value::as_array);
            let failed =
                reasons.into_iter().flatten().any(|reason| reason["Code"] == "ConditionalCheckFailed");
            detail["error"] = json!(code);
            detail["conditional_failed"] = json!(failed || code == "ConditionalCheckFailedException");
        }
        if answer.injected {
            detail["injected"] = json!(true);
        }
        detail
    }

    /// An answer of the service that says that it did not do it.
    fn refusal(&self, status: StatusCode, code: &str, message: &str, reason: Option<&str>) -> Answer {
        let transaction = reason.filter(|_| self.operation == "TransactWriteItems");
        let body = match transaction {
            Some(reason) => {
                let count = self.items().unwrap_or(1).max(1);
                let mut reasons = vec![json!({"Code": "None"}); count];
                reasons[0] = json!({"Code": reason, "Message": message});
                let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason["Code"].as_str()).collect();
                json!({
                    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                    "Message": format!(
                        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                        codes.join(", ")
                    ),
                    "CancellationReasons": reasons,
                })
            }
            None => json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message}),
        };
        let content_type = header::HeaderValue::from_static("application/x-amz-json-1.0");
        Answer {
            status,
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
            body: body.to_string().into(),
            injected: true,
        }
    }
}

impl TableApi {
    fn strikes(&self, fault: Fault, call: &Call<'_>) -> bool {
        let strikes = self.instruments.faults.strikes(fault, call.caller.name(), call.operation).is_some();
        if strikes {
            self.instruments.record(
                Kind::Fault,
                call.caller,
                json!({"kind": fault, "operation": call.operation}),
            );
        }
        strikes
    }

    /// The answer to a call that the function's role does not allow.
    fn denied(&self, call: &Call<'_>) -> Option<Answer> {
        call.caller.function.as_ref()?;
        let request: Value = serde_json::from_slice(call.request).unwrap_or_default();
        let arn = |table: &str| format!("arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{table}");
        let message = denied(&self.functions, call.caller, &table_wishes(call.operation, &request, arn))?;
        let refusal = call.refusal(StatusCode::BAD_REQUEST, "AccessDeniedException", &message, None);
        Some(Answer { injected: false, ..refusal })
    }

    /// The answer of a fault, if one strikes.
    fn injected(&self, call: &Call<'_>) -> Option<Answer> {
        let bad_request = StatusCode::BAD_REQUEST;
        if self.strikes(Fault::ThrottleTable, call) {
            let message = "The level of configured provisioned throughput for the table was exceeded.";
            return Some(call.refusal(bad_request, "ProvisionedThroughputExceededException", message, None));
        }
        if self.strikes(Fault::FailTable, call) {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return Some(call.refusal(status, "InternalServerError", "Internal server error", None));
        }
        if call.writes() && self.strikes(Fault::ConflictTable, call) {
            let message = "Transaction is ongoing for the item";
            let reason = Some("TransactionConflict");
            return Some(call.refusal(bad_request, "TransactionConflictException", message, reason));
        }
        if call.writes() && self.strikes(Fault::ConditionTable, call) {
            let message = "The conditional request failed";
            let reason = Some("ConditionalCheckFailed");
            return Some(call.refusal(bad_request, "ConditionalCheckFailedException", message, reason));
        }
        None
    }

    async fn forward(&self, mut headers: HeaderMap, request: &Bytes) -> Result<Answer, reqwest::Error> {
        for name in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let response = self.client.post(&self.url).headers(headers).body(request.clone()).send().await?;
        let status = response.status();
        let kept = |name: &HeaderName| *name == header::CONTENT_TYPE || name.as_str().starts_with("x-am");
        let headers = response.headers().iter().filter(|(name, _)| kept(name));
        let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(Answer { status, headers, body: response.bytes().await?, injected: false })
    }
}
