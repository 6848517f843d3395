//! Accounts, minters and a request for the tests. None of the keys belongs to a real account.

use switchboard_rtc::turn::{TurnServers, WithTurn};
use switchboard_rtc::{Account, MintRequest, Minter, Provider, Rights, TTL_SECONDS};

/// Time at which the tokens are made, Unix seconds.
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
        now_ms: NOW * 1000 + 400,
        ttl_seconds: TTL_SECONDS,
    }
}

pub fn minter(provider: Provider, mode: &str) -> Box<dyn Minter> {
    let key_id = if provider == Provider::Tencent { "1400000000" } else { APP_ID };
    let account = Account {
        mode: mode.to_owned(),
        url: "wss://rtc.example.org".to_owned(),
        key_id: key_id.to_owned(),
        key_secret: SECRET.into(),
        ..Account::default()
    };
    switchboard_rtc::minter(provider, account).expect("the account is complete")
}

/// Returns a minter for each form of token, with a name for assertion messages. One of the minters adds TURN
/// servers.
pub fn minters() -> Vec<(String, Box<dyn Minter>)> {
    let mut minters: Vec<_> =
        Provider::ALL.into_iter().map(|provider| (provider.to_string(), minter(provider, ""))).collect();
    minters.push(("alibaba dingrtc".to_owned(), minter(Provider::Alibaba, "dingrtc")));
    let servers = TurnServers::new("turn:turn.example.org:3478", SECRET.into()).expect("valid settings");
    let with_turn = WithTurn::new(minter(Provider::Janus, ""), servers.expect("one server"));
    minters.push(("janus with turn".to_owned(), Box::new(with_turn)));
    minters
}
