//! The whole stack, put together: it starts part by part, is ready when all of them answer, and stops what it started.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use broker::{Broker, BrokerConfig, Limits};
use sfu::Sfu;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tracing::info;

use crate::cloud::LocalCloud;
use crate::data_plane::DataPlane;
use crate::instruments::Instruments;
use crate::outcomes::api::BusApi;
use crate::queue::Queues;
use crate::queue::api::QueueApi;
use crate::ready::Ready;
use crate::rules::Rules;
use crate::runtime::{Endpoints, Functions};
use crate::table::proxy::TableApi;
use crate::table::registry::Registry;
use crate::table::{Store, TableError, Tables};
use crate::template::{Deployment, Function, Surroundings, TemplateError};
use crate::{control, function_url, media, parameters, queue, runtime, schedule, web};

/// The account that the stack pretends to be in.
pub const ACCOUNT_ID: &str = "000000000000";
/// The region that the stack pretends to be in.
pub const REGION: &str = "us-east-1";
/// The name that the stack has unless it is given another.
pub const STACK_NAME: &str = "switchboard";

/// How a stack is started.
#[derive(Clone)]
pub struct Options {
    /// Where MQTT listens; port 0 takes a free one.
    pub mqtt: SocketAddr,
    /// Where HTTP listens; port 0 takes a free one.
    pub http: SocketAddr,
    /// Where the table is kept.
    pub store: Store,
    /// The SAM template.
    pub template: PathBuf,
    /// Directory of the function binaries.
    pub binaries: PathBuf,
    /// Name of the stack; the table's name begins with it.
    pub stack_name: String,
    /// Where the embedded SFU receives media; port 0 takes a free one. Browsers that take no media from loopback need
    /// another address of this machine.
    pub media: SocketAddr,
    /// Whether the embedded SFU manages meetings: then it alone says who is in the media, and removes and mutes. Without
    /// it terminals are believed, also those that have no media at all.
    pub sfu: bool,
    /// Values of the template's parameters. They hold secrets, so the type has no `Debug`.
    pub parameters: BTreeMap<String, String>,
}

impl Options {
    /// A stack in memory on free ports, with the laptop's development keys.
    #[must_use]
    pub fn on_free_ports(template: PathBuf, binaries: PathBuf) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            mqtt: free,
            http: free,
            store: Store::Memory,
            template,
            binaries,
            stack_name: STACK_NAME.to_owned(),
            media: free,
            sfu: false,
            parameters: parameters::laptop("livekit", |_| None),
        }
    }
}

/// Why a stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The HTTP port cannot be had.
    #[error(
        "HTTP cannot listen on {address}: {source}; choose another address with --http (port 0 takes a free one)"
    )]
    Http {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The broker does not start.
    #[error("{0}; choose another address with --mqtt (port 0 takes a free one)")]
    Broker(#[from] broker::StartError),
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A function has no binary.
    #[error(transparent)]
    Binary(#[from] runtime::NoBinary),
    /// The table is not there.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The embedded SFU does not start.
    #[error(transparent)]
    Sfu(#[from] sfu::StartError),
    /// It shall manage meetings whose terminals join elsewhere.
    #[error(
        "--sfu manages meetings by the embedded SFU, but terminals join another service: it needs the provider livekit \
         without RTC_URL"
    )]
    NotTheSfu,
    /// An address is not one of this machine alone.
    #[error(
        "{0} is not a loopback address; the stack runs with development keys, so it listens on loopback only"
    )]
    NotLoopback(SocketAddr),
    /// A part does not answer.
    #[error("{part} does not answer: {reason}")]
    Silent {
        /// The URL that was tried.
        part: String,
        /// What happened.
        reason: String,
    },
}

/// A running stack; [`Stack::shutdown`] stops it. What is not shut down ends with the runtime that it was started in.
pub struct Stack {
    ready: Ready,
    instruments: Arc<Instruments>,
    functions: Arc<Functions>,
    broker: Arc<Broker>,
    tables: Tables,
    sfu: Option<Sfu>,
    server: JoinHandle<()>,
    /// Queue mappings and schedules; they end when this is dropped.
    tasks: JoinSet<()>,
}

