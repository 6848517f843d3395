//! Tests of refusals and their order, and of accepted callbacks, which are applied to meetings with the
//! adapters in memory.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::testing::{at, created, interfere, service_with_rtc, user};
use serde_json::json;
use switchboard_protocol::media_event::ServiceTime;
use switchboard_protocol::object::{Mode, ParticipantState};
use switchboard_service::fake::{FakePorts, FakeRtc, RtcCall};

/// Accepts requests with the authorization `yes`, and counts calls.
#[derive(Default)]
struct Door(AtomicU32);

impl CallbackReader for Door {
    fn read(&self, callback: &Callback<'_>) -> Result<Vec<MediaEvent>, CallbackError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        match callback.header("authorization") {
            "yes" if callback.body.starts_with(b"{") => Ok(Vec::new()),
            "yes" => Err(CallbackError::Malformed),
            _ => Err(CallbackError::Forged),
        }
    }
}

fn request(method: &str, authorization: &str, body: &[u8]) -> HttpRequest {
    let headers = [("authorization".to_owned(), authorization.to_owned())].into();
    HttpRequest {
        method: method.to_owned(),
        headers,
        body: body.to_vec(),
        is_too_long: body.len() > MAX_BODY_BYTES,
    }
}

#[test]
fn a_request_is_refused_for_the_first_thing_that_is_wrong_with_it() {
    let long = vec![b'{'; MAX_BODY_BYTES + 1];
    let cases = [
        (request("POST", "yes", b"{}"), Ok(Vec::new())),
        (request("POST", "yes", &long[1..]), Ok(Vec::new())),
        (request("POST", "yes", b"["), Err(HttpResponse::Malformed)),
        (request("POST", "no", b"{}"), Err(HttpResponse::Forged)),
        (request("POST", "no", b"["), Err(HttpResponse::Forged)),
        (request("POST", "", b""), Err(HttpResponse::Forged)),
        (request("POST", "yes", &long), Err(HttpResponse::TooLong)),
        (request("GET", "yes", b"{}"), Err(HttpResponse::NotPosted)),
        (request("PUT", "no", &long), Err(HttpResponse::NotPosted)),
    ];
    for (request, expected) in cases {
        let told = read(&request, Some(&Door::default()), Now::default());
        assert_eq!(told, expected, "{} {} bytes", request.method, request.body.len());
    }
}

#[test]
fn a_body_that_is_too_long_is_refused_before_its_signature_is_checked() {
    let door = Door::default();
    let long = request("POST", "yes", &vec![b'{'; MAX_BODY_BYTES + 1]);
    assert_eq!(read(&long, Some(&door), Now::default()), Err(HttpResponse::TooLong));
    assert_eq!(door.0.into_inner(), 0);
}

#[test]
fn without_callbacks_a_request_is_not_found() {
    let post = request("POST", "yes", b"{}");
    assert_eq!(read(&post, None, Now::default()), Err(HttpResponse::NoCallbacks));
}

/// A reader that returns one event, which the body names: `joined alice`, `left alice` or `closed`.
struct Scripted(&'static str);

impl CallbackReader for Scripted {
    fn read(&self, callback: &Callback<'_>) -> Result<Vec<MediaEvent>, CallbackError> {
        let text = std::str::from_utf8(callback.body).map_err(|_| CallbackError::Malformed)?;
        let media_id = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let kind = match text.split(' ').next() {
            Some("joined") => MediaEventKind::Joined { media_id, stay: None },
            Some("left") => MediaEventKind::Left { media_id, stay: None, clean: true },
            _ => MediaEventKind::ChannelClosed,
        };
        let at = ServiceTime { ms: callback.now_ms, ..ServiceTime::default() };
        Ok(vec![MediaEvent { id: "e1".to_owned(), channel_id: self.0.to_owned(), at, kind }])
    }
}

/// Sends a callback about `channel`. Returns the status of the response.
async fn callback(
    service: &Service<FakePorts>,
    channel: &str,
    body: &str,
    after_ms: i64,
) -> Result<i64, InvocationFailure> {
    let event = json!({"requestContext": {"http": {"method": "POST"}}, "headers": {}, "body": body});
    let channel: &'static str = channel.to_owned().leak();
    let now = at(after_ms);
    let response = rtc_webhook(event, Some(&Scripted(channel)), now, service).await?;
    Ok(response["statusCode"].as_i64().expect("a status"))
}

#[tokio::test]
async fn a_callback_moves_its_user_into_the_media_and_a_repeated_one_changes_nothing() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let channel = service.channel_of(&meeting);
    assert_eq!(callback(&service, &channel, "joined alice", 1_000).await.ok(), Some(200));
    let joined = service.table.stored(&meeting).meeting;
    assert_eq!(joined.participants[&user("alice")].state(), ParticipantState::Joined);
    assert_eq!(callback(&service, &channel, "joined alice", 1_000).await.ok(), Some(200));
    assert_eq!(service.table.stored(&meeting).meeting, joined);
}

