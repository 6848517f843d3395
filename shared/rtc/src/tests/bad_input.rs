//! Tests of invalid accounts, ids, lives and clocks: each causes an error that names the setting or field
//! without its value, and no panic.

use super::*;
use crate::error::UnsupportedIdError;

/// Returns the limits of a service for channel and user ids, in bytes.
fn limits(name: &str) -> (usize, usize) {
    match name.split(' ').next() {
        Some("livekit") => (256, 256),
        Some("agora") => (64, 255),
        Some("tencent") => (64, 32),
        Some("alibaba") if !name.contains("dingrtc") => (64, 61),
        _ => (64, 64),
    }
}

#[test]
fn the_error_for_an_unknown_provider_lists_the_known_ones() {
    let refusal = "zoom".parse::<Provider>().expect_err("unknown").to_string();
    assert_eq!(refusal, "unknown RTC provider; use one of livekit, alibaba, agora, tencent, janus");
    assert!("Livekit".parse::<Provider>().is_err() && "".parse::<Provider>().is_err());
}

#[test]
fn the_error_for_an_incomplete_account_names_the_missing_setting() {
    let lacks = |provider: Provider, change: fn(&mut Account)| {
        let mut account = account(provider, "");
        change(&mut account);
        match crate::minter(provider, account).map(drop) {
            Err(AccountError::Missing(name)) => name,
            Ok(()) => "nothing",
            Err(other) => panic!("{provider}: {other}"),
        }
    };
    for provider in Provider::ALL {
        assert_eq!(lacks(provider, |account| account.key_secret = "".into()), "RTC_KEY_SECRET", "{provider}");
        // Self-hosted services need an address; the others have a public address.
        let self_hosted = matches!(provider, Provider::Livekit | Provider::Janus);
        let expected = if self_hosted { "RTC_URL" } else { "nothing" };
        assert_eq!(lacks(provider, |account| account.url.clear()), expected, "{provider}");
        // The key of Janus has no public half.
        let expected = if provider == Provider::Janus { "nothing" } else { "RTC_KEY_ID" };
        assert_eq!(lacks(provider, |account| account.key_id.clear()), expected, "{provider}");
    }
}

