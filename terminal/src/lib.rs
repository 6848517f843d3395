//! What a phone does on the wire: one kept MQTT connection, requests with answers, and news as a stream.
//!
//! A [`Terminal`] connects with a persistent session, listens on its own two topics, re-sends a request by the same
//! id until its answer comes, drops what it has seen, what is past its time and what is older than what it knows,
//! and says when it missed something ([`TerminalEvent::Gap`]). What remains is handed to the owner, types that it does not
//! know included. How it does so is a [`session`](session::Session), which needs no network; what rings when is said by a
//! [`Ringer`](ringer::Ringer).
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
//!     .create_meeting(CreateMeeting {
//!         mode: Mode::Direct,
//!         media: Media::Audio,
//!         invitees: vec!["bob".parse()?],
//!         title: None,
//!         policy: None,
//!         ring_seconds: None,
//!         max_participants: None,
//!         max_minutes: None,
//!         ext: None,
//!     })
//!     .await?;
//! println!("{} rings in {:?}", created.kind, created.meeting_id);
//!
//! while let Some(event) = events.next().await {
//!     if let TerminalEvent::Message(news) = event {
//!         println!("{}: {:?}", news.kind, news.downlink());
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod commands;
mod config;
mod connection;
mod credential;
mod error;
mod event;
pub mod inbox;
mod received;
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