impl Stack {
    /// Starts all parts and returns when they answer.
    ///
    /// # Errors
    /// A port is taken, the template or a binary cannot be used, or the store fails. What was started is stopped.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if let Some(address) =
            [options.mqtt, options.http].into_iter().find(|address| !address.ip().is_loopback())
        {
            return Err(StartError::NotLoopback(address));
        }
        let taken = |source| StartError::Http { address: options.http, source };
        let listener = TcpListener::bind(options.http).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let http = format!("http://{address}");

        let surroundings =
            Surroundings { stack_name: options.stack_name.clone(), ..Surroundings::laptop(&http) };
        let mut parameters = options.parameters.clone();
        parameters.entry("IotDataEndpoint".to_owned()).or_insert_with(|| format!("{http}/iot-data"));
        let sfu_url = media::settle(&mut parameters, &http, options.sfu);
        if options.sfu && sfu_url.is_none() {
            return Err(StartError::NotTheSfu);
        }
        let deployment = Deployment::read(&options.template, &surroundings, &parameters)?;

        let instruments = Arc::new(Instruments::default());
        let queues = Arc::new(Queues::new(&deployment.queues, Arc::clone(&instruments)));
        let endpoints = Endpoints { http: http.clone(), region: REGION.to_owned() };
        let functions =
            Functions::new(&deployment.functions, &options.binaries, &endpoints, &instruments, &queues)?;
        let functions = Arc::new(functions);
        let client = plain_client();
        let tables = Tables::start(&options.store, &deployment.tables, client.clone(), REGION).await?;

        let cloud = LocalCloud {
            functions: Arc::clone(&functions),
            rules: Rules {
                declared: deployment.rules,
                functions: Arc::clone(&functions),
                queues: Arc::clone(&queues),
            },
            authorizer: deployment.authorizer,
        };
        let config = BrokerConfig {
            mqtt: options.mqtt,
            region: REGION.to_owned(),
            account_id: ACCOUNT_ID.to_owned(),
            clock: {
                let instruments = Arc::clone(&instruments);
                Arc::new(move || instruments.clock.now_ms())
            },
            // The service waits five seconds; a laptop that compiles at the same time may need longer to start the
            // authorizer. Its own time limit holds in any case.
            limits: Limits { authorize_timeout: Duration::from_secs(20), ..Limits::default() },
        };
        let broker = Arc::new(Broker::start(config, Arc::new(cloud)).await?);

        let queue_api = QueueApi {
            queues: Arc::clone(&queues),
            functions: Arc::clone(&functions),
            instruments: Arc::clone(&instruments),
            url: surroundings.sqs_url.clone(),
            account_id: ACCOUNT_ID.to_owned(),
        };
        let bus_api = BusApi {
            functions: Arc::clone(&functions),
            instruments: Arc::clone(&instruments),
            buses: deployment.buses,
        };
        let data_plane = DataPlane {
            broker: broker.data_plane(),
            functions: Arc::clone(&functions),
            instruments: Arc::clone(&instruments),
        };
        let table = deployment.tables.first().map(|table| table.name.clone()).unwrap_or_default();
        let login = web::Login {
            secret: parameters.get("JwtHs256Secret").cloned().unwrap_or_default().into(),
            instruments: Arc::clone(&instruments),
        };
        let contacts =
            web::Contacts { registry: Registry::new(&tables, &table, REGION), broker: Arc::clone(&broker) };
        let routes = control::router(Arc::clone(&instruments))
            .merge(broker.web_socket())
            .merge(data_plane.router())
            .merge(queue_api.router())
            .merge(bus_api.router())
            .merge(TableApi::new(&tables, Arc::clone(&functions), Arc::clone(&instruments)).router())
            .merge(runtime::api::router(Arc::clone(&functions)))
            .merge(runtime::invoke::router(Arc::clone(&functions)))
            .merge(function_url::router(Arc::clone(&functions), Arc::clone(&instruments)))
            .merge(web::router(login, contacts));
        // Where it does not manage meetings, nobody is to act on what it tells.
        let takes_webhooks = |function: &&Function| function.name == media::WEBHOOK && function.has_url;
        let webhook = deployment.functions.iter().find(takes_webhooks).filter(|_| options.sfu);
        let webhook = webhook.map(|function| function_url::url(&http, &function.name));
        let (sfu, routes) = if sfu_url.is_some() {
            let sfu = media::start(&parameters, options.media, webhook, &instruments).await?;
            let routes = routes.nest(media::PATH, sfu.router());
            (Some(sfu), routes)
        } else {
            (None, routes)
        };
        let server = serve(listener, routes);

