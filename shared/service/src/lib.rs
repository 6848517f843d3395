//! The service: runs the functions on AWS Lambda around the pure core.
//!
//! One request flows through these modules: [`rule`] reads the event of the broker's rule, [`serve`] parses the request
//! and runs load, decision, commit and effects, [`store`] reads and commits in DynamoDB, [`downlink`] publishes to
//! devices, [`timer`] schedules the next deadline. [`aws`] builds the SDK clients, [`config`] reads the settings.

pub mod aws;
pub mod bus;
pub mod clock;
pub mod config;
pub mod downlink;
pub mod rule;
pub mod serve;
pub mod store;
pub mod timer;
