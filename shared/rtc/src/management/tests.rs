//! Tests of the common behaviour of management requests: limits, the one retry, and the errors for bad
//! responses. They use LiveKit unless they name another service.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::fixture::{AT, FakeService, ScriptedReply, account, http, management, patient};
use super::{HttpTimeouts, MAX_RESPONSE_BYTES, RtcError};
use crate::{Account, AccountError, Provider, Rights};

/// Closes a channel at a service with this reply. Returns the result and the number of requests.
async fn close_with(
    reply: impl Fn() -> ScriptedReply + Send + Sync + 'static,
) -> (Result<(), RtcError>, usize) {
    let service = FakeService::new(move |_, _| reply()).await;
    let livekit = management(Provider::Livekit, &account(&service.url())).expect("an account");
    let result = livekit.close("room", AT).await;
    (result, service.requests().len())
}

#[tokio::test]
async fn bad_responses_map_to_errors() {
    let refused = |what: &str| Err(RtcError::Refused(what.to_owned()));
    let unavailable = |what: &str| Err(RtcError::Unavailable(what.to_owned()));
    let unauthorized = |what: &str| Err(RtcError::Unauthorized(what.to_owned()));
    let later =
        |seconds: Option<u64>| Err(RtcError::RateLimited { retry_after: seconds.map(Duration::from_secs) });
    let twirp = |code: &'static str| json!({ "code": code, "msg": "words" });

    assert_eq!(
        close_with(move || ScriptedReply::Error(401, twirp("unauthenticated"))).await,
        (unauthorized("HTTP 401 unauthenticated"), 1)
    );
    assert_eq!(
        close_with(move || ScriptedReply::Error(403, twirp("permission_denied"))).await,
        (unauthorized("HTTP 403 permission_denied"), 1)
    );
    // An unknown path is an error, unlike an unknown room.
    assert_eq!(
        close_with(move || ScriptedReply::Error(404, twirp("bad_route"))).await,
        (refused("HTTP 404 bad_route"), 1)
    );
    assert_eq!(close_with(|| ScriptedReply::Text(404, "<html>".into())).await, (refused("HTTP 404"), 1));
    assert_eq!(close_with(|| ScriptedReply::Text(302, String::new())).await, (refused("HTTP 302"), 1));
    assert_eq!(close_with(|| ScriptedReply::RateLimited("7")).await, (later(Some(7)), 1));
    assert_eq!(
        close_with(|| ScriptedReply::RateLimited("Sun, 22 Nov 2026 16:48:06 GMT")).await,
        (later(None), 1)
    );
    assert_eq!(
        close_with(move || ScriptedReply::Error(500, twirp("internal"))).await,
        (unavailable("HTTP 500 internal"), 2)
    );
    assert_eq!(close_with(|| ScriptedReply::Text(503, "busy".into())).await, (unavailable("HTTP 503"), 2));
    assert_eq!(
        close_with(|| ScriptedReply::Text(200, "<html>".into())).await,
        (refused("the response is not JSON"), 1)
    );
    assert_eq!(
        close_with(|| ScriptedReply::Text(200, format!("\"{}\"", "a".repeat(MAX_RESPONSE_BYTES)))).await,
        (refused("the response exceeds 4194304 bytes"), 1)
    );
}

#[tokio::test]
async fn a_server_error_is_retried_once() {
    let script = |count, _: &_| {
        if count == 0 { ScriptedReply::Text(502, String::new()) } else { ScriptedReply::Json(json!({})) }
    };
    let service = FakeService::new(script).await;
    let livekit = management(Provider::Livekit, &account(&service.url())).expect("an account");
    assert_eq!(livekit.close("room", AT).await, Ok(()));
    let seen = service.requests();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].body, seen[1].body);
}

#[tokio::test]
async fn a_silent_service_is_unavailable_after_the_time_limit() {
    let service = FakeService::new(|_, _| ScriptedReply::Silence).await;
    let timeouts = HttpTimeouts { connect: Duration::from_mins(1), request: Duration::from_millis(200) };
    let http = http(timeouts);
    let livekit = crate::management(Provider::Livekit, &account(&service.url()), http);
    let livekit = livekit.expect("an account").expect("with an API");
    let late = RtcError::Unavailable("no response in time".into());
    assert_eq!(livekit.members("room", AT).await, Err(late));
    assert!(service.requests().len() <= 1, "a request without a response is not retried");
}

#[tokio::test]
async fn a_refused_connection_is_unavailable() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", free.local_addr().expect("it is bound"));
    drop(free);
    let livekit = management(Provider::Livekit, &account(&url)).expect("an account");
    let gone = RtcError::Unavailable("no connection".into());
    assert_eq!(livekit.close("room", AT).await, Err(gone));
}

/// Starts a service that closes the connection during every request. Also returns a counter of the requests.
async fn hanging_up() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut begin = [0; 16];
            connection.read_exact(&mut begin).await.expect("a request");
        }
    });
    (url, count)
}

