//! The stack's own media service: where it is, what the functions are told about it, and how it starts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use sfu::Sfu;
use switchboard_rtc::livekit::ApiKey;

use crate::instruments::Instruments;
use crate::parameters::SFU_URL;

/// Where its routes are.
pub(crate) const PATH: &str = "/sfu";
/// The function that takes its webhooks.
pub(crate) const WEBHOOK: &str = "rtc-webhook";

/// Puts the address of the stack's own media service where none is set, and says what it is; `None` if terminals go
/// elsewhere. Where it `manages` meetings, it is also what the functions ask who is in, and tell whom to mute or remove.
pub fn settle(parameters: &mut BTreeMap<String, String>, http: &str, manages: bool) -> Option<String> {
    let own = format!("{http}{PATH}");
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

/// Starts it with the key that the functions sign with.
pub(crate) async fn start(
    parameters: &BTreeMap<String, String>,
    udp: SocketAddr,
    webhook: Option<String>,
    instruments: &Arc<Instruments>,
) -> Result<Sfu, sfu::StartError> {
    let of = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    let key = ApiKey { id: of("RtcKeyId"), secret: of("RtcKeySecret").into() };
    let instruments = Arc::clone(instruments);
    let clock = Arc::new(move || instruments.clock.now_ms());
    Sfu::start(sfu::Options { udp, webhook, ..sfu::Options::on_loopback(key, clock) }).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::laptop;

    fn settled(
        provider: &str,
        url: Option<&str>,
        manages: bool,
    ) -> (Option<String>, BTreeMap<String, String>) {
        let mut parameters = laptop(provider, |name| url.filter(|_| name == "RTC_URL").map(str::to_owned));
        let own = settle(&mut parameters, "http://127.0.0.1:9", manages);
        (own, parameters)
    }

    #[test]
    fn terminals_come_to_the_stacks_own_service_unless_another_is_set() {
        let (own, parameters) = settled("livekit", None, false);
        assert_eq!(own.as_deref(), Some("http://127.0.0.1:9/sfu"));
        assert_eq!(parameters["RtcUrl"], "http://127.0.0.1:9/sfu");
        assert_eq!(parameters["RtcApiUrl"], "", "it is asked for by a switch");
        let (own, parameters) = settled("livekit", Some("wss://rtc.example.com"), true);
        assert_eq!((own, parameters["RtcUrl"].as_str()), (None, "wss://rtc.example.com"));
        assert_eq!(parameters["RtcApiUrl"], "");
        assert_eq!(settled("alibaba", None, true).0, None);
    }

    #[test]
    fn where_it_manages_meetings_the_functions_are_told_so() {
        assert_eq!(settled("livekit", None, true).1["RtcApiUrl"], "http://127.0.0.1:9/sfu");
    }
}
