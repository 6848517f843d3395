//! An embedded selective forwarding unit: the laptop's media service, so that calls are seen and heard without an
//! account anywhere.
//!
//! It takes the place of a `LiveKit` deployment and speaks the parts of it that the service uses: join tokens, the
//! Twirp JSON API `livekit.RoomService` and signed webhooks. Browsers join in one HTTP request with an offer (WHIP,
//! RFC 9725). Every packet of audio and video goes to everybody else in the room, or to nobody when its sender is
//! muted or lacks the right. WebRTC itself is `str0m`. Not there: simulcast, bandwidth estimation, TURN, recording.

mod clock;
mod fault;
mod forwarding;
mod info;
mod kinds;
mod network;
mod notice;
mod parting;
mod peer;
mod permission;
mod room;
mod rooms;
mod service;
mod sfu;
mod sid;
mod slot;
#[cfg(test)]
mod tests;
mod token;
mod twirp;
mod uplink;
mod webhook;
mod whip;

pub use clock::Clock;
pub use sfu::{Options, Sfu, StartError};
