//! A terminal of the Switchboard protocol: one MQTT connection with a persistent session, requests with
//! answers, and a stream of events.
//!
//! A [`Terminal`] subscribes to the two downlink topics of its device, and reconnects after a lost
//! connection. It repeats a request with the same id until the answer arrives. It drops downlinks that are
//! duplicates, expired or superseded, and reports missed notices ([`TerminalEvent::Gap`]). All other
//! downlinks go to the owner, including those of unknown types.
//!
//! Two parts need no network: a [`Session`](session::Session) decides which requests are sent and which
//! downlinks are used; a [`Ringer`](ringer::Ringer) decides when a device rings. A [`Terminal`] runs a
//! session itself; the owner runs a ringer.
//!
//! ```no_run
//! use std::time::{Duration, SystemTime, UNIX_EPOCH};
//! use switchboard_protocol::object::{Media, Mode};
//! use switchboard_protocol::requests::CreateMeeting;
//! use terminal::{Config, TerminalEvent, Terminal, development_jwt};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let alice = "GID_ios@@@alice.phone".parse()?;
//! let in_an_hour = SystemTime::now().duration_since(UNIX_EPOCH)? + Duration::from_hours(1);
//! let token = development_jwt("local-development-only", "alice", Some("Alice"), in_an_hour.as_secs().try_into()?);
//! let (terminal, mut events) = Terminal::connect(Config::new(alice, "127.0.0.1", 1883, token)).await?;
//!
//! let created = terminal
//!     .create_meeting(CreateMeeting::new(Mode::Direct, Media::Audio, vec!["bob".parse()?]))
//!     .await?;
//! println!("{}: meeting {:?}", created.kind, created.meeting_id);
//!
//! while let Some(event) = events.next().await {
//!     if let TerminalEvent::Message(notice) = event {
//!         println!("{}: {:?}", notice.kind, notice.downlink());
//!     }
//! }
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

mod commands;
mod config;
mod connection;
mod credential;
mod error;
mod event;
pub mod inbox;
mod received;
mod reconnect;
pub mod ringer;
pub mod session;
mod shared;
mod terminal;
mod tls;
mod uplink;

pub use config::{Config, Retry, Transport, UplinkParents};
pub use credential::development_jwt;
pub use error::{ConnectError, Refused, RequestError};
pub use event::{Events, TerminalEvent};
pub use received::{RawMessage, ReceivedDownlink, UnreadableDownlink};
pub use terminal::Terminal;
pub use tls::{Tls, TlsError};
pub use uplink::{Uplink, UplinkError};
