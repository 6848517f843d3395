//! What the functions of Switchboard share.
//!
//! One request flows through these modules from top to bottom:
//! [`rule`] reads the event that the broker's rule hands over, [`message`] turns its payload into a
//! typed request, [`store`] loads the meeting, [`meeting`] decides (pure: no clock, no network),
//! [`store`] commits, [`rtc`] mints join tokens, and [`downlink`] tells exactly the devices concerned.
//! [`serve`] ties them together, once for all functions.

pub mod address;
#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "aws")]
pub mod bus;
pub mod cause;
#[cfg(feature = "aws")]
pub mod clock;
#[cfg(feature = "aws")]
pub mod config;
#[cfg(feature = "aws")]
pub mod downlink;
pub mod id;
pub mod meeting;
pub mod message;
pub mod rtc;
pub mod rule;
#[cfg(feature = "aws")]
pub mod serve;
#[cfg(feature = "aws")]
pub mod store;
#[cfg(feature = "aws")]
pub mod timer;
