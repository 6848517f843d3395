//! `GetConnection` and `DeleteConnection`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::parameters;
use crate::connection::{Connection, DisconnectReason};
use crate::registry::{ClientStatus, REMEMBERED_MS};
use crate::state::BrokerState;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetParameters {
    #[serde(default)]
    include_socket_information: bool,
}

pub(super) async fn get(
    State(state): State<Arc<BrokerState>>,
    client_id: Result<Path<String>, PathRejection>,
    parameters: Result<Query<GetParameters>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let (Path(client_id), Query(parameters)) = (client_id?, parameters?);
    parameters::check_client_id(&state, &client_id)?;
    let now_ms = state.now_ms();
    match state.registry.status(&client_id, now_ms) {
        ClientStatus::Connected(connection) => {
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
        ClientStatus::Offline(ended) => {
            let mut answer = common(&ended.connection);
            answer["connected"] = json!(false);
            if now_ms - ended.at_ms < REMEMBERED_MS {
                answer["disconnectedSince"] = json!(ended.at_ms);
                answer["disconnectReason"] = json!(ended.reason);
            }
            Ok(Json(answer))
        }
        ClientStatus::Unknown => Err(unknown(&client_id)),
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
    State(state): State<Arc<BrokerState>>,
    client_id: Result<Path<String>, PathRejection>,
    parameters: Result<Query<DeleteParameters>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let (Path(client_id), Query(parameters)) = (client_id?, parameters?);
    parameters::check_client_id(&state, &client_id)?;
    let now_ms = state.now_ms();
    match state.registry.status(&client_id, now_ms) {
        ClientStatus::Connected(connection) => {
            let cause = DisconnectReason::ApiInitiatedDisconnect;
            state.disconnect(&connection, cause, !parameters.prevent_will_message).await;
            state.registry.wait_until_ended(&connection).await;
        }
        ClientStatus::Offline(ended) if ended.has_session(now_ms) => {}
        ClientStatus::Offline(_) | ClientStatus::Unknown => return Err(unknown(&client_id)),
    }
    // If the client has reconnected meanwhile, the request does not refer to its present session.
    if parameters.clean_session
        && matches!(state.registry.status(&client_id, now_ms), ClientStatus::Offline(_))
    {
        state.delete_session(&client_id).await;
    }
    Ok(Json(json!({})))
}

fn unknown(client_id: &str) -> ApiError {
    ApiError::not_found(format!("Client {client_id} is not connected and has no persistent session"))
}
