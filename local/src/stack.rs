//! The whole stack: starts all parts, waits until they answer, and stops them.

mod addresses;
mod options;
mod routes;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use broker::{Broker, BrokerConfig, Limits};
use sfu::Sfu;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tracing::info;

pub use addresses::StackAddresses;
pub use options::{StackOptions, StartError};

use crate::aws::{ACCOUNT_ID, REGION};
use crate::embedded_sfu;
use crate::endpoints::function_url;
use crate::instruments::Instruments;
use crate::instruments::clock::ClockOwner;
use crate::invocation::Invoker;
use crate::queue::Queues;
use crate::runtime::Functions;
use crate::table::Tables;
use crate::template::{Deployment, StackIdentity};
use crate::triggers::cloud::LocalCloud;
use crate::triggers::rules::Rules;
use crate::triggers::{queue_mapping, schedule};
use routes::Parts;

/// A running stack. [`Stack::shutdown`] stops it in order; a dropped stack ends with its runtime.
pub struct Stack {
    addresses: StackAddresses,
    instruments: Arc<Instruments>,
    functions: Arc<Functions>,
    broker: Arc<Broker>,
    tables: Tables,
    sfu: Option<Sfu>,
    server: JoinHandle<()>,
    /// Queue mappings and schedules; they end when this is dropped.
    triggers: JoinSet<()>,
}

impl Stack {
    /// Starts all parts and returns when they answer.
    ///
    /// # Errors
    /// A port is not available, the template or a binary cannot be used, or the table store fails. Parts that were
    /// started are stopped.
    pub async fn start(options: StackOptions) -> Result<Self, StartError> {
        require_loopback(&options)?;
        let (listener, address) = listen(options.http).await?;
        let site = Site::new(&options, address)?;
        let deployment = Deployment::read(&options.template, &site.identity, &site.parameters)?;

        let instruments = Arc::new(Instruments::default());
        let queues = Arc::new(Queues::new(&deployment.queues, Arc::clone(&instruments)));
        let functions = Arc::new(Functions::new(
            &deployment.functions,
            &options.binaries,
            &site.http,
            &options.other_services,
            &instruments,
            &queues,
        )?);
        let client = loopback_client();
        let tables =
            Tables::start(&options.store, &deployment.tables, client.clone(), REGION, &instruments).await?;
        let broker = start_broker(options.mqtt, &deployment, &functions, &queues, &instruments).await?;
        let sfu = start_sfu(&options, &site, &deployment, &instruments).await?;

        let parts = Parts {
            instruments: &instruments,
            queues: &queues,
            functions: &functions,
            tables: &tables,
            broker: &broker,
            sfu: sfu.as_ref(),
            client: &client,
        };
        let server = serve(listener, routes::all(&parts, &deployment, &site.parameters, &site.identity));
        let triggers = start_triggers(&deployment, &site.identity, &functions, &queues, &instruments);
        let addresses = site.addresses(&deployment, &broker);
        let stack = Self { addresses, instruments, functions, broker, tables, sfu, server, triggers };
        match stack.require_answer(&client).await {
            Ok(()) => Ok(stack),
            Err(error) => {
                stack.shutdown().await;
                Err(error)
            }
        }
    }

    /// Checks that the HTTP server answers, and then that each function starts. The table store and the broker need no
    /// check: the store has answered when the tables were created, and the broker listens when its start returns.
    async fn require_answer(&self, client: &reqwest::Client) -> Result<(), StartError> {
        let url = format!("{}/local/clock", self.addresses.http);
        match client.get(&url).send().await {
            Ok(_) => Ok(self.functions.require_start().await?),
            Err(error) => Err(StartError::NoAnswer { url, reason: error.to_string() }),
        }
    }

    /// Addresses of all parts.
    #[must_use]
    pub fn addresses(&self) -> &StackAddresses {
        &self.addresses
    }

    /// Clock, journal, downlinks, faults and outcomes.
    #[must_use]
    pub fn instruments(&self) -> &Instruments {
        &self.instruments
    }

    /// Functions of the template.
    #[must_use]
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// Stops all parts: disconnects clients, kills processes, closes the table store and frees the ports.
    pub async fn shutdown(mut self) {
        self.triggers.shutdown().await;
        // The SFU stops before the functions: otherwise it would report to them that every participant left.
        if let Some(sfu) = self.sfu {
            sfu.stop().await;
        }
        // The functions stop before broker and server, which running functions still call.
        self.functions.shutdown().await;
        self.broker.shutdown().await;
        self.server.abort();
        // The result says only that the task was aborted.
        let _ = self.server.await;
        self.tables.shutdown().await;
        info!("stack stopped");
    }
}

