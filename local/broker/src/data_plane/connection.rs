//! `GetConnection` and `DeleteConnection`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::input;
use crate::connection::{Connection, DisconnectReason};
use crate::core::Core;
use crate::registry::{REMEMBERED_MS, Status};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetParameters {
    #[serde(default)]
    include_socket_information: bool,
}

pub(super) async fn get(
    State(core): State<Arc<Core>>,
    client_id: Result<Path<String>, PathRejection>,
    parameters: Result<Query<GetParameters>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let (Path(client_id), Query(parameters)) = (client_id?, parameters?);
    input::check_client_id(&core, &client_id)?;
    let now_ms = core.now_ms();
    match core.registry.status(&client_id, now_ms) {
        Status::Connected(connection) => {
            let mut answer = common(&connection);
            answer["connected"] = json!(true);
            answer["connectedSince"] = json!(connection.connected_ms);
            if parameters.include_socket_information {
                if let Some(source) = connection.source() {
                    answer["sourceIp"] = json!(source.ip().to_string());
                    answer["sourcePort"] = json!(source.port());
                }
                if let Some(target) = connection.id.local_addr {
                    answer["targetIp"] = json!(target.ip().to_string());
                    answer["targetPort"] = json!(target.port());
                }
            }
            Ok(Json(answer))
        }
        Status::Offline(ended) => {
            let mut answer = common(&ended.connection);
            answer["connected"] = json!(false);
            if now_ms - ended.at_ms < REMEMBERED_MS {
                answer["disconnectedSince"] = json!(ended.at_ms);
                answer["disconnectReason"] = json!(ended.reason);
            }
            Ok(Json(answer))
        }
        Status::Unknown => Err(unknown(&client_id)),
    }
}

fn common(connection: &Connection) -> Value {
    json!({
        "clientId": connection.client_id,
        "cleanSession": connection.session_expiry_ms == 0,
        "sessionExpiry": connection.session_expiry_ms / 1000,
        "keepAliveDuration": connection.keep_alive_seconds,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteParameters {
    #[serde(default)]
    clean_session: bool,
    #[serde(default)]
    prevent_will_message: bool,
}

pub(super) async fn delete(
    State(core): State<Arc<Core>>,
    client_id: Result<Path<String>, PathRejection>,
    parameters: Result<Query<DeleteParameters>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let (Path(client_id), Query(parameters)) = (client_id?, parameters?);
    input::check_client_id(&core, &client_id)?;
    let now_ms = core.now_ms();
    match core.registry.status(&client_id, now_ms) {
        Status::Connected(connection) => {
            let cause = DisconnectReason::ApiInitiatedDisconnect;
            core.disconnect(&connection, cause, !parameters.prevent_will_message).await;
            core.registry.gone(&connection).await;
        }
        Status::Offline(ended) if ended.has_session(now_ms) => {}
        Status::Offline(_) | Status::Unknown => return Err(unknown(&client_id)),
    }
    // A session that was made meanwhile is not the one that the caller spoke of.
    if parameters.clean_session && matches!(core.registry.status(&client_id, now_ms), Status::Offline(_)) {
        core.delete_session(&client_id).await;
    }
    Ok(Json(json!({})))
}

fn unknown(client_id: &str) -> ApiError {
    ApiError::not_found(format!("Client {client_id} is not connected and has no persistent session"))
}
