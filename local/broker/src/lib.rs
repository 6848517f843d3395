//! An embedded MQTT broker that behaves as AWS IoT Core does, together with its HTTP data plane, so that the
//! cloud functions meet the same protocol on a laptop as in production.
//!
//! Connections are decided by a custom authorizer, and what they may do by the policy that it returns. Sessions
//! persist while the broker runs, messages expire, lifecycle events are published, and the data plane publishes and
//! sends direct messages. Not kept: retained messages, shared subscriptions, and anything over a restart. The
//! broker itself is `rmqtt`.

mod authorizer;
mod broker;
mod clockwork;
mod cloud;
mod config;
mod connection;
mod core;
mod data_plane;
mod direct;
mod expiry;
mod hooks;
mod listener;
mod name;
mod outbox;
mod policy;
mod presence;
mod registry;
mod sessions;
mod web_socket;

pub use broker::{Broker, StartError};
pub use cloud::{Cloud, Published};
pub use config::{BrokerConfig, Clock, Limits, system_clock};
