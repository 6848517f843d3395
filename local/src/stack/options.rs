//! Options of a stack, and the errors of its start.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::aws::STACK_NAME;
use crate::parameters;
use crate::runtime::{ColdStartError, MissingBinary, OtherServices};
use crate::table::{TableError, TableStore};
use crate::template::TemplateError;

/// Options of a stack.
#[derive(Clone)]
pub struct StackOptions {
    /// Address of MQTT; port 0 selects a free port.
    pub mqtt: SocketAddr,
    /// Address of HTTP; port 0 selects a free port.
    pub http: SocketAddr,
    /// Location of the tables.
    pub store: TableStore,
    /// Path of the SAM template.
    pub template: PathBuf,
    /// Directory of the function binaries.
    pub binaries: PathBuf,
    /// Name of the stack, which generated names of tables and queues begin with.
    pub stack_name: String,
    /// UDP address of the embedded SFU for media; port 0 selects a free port. Some browsers need an address of this
    /// machine other than loopback.
    pub media: SocketAddr,
    /// `true` if the embedded SFU manages meetings: it reports who is in the media, and removes and mutes participants.
    /// Otherwise the service believes the reports of terminals, even of terminals without media.
    pub sfu: bool,
    /// Servers that the functions call in place of parts of the stack.
    pub other_services: OtherServices,
    /// Values of the template's parameters. They contain secrets, so the type has no `Debug`.
    pub parameters: BTreeMap<String, String>,
}

impl StackOptions {
    /// Options of a stack in memory, on free ports and with the development keys.
    #[must_use]
    pub fn on_free_ports(template: PathBuf, binaries: PathBuf) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            mqtt: free,
            http: free,
            store: TableStore::Memory,
            template,
            binaries,
            stack_name: STACK_NAME.to_owned(),
            media: free,
            sfu: false,
            other_services: OtherServices::default(),
            parameters: parameters::laptop("livekit", |_| None),
        }
    }
}

/// Error at the start of a stack.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address of HTTP is not available.
    #[error(
        "HTTP cannot listen on {address}: {source}; choose another address with --http (port 0 selects a free port)"
    )]
    Http {
        /// Requested address.
        address: SocketAddr,
        /// Error of the system.
        source: std::io::Error,
    },
    /// The broker does not start.
    #[error("{0}; choose another address with --mqtt (port 0 selects a free port)")]
    Broker(#[from] broker::StartError),
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A function has no binary.
    #[error(transparent)]
    Binary(#[from] MissingBinary),
    /// A function does not start: a setting is missing or wrong.
    #[error(transparent)]
    ColdStart(#[from] ColdStartError),
    /// The table store does not start.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The embedded SFU does not start.
    #[error(transparent)]
    Sfu(#[from] sfu::StartError),
    /// The embedded SFU cannot manage meetings, since terminals join another RTC service.
    #[error(
        "--sfu needs the provider livekit without RTC_URL, but the parameters name another RTC service; leave out --sfu, \
         or unset RTC_PROVIDER and RTC_URL"
    )]
    OtherRtcService,
    /// An address can be reached from other machines.
    #[error(
        "{0} is not a loopback address; the stack has public development keys, so choose an address like 127.0.0.1"
    )]
    NotLoopback(SocketAddr),
    /// The HTTP server does not answer.
    #[error("{url} does not answer: {reason}")]
    NoAnswer {
        /// URL of the request.
        url: String,
        /// Error of the request.
        reason: String,
    },
}
