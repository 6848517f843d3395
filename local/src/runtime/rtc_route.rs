//! Names of the route on which functions call the RTC service.

/// Path of the route on the stack's HTTP server.
pub(crate) const RTC_PATH: &str = "/rtc";
/// Variable with the address of the RTC service's management API.
pub(super) const RTC_API_URL: &str = "RTC_API_URL";
