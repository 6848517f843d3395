//! Tests that the app's object `ext` appears in every message for which the protocol promises it.

use super::fixture::*;
use crate::{Action, Invitee, MAX_INVITATION_EXT_BYTES};
use serde_json::{Map, Value, json};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::Mode;

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn group_with_ext() -> Call {
    let mut request = create(Mode::Group, &["bob"]);
    request.ext = Some(object(&json!({"ticket": "A-17"})));
    Call::open(&opening(request))
}

fn invites(call: &mut Call, name: &str, ext: &Value) -> Result<(), Code> {
    let invitee = Invitee {
        user_id: user(name),
        invite_id: format!("invite-{name}").parse().expect("a valid id"),
        name: None,
        devices: vec![crate::KnownDevice {
            client_id: client(&format!("{name}.phone")),
            seen_ms: START_MS,
            queue_until_ms: None,
        }],
        busy: false,
        access: crate::Access::Rings,
    };
    let ext = Some(object(ext));
    call.does("alice.phone", Action::Invite { invitees: vec![invitee], ring_seconds: None, ext })
}

/// Returns the object in the offer that the last step sent to a device.
fn offered(call: &Call, device: &str) -> Value {
    let offer = call.last.notices.iter().find_map(|notice| match &notice.body {
        Body::Invitation(offer) if notice.to == client(device) => Some(json!(offer.ext)),
        _ => None,
    });
    offer.expect("an offer")
}

#[test]
fn t61_the_meetings_object_is_in_offers_snapshots_and_records() {
    let mut call = group_with_ext();
    let ext = json!({"ticket": "A-17"});
    assert_eq!(offered(&call, "bob.phone"), ext);
    assert_eq!(json!(call.meeting.view(call.now.ms).ext), ext);
    let offer = call.meeting.open_offer(&user("bob"), call.now.ms).expect("is open");
    assert_eq!(json!(offer.offer.ext), ext);
    call.does("alice.phone", Action::Destroy { text: None }).expect("ends it for all");
    for (_, entry) in call.meeting.call_history() {
        assert_eq!(json!(entry.ext), ext);
    }
}

#[test]
fn t61_the_object_of_an_invitation_is_in_its_offer_and_in_the_records_of_its_user() {
    let mut call = group_with_ext();
    let own = json!({"ticket": "B-3"});
    invites(&mut call, "dave", &own).expect("invites");
    assert_eq!(offered(&call, "dave.phone"), own);
    call.accepts("dave.phone").expect("accepts");
    call.does("alice.phone", Action::Destroy { text: None }).expect("ends it for all");
    let legs = call.meeting.legs();
    let of = |name: &str| json!(legs.iter().find(|leg| leg.user_id == user(name)).expect("a leg").ext);
    assert_eq!(
        (of("dave"), of("bob")),
        (own.clone(), Value::Null),
        "the meeting's own stands for the others"
    );
    let history = call.meeting.call_history();
    let entry = history.iter().find(|(of, _)| *of == user("dave")).expect("an entry");
    assert_eq!(json!(entry.1.ext), own);
}

#[test]
fn t61_objects_for_which_the_meeting_has_no_room_are_refused_with_their_path() {
    let mut call = group_with_ext();
    let large = |at: usize| json!({"at": at, "text": "x".repeat(2_000)});
    let mut count = 0;
    while invites(&mut call, &format!("guest{count}"), &large(count)).is_ok() {
        count += 1;
        assert!(count < 40, "the objects are bounded");
    }
    assert_eq!(count, MAX_INVITATION_EXT_BYTES / 2_020);
    let refusal = call.last.answer.as_ref().map(|answer| json!(answer.body)).expect("a refusal");
    assert_eq!((&refusal["code"], &refusal["path"]), (&json!("bad_request"), &json!("ext")));
    invites(&mut call, "dave", &large(0)).expect("an object that is there already takes no room");
}
