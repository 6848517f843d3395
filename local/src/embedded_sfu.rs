//! The embedded SFU: the parameters that point functions and terminals to it, and its start.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use sfu::Sfu;
use switchboard_rtc::livekit::ApiKey;

use crate::instruments::Instruments;
use crate::instruments::clock::ClockOwner;
use crate::parameters::SFU_URL;

/// Path of the SFU on the stack's HTTP server.
pub(crate) const SFU_PATH: &str = "/sfu";
/// Name of the function that receives the webhooks of the SFU.
pub(crate) const WEBHOOK_FUNCTION: &str = "rtc-webhook";

/// Sets the URL of the embedded SFU as the RTC service and returns it; returns `None` if the parameters name another
/// RTC service. With `manages`, the functions also call the SFU: to list and remove participants and to mute them.
pub fn configure(parameters: &mut BTreeMap<String, String>, http: &str, manages: bool) -> Option<String> {
    let own = format!("{http}{SFU_PATH}");
    let set = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    if set("RtcProvider") != "livekit" || !["", SFU_URL, &own].contains(&set("RtcUrl")) {
        return None;
    }
    parameters.insert("RtcUrl".to_owned(), own.clone());
    if manages {
        parameters.insert("RtcApiUrl".to_owned(), own.clone());
    }
    Some(own)
}

/// Starts the SFU with the key that the functions sign join tokens with. `udp` is its address for media, `webhook` the
/// URL that gets its webhooks.
pub(crate) async fn start(
    parameters: &BTreeMap<String, String>,
    udp: SocketAddr,
    webhook: Option<String>,
    instruments: &Arc<Instruments>,
) -> Result<Sfu, sfu::StartError> {
    let of = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    let key = ApiKey { id: of("RtcKeyId"), secret: of("RtcKeySecret").into() };
    let instruments = Arc::clone(instruments);
    let clock = Arc::new(move || instruments.clock.now_of(ClockOwner::Rtc));
    Sfu::start(sfu::SfuOptions { udp, webhook, ..sfu::SfuOptions::on_loopback(key, clock) }).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::laptop;

    fn configured(
        provider: &str,
        url: Option<&str>,
        manages: bool,
    ) -> (Option<String>, BTreeMap<String, String>) {
        let mut parameters = laptop(provider, |name| url.filter(|_| name == "RTC_URL").map(str::to_owned));
        let own = configure(&mut parameters, "http://127.0.0.1:9", manages);
        (own, parameters)
    }

    #[test]
    fn terminals_join_the_embedded_sfu_unless_another_service_is_set() {
        let (own, parameters) = configured("livekit", None, false);
        assert_eq!(own.as_deref(), Some("http://127.0.0.1:9/sfu"));
        assert_eq!(parameters["RtcUrl"], "http://127.0.0.1:9/sfu");
        assert_eq!(parameters["RtcApiUrl"], "", "the functions call the SFU only with `--sfu`");
        let (own, parameters) = configured("livekit", Some("wss://rtc.example.com"), true);
        assert_eq!((own, parameters["RtcUrl"].as_str()), (None, "wss://rtc.example.com"));
        assert_eq!(parameters["RtcApiUrl"], "");
        assert_eq!(configured("alibaba", None, true).0, None);
    }

    #[test]
    fn functions_call_an_sfu_that_manages_meetings() {
        assert_eq!(configured("livekit", None, true).1["RtcApiUrl"], "http://127.0.0.1:9/sfu");
    }
}