#[test]
fn the_error_for_a_malformed_setting_names_it_without_its_value() {
    let refused = |provider: Provider, variable: &str, value: &str| {
        let mut account = account(provider, "");
        match variable {
            "RTC_MODE" => value.clone_into(&mut account.mode),
            "RTC_URL" => value.clone_into(&mut account.url),
            "RTC_KEY_ID" => value.clone_into(&mut account.key_id),
            _ => account.key_secret = value.into(),
        }
        let error = crate::minter(provider, account).map(drop).expect_err("malformed");
        let AccountError::Malformed { name, .. } = &error else { panic!("{provider} {value}: {error}") };
        assert_eq!(*name, variable, "{provider} {value}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(value) || value.trim().is_empty(), "{shown}");
    };
    for app_id in ["xyzzy", "970ca35de60c44645bbae8a215061b3g"] {
        refused(Provider::Agora, "RTC_KEY_ID", app_id);
    }
    for certificate in ["xyzzy", "5cfd2fd1755d40ecb72977518be15d3b0", "äcfd2fd1755d40ecb72977518be15d3"] {
        refused(Provider::Agora, "RTC_KEY_SECRET", certificate);
    }
    for application in ["xyzzy", "0", "-9", "4294967296", "14000.00000"] {
        refused(Provider::Tencent, "RTC_KEY_ID", application);
    }
    for provider in Provider::ALL {
        for mode in ["xyzzy", "ARTC", " ", "cohost,artc"] {
            refused(provider, "RTC_MODE", mode);
        }
        for url in ["xyzzy", "wss:/xyzzy", "ftp://xyzzy", " "] {
            refused(provider, "RTC_URL", url);
        }
    }
    // A mode of another service is unknown.
    refused(Provider::Alibaba, "RTC_MODE", "cohost");
    refused(Provider::Agora, "RTC_MODE", "artc");
}

#[test]
fn ids_have_at_least_one_byte_and_at_most_the_services_limit() {
    for (name, minter) in minters() {
        let (channel, user) = limits(&name);
        let check = |channel_id: &str, user_id: &str| {
            let minted = minter.mint(&MintRequest { channel_id, user_id, ..request() }).map(drop);
            // `check_ids` and `mint` return the same error.
            assert_eq!(minter.check_ids(channel_id, user_id).map_err(MintError::from), minted, "{name}");
            minted
        };
        let id = |length| "aZ09_-".repeat(50)[..length].to_owned();
        let too_long = |what, max| Err(UnsupportedIdError::TooLong { what, len: max + 1, max }.into());
        assert_eq!(check(&id(channel), &id(user)), Ok(()), "{name}");
        assert_eq!(check("c", "u"), Ok(()), "{name}");
        assert_eq!(check("", "u"), Err(UnsupportedIdError::Empty { what: "channel_id" }.into()), "{name}");
        assert_eq!(check("c", ""), Err(UnsupportedIdError::Empty { what: "user_id" }.into()), "{name}");
        assert_eq!(check(&id(channel + 1), "u"), too_long("channel_id", channel), "{name}");
        assert_eq!(check("c", &id(user + 1)), too_long("user_id", user), "{name}");
    }
}

#[test]
fn ids_stay_within_the_services_alphabet() {
    for (name, minter) in minters().into_iter().filter(|(name, _)| name != "livekit ") {
        for id in ["a.b", "a b", "a/b", "a@b", "aé", "a\0", "a\n", "a,b", "a:b", "a*"] {
            let mint = |channel_id, user_id| {
                minter.mint(&MintRequest { channel_id, user_id, ..request() }).map(drop)
            };
            let refusal = |what| Err(UnsupportedIdError::Alphabet { what, at: 1 }.into());
            assert_eq!(mint(id, "u"), refusal("channel_id"), "{name} {id:?}");
            assert_eq!(mint("c", id), refusal("user_id"), "{name} {id:?}");
        }
        assert!(minter.check_ids("*", "u").is_err() && minter.check_ids("c", "*").is_err(), "{name}");
    }
}

#[test]
fn lives_are_one_second_to_one_day() {
    for (name, minter) in minters() {
        let mint = |ttl_seconds| minter.mint(&MintRequest { ttl_seconds, ..request() }).map(drop);
        assert_eq!((mint(1), mint(MAX_TTL_SECONDS)), (Ok(()), Ok(())), "{name}");
        for seconds in [0, MAX_TTL_SECONDS + 1, u32::MAX] {
            assert_eq!(mint(seconds), Err(MintError::Ttl { seconds }), "{name}");
        }
    }
}

#[test]
fn a_time_outside_the_range_of_the_format_is_refused() {
    for (name, minter) in minters() {
        let mint = |now_ms| minter.mint(&MintRequest { now_ms, ..request() }).map(drop);
        assert_eq!(mint(0), Ok(()), "{name}");
        for now_ms in [-1, i64::MIN, i64::MAX] {
            assert_eq!(mint(now_ms), Err(MintError::Clock { now_ms }), "{name}");
        }
        let last_ms = (i64::from(u32::MAX) - i64::from(TTL_SECONDS)) * 1000;
        let has_32_bits = ["agora", "tencent", "alibaba dingrtc"].iter().any(|known| name.starts_with(known));
        assert_eq!(mint(last_ms), Ok(()), "{name}");
        let next_ms = last_ms + 1000;
        let expected = if has_32_bits { Err(MintError::Clock { now_ms: next_ms }) } else { Ok(()) };
        assert_eq!(mint(next_ms), expected, "{name}");
    }
}

#[test]
fn agora_refuses_a_user_without_a_number() {
    for (name, minter) in minters() {
        let minted = minter.mint(&MintRequest { number: 0, ..request() }).map(drop);
        let expected = if name.starts_with("agora") { Err(MintError::Number) } else { Ok(()) };
        assert_eq!(minted, expected, "{name}");
    }
}
