//! An embedded MQTT broker that behaves as AWS IoT Core does, together with its HTTP data plane, so that the
//! cloud functions meet the same protocol on a laptop as in production.

mod broker;
mod cloud;
mod config;

pub use broker::{Broker, StartError};
pub use cloud::{Cloud, Published};
pub use config::{BrokerConfig, Clock, Limits, system_clock};
