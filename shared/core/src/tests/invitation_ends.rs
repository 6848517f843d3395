//! Tests of T52: the members of a group are notified of the end of an invitation, the inviter by a separate
//! notice.

use super::fixture::{Call, user};
use super::scenes::{cancel, inviting, set_role};
use crate::{Access, Action, DeliveryClass};
use serde_json::json;
use switchboard_protocol::object::{RejectReason, Role};

/// A step that ends the invitation of Dave.
type End = fn(&mut Call);

/// Returns a group of Alice and Bob.
fn group() -> Call {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    call.rejects("carol.phone").expect("rejects");
    call
}

/// Lets Alice invite Dave, with this access to him.
fn invites_dave(call: &mut Call, busy: bool, access: Access) {
    let Action::Invite { mut invitees, .. } = inviting(&["dave"]) else {
        unreachable!("invite builds Action::Invite")
    };
    (invitees[0].busy, invitees[0].access) = (busy, access);
    call.does("alice.phone", Action::Invite { invitees, ring_seconds: None, ext: None }).expect("invites");
}

/// Returns the notices of the last step about Dave to a device, as `type state`.
fn heard_by(call: &Call, device: &str) -> Vec<String> {
    let start = format!("{device}: ");
    let about_user = |line: &String| {
        line.starts_with(&start)
            && (line.contains("participant_updated") || line.contains("invitation_updated"))
    };
    let lines = call.downlinks().into_iter().filter(about_user);
    lines.map(|line| line.replacen(&start, "", 1)).collect()
}

#[test]
fn t52_members_hear_how_an_invitation_ended_and_the_inviter_by_a_notice_of_its_own() {
    let ends: [(&str, bool, Access, End); 6] = [
        ("declined", false, Access::Rings, |call| call.rejects("dave.phone").expect("rejects")),
        ("no_answer", false, Access::Rings, |call| {
            call.rings("dave.phone").expect("rings");
            call.at(47_000).wakes();
        }),
        ("unreachable", false, Access::Rings, |call| {
            call.at(47_000).wakes();
        }),
        ("unreachable", false, Access::Silent, |call| {
            call.at(47_000).wakes();
        }),
        ("user_busy", true, Access::Rings, |_| {}),
        ("unreachable", false, Access::DoNotDisturb, |_| {}),
    ];
    for (state, busy, access, end) in ends {
        let mut call = group();
        invites_dave(&mut call, busy, access);
        end(&mut call);
        assert_eq!(heard_by(&call, "bob.phone"), [format!("participant_updated {state}")], "{access:?}");
        let updated = call.sent_to("alice.phone", "invitation_updated");
        assert_eq!((updated.len(), &updated[0]["state"]), (1, &json!(state)));
        assert!(call.sent_to("alice.phone", "participant_updated").is_empty(), "not twice: {state}");
    }
}

#[test]
fn t52_members_get_the_reason_and_the_text_of_a_decline_by_a_passing_notice() {
    let mut call = group();
    invites_dave(&mut call, false, Access::Rings);
    let (invite_id, text) = (call.invite_id("dave"), Some("On a train".to_owned()));
    call.does("dave.phone", Action::Reject { invite_id, reason: RejectReason::Other, text })
        .expect("rejects");
    let told = &call.sent_to("bob.phone", "participant_updated")[0]["participant"];
    assert_eq!((&told["reason"], &told["text"]), (&json!("other"), &json!("On a train")));
    let is_told = |to: &str| call.last.notices.iter().find(|notice| notice.to.user() == user(to));
    assert_eq!(is_told("bob").map(|notice| notice.class), Some(DeliveryClass::BestEffort));
}

#[test]
fn t11_t52_the_inviter_and_the_members_hear_that_another_host_cancelled_the_invitation() {
    let mut call = group();
    set_role(&mut call, "alice.phone", "bob", Role::Cohost).expect("the host has the right");
    call.does("bob.phone", inviting(&["dave"])).expect("a cohost has the right");
    call.does("alice.phone", cancel(Some(&["dave"]))).expect("the host has the right");
    let updated = call.sent_to("bob.phone", "invitation_updated");
    assert_eq!(
        updated.iter().map(|body| (&body["state"], &body["code"])).collect::<Vec<_>>(),
        [(&json!("cancelled"), &json!("cancelled"))]
    );
    assert_eq!(heard_by(&call, "bob.phone"), ["invitation_updated cancelled"]);
    assert_eq!(heard_by(&call, "alice.phone"), ["participant_updated cancelled"]);
}

#[test]
fn t11_t52_an_inviter_who_cancels_has_the_answer_and_the_notice_to_members() {
    let mut call = group();
    invites_dave(&mut call, false, Access::Rings);
    call.does("alice.phone", cancel(None)).expect("the inviter has the right");
    for device in ["alice.phone", "bob.phone"] {
        assert_eq!(heard_by(&call, device), ["participant_updated cancelled"]);
    }
    invites_dave(&mut call, false, Access::Rings);
    call.does("alice.tablet", cancel(None)).expect("the inviter has the right on each device");
    assert_eq!(
        heard_by(&call, "alice.phone"),
        ["invitation_updated cancelled"],
        "the device in the meeting did not ask"
    );
}

#[test]
fn t52_no_member_finds_a_gap_after_the_end_of_an_invitation() {
    let ends: [End; 3] = [
        |call| call.rejects("dave.phone").expect("rejects"),
        |call| call.does("alice.phone", cancel(None)).expect("cancels"),
        |call| call.does("alice.tablet", cancel(None)).expect("cancels"),
    ];
    for end in ends {
        let mut call = group();
        invites_dave(&mut call, false, Access::Rings);
        let known = call.meeting.notified_rev;
        end(&mut call);
        for name in ["alice", "bob"] {
            let notices = call.last.notices.iter().filter(|notice| notice.to.user() == user(name));
            let known_before: Vec<_> = notices.map(|notice| notice.prev_rev).collect();
            assert_eq!(known_before, [Some(known)], "{name}: {:?}", call.downlinks());
        }
    }
}
