use std::collections::BTreeMap;

use super::*;
use crate::aws::Https;
use switchboard_rtc::management::HttpTimeouts;
use switchboard_rtc::{MintRequest, Rights, TTL_SECONDS};

/// Returns a complete environment with a minter for `LiveKit`, changed by `changes`. An empty value removes
/// the variable.
fn variables(changes: &[(&'static str, &str)]) -> impl Fn(&'static str) -> Option<String> {
    let mut set = BTreeMap::from(
        [
            ("TABLE_NAME", "table"),
            ("ID_KEY", "0123456789abcdef0123456789abcdef"),
            ("CALL_DOWN_PARENT", "call-dn"),
            ("BULK_DOWN_PARENT", "bulk-dn"),
            ("CHANNEL_PREFIX", "sb"),
            ("WAKE_QUEUE_URL", "http://127.0.0.1/wake"),
            ("RTC_PROVIDER", "livekit"),
            ("RTC_URL", "wss://rtc.example.org"),
            ("RTC_KEY_ID", "key"),
            ("RTC_KEY_SECRET", "hush"),
        ]
        .map(|(name, value)| (name, value.to_owned())),
    );
    set.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
    move |name| set.get(name).filter(|value| !value.is_empty()).cloned()
}

fn http() -> HttpClient {
    Https::read(&|_| None).expect("the embedded authorities").rtc_client(HttpTimeouts::default())
}

fn params(changes: &[(&'static str, &str)]) -> Vec<String> {
    let config = Config::read(&variables(changes), http()).expect("complete");
    let request = MintRequest {
        channel_id: "sb-m1",
        user_id: "alice",
        number: 1,
        salt: 7,
        name: None,
        rights: Rights::ALL,
        now_ms: 0,
        ttl_seconds: TTL_SECONDS,
    };
    config.minter.join(&request).expect("mints").params.keys().cloned().collect()
}

/// Returns the error of a function that does not start with this environment. Checks that its debug output,
/// which `main` shows, names the same variable.
fn refusal(changes: &[(&'static str, &str)]) -> String {
    let error = Config::read(&variables(changes), http()).map(drop).expect_err("incomplete");
    let (shown, debug) = (error.to_string(), format!("{error:?}"));
    let name = shown.split(' ').find(|word| word.contains('_')).expect("it names a variable");
    assert!(debug.contains(name) && !debug.contains("xyzzy"), "{debug}");
    shown
}

#[test]
fn turn_servers_are_added_to_the_joins_of_any_service() {
    let turn = [("TURN_URLS", "turn:turn.example.org"), ("TURN_SECRET", "hush")];
    assert_eq!(params(&[]), [""; 0]);
    assert_eq!(params(&turn), ["iceServers"]);
    let janus = [turn[0], turn[1], ("RTC_PROVIDER", "janus"), ("RTC_KEY_ID", "")];
    assert_eq!(params(&janus), ["core_token", "iceServers", "participant_id", "room"]);
    // Empty addresses alone turn TURN off.
    assert_eq!(params(&[("TURN_SECRET", "hush")]), [""; 0]);
}

#[test]
fn what_is_missing_or_wrong_is_named_and_never_shown() {
    for name in ["TABLE_NAME", "ID_KEY", "RTC_PROVIDER", "RTC_URL", "RTC_KEY_ID", "RTC_KEY_SECRET"] {
        assert_eq!(refusal(&[(name, "")]), format!("the environment variable {name} is missing"));
    }
    let without_secret = refusal(&[("TURN_URLS", "turn:turn.example.org")]);
    assert_eq!(without_secret, "the environment variable TURN_SECRET is missing");
    let agora = ("RTC_PROVIDER", "agora");
    let cases: [(&[(&'static str, &str)], &str); 7] = [
        (&[("RTC_PROVIDER", "xyzzy")], "RTC_PROVIDER"),
        (&[("TURN_URLS", "xyzzy"), ("TURN_SECRET", "hush")], "TURN_URLS"),
        (&[agora, ("RTC_KEY_ID", "xyzzy")], "RTC_KEY_ID"),
        (
            &[agora, ("RTC_KEY_ID", "970ca35de60c44645bbae8a215061b33"), ("RTC_KEY_SECRET", "xyzzy")],
            "RTC_KEY_SECRET",
        ),
        (&[("RTC_MODE", "xyzzy")], "RTC_MODE"),
        (&[("RTC_URL", "xyzzy")], "RTC_URL"),
        (&[("RTC_API_URL", "xyzzy")], "RTC_API_URL"),
    ];
    for (changes, name) in cases {
        let refusal = refusal(changes);
        assert!(refusal.starts_with(&format!("the environment variable {name} is malformed: ")), "{refusal}");
        assert!(!refusal.contains("xyzzy"), "{refusal}");
    }
    let hostless = refusal(&[("RTC_URL", "wss://")]);
    assert!(hostless.starts_with("the environment variable RTC_URL is malformed: "), "{hostless}");
}

#[test]
fn callbacks_of_the_present_and_of_the_previous_key_are_read() {
    use base64::prelude::{BASE64_STANDARD, Engine};
    use switchboard_rtc::callback::{Callback, CallbackError};
    let signed = |secret: &str| {
        let login = BASE64_STANDARD.encode(format!("switchboard:{secret}"));
        BTreeMap::from([("authorization".to_owned(), format!("Basic {login}"))])
    };
    let janus = [("RTC_PROVIDER", "janus"), ("RTC_CALLBACK_SECRET", "new")];
    let read = |changes: &[(&'static str, &str)], secret: &str| {
        let reader = callbacks(&variables(changes)).expect("settings").expect("a reader");
        reader.read(&Callback { headers: &signed(secret), body: b"[]", now_ms: 0 })
    };
    assert_eq!(read(&janus, "old"), Err(CallbackError::Forged));
    let rotating = [janus[0], janus[1], ("RTC_CALLBACK_SECRET_PREVIOUS", "old")];
    assert_eq!(read(&rotating, "old"), Ok(vec![]));
    assert_eq!(read(&rotating, "new"), Ok(vec![]));
    assert_eq!(read(&rotating, "other"), Err(CallbackError::Forged));

    let error = callbacks(&variables(&[("RTC_CALLBACK_SECRET_PREVIOUS", "xyzzy")])).map(drop);
    let error = error.expect_err("not of the form").to_string();
    assert!(error.contains("ID:SECRET") && !error.contains("xyzzy"), "{error}");
    assert!(callbacks(&variables(&[("RTC_CALLBACK_SECRET_PREVIOUS", "old:secret")])).is_ok());
}

#[test]
fn a_public_secret_of_laptops_is_refused_on_aws_and_only_there() {
    let public = "local-development-only-0123456789abcdef";
    for name in ["ID_KEY", "RTC_KEY_SECRET", "TURN_SECRET", "RTC_API_KEY_SECRET"] {
        assert!(Config::read(&variables(&[(name, public)]), http()).is_ok(), "{name}: the laptop stack runs");
        for on_aws in ["LAMBDA_TASK_ROOT", "AWS_EXECUTION_ENV"] {
            let refused = refusal(&[(name, public), (on_aws, "/var/task")]);
            assert!(refused.contains(name) && refused.contains("public secret"), "{refused}");
        }
    }
    let on_aws = [("LAMBDA_TASK_ROOT", "/var/task"), ("RTC_CALLBACK_SECRET", public)];
    assert!(callbacks(&variables(&on_aws)).is_err());
    assert!(callbacks(&variables(&on_aws[1..])).is_ok());
    assert!(Config::read(&variables(&on_aws[..1]), http()).is_ok(), "own secrets");
}

#[test]
fn addresses_of_the_rtc_service_without_encryption_are_refused_on_aws() {
    let plain = [("RTC_URL", "ws://rtc.example.org"), ("RTC_API_URL", "http://rtc.example.org")];
    for setting in plain {
        assert!(Config::read(&variables(&[setting]), http()).is_ok(), "{setting:?}: a laptop");
        let refused = refusal(&[setting, ("LAMBDA_TASK_ROOT", "/var/task")]);
        assert!(refused.contains(setting.0) && refused.contains("wss://"), "{refused}");
    }
}

#[test]
fn limits_of_requests_have_defaults_and_are_refused_out_of_range() {
    let limits =
        |changes: &[(&'static str, &str)]| Config::read(&variables(changes), http()).map(|it| it.limits);
    assert_eq!(limits(&[]).expect("complete"), RequestLimits::default());
    let set = limits(&[("INVITATIONS_PER_MINUTE", "7"), ("REQUEST_BURST", "10000")]).expect("complete");
    assert_eq!((set.invitations_per_minute, set.request_burst), (7, 10_000));
    for (name, value) in [
        ("INVITATIONS_PER_MINUTE", "0"),
        ("INVITATIONS_PER_HOUR", "1001"),
        ("LIVE_MEETINGS_PER_USER", "0"),
        ("LIVE_MEETINGS_PER_USER", "201"),
        ("UNANSWERED_RINGS_PER_HOUR", "-1"),
        ("REQUESTS_PER_SECOND", "1.5"),
        ("REQUEST_BURST", "many"),
        ("KNOCKS_PER_MINUTE", "61"),
    ] {
        let message = refusal(&[(name, value)]);
        assert!(message.contains(name) && message.contains("a whole number from 1 to"), "{message}");
    }
}
