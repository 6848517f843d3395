//! Tests of the SFU through its interfaces on loopback: HTTP, and UDP with a real WebRTC client.

mod api;
mod client;
mod client_log;
mod joining;
mod media;
mod official_requests;
mod test_sfu;
mod tokens;
mod webhooks;
