use serde_json::json;

use super::*;

fn account() -> Account {
    Account {
        url: "wss://rtc.example.org".into(),
        key_id: "key".into(),
        key_secret: "s3cret".into(),
        ..Account::default()
    }
}

fn request() -> JoinRequest<'static> {
    JoinRequest {
        channel_id: "sb-m1",
        user_id: "alice",
        number: 1,
        salt: 7,
        name: None,
        rights: Rights::ALL.without_microphone(),
        now_ms: 1_767_225_600_000,
        ttl_seconds: TTL_SECONDS,
    }
}

#[test]
fn the_join_object_has_the_protocols_members() {
    let minter = Provider::Livekit.minter(account()).expect("complete");
    let join = minter.join(&request()).expect("mints");
    let mut wire = serde_json::to_value(&join).expect("serialises");
    assert_eq!(serde_json::from_value::<Join>(wire.clone()).expect("reads its own"), join);
    wire["token"] = "…".into();
    assert_eq!(
        wire,
        json!({
            "provider": "livekit", "url": "wss://rtc.example.org", "channel_id": "sb-m1", "user_id": "alice",
            "token": "…", "token_expires_in_ms": 600_000, "rights_enforced": true, "params": {},
            "rights": {"microphone": false, "camera": true, "screen": true, "data": true, "subscribe": true},
        })
    );
}

#[test]
fn every_provider_has_a_name_and_a_minter() {
    for provider in Provider::ALL {
        assert_eq!(provider.name().parse(), Ok(provider));
        assert_eq!(serde_json::to_value(provider).expect("serialises"), provider.name());
        let minter = provider.minter(account()).expect("complete");
        assert_eq!(minter.provider(), provider);
        assert_eq!(minter.join(&request()).expect("mints").provider, provider);
    }
}

#[test]
fn an_unknown_provider_is_named_with_those_that_are_known() {
    let refusal = "zoom".parse::<Provider>().expect_err("unknown").to_string();
    assert_eq!(refusal, r#"unknown RTC provider "zoom"; known are livekit, alibaba"#);
}

#[test]
fn an_incomplete_account_is_refused_by_what_it_lacks() {
    let minter = |account: Account| Provider::Livekit.minter(account).map(drop);
    assert_eq!(minter(Account { url: String::new(), ..account() }), Err(AccountError::Missing("RTC_URL")));
    assert_eq!(
        minter(Account { key_id: String::new(), ..account() }),
        Err(AccountError::Missing("RTC_KEY_ID"))
    );
    assert_eq!(
        minter(Account { key_secret: "".into(), ..account() }),
        Err(AccountError::Missing("RTC_KEY_SECRET"))
    );
    let everywhere = Provider::Alibaba.minter(Account { url: String::new(), ..account() });
    assert_eq!(everywhere.expect("Alibaba has one address for all").url(), alibaba::GLOBAL_URL);
}
