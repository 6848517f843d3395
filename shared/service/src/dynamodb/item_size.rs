//! Tests of the size of items, by the rules of DynamoDB, with the largest records that valid requests make.

use super::meeting::{attributes, pending_value, reach_value};
use super::{Item, text};
use crate::fake::largest::{Crowd, HOST, account, device, longest_text};
use crate::ports::{MAX_PENDING, Pending};
use aws_sdk_dynamodb::types::AttributeValue;
use switchboard_core::{Action, Cause, MAX_PEOPLE, MAX_RECORD_BYTES, Meeting};
use switchboard_protocol::limits::MAX_SEATS;

/// The limit of DynamoDB for one item.
const MAX_ITEM_BYTES: usize = 400 * 1_024;

/// Returns the bytes of an attribute's value.
pub(super) fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => 2 + number.len().div_ceil(2),
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        AttributeValue::M(map) => {
            3 + map.iter().map(|(name, value)| 1 + name.len() + value_bytes(value)).sum::<usize>()
        }
        _ => 1,
    }
}

fn item_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

/// Returns the size of the meeting's item in bytes, and in it the size of the record with the reach of the
/// offers.
fn stored(meeting: &Meeting) -> (usize, usize) {
    let mut item = attributes(meeting, Some(i64::MAX)).expect("can be written");
    item.insert("reach".to_owned(), reach_value(&meeting.reached));
    let estimated = item_bytes(&item);
    item.insert("pk".to_owned(), text(format!("meeting#{}", meeting.id)));
    item.insert("sk".to_owned(), text("state"));
    for at in 0..8 {
        item.insert(format!("write:{}", 1_000_000 + at), text("0".repeat(36)));
    }
    let cause =
        Cause::Request { client_id: device(HOST, 0), request_id: "r".repeat(64).parse().expect("an id") };
    let pending = Pending { cause, due_ms: i64::MAX };
    let marks =
        (0..MAX_PENDING).map(|at| (format!("{}", 1_000_000 + at), pending_value(&pending).expect("writes")));
    item.insert("pending".to_owned(), AttributeValue::M(marks.collect()));
    (item_bytes(&item), estimated)
}

/// Checks the size of one committed record, and the size that the record may reach with the reach of its
/// offers. Returns its bytes.
fn check(crowd: &Crowd, what: &str) -> usize {
    let (bytes, estimated) = stored(&crowd.meeting);
    let estimate = crowd.meeting.stored_bytes();
    assert!(estimated <= estimate, "{what}: {estimated} bytes were estimated as {estimate}");
    assert!(bytes <= MAX_ITEM_BYTES, "{what}: {bytes} bytes");
    bytes
}

#[test]
fn the_largest_meeting_fits_into_one_item_and_so_does_its_end() {
    let mut crowd = Crowd::new();
    crowd.seen_in_media(HOST);
    let (seats, mut largest) = (MAX_SEATS as usize, 0);
    let everybody: Vec<usize> = (1..MAX_PEOPLE).collect();
    let (first, second) = everybody.split_at(seats - 1);
    let second = &second[..seats - 1];
    for group in first.chunks(12) {
        crowd.invite(group);
        for number in group {
            crowd.enter(*number, if *number < 12 { 16 } else { 1 });
        }
        largest = largest.max(check(&crowd, "members"));
    }
    for number in first {
        let user = account(*number);
        let text = Some(longest_text());
        crowd.act(&device(HOST, 0), Action::Remove { user, ban: true, for_seconds: Some(86_400), text });
    }
    largest = largest.max(check(&crowd, "all were removed"));
    for group in second.chunks(12) {
        crowd.invite(group);
        largest = largest.max(check(&crowd, "others ring"));
    }
    for number in second.iter().take(60) {
        crowd.decline(*number);
    }
    largest = largest.max(check(&crowd, "many declined"));
    for group in second[..60].chunks(12) {
        crowd.invite(group);
        largest = largest.max(check(&crowd, "they ring again"));
    }
    assert_eq!(crowd.meeting.participants.len(), MAX_PEOPLE - 1);
    assert_eq!(crowd.meeting.pending().count(), seats - 1);
    let before = crowd.meeting.stored_bytes();
    assert!(before > MAX_RECORD_BYTES / 2, "the meeting is large: {before}");
    let end = crowd.act(&device(HOST, 0), Action::Destroy { text: Some(longest_text()) });
    assert!(end.refused.is_none() && crowd.meeting.end().is_some());
    largest = largest.max(check(&crowd, "ended"));
    println!("largest item: {largest} bytes");
}
