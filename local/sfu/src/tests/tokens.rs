//! Tests of tokens: invalid tokens are refused for joins and for management calls.

use serde_json::json;
use switchboard_rtc::jwt;
use switchboard_rtc::livekit::{LivekitClaims, LivekitTrackSource, VideoGrant};

use super::client::Client;
use super::test_sfu::{NOW, TestSfu, join_grant, key, send_request, signed};

fn join() -> LivekitClaims {
    LivekitClaims {
        sub: Some("alice".into()),
        video: Some(join_grant("r")),
        ..LivekitClaims::issued_by("devkey", NOW, NOW + 600)
    }
}

/// Signs claims with any secret, without checking the claims.
fn with_secret(secret: &str, claims: &LivekitClaims) -> String {
    jwt::sign_hs256(claims, secret.as_bytes()).expect("signs")
}

fn with_our_secret(claims: &LivekitClaims) -> String {
    with_secret("secret-of-the-tests-secret-of-the-tests", claims)
}

fn grant(change: impl FnOnce(&mut VideoGrant)) -> String {
    let mut grant = join_grant("r");
    change(&mut grant);
    with_our_secret(&LivekitClaims { video: Some(grant), ..join() })
}

/// Builds a token with another header over the same claims.
fn with_header(header: &str, keep_signature: bool) -> String {
    let good = signed(&join());
    let mut parts = good.split('.');
    let (_, claims, signature) = (parts.next(), parts.next(), parts.next());
    let signature = signature.filter(|_| keep_signature).unwrap_or_default();
    format!("{header}.{}.{signature}", claims.expect("a token has three parts"))
}

fn altered() -> String {
    let other = signed(&LivekitClaims { sub: Some("mallory".into()), ..join() });
    let good = signed(&join());
    let claims = other.split('.').nth(1).expect("a token has three parts");
    let parts: Vec<_> = good.split('.').collect();
    format!("{}.{claims}.{}", parts[0], parts[2])
}

#[tokio::test]
async fn invalid_tokens_cannot_join() {
    let sfu = TestSfu::start().await;
    let (_draft, offer) = Client::draft(1).await;
    let wrong = [
        ("empty", String::new()),
        ("not a token", "garbage".to_owned()),
        ("three empty parts", "..".to_owned()),
        ("another secret", with_secret("secret-of-somebody-else", &join())),
        ("another key", with_our_secret(&LivekitClaims { iss: "other".into(), ..join() })),
        ("no issuer", with_our_secret(&LivekitClaims { iss: String::new(), ..join() })),
        ("expired", with_our_secret(&LivekitClaims { exp: NOW - 10, ..join() })),
        ("not yet valid", with_our_secret(&LivekitClaims { nbf: Some(NOW + 11), ..join() })),
        // {"alg":"none"} and {"alg":"RS256"}
        ("unsigned", with_header("eyJhbGciOiJub25lIn0", false)),
        ("another algorithm", with_header("eyJhbGciOiJSUzI1NiJ9", true)),
        ("altered", altered()),
        ("no grant", with_our_secret(&LivekitClaims { video: None, ..join() })),
        ("not for joining", grant(|grant| grant.room_join = false)),
        (
            "for management",
            grant(|grant| {
                *grant = VideoGrant {
                    room_admin: true,
                    room_create: true,
                    room: Some("r".into()),
                    ..VideoGrant::default()
                }
            }),
        ),
        ("no room", grant(|grant| grant.room = None)),
        ("a room without a name", grant(|grant| grant.room = Some(String::new()))),
        ("a room with too long a name", grant(|grant| grant.room = Some("r".repeat(257)))),
        ("no identity", with_our_secret(&LivekitClaims { sub: None, ..join() })),
        ("an empty identity", with_our_secret(&LivekitClaims { sub: Some(String::new()), ..join() })),
        ("too long an identity", with_our_secret(&LivekitClaims { sub: Some("x".repeat(257)), ..join() })),
        ("a webhook's", with_our_secret(&LivekitClaims { video: None, sha256: Some("x".into()), ..join() })),
    ];
    for (what, token) in &wrong {
        let answer = sfu.post_offer(Some(token), &offer).await;
        assert_eq!(answer.refusal(), (401, "unauthenticated".into()), "{what}: {}", answer.body);
        assert!(
            token.is_empty() || !answer.body.contains(token.as_str()),
            "{what}: the error contains the token"
        );
    }
    assert_eq!(sfu.post_offer(None, &offer).await.refusal().0, 401);
    let basic = sfu.http.post(format!("{}/whip", sfu.url)).basic_auth("devkey", Some("x"));
    assert_eq!(
        send_request(basic.header("content-type", "application/sdp").body(offer.clone())).await.status,
        401
    );
    assert_eq!(sfu.room_names().await, [""; 0], "refused joins create no channel");
    let good = signed(&join());
    assert_eq!(sfu.post_offer(Some(&good), &offer).await.status, 201);
}

