//! Accounts, minters and a request for the tests of all providers. None of the keys belongs to a real
//! account.

use super::turn::{TurnServers, WithTurn};
use super::{Account, MintRequest, Minter, Provider, Rights, TTL_SECONDS};

pub const NOW_MS: i64 = 1_767_225_600_400;
pub const NOW: i64 = 1_767_225_600;

/// The secret of every account. No output may contain it.
pub const SECRET: &str = "5cfd2fd1755d40ecb72977518be15d3b";

pub const APP_ID: &str = "970ca35de60c44645bbae8a215061b33";

/// Returns a request of Alice, the first participant of the meeting, with all rights.
pub const fn request() -> MintRequest<'static> {
    MintRequest {
        channel_id: "sb-m1",
        user_id: "alice",
        number: 1,
        salt: 7,
        name: Some("Alice"),
        rights: Rights::ALL,
        now_ms: NOW_MS,
        ttl_seconds: TTL_SECONDS,
    }
}

/// Returns a complete account that is valid for every service.
pub fn account(provider: Provider, mode: &str) -> Account {
    let key_id = if provider == Provider::Tencent { "1400000000" } else { APP_ID };
    Account {
        mode: mode.to_owned(),
        url: "wss://rtc.example.org".to_owned(),
        key_id: key_id.to_owned(),
        key_secret: SECRET.into(),
        ..Account::default()
    }
}

pub fn minter(provider: Provider, mode: &str) -> Box<dyn Minter> {
    crate::minter(provider, account(provider, mode)).expect("the account is complete")
}

/// Returns a minter for every provider and mode, and one with TURN servers. Each has a name for assertion
/// messages.
pub fn minters() -> Vec<(String, Box<dyn Minter>)> {
    let modes = [
        (Provider::Livekit, ""),
        (Provider::Alibaba, ""),
        (Provider::Alibaba, "artc"),
        (Provider::Alibaba, "dingrtc"),
        (Provider::Agora, ""),
        (Provider::Agora, "cohost"),
        (Provider::Tencent, ""),
        (Provider::Tencent, "private_map_key"),
        (Provider::Janus, ""),
    ];
    for provider in Provider::ALL {
        assert!(modes.iter().any(|(known, _)| *known == provider), "{provider} is tested");
    }
    let named = |(provider, mode)| (format!("{provider} {mode}"), minter(provider, mode));
    let mut minters: Vec<_> = modes.into_iter().map(named).collect();
    let servers = TurnServers::new("turn:turn.example.org:3478", SECRET.into()).expect("right");
    let servers = servers.expect("one server");
    let with_turn = WithTurn::new(minter(Provider::Janus, ""), servers);
    minters.push(("janus with turn".to_owned(), Box::new(with_turn)));
    minters
}
