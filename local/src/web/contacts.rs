//! `GET /local/contacts`: lists the users of the device registry with their devices and connection states. In
//! production the app has its own directory; Switchboard does not keep one.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use broker::Broker;
use serde_json::{Value, json};

use crate::table::registry::{RegisteredUser, Registry};

/// State of the route.
pub(crate) struct Contacts {
    /// Users who have connected at least once.
    pub(crate) registry: Registry,
    /// Broker, which knows the connected devices.
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
    for RegisteredUser { user_id, name, client_ids } in users {
        let mut devices = Vec::new();
        for client_id in client_ids {
            let online = contacts.broker.connected(&client_id).await;
            devices.push(json!({"client_id": client_id, "online": online}));
        }
        shown.insert(user_id.clone(), json!({"user_id": user_id, "name": name, "devices": devices}));
    }
    Ok(Json(json!({"contacts": shown.into_values().collect::<Vec<_>>()})))
}