#[tokio::test]
async fn callbacks_about_other_channels_are_ignored() {
    let service = service_with_rtc(&FakeRtc::capable());
    for channel in ["other-m1", "sb-unknown", "sb-"] {
        assert_eq!(callback(&service, channel, "joined alice", 0).await.ok(), Some(200), "{channel}");
    }
}

#[tokio::test]
async fn a_callback_that_loses_a_race_is_decided_again() {
    let service = service_with_rtc(&FakeRtc::capable());
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    interfere(&service, &meeting);
    let channel = service.channel_of(&meeting);
    assert_eq!(callback(&service, &channel, "joined alice", 1_000).await.ok(), Some(200));
    let alice = service.table.stored(&meeting).meeting.participants[&user("alice")].state();
    assert_eq!(alice, ParticipantState::Joined);
}

#[tokio::test]
async fn a_callback_that_cannot_be_stored_is_asked_for_again() {
    let service = service_with_rtc(&FakeRtc::capable());
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let channel = service.channel_of(&meeting);
    service.table.fail("commit");
    assert_eq!(callback(&service, &channel, "joined alice", 1_000).await.ok(), Some(503));
    service.table.recover();
    assert_eq!(callback(&service, &channel, "joined alice", 1_000).await.ok(), Some(200));
}

#[tokio::test]
async fn a_stranger_in_the_channel_is_removed_and_the_callback_asked_for_again_until_that_is_done() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let channel = service.channel_of(&meeting);
    rtc.set_down(true);
    assert_eq!(callback(&service, &channel, "joined bob", 1_000).await.ok(), Some(503));
    rtc.set_down(false);
    let _ = rtc.take_calls();
    assert_eq!(callback(&service, &channel, "joined bob", 1_000).await.ok(), Some(200));
    assert_eq!(rtc.take_calls(), [RtcCall::Remove(channel, "bob".to_owned())]);
}

#[tokio::test]
async fn an_unknown_id_is_removed_where_a_join_token_admits_any_id_and_left_alone_elsewhere() {
    for admits_any_id in [false, true] {
        let rtc = FakeRtc::capable();
        let service = service_with_rtc(&rtc);
        let meeting = created(&service, &["bob"], Mode::Direct).await;
        let channel = service.channel_of(&meeting);
        if admits_any_id {
            rtc.admit_any_id();
        }
        let _ = rtc.take_calls();
        let removal = [RtcCall::Remove(channel.clone(), "ghost".to_owned())];
        let expected = if admits_any_id { &removal[..] } else { &[] };
        assert_eq!(callback(&service, &channel, "joined ghost", 1_000).await.ok(), Some(200));
        assert_eq!(rtc.take_calls(), expected, "the callback reports it");
        rtc.set_members(&["alice", "ghost"]);
        let stored = service.table.stored(&meeting).meeting;
        let users = service.in_media(&stored, at(2_000)).await.expect("an answer");
        assert_eq!(users, [user("alice")].into());
        assert_eq!(rtc.take_calls(), expected, "the list of participants shows it");
    }
}
