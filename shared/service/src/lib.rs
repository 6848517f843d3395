//! The service: runs the functions on AWS Lambda, with the pure core inside.
//!
//! One request passes through these modules: [`request`] reads the broker rule's event and the request in it,
//! `change_loop` loads the meeting, decides and commits, and [`effects`] publishes downlinks, calls the RTC
//! service and schedules the next deadline. [`run`] has the Lambda run loop.
//!
//! Everything outside the process is behind the traits in [`ports`]. [`dynamodb`] and [`aws`] are the
//! adapters for production, and `fake` (with the feature of that name) the adapter for tests.

pub mod aws;
mod change_loop;
pub mod clock;
pub mod config;
pub mod dynamodb;
pub mod effects;
mod error;
pub mod error_chain;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
pub mod inviter;
pub mod metrics;
mod other_calls;
pub mod ports;
pub mod request;
pub mod request_rate;
mod retelling;
mod rtc_client;
mod rtc_service;
pub mod run;
pub mod secrets_error;
pub mod service;
pub mod settings;
mod users;

pub use change_loop::{CommitTerms, back_off};
pub use effects::report::InvocationReport;
pub use error::{InvocationFailure, ServeError};
pub use other_calls::MeetingOfUser;
pub use request::ReceivedRequest;
pub use rtc_client::RtcClient;
pub use service::Service;
pub use users::KnownUsers;
