//! A stored record that this version cannot read: the service answers with its own error, and the record is kept.

use crate::calls::{direct, rings};
use crate::device::request;
use crate::journal;
use crate::user::User;
use serde_json::json;

#[tokio::test]
async fn a_record_of_an_unknown_version_is_left_as_it_is_and_the_event_is_kept() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    journal::until(caller.client_id(), |_| true).await;
    let key = format!("meeting#{}", call.meeting_id);
    let mut record = alice.stack.item(&key, "state").await;
    record["schema"] = json!({"N": "99"});
    alice.stack.writes_item(&record).await;

    let refused = phone.is_refused("answer", call.about_invitation("accept")).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("internal", 500));
    let refused = caller.is_refused("attend", call.request("leave")).await;
    assert_eq!(refused.code, "internal");
    caller.sends_unanswered(&request("create-meeting", direct(&User::new("Dave")))).await;
    for device in [&caller, &phone] {
        let invocations = journal::until(device.client_id(), |_| true).await;
        let last = invocations.last().expect("the request was handled");
        assert_eq!(
            last.status(),
            Some("failed"),
            "so that the event goes to the queue of failed events: {last:?}"
        );
    }
    assert_eq!(alice.stack.item(&key, "state").await, record, "the record is unchanged");
}
