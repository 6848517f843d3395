//! An embedded selective forwarding unit (SFU): the RTC service of the laptop stack, so that calls have audio and
//! video without an account at a provider.
//!
//! The SFU replaces a `LiveKit` deployment and implements the parts that the service uses: join tokens, the Twirp JSON API
//! `livekit.RoomService` and signed webhooks. Browsers join with one HTTP request that contains an SDP offer (WHIP,
//! RFC 9725). The SFU forwards each packet of audio and video to all other participants of the channel, and drops it
//! if its sender is muted or lacks the permission. The WebRTC engine is `str0m`.
//!
//! Not implemented: simulcast, bandwidth estimation, TURN, recording.
//!
//! `LiveKit` calls a channel a room. The names of `LiveKit`'s API keep the word "room".

mod channel;
mod channels;
mod clock;
mod closing;
mod forwarding;
mod info;
mod message;
mod network;
mod peer;
mod per_kind;
mod permission;
mod published_track;
mod receive_slot;
mod service;
mod sfu;
mod sid;
#[cfg(test)]
mod tests;
mod token;
mod twirp;
mod twirp_error;
mod webhook;
mod whip;

pub use clock::Clock;
pub use sfu::{Sfu, SfuOptions, StartError};