fn require_loopback(options: &StackOptions) -> Result<(), StartError> {
    match [options.mqtt, options.http].into_iter().find(|address| !address.ip().is_loopback()) {
        Some(address) => Err(StartError::NotLoopback(address)),
        None => Ok(()),
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Http { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// URLs and parameters of a stack, known when its HTTP port is known.
struct Site {
    address: SocketAddr,
    /// URL of the HTTP server.
    http: String,
    identity: StackIdentity,
    parameters: BTreeMap<String, String>,
    /// URL of the embedded SFU, if terminals join there.
    sfu_url: Option<String>,
}

impl Site {
    fn new(options: &StackOptions, address: SocketAddr) -> Result<Self, StartError> {
        let http = format!("http://{address}");
        let identity =
            StackIdentity { stack_name: options.stack_name.clone(), ..StackIdentity::laptop(&http) };
        let mut parameters = options.parameters.clone();
        parameters.entry("IotDataEndpoint".to_owned()).or_insert_with(|| format!("{http}/iot-data"));
        let sfu_url = embedded_sfu::configure(&mut parameters, &http, options.sfu);
        if options.sfu && sfu_url.is_none() {
            return Err(StartError::OtherRtcService);
        }
        Ok(Self { address, http, identity, parameters, sfu_url })
    }

    fn addresses(self, deployment: &Deployment, broker: &Broker) -> StackAddresses {
        let with_url = deployment.functions.iter().filter(|function| function.has_url);
        let url = |name: &String| (name.clone(), function_url::url(&self.http, name));
        StackAddresses {
            mqtt: broker.mqtt_addr().to_string(),
            mqtt_ws: format!("ws://{}/mqtt", self.address),
            dynamodb: format!("{}/dynamodb", self.http),
            iot_data: format!("{}/iot-data", self.http),
            lambda: self.http.clone(),
            function_urls: with_url.map(|function| url(&function.name)).collect(),
            table: deployment.table_name().to_owned(),
            sqs: self.identity.sqs_url,
            sfu: self.sfu_url,
            http: self.http,
        }
    }
}

async fn start_broker(
    mqtt: SocketAddr,
    deployment: &Deployment,
    functions: &Arc<Functions>,
    queues: &Arc<Queues>,
    instruments: &Arc<Instruments>,
) -> Result<Arc<Broker>, StartError> {
    let invoker: Arc<dyn Invoker> = Arc::<Functions>::clone(functions);
    let cloud = LocalCloud {
        invoker: Arc::clone(&invoker),
        rules: Rules { declared: deployment.rules.clone(), invoker, queues: Arc::clone(queues) },
        authorizer: deployment.authorizer.clone(),
    };
    let instruments = Arc::clone(instruments);
    let config = BrokerConfig {
        mqtt,
        region: REGION.to_owned(),
        account_id: ACCOUNT_ID.to_owned(),
        clock: Arc::new(move || instruments.clock.now_of(ClockOwner::Broker)),
        // AWS waits five seconds. A laptop that compiles at the same time may need longer to start the authorizer,
        // whose own time limit still applies.
        limits: Limits { authorize_timeout: Duration::from_secs(20), ..Limits::default() },
    };
    Ok(Arc::new(Broker::start(config, Arc::new(cloud)).await?))
}

/// Starts the embedded SFU if terminals join there.
async fn start_sfu(
    options: &StackOptions,
    site: &Site,
    deployment: &Deployment,
    instruments: &Arc<Instruments>,
) -> Result<Option<Sfu>, StartError> {
    if site.sfu_url.is_none() {
        return Ok(None);
    }
    // An SFU that does not manage meetings sends no webhooks, since the functions must not act on its reports.
    let has_webhook = options.sfu
        && deployment
            .functions
            .iter()
            .any(|function| function.name == embedded_sfu::WEBHOOK_FUNCTION && function.has_url);
    let webhook = has_webhook.then(|| function_url::url(&site.http, embedded_sfu::WEBHOOK_FUNCTION));
    Ok(Some(embedded_sfu::start(&site.parameters, options.media, webhook, instruments).await?))
}

/// Starts a task for each queue mapping and each schedule.
fn start_triggers(
    deployment: &Deployment,
    identity: &StackIdentity,
    functions: &Arc<Functions>,
    queues: &Arc<Queues>,
    instruments: &Arc<Instruments>,
) -> JoinSet<()> {
    let invoker: Arc<dyn Invoker> = Arc::<Functions>::clone(functions);
    let mut triggers = JoinSet::new();
    for function in &deployment.functions {
        for source in &function.queues {
            let (queues, invoker) = (Arc::clone(queues), Arc::clone(&invoker));
            triggers.spawn(queue_mapping::run(queues, invoker, function.name.clone(), source.clone()));
        }
        for schedule in &function.schedules {
            let (invoker, instruments) = (Arc::clone(&invoker), Arc::clone(instruments));
            let (schedule, function) = (schedule.clone(), function.clone());
            triggers.spawn(schedule::run(schedule, function, invoker, instruments, identity.clone()));
        }
    }
    triggers
}

/// Makes an HTTP client for loopback: no proxy, no delay.
fn loopback_client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tcp_nodelay(true)
        .build()
        .expect("a client without TLS needs nothing from the system")
}

fn serve(listener: TcpListener, routes: Router) -> JoinHandle<()> {
    let listener = listener.tap_io(|connection| {
        // Without `TCP_NODELAY` answers wait for acknowledgements. A failure of this call makes answers slow but not
        // wrong.
        let _ = connection.set_nodelay(true);
    });
    tokio::spawn(async move {
        // The server ends only when its task is aborted.
        let _ = axum::serve(listener, routes).await;
    })
}
