//! HTTP endpoints of the stack: the AWS APIs that functions and tools call, the URLs of functions, and the stack's own
//! `/local/` routes.

pub(crate) mod access;
pub(crate) mod control;
pub(crate) mod dynamodb;
pub(crate) mod event_bus;
pub(crate) mod function_url;
pub(crate) mod gauges;
pub(crate) mod iot_data;
mod json_protocol;
mod killing;
pub(crate) mod lambda;
pub(crate) mod metrics;
pub(crate) mod rtc;
pub(crate) mod sqs;
