//! Tests of what an operator reads while the RTC service fails.

use super::*;
use crate::testing::{at, created, published, request, serve, service_with_rtc};
use switchboard_protocol::object::Mode;
use switchboard_protocol::requests::{DestroyMeeting, DestroyRequest};
use switchboard_service::fake::{FakeLog, FakeRtc};

#[tokio::test]
async fn a_close_that_fails_again_is_an_error_with_its_meeting_and_what_happens_next() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let call = created(&service, &["bob"], Mode::Direct).await;
    rtc.set_down(true);
    let log = FakeLog::start();
    let end = DestroyMeeting { meeting_id: Some(call.clone()), create_id: None, reason: None };
    let end = request("alice.phone", "d1", DestroyRequest::DestroyMeeting(end), at(1_000));
    serve(end, &service, &crate::destroy::destroy).await;
    published(&service);
    assert!(log.take("ERROR").is_empty(), "`wake` may repair it before anybody notices");

    let body = json!({"meeting_id": call}).to_string();
    let event = json!({"Records": [{"messageId": "q1", "body": body}]});
    wake(event.clone(), &ChannelAges::default(), at(6_000), &service).await.expect("served");
    let lines = log.take("ERROR");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["meeting.id"], call.as_str());
    assert_eq!(lines[0]["failed"], r#"["close"]"#);
    assert!(lines[0]["message"].as_str().is_some_and(|it| it.contains("`wake` will repeat")), "{lines:?}");

    rtc.set_down(false);
    wake(event, &ChannelAges::default(), at(60_000), &service).await.expect("served");
    assert!(log.take("ERROR").is_empty());
    assert!(service.table.stored(&call).pending.is_empty());
}
