//! The callbacks of LiveKit.

#[path = "../scenarios/rtc_webhook/services.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
pub mod services;

use crate::stack::Stack;

/// The URL for callbacks.
fn url(stack: &Stack) -> String {
    format!("{}/lambda-url/rtc-webhook/", stack.http)
}
