//! Routes of the stack's HTTP server.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::{Router, middleware};
use broker::Broker;
use sfu::Sfu;

use crate::aws::REGION;
use crate::embedded_sfu::SFU_PATH;
use crate::endpoints::dynamodb::DynamoDbEndpoint;
use crate::endpoints::event_bus::EventBusEndpoint;
use crate::endpoints::gauges::Gauges;
use crate::endpoints::iot_data::IotDataEndpoint;
use crate::endpoints::rtc::RtcEndpoint;
use crate::endpoints::sqs::SqsEndpoint;
use crate::endpoints::{control, function_url, lambda, metrics};
use crate::instruments::Instruments;
use crate::origin::require_loopback;
use crate::queue::Queues;
use crate::runtime::{self, Functions};
use crate::table::Tables;
use crate::table::registry::Registry;
use crate::template::{Deployment, StackIdentity};
use crate::web;

/// Started parts of the stack that the routes lead to.
pub(super) struct Parts<'a> {
    pub(super) instruments: &'a Arc<Instruments>,
    pub(super) queues: &'a Arc<Queues>,
    pub(super) functions: &'a Arc<Functions>,
    pub(super) tables: &'a Tables,
    pub(super) broker: &'a Arc<Broker>,
    pub(super) sfu: Option<&'a Sfu>,
    /// Client for calls to other servers of this machine.
    pub(super) client: &'a reqwest::Client,
}

/// Makes the routes of all endpoints, of MQTT over WebSocket, of the browser terminal and of the SFU.
pub(super) fn all(
    parts: &Parts<'_>,
    deployment: &Deployment,
    parameters: &BTreeMap<String, String>,
    identity: &StackIdentity,
) -> Router {
    let routes = control::router(Arc::clone(parts.instruments), Arc::clone(parts.broker))
        .merge(metrics::router(Arc::clone(parts.instruments)))
        .merge(parts.gauges().router())
        .merge(parts.broker.web_socket())
        .merge(parts.aws(deployment, identity))
        .merge(runtime::api::router(Arc::clone(parts.functions)))
        .merge(parts.web(deployment, parameters));
    let routes = match parts.sfu {
        Some(sfu) => routes.nest(SFU_PATH, sfu.router()),
        None => routes,
    };
    routes.layer(middleware::from_fn(require_loopback))
}

impl Parts<'_> {
    fn gauges(&self) -> Gauges {
        Gauges {
            broker: Arc::clone(self.broker),
            queues: Arc::clone(self.queues),
            functions: Arc::clone(self.functions),
        }
    }

    /// Routes of the AWS APIs and of function URLs.
    fn aws(&self, deployment: &Deployment, identity: &StackIdentity) -> Router {
        let (functions, instruments) = (self.functions, self.instruments);
        let sqs = SqsEndpoint {
            queues: Arc::clone(self.queues),
            functions: Arc::clone(functions),
            instruments: Arc::clone(instruments),
            url_prefix: identity.sqs_url.clone(),
        };
        let event_bus = EventBusEndpoint {
            functions: Arc::clone(functions),
            instruments: Arc::clone(instruments),
            buses: deployment.buses.clone(),
        };
        let iot_data = IotDataEndpoint {
            broker: self.broker.data_plane(),
            functions: Arc::clone(functions),
            instruments: Arc::clone(instruments),
        };
        let dynamodb = DynamoDbEndpoint {
            tables: self.tables.client(),
            functions: Arc::clone(functions),
            instruments: Arc::clone(instruments),
        };
        let rtc = RtcEndpoint {
            client: self.client.clone(),
            functions: Arc::clone(functions),
            instruments: Arc::clone(instruments),
        };
        Router::new()
            .merge(rtc.router())
            .merge(iot_data.router())
            .merge(sqs.router())
            .merge(event_bus.router())
            .merge(dynamodb.router())
            .merge(lambda::router(Arc::clone(functions)))
            .merge(function_url::router(Arc::clone(functions), Arc::clone(instruments)))
    }

    /// Routes of the browser terminal.
    fn web(&self, deployment: &Deployment, parameters: &BTreeMap<String, String>) -> Router {
        let login = web::Login {
            secret: parameters.get("JwtHs256Secret").cloned().unwrap_or_default().into(),
            instruments: Arc::clone(self.instruments),
        };
        let contacts = web::Contacts {
            registry: Registry::new(self.tables.client(), deployment.table_name(), REGION),
            broker: Arc::clone(self.broker),
        };
        web::router(login, contacts)
    }
}
