//! The DynamoDB endpoint at `/dynamodb`: checks permissions, injects faults, forwards the unchanged request to the
//! store and records it in the journal. The store itself never throttles and has no transaction conflicts.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use serde_json::{Value, json};
use tracing::error;

use super::access::{denied, split_caller, table_permissions};
use super::json_protocol::{JSON_1_0, error_body, target};
use super::killing::KillableCall;
use crate::aws::arn;
use crate::instruments::Instruments;
use crate::instruments::faults::{Fault, FaultKind};
use crate::instruments::journal::{Caller, EntryKind};
use crate::runtime::Functions;
use crate::table::TableClient;

/// Size limit of DynamoDB for a request.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// State of the endpoint.
#[derive(Clone)]
pub(crate) struct DynamoDbEndpoint {
    pub(crate) tables: TableClient,
    pub(crate) functions: Arc<Functions>,
    pub(crate) instruments: Arc<Instruments>,
}

impl DynamoDbEndpoint {
    /// Routes of the endpoint.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/dynamodb", any(call))
            .route("/dynamodb/", any(call))
            .route("/dynamodb/{*path}", any(call))
            .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
            .with_state(self)
    }
}

/// A call of a table operation.
struct TableCall<'a> {
    operation: &'a str,
    caller: &'a Caller,
    request: &'a Bytes,
}

/// Answer of the store, or of the endpoint in its place.
struct TableAnswer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    injected: bool,
}

async fn call(
    State(endpoint): State<DynamoDbEndpoint>,
    uri: Uri,
    headers: HeaderMap,
    request: Bytes,
) -> Response {
    let caller = split_caller(uri.path(), "/dynamodb", &endpoint.functions).0;
    let operation = target(&headers).rsplit('.').next().unwrap_or_default().to_owned();
    let call = TableCall { operation: &operation, caller: &caller, request: &request };

    let DynamoDbEndpoint { functions, instruments, .. } = &endpoint;
    let killable =
        KillableCall { functions, instruments, caller: &caller, occasion: format!("table {operation}") };
    if call.writes() && endpoint.inject(FaultKind::KillBeforeCommit, &call) {
        functions.kill(&caller).await;
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if killable.is_killed_before().await {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Some(fault) = endpoint.armed(FaultKind::SlowTable, &call) {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    let answer = match endpoint.denied(&call).or_else(|| endpoint.injected(&call)) {
        Some(answer) => answer,
        None => match endpoint.forward(headers, &request).await {
            Ok(answer) => answer,
            Err(error) => {
                error!("table store does not answer {operation} of {}: {error}", caller.name());
                return StatusCode::BAD_GATEWAY.into_response();
            }
        },
    };
    instruments.record(EntryKind::Table, &caller, call.detail(&answer));
    if call.writes() && answer.status.is_success() && endpoint.inject(FaultKind::KillAfterCommit, &call) {
        functions.kill(&caller).await;
    }
    killable.kill_after().await;
    let answer = endpoint.lose(answer, &call).await;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

impl TableCall<'_> {
    fn writes(&self) -> bool {
        matches!(
            self.operation,
            "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" | "BatchWriteItem"
        )
    }

    /// Number of items of a batch or transaction.
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

    /// Fields of the journal entry.
    fn detail(&self, answer: &TableAnswer) -> Value {
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

    /// Makes an error answer in the form of DynamoDB. With a `reason`, a transaction gets its cancellation reasons.
    fn refusal(&self, status: StatusCode, code: &str, message: &str, reason: Option<&str>) -> TableAnswer {
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
            None => error_body(&format!("com.amazonaws.dynamodb.v20120810#{code}"), message),
        };
        let content_type = header::HeaderValue::from_static(JSON_1_0);
        TableAnswer {
            status,
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
            body: body.to_string().into(),
            injected: true,
        }
    }
}

impl DynamoDbEndpoint {
    fn inject(&self, kind: FaultKind, call: &TableCall<'_>) -> bool {
        self.armed(kind, call).is_some()
    }

    fn armed(&self, kind: FaultKind, call: &TableCall<'_>) -> Option<Fault> {
        let detail = json!({"operation": call.operation});
        self.instruments.inject_fault(kind, call.caller, call.operation, detail)
    }

    /// Replaces the answer to a write that succeeded, or delays it, if such a fault is armed.
    async fn lose(&self, answer: TableAnswer, call: &TableCall<'_>) -> TableAnswer {
        if !call.writes() || !answer.status.is_success() {
            return answer;
        }
        let Some(fault) = self.armed(FaultKind::LoseTableAnswer, call) else { return answer };
        if fault.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
            return answer;
        }
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        call.refusal(status, "InternalServerError", "Internal server error", None)
    }

    /// Refuses a call that the role of the function does not allow.
    fn denied(&self, call: &TableCall<'_>) -> Option<TableAnswer> {
        call.caller.function.as_ref()?;
        let request: Value = serde_json::from_slice(call.request).unwrap_or_default();
        let arn = |table: &str| arn("dynamodb", &format!("table/{table}"));
        let needed = table_permissions(call.operation, &request, arn);
        let message = denied(&self.functions, call.caller, &needed)?;
        let refusal = call.refusal(StatusCode::BAD_REQUEST, "AccessDeniedException", &message, None);
        Some(TableAnswer { injected: false, ..refusal })
    }

    /// Makes the answer of an injected fault, if one is armed.
    fn injected(&self, call: &TableCall<'_>) -> Option<TableAnswer> {
        let bad_request = StatusCode::BAD_REQUEST;
        if self.inject(FaultKind::ThrottleTable, call) {
            let message = "The level of configured provisioned throughput for the table was exceeded.";
            return Some(call.refusal(bad_request, "ProvisionedThroughputExceededException", message, None));
        }
        if self.inject(FaultKind::FailTable, call) {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return Some(call.refusal(status, "InternalServerError", "Internal server error", None));
        }
        if call.writes() && self.inject(FaultKind::ConflictTable, call) {
            let message = "Transaction is ongoing for the item";
            let reason = Some("TransactionConflict");
            return Some(call.refusal(bad_request, "TransactionConflictException", message, reason));
        }
        if call.writes() && self.inject(FaultKind::ConditionTable, call) {
            let message = "The conditional request failed";
            let reason = Some("ConditionalCheckFailed");
            return Some(call.refusal(bad_request, "ConditionalCheckFailedException", message, reason));
        }
        None
    }

    async fn forward(&self, mut headers: HeaderMap, request: &Bytes) -> Result<TableAnswer, reqwest::Error> {
        for name in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let response = self.tables.forward(headers, request.clone()).await?;
        let status = response.status();
        let kept = |name: &HeaderName| *name == header::CONTENT_TYPE || name.as_str().starts_with("x-am");
        let headers = response.headers().iter().filter(|(name, _)| kept(name));
        let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(TableAnswer { status, headers, body: response.bytes().await?, injected: false })
    }
}
