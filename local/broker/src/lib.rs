//! An embedded MQTT broker that behaves like AWS IoT Core, together with its HTTP data plane, so that the functions
//! use the same protocol on a laptop as in production. The MQTT engine is `rmqtt`.
//!
//! A custom authorizer accepts or refuses each connection and returns the policy of that connection. Sessions persist
//! while the broker runs, messages expire, the broker publishes lifecycle events, and the data plane publishes
//! messages and sends direct messages.
//!
//! Not implemented: retained messages, shared subscriptions, and storage that survives a restart.

mod authorizer;
mod broker;
mod cloud;
mod config;
mod connection;
mod data_plane;
mod direct_messages;
mod hooks;
mod listener;
mod message_expiry;
mod name;
mod policy;
mod presence;
mod registry;
mod rule_queue;
mod sessions;
mod state;
mod timers;
mod web_socket;

pub use broker::{Broker, Counts, StartError};
pub use cloud::{Cloud, Published};
pub use config::{BrokerConfig, Clock, Limits, system_clock};
