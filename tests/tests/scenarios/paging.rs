//! A state that is too large for one message comes in several, each small enough.

use crate::device::request;
use crate::rooms::Room;
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};

/// What the protocol allows a downlink.
const DOWNLINK_MAX: usize = 32 * 1024;

#[tokio::test]
async fn a_large_state_comes_in_pages_of_which_the_last_is_the_answer() {
    let stack = Stack::shared();
    let dave = User::at(stack, "Dave");
    let mut phone = dave.on("phone").await;
    let mut meetings = Vec::new();
    // What the app passes along fills the pages: 2 KB in each meeting, twice, since an offer shows it too.
    let filler = json!({"filler": "x".repeat(2000)});
    for _ in 0..10 {
        let room = Room::of(stack, &[&dave], json!({"ext": filler})).await;
        phone.hears("invitation").await;
        meetings.push(room.meeting_id.clone());
    }
    let answer = phone.sends(&request("sync", json!({"type": "sync"})).bulk()).await;
    assert_eq!(answer.body["page"], answer.body["pages"]);
    let pages = answer.body["pages"].as_u64().expect("several pages");
    assert!(pages > 1, "{pages}");
    let copies: Vec<Value> = phone.copies_of("state").await;
    assert_eq!(copies.len() as u64, pages);
    let named = |list: &str| {
        let all = copies.iter().flat_map(|copy| copy[list].as_array().expect("a list"));
        let mut ids: Vec<&str> = all.map(|one| one["meeting_id"].as_str().expect("an id")).collect();
        ids.sort_unstable();
        ids
    };
    meetings.sort_unstable();
    assert_eq!(named("meetings"), meetings);
    assert_eq!(named("invitations"), meetings, "what may ring is there too");
    for (at, copy) in (1_u64..).zip(&copies) {
        assert_eq!((&copy["page"], &copy["pages"]), (&json!(at), &json!(pages)));
        assert_eq!(copy.get("re").is_some(), at == pages, "one answer to one request");
        let bytes = copy.to_string().len();
        assert!(bytes <= DOWNLINK_MAX, "page {at} has {bytes} bytes");
    }
    assert_eq!(phone.topics_of("state").len() as u64, pages);
    assert!(phone.topics_of("state").iter().all(|topic| topic.starts_with("bulk-dn/")));
}
