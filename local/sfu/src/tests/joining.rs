//! Tests of joins: answers, invalid offers, full channels, replaced participants and CORS.

use serde_json::json;

use super::client::Client;
use super::test_sfu::{TestSfu, send_request, until};

#[tokio::test]
async fn an_answer_is_ice_lite_with_one_candidate_and_the_session_has_an_address() {
    let sfu = TestSfu::start().await;
    let (_draft, offer) = Client::draft(7).await;
    let answer = sfu.post_offer(Some(&sfu.token("r", "alice")), &offer).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let sid = sfu.participant("r", "alice").await["sid"].as_str().expect("an id").to_owned();
    assert_eq!(answer.location, Some(format!("/sfu/whip/{sid}")));
    assert!(answer.body.contains("a=ice-lite"), "{}", answer.body);
    let candidates: std::collections::BTreeSet<_> =
        answer.body.lines().filter(|line| line.starts_with("a=candidate:")).collect();
    assert_eq!(candidates.len(), 1, "{candidates:?}");
    let port = sfu.handle.udp_addr().port().to_string();
    assert!(
        candidates.iter().all(|line| line.contains(&format!("127.0.0.1 {port} typ host"))),
        "{candidates:?}"
    );
    let count = |start: &str| answer.body.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("m=audio"), count("m=video"), count("m=application")), (8, 8, 1));
    assert_eq!((count("a=recvonly"), count("a=sendonly")), (2, 14));
}

#[tokio::test]
async fn an_invalid_offer_is_refused_and_creates_no_channel() {
    let sfu = TestSfu::start().await;
    let token = sfu.token("r", "alice");
    let (_draft, offer) = Client::draft(1).await;
    let lines =
        |wanted: &dyn Fn(&&str) -> bool| offer.split_inclusive('\n').filter(wanted).collect::<String>();
    let without = |start: &str| lines(&|line| !line.starts_with(start));
    let garbage = [
        String::new(),
        "garbage".to_owned(),
        "v=0\r\n".to_owned(),
        offer[..offer.len() / 2].to_owned(),
        without("a=fingerprint"),
        without("a=ice-ufrag"),
        offer.replace("a=mid:", "a=mud:"),
        offer.split("m=").next().expect("a beginning").to_owned(),
        "\u{0}".repeat(1000),
        format!("{offer}{}", "a=x\r\n".repeat(10)).replace("v=0", "v=99999999999999999999"),
    ];
    for (number, offer) in garbage.iter().enumerate() {
        let answer = sfu.post_offer(Some(&token), offer).await;
        assert_eq!(answer.refusal(), (400, "malformed".into()), "number {number}");
    }
    let post = |kind: &'static str, body: Vec<u8>| {
        let request = sfu.http.post(format!("{}/whip", sfu.url)).bearer_auth(&token);
        send_request(request.header("content-type", kind).body(body))
    };
    assert_eq!(post("application/sdp", vec![0xff, 0xfe]).await.refusal().0, 400, "not UTF-8");
    assert_eq!(post("application/json", offer.clone().into_bytes()).await.refusal().0, 400, "not SDP");
    assert_eq!(post("application/sdp", vec![b'x'; 300 * 1024]).await.status, 413, "too large");
    assert_eq!(sfu.room_names().await, [""; 0]);
    assert_eq!(post("application/sdp; charset=utf-8", offer.into_bytes()).await.status, 201);
}

#[tokio::test]
async fn a_page_of_any_origin_may_join() {
    let sfu = TestSfu::start().await;
    let url = format!("{}/whip", sfu.url);
    let asked = sfu.http.request(reqwest::Method::OPTIONS, &url).header("origin", "http://elsewhere");
    let response = asked.send().await.expect("an answer");
    assert_eq!(response.status(), 204);
    let header = |name: &str| response.headers()[name].to_str().expect("a text").to_owned();
    assert_eq!(header("access-control-allow-origin"), "*");
    assert_eq!(header("access-control-allow-methods"), "POST, DELETE");
    assert_eq!(header("access-control-allow-headers"), "Authorization, Content-Type");
    let refused = sfu.http.post(&url).send().await.expect("an answer");
    assert_eq!(refused.status(), 401);
    assert_eq!(
        refused.headers()["access-control-allow-origin"],
        "*",
        "the page must be able to read the error"
    );
    assert_eq!(refused.headers()["access-control-expose-headers"], "Location");
}

#[tokio::test]
async fn a_full_channel_admits_only_present_identities() {
    let sfu = TestSfu::start().await;
    let (_draft, offer) = Client::draft(7).await;
    let join =
        async |room: &str, identity: &str| sfu.post_offer(Some(&sfu.token(room, identity)), &offer).await;
    for number in 0..8 {
        assert_eq!(join("r", &format!("user-{number}")).await.status, 201);
    }
    assert_eq!(join("r", "user-8").await.refusal(), (503, "unavailable".into()));
    assert_eq!(join("r", "user-0").await.status, 201, "user-0 joins again");
    assert_eq!(sfu.identities("r").await.len(), 8);
    assert_eq!(join("other", "user-8").await.status, 201);
    sfu.call("CreateRoom", json!({"name": "small", "maxParticipants": 1})).await;
    assert_eq!(join("small", "user-0").await.status, 201);
    assert_eq!(join("small", "user-1").await.status, 503);
}

#[tokio::test]
async fn a_second_join_of_an_identity_replaces_the_first() {
    let sfu = TestSfu::start().await;
    let bob = sfu.join("r", "bob").await;
    let first = sfu.join("r", "alice").await;
    bob.expect_slots(&[("alice", false, false)]).await;
    first.expect_slots(&[("bob", false, false)]).await;
    let second = sfu.join("r", "alice").await;
    until(|| first.last_message("removed").is_some()).await;
    assert_eq!(first.last_message("removed").expect("a message")["reason"], "replaced");
    until(|| first.log().closed).await;
    second.expect_slots(&[("bob", false, false)]).await;
    bob.expect_slots(&[("alice", false, false)]).await;
    assert_eq!(sfu.identities("r").await, ["bob", "alice"]);
    // The replaced session has ended, so it cannot be ended again; the new session can.
    assert_eq!(sfu.leave(&first.location, &sfu.token("r", "alice")).await.status, 404);
    assert_eq!(sfu.leave(&second.location, &sfu.token("r", "alice")).await.status, 200);
    bob.expect_slots(&[]).await;
}

#[tokio::test]
async fn a_stop_notifies_all_participants() {
    let sfu = TestSfu::start().await;
    let alice = sfu.join("r", "alice").await;
    until(|| alice.last_message("slots").is_some()).await;
    sfu.handle.stop().await;
    until(|| alice.last_message("removed").is_some()).await;
    assert_eq!(alice.last_message("removed").expect("a message")["reason"], "closed");
    until(|| alice.log().closed).await;
}