#[tokio::test]
async fn a_lost_connection_is_retried_only_for_idempotent_requests() {
    let broke = Err(RtcError::Unavailable("connection lost".into()));
    let (url, count) = hanging_up().await;
    let livekit = management(Provider::Livekit, &account(&url)).expect("an account");
    assert_eq!(livekit.close("room", AT).await, broke);
    assert_eq!(count.load(Ordering::SeqCst), 2);

    // A second lasting rule at Agora would remain after the first one is deleted.
    let rules = |_, seen: &super::fixture::RecordedRequest| match seen.method.as_str() {
        "GET" => ScriptedReply::Json(json!({ "status": "success", "rules": [] })),
        _ => ScriptedReply::Text(500, String::new()),
    };
    let service = FakeService::new(rules).await;
    let agora = management(Provider::Agora, &account(&service.url())).expect("an account");
    let muted = agora.restrict("room", "7", Rights::ALL.without_microphone(), AT).await;
    assert_eq!(muted, Err(RtcError::Unavailable("HTTP 500".into())));
    let methods: Vec<_> = service.requests().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["GET", "POST"]);
}

#[tokio::test]
async fn errors_contain_nothing_of_the_account() {
    for provider in Provider::ALL {
        let echo = |_, seen: &super::fixture::RecordedRequest| {
            let all = format!("{seen:?} api-secret token-secret");
            let error = json!({ "code": all, "Code": all, "Response": { "Error": { "Code": all } } });
            ScriptedReply::Error(400, error)
        };
        let service = FakeService::new(echo).await;
        let management = management(provider, &account(&service.url())).expect("an account");
        let error = management.close("room", AT).await.expect_err("it is refused");
        let shown = format!("{error} {error:?}");
        for secret in ["secret", "authorization", "Bearer", "Signature", "token"] {
            assert!(!shown.contains(secret), "{provider}: {shown}");
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_a_valid_header_is_refused() {
    let service = FakeService::new(|_, _| ScriptedReply::Json(json!({}))).await;
    let mut account = account(&service.url());
    if let Some(api) = account.api.as_mut() {
        api.key_id = "line\r\nx-evil: 1".into();
    }
    let alibaba = management(Provider::Alibaba, &account).expect("an account");
    let refused = alibaba.close("room", AT).await.expect_err("no header");
    assert!(matches!(refused, RtcError::Refused(_)), "{refused}");
    assert!(service.requests().is_empty());
}

#[test]
fn without_a_management_api_there_is_no_client() {
    for provider in Provider::ALL {
        let account = Account { api: None, ..account("") };
        assert!(crate::management(provider, &account, patient()).expect("no settings are needed").is_none());
    }
}

#[test]
fn errors_name_the_setting_without_its_value() {
    let refused = |provider: Provider, alter: &dyn Fn(&mut Account)| {
        let mut account = account("https://api.example.org");
        alter(&mut account);
        match crate::management(provider, &account, patient()) {
            Err(AccountError::Missing(name)) => name,
            Err(AccountError::Malformed { name, why }) => {
                assert!(!why.contains("secret"), "{why}");
                name
            }
            Ok(_) => "",
        }
    };
    let api = |alter: fn(&mut crate::ManagementApi)| {
        move |account: &mut Account| account.api.as_mut().map(alter).unwrap_or_default()
    };
    for provider in [Provider::Alibaba, Provider::Agora, Provider::Tencent] {
        assert_eq!(refused(provider, &|_| ()), "");
        assert_eq!(refused(provider, &api(|api| api.key_id.clear())), "RTC_API_KEY_ID");
        assert_eq!(refused(provider, &api(|api| api.key_secret = "".into())), "RTC_API_KEY_SECRET");
        assert_eq!(refused(provider, &|account| account.key_id.clear()), "RTC_KEY_ID");
    }
    assert_eq!(refused(Provider::Tencent, &|account| account.key_id = "x".into()), "RTC_KEY_ID");
    assert_eq!(refused(Provider::Alibaba, &|account| account.mode = "x".into()), "RTC_MODE");
    // LiveKit uses the key of the tokens if the API has no key of its own; half a key is an error.
    let no_key = |api: &mut crate::ManagementApi| (api.key_id, api.key_secret) = (String::new(), "".into());
    assert_eq!(refused(Provider::Livekit, &api(no_key)), "");
    assert_eq!(refused(Provider::Livekit, &api(|api| api.key_id.clear())), "RTC_API_KEY_ID");
    assert_eq!(refused(Provider::Janus, &api(|api| api.key_id.clear())), "");
    assert_eq!(refused(Provider::Janus, &api(|api| api.key_secret = "".into())), "RTC_API_KEY_SECRET");
    assert_eq!(refused(Provider::Janus, &|account| account.key_secret = "".into()), "RTC_KEY_SECRET");
    for url in
        ["", "ftp://x", "wss://x", "https://", "https:///x", "http://user:secret@x", "http://x/?q", "x"]
    {
        let at = |account: &mut Account| {
            if let Some(api) = account.api.as_mut() {
                url.clone_into(&mut api.url);
            }
        };
        assert_eq!(refused(Provider::Livekit, &at), "RTC_API_URL", "{url:?}");
    }
}

#[test]
fn nonces_are_unique() {
    let mut drawn = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let mut nonces = super::RequestContext { nonce: [seed; 16], ..AT }.nonces();
        for _ in 0..50 {
            let nonce = nonces();
            assert_eq!(nonce.len(), 32);
            assert!(drawn.insert(nonce), "twice");
        }
    }
}