        let urls = deployment.functions.iter().filter(|function| function.has_url);
        let function_urls =
            urls.map(|function| (function.name.clone(), function_url::url(&http, &function.name))).collect();

        let mut tasks = JoinSet::new();
        for function in deployment.functions {
            for source in function.queues.clone() {
                let (queues, functions) = (Arc::clone(&queues), Arc::clone(&functions));
                let name = function.name.clone();
                tasks.spawn(queue::mapping::serve(queues, functions, name, source, REGION.to_owned()));
            }
            for schedule in function.schedules.clone() {
                let (functions, instruments) = (Arc::clone(&functions), Arc::clone(&instruments));
                let (function, surroundings) = (function.clone(), surroundings.clone());
                tasks.spawn(schedule::serve(schedule, function, functions, instruments, surroundings));
            }
        }

        let ready = Ready {
            mqtt: broker.mqtt_addr().to_string(),
            mqtt_ws: format!("ws://{address}/mqtt"),
            dynamodb: format!("{http}/dynamodb"),
            iot_data: format!("{http}/iot-data"),
            sqs: surroundings.sqs_url,
            lambda: http.clone(),
            function_urls,
            sfu: sfu_url,
            http,
            table,
        };
        let stack = Self { ready, instruments, functions, broker, tables, sfu, server, tasks };
        match stack.answers(&client).await {
            Ok(()) => Ok(stack),
            Err(error) => {
                stack.shutdown().await;
                Err(error)
            }
        }
    }

    /// Asks the HTTP server for a sign of life.
    async fn answers(&self, client: &reqwest::Client) -> Result<(), StartError> {
        // The store has answered already, when the tables were made; the broker listens when its start returns.
        let part = format!("{}/local/clock", self.ready.http);
        match client.get(&part).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(StartError::Silent { part, reason: error.to_string() }),
        }
    }

    /// Where everything is.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Clock, journal and fault switches.
    #[must_use]
    pub fn instruments(&self) -> &Instruments {
        &self.instruments
    }

    /// The functions.
    #[must_use]
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// Stops everything: clients are disconnected, processes killed, the store is closed, ports are free.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
        // It would tell the functions that everybody is gone.
        if let Some(sfu) = self.sfu {
            sfu.stop().await;
        }
        // Functions first: what they are still doing goes through the broker and the server.
        self.functions.shutdown().await;
        self.broker.shutdown().await;
        self.server.abort();
        // It was aborted, which is what its result says.
        let _ = self.server.await;
        self.tables.shutdown().await;
        info!("stopped");
    }
}

/// A client for loopback: no proxy, no delay.
fn plain_client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tcp_nodelay(true)
        .build()
        .expect("a client without TLS needs nothing from the system")
}

fn serve(listener: TcpListener, routes: Router) -> JoinHandle<()> {
    let listener = listener.tap_io(|connection| {
        // Without it answers wait for acknowledgements; that it fails only makes them slow.
        let _ = connection.set_nodelay(true);
    });
    tokio::spawn(async move {
        // It ends only by being aborted.
        let _ = axum::serve(listener, routes).await;
    })
}