#[tokio::test]
async fn only_its_owner_can_end_a_session() {
    let sfu = TestSfu::start().await;
    let (_draft, offer) = Client::draft(1).await;
    let token = sfu.token("r", "alice");
    let answer = sfu.post_offer(Some(&token), &offer).await;
    let location = answer.location.expect("an address");
    for (what, other) in [
        ("another participant", sfu.token("r", "mallory")),
        ("another room", sfu.token("other", "alice")),
        (
            "a moderator",
            sfu.token_for(
                VideoGrant { room_admin: true, room: Some("r".into()), ..VideoGrant::default() },
                None,
            ),
        ),
        ("not a token", "garbage".to_owned()),
    ] {
        assert_eq!(sfu.leave(&location, &other).await.refusal().0, 401, "{what}");
    }
    assert_eq!(sfu.leave("/sfu/whip/PA_unknown", &token).await.refusal(), (404, "not_found".into()));
    // A call may last longer than its join token is valid.
    sfu.advance_seconds(3600);
    assert_eq!(sfu.leave(&location, &token).await.status, 200);
    assert_eq!(sfu.leave(&location, &token).await.status, 404, "the session has ended");
}

#[tokio::test]
async fn each_management_call_needs_its_grant() {
    let sfu = TestSfu::start().await;
    let create = VideoGrant { room_create: true, ..VideoGrant::default() };
    let list = VideoGrant { room_list: true, ..VideoGrant::default() };
    let admin = VideoGrant { room_admin: true, room: Some("r".into()), ..VideoGrant::default() };
    let elsewhere = VideoGrant { room: Some("other".into()), ..admin.clone() };
    let nowhere = VideoGrant { room: None, ..admin.clone() };
    let joins = VideoGrant { can_publish_sources: vec![LivekitTrackSource::Camera], ..join_grant("r") };
    let all = [&create, &list, &admin, &elsewhere, &nowhere, &joins];
    let methods = [
        ("CreateRoom", json!({"name": "r"}), &create),
        ("DeleteRoom", json!({"room": "r"}), &create),
        ("ListRooms", json!({}), &list),
        ("ListParticipants", json!({"room": "r"}), &admin),
        ("GetParticipant", json!({"room": "r", "identity": "x"}), &admin),
        ("RemoveParticipant", json!({"room": "r", "identity": "x"}), &admin),
        ("MutePublishedTrack", json!({"room": "r", "identity": "x", "trackSid": "TR_x"}), &admin),
        ("UpdateParticipant", json!({"room": "r", "identity": "x"}), &admin),
    ];
    for (method, body, needed) in methods {
        for grant in all {
            let token = sfu.token_for(grant.clone(), Some("x"));
            let answer = sfu.call_as(&token, method, &body.to_string()).await;
            assert_eq!(answer.status == 401, grant != needed, "{method} with {grant:?}: {}", answer.body);
        }
        let expired = LivekitClaims {
            video: Some(needed.clone()),
            ..LivekitClaims::issued_by("devkey", NOW - 700, NOW - 100)
        };
        let answer = sfu.call_as(&signed(&expired), method, &body.to_string()).await;
        assert_eq!(answer.refusal(), (401, "unauthenticated".into()), "{method}, expired");
    }
    assert_eq!(key().id, "devkey");
}
