//! Tests of the broker through its interfaces: MQTT, WebSocket and HTTP, on loopback.

mod connect;
mod data_plane;
mod direct_message;
mod mosquitto;
mod policy;
mod presence;
mod publish;
mod sdk;
mod session;
mod support;
mod web_socket;
