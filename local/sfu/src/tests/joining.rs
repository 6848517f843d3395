//! Offers and answers: what is refused besides wrong tokens, who may be in, and pages of other origins.

use serde_json::json;

use super::client::Client;
use super::stand::{Stand, answer, until};

#[tokio::test]
async fn an_answer_is_ice_lite_with_one_candidate_and_the_session_has_an_address() {
    let stand = Stand::start().await;
    let (_draft, offer) = Client::draft(7).await;
    let answer = stand.post_offer(Some(&stand.token("r", "alice")), &offer).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let sid = stand.participant("r", "alice").await["sid"].as_str().expect("an id").to_owned();
    assert_eq!(answer.location, Some(format!("/sfu/whip/{sid}")));
    assert!(answer.body.contains("a=ice-lite"), "{}", answer.body);
    let candidates: std::collections::BTreeSet<_> =
        answer.body.lines().filter(|line| line.starts_with("a=candidate:")).collect();
    assert_eq!(candidates.len(), 1, "{candidates:?}");
    let port = stand.sfu.udp_addr().port().to_string();
    assert!(
        candidates.iter().all(|line| line.contains(&format!("127.0.0.1 {port} typ host"))),
        "{candidates:?}"
    );
    let count = |start: &str| answer.body.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("m=audio"), count("m=video"), count("m=application")), (8, 8, 1));
    assert_eq!((count("a=recvonly"), count("a=sendonly")), (2, 14));
}

#[tokio::test]
async fn an_offer_that_cannot_be_read_changes_nothing() {
    let stand = Stand::start().await;
    let token = stand.token("r", "alice");
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
        let answer = stand.post_offer(Some(&token), offer).await;
        assert_eq!(answer.refusal(), (400, "malformed".into()), "number {number}");
    }
    let post = |kind: &'static str, body: Vec<u8>| {
        let request = stand.http.post(format!("{}/whip", stand.url)).bearer_auth(&token);
        answer(request.header("content-type", kind).body(body))
    };
    assert_eq!(post("application/sdp", vec![0xff, 0xfe]).await.refusal().0, 400, "not UTF-8");
    assert_eq!(post("application/json", offer.clone().into_bytes()).await.refusal().0, 400, "not SDP");
    assert_eq!(post("application/sdp", vec![b'x'; 300 * 1024]).await.status, 413, "too much");
    assert_eq!(stand.rooms().await, [""; 0]);
    assert_eq!(post("application/sdp; charset=utf-8", offer.into_bytes()).await.status, 201);
}

#[tokio::test]
async fn a_page_of_any_origin_may_join() {
    let stand = Stand::start().await;
    let url = format!("{}/whip", stand.url);
    let asked = stand.http.request(reqwest::Method::OPTIONS, &url).header("origin", "http://elsewhere");
    let response = asked.send().await.expect("an answer");
    assert_eq!(response.status(), 204);
    let header = |name: &str| response.headers()[name].to_str().expect("a text").to_owned();
    assert_eq!(header("access-control-allow-origin"), "*");
    assert_eq!(header("access-control-allow-methods"), "POST, DELETE");
    assert_eq!(header("access-control-allow-headers"), "Authorization, Content-Type");
    let refused = stand.http.post(&url).send().await.expect("an answer");
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["access-control-allow-origin"], "*", "the page must see why");
    assert_eq!(refused.headers()["access-control-expose-headers"], "Location");
}

#[tokio::test]
async fn a_full_room_takes_nobody_but_who_is_in_already() {
    let stand = Stand::start().await;
    let (_draft, offer) = Client::draft(7).await;
    let join =
        async |room: &str, identity: &str| stand.post_offer(Some(&stand.token(room, identity)), &offer).await;
    for number in 0..8 {
        assert_eq!(join("r", &format!("user-{number}")).await.status, 201);
    }
    assert_eq!(join("r", "user-8").await.refusal(), (503, "unavailable".into()));
    assert_eq!(join("r", "user-0").await.status, 201, "again");
    assert_eq!(stand.identities("r").await.len(), 8);
    assert_eq!(join("other", "user-8").await.status, 201);
    stand.call("CreateRoom", json!({"name": "small", "maxParticipants": 1})).await;
    assert_eq!(join("small", "user-0").await.status, 201);
    assert_eq!(join("small", "user-1").await.status, 503);
}

#[tokio::test]
async fn a_second_join_of_the_same_identity_takes_the_place_of_the_first() {
    let stand = Stand::start().await;
    let bob = stand.join("r", "bob").await;
    let first = stand.join("r", "alice").await;
    bob.is_told(&[("alice", false, false)]).await;
    first.is_told(&[("bob", false, false)]).await;
    let second = stand.join("r", "alice").await;
    until(|| first.last("removed").is_some()).await;
    assert_eq!(first.last("removed").expect("told")["reason"], "replaced");
    until(|| first.seen().closed).await;
    second.is_told(&[("bob", false, false)]).await;
    bob.is_told(&[("alice", false, false)]).await;
    assert_eq!(stand.identities("r").await, ["bob", "alice"]);
    // The old one cannot end the new one's session, nor its own once more.
    assert_eq!(stand.leave(&first.location, &stand.token("r", "alice")).await.status, 404);
    assert_eq!(stand.leave(&second.location, &stand.token("r", "alice")).await.status, 200);
    bob.is_told(&[]).await;
}

#[tokio::test]
async fn stopping_tells_everybody() {
    let stand = Stand::start().await;
    let alice = stand.join("r", "alice").await;
    until(|| alice.last("slots").is_some()).await;
    stand.sfu.stop().await;
    until(|| alice.last("removed").is_some()).await;
    assert_eq!(alice.last("removed").expect("told")["reason"], "closed");
    until(|| alice.seen().closed).await;
}
