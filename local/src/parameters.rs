//! Values of the template's parameters on a laptop. The default secrets are public; environment variables replace them.

use std::collections::BTreeMap;

/// Secret of the JWTs of terminals, unless `SWITCHBOARD_JWT_SECRET` is set.
pub const DEVELOPMENT_JWT_SECRET: &str = "local-development-only";

/// URL of the embedded SFU at the default address of `local up`. A running stack replaces it with the real address.
pub const SFU_URL: &str = "http://127.0.0.1:8080/sfu";

/// Makes the parameter values for a laptop. `variable` looks up an environment variable; an empty one counts as not
/// set.
#[must_use]
pub fn laptop(rtc_provider: &str, variable: impl Fn(&str) -> Option<String>) -> BTreeMap<String, String> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let or = |name: &str, default: &str| set(name).unwrap_or_else(|| default.to_owned());
    let (key_id, key_secret) = development_key(rtc_provider);
    [
        ("JwtHs256Secret", or("SWITCHBOARD_JWT_SECRET", DEVELOPMENT_JWT_SECRET)),
        // The samples in `events/` name channels with the prefix `switchboard`. Others may use the same RTC service as
        // a stack that manages it, so such a stack needs a prefix of its own: the sweep closes channels with the prefix
        // of the stack that have no meeting in its table.
        (
            "ChannelPrefix",
            or("CHANNEL_PREFIX", if set("RTC_API_URL").is_some() { "" } else { "switchboard" }),
        ),
        ("IdKey", or("SWITCHBOARD_ID_KEY", "local-development-only-id-key-000000000000")),
        ("RtcProvider", rtc_provider.to_owned()),
        ("RtcMode", or("RTC_MODE", "")),
        ("RtcUrl", or("RTC_URL", if rtc_provider == "livekit" { SFU_URL } else { "ws://127.0.0.1:7880" })),
        ("RtcKeyId", or("RTC_KEY_ID", key_id)),
        ("RtcKeySecret", or("RTC_KEY_SECRET", key_secret)),
        ("RtcApiUrl", or("RTC_API_URL", "")),
        ("RtcApiKeyId", or("RTC_API_KEY_ID", "")),
        ("RtcApiKeySecret", or("RTC_API_KEY_SECRET", "")),
        ("RtcCallbackSecret", or("RTC_CALLBACK_SECRET", "")),
        ("TurnUrls", or("TURN_URLS", "")),
        ("TurnSecret", or("TURN_SECRET", "")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Names of the parameters that have a public development secret.
#[must_use]
pub fn development_secrets(values: &BTreeMap<String, String>) -> Vec<&'static str> {
    let defaults = laptop(values.get("RtcProvider").map_or("", String::as_str), |_| None);
    let is_default = |name: &&'static str| values.get(*name) == defaults.get(*name);
    ["JwtHs256Secret", "IdKey", "RtcKeySecret"].into_iter().filter(is_default).collect()
}

/// Development key in the form that the RTC service requires: key id and secret. No account has this key.
fn development_key(rtc_provider: &str) -> (&'static str, &'static str) {
    match rtc_provider {
        "agora" => ("00000000000000000000000000000000", "11111111111111111111111111111111"),
        "tencent" => ("1400000000", "local-development-only-rtc-secret"),
        _ => ("devkey", "local-development-only-rtc-secret"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_rtc::{Account, Provider};

    #[test]
    fn environment_variables_replace_defaults_unless_they_are_empty() {
        let values = laptop("alibaba", |name| match name {
            "SWITCHBOARD_JWT_SECRET" => Some("mine".to_owned()),
            "RTC_KEY_ID" => Some(String::new()),
            _ => None,
        });
        assert_eq!(values["JwtHs256Secret"], "mine");
        assert_eq!(values["RtcKeyId"], "devkey");
        assert_eq!(values["RtcProvider"], "alibaba");
    }

    #[test]
    fn development_secrets_are_named() {
        let all = ["JwtHs256Secret", "IdKey", "RtcKeySecret"];
        for provider in Provider::ALL {
            assert_eq!(development_secrets(&laptop(provider.name(), |_| None)), all, "{provider}");
        }
        let mine = |name: &str| (name == "SWITCHBOARD_JWT_SECRET").then(|| "mine".to_owned());
        assert_eq!(development_secrets(&laptop("livekit", mine)), all[1..]);
    }

    #[test]
    fn development_keys_are_as_long_as_real_ones_must_be() {
        let values = laptop("livekit", |_| None);
        assert!(values["IdKey"].len() >= 32);
        assert!(values["RtcKeySecret"].len() >= 32);
    }

    #[test]
    fn every_rtc_service_accepts_its_development_key() {
        for provider in Provider::ALL {
            let mut values = laptop(provider.name(), |_| None);
            let mut value = |name: &str| values.remove(name).unwrap_or_default();
            let account = Account {
                url: value("RtcUrl"),
                key_id: value("RtcKeyId"),
                key_secret: value("RtcKeySecret").into(),
                ..Account::default()
            };
            assert!(switchboard_rtc::minter(provider, account).is_ok(), "{provider}");
        }
    }
}
