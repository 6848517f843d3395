//! The SFU as its users meet it: over HTTP and, with a real WebRTC client, over UDP on loopback.

mod api;
mod client;
mod joining;
mod media;
mod official_requests;
mod seen;
mod stand;
mod tokens;
mod webhooks;
