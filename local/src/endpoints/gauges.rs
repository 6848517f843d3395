//! `GET /local/gauges`: numbers of what a running stack keeps, so that a test can see what grows.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use broker::{Broker, Counts};
use serde_json::{Map, Value, json};

use crate::queue::{Depth, Queues};
use crate::runtime::Functions;

/// State of the endpoint.
#[derive(Clone)]
pub(crate) struct Gauges {
    pub(crate) broker: Arc<Broker>,
    pub(crate) queues: Arc<Queues>,
    pub(crate) functions: Arc<Functions>,
}

impl Gauges {
    /// The route of the endpoint.
    pub(crate) fn router(self) -> Router {
        Router::new().route("/local/gauges", get(read)).with_state(self)
    }
}

async fn read(State(gauges): State<Gauges>) -> Json<Value> {
    let Counts { connections, clients, sessions, subscriptions, direct_messages } =
        gauges.broker.counts().await;
    let queue = |name: &str| {
        let Depth { visible, delayed, in_flight } = gauges.queues.depth(name);
        (name.to_owned(), json!({"visible": visible, "delayed": delayed, "in_flight": in_flight}))
    };
    let queues: Map<String, Value> = gauges.queues.names().map(queue).collect();
    Json(json!({
        "broker": {
            "connections": connections,
            "clients": clients,
            "sessions": sessions,
            "subscriptions": subscriptions,
            "direct_messages": direct_messages,
        },
        "queues": queues,
        "waiting_events": gauges.functions.waiting_events(),
    }))
}
