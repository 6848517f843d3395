//! `GET /local/contacts`: the users that the registry has seen, with their devices and whether these are connected now. In
//! production this is the app's own directory; Switchboard keeps none.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use broker::Broker;
use serde_json::{Value, json};

use crate::table::registry::{Registry, User};

/// The registry, and who is connected.
pub(crate) struct Contacts {
    /// The users that have ever connected.
    pub(crate) registry: Registry,
    /// Knows who is connected now.
    pub(crate) broker: Arc<Broker>,
}

impl Contacts {
    pub(super) fn router(self) -> Router {
        Router::new().route("/local/contacts", get(contacts)).with_state(Arc::new(self))
    }
}

async fn contacts(State(contacts): State<Arc<Contacts>>) -> Result<Json<Value>, (StatusCode, String)> {
    let users =
        contacts.registry.users().await.map_err(|error| (StatusCode::BAD_GATEWAY, format!("{error}\n")))?;
    let mut shown = BTreeMap::new();
    for User { user_id, name, client_ids } in users {
        let mut devices = Vec::new();
        for client_id in client_ids {
            let online = contacts.broker.connected(&client_id).await;
            devices.push(json!({"client_id": client_id, "online": online}));
        }
        shown.insert(user_id.clone(), json!({"user_id": user_id, "name": name, "devices": devices}));
    }
    Ok(Json(json!({"contacts": shown.into_values().collect::<Vec<_>>()})))
}
