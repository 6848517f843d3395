//! A state that is too large for one message arrives in several pages, each small enough, which together are the answer.

use crate::rooms::Room;
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};

/// Limit of a downlink in bytes.
const DOWNLINK_MAX: usize = 32 * 1024;

#[tokio::test]
async fn a_large_state_comes_in_pages_that_are_one_answer() {
    let stack = Stack::shared();
    let dave = User::at(stack, "Dave");
    let mut phone = dave.on("phone").await;
    let mut meetings = Vec::new();
    // The app's `ext` fills the pages: 2 KB in each meeting, twice, since an offer has it too.
    let filler = json!({"filler": "x".repeat(2000)});
    for _ in 0..10 {
        let room = Room::of(stack, &[&dave], json!({"ext": filler, "ring_seconds": 180})).await;
        phone.receives("invitation").await;
        meetings.push(room.meeting_id.clone());
    }
    let whole = phone.syncs().await;
    assert_eq!(
        whole["meetings"].as_array().map(Vec::len),
        Some(meetings.len()),
        "the terminal joined all pages"
    );
    let copies: Vec<Value> = phone.copies_of("state").await;
    let pages = copies.len() as u64;
    assert!(pages > 1, "{pages}");
    let named = |list: &str| {
        let all = copies.iter().flat_map(|copy| copy[list].as_array().expect("a list"));
        let mut ids: Vec<&str> = all.map(|one| one["meeting_id"].as_str().expect("an id")).collect();
        ids.sort_unstable();
        ids
    };
    meetings.sort_unstable();
    assert_eq!(named("meetings"), meetings);
    assert_eq!(named("invitations"), meetings, "the open invitations are in it");
    for (at, copy) in (1_u64..).zip(&copies) {
        assert_eq!((&copy["page"], &copy["pages"]), (&json!(at), &json!(pages)));
        assert_eq!(copy["re"], copies[0]["re"], "pages of one answer");
        let bytes = copy.to_string().len();
        assert!(bytes <= DOWNLINK_MAX, "page {at} has {bytes} bytes");
    }
    assert_eq!(phone.topics_of("state").len() as u64, pages);
    assert!(phone.topics_of("state").iter().all(|topic| topic.starts_with("bulk-dn/")));
}
