//! Tests of the order in which a downlink is trimmed, and that every downlink fits.

use super::*;
use crate::downlink::Re;
use crate::limits::{MAX_EXT_BYTES, MAX_SEATS};
use crate::object::{
    Media, MediaFlags, MeetingState, Mode, Policy, Reach, RejectReason, Role, SpeechMode, SpeechView,
};
use serde_json::{Map, Value, json};

/// Returns a participant with the longest account, name and text.
fn participant(at: usize, state: ParticipantState) -> ParticipantView {
    let is_declined = state == ParticipantState::Declined;
    ParticipantView {
        user_id: format!("{at:0>57}").parse().expect("an account"),
        name: Some("\u{1d11e}".repeat(64)),
        role: Role::Cohost,
        state,
        speech: SpeechView { mode: SpeechMode::Hard, until_in_ms: Some(86_400_000) },
        hand: false,
        media: MediaFlags::default(),
        invite_id: state.is_pending().then(|| "i".repeat(26).parse().expect("an id")),
        reason: is_declined.then_some(RejectReason::DoNotDisturb),
        text: is_declined.then(|| "\u{1d11e}".repeat(200)),
        removed_ms: None,
        confirmed_gone_ms: None,
        reentries_stopped: None,
    }
}

/// Returns a meeting with this many participants of each state, in this order.
fn meeting(counts: &[(usize, ParticipantState)]) -> MeetingView {
    let states = counts.iter().flat_map(|(count, state)| std::iter::repeat_n(*state, *count));
    let ext: Map<String, Value> =
        json!({"a": "x".repeat(MAX_EXT_BYTES - 8)}).as_object().expect("an object").clone();
    MeetingView {
        meeting_id: "m".repeat(26).parse().expect("an id"),
        mode: Mode::Group,
        media: Media::Video,
        title: Some("\u{1d11e}".repeat(200)),
        state: MeetingState::Active,
        rev: 7_000,
        host: format!("{:0>57}", 0).parse().expect("an account"),
        created_ms: 1_795_366_084_000,
        ends_in_ms: 86_400_000,
        locked: false,
        policy: Policy::default(),
        participants: states.enumerate().map(|(at, state)| participant(at, state)).collect(),
        seat: None,
        unused_seconds: Some(3_600),
        empty_seconds: Some(3_600),
        succession: Some(
            (0..MAX_SEATS).map(|at| format!("{at:0>57}").parse().expect("an account")).collect(),
        ),
        ext: Some(ext),
        truncated: None,
    }
}

fn downlink(body: Body) -> Downlink {
    Downlink {
        v: 1,
        id: "d".repeat(26).parse().expect("an id"),
        re: Re::Request("r".repeat(64).parse().expect("an id")),
        meeting_id: None,
        rev: None,
        prev_rev: None,
        server_ms: 1_795_366_084_000,
        expires_in_ms: None,
        join: None,
        body,
    }
}

/// Returns the meeting after its downlink was trimmed.
fn fitted(meeting: MeetingView) -> MeetingView {
    let mut downlink = downlink(Body::Joined { meeting });
    downlink.fit();
    assert!(size(&downlink) <= MAX_DOWNLINK_BYTES, "{} bytes", size(&downlink));
    match downlink.body {
        Body::Joined { meeting } => meeting,
        other => panic!("another body: {other:?}"),
    }
}

fn count(meeting: &MeetingView, state: ParticipantState) -> usize {
    meeting.participants.iter().filter(|p| p.state == state).count()
}

use ParticipantState::{Declined, Invited, Joined, Lobby};

#[test]
fn the_past_is_omitted_first_and_without_a_mark() {
    let whole = meeting(&[(20, Joined), (20, Declined)]);
    let view = fitted(whole.clone());
    assert_eq!((count(&view, Joined), count(&view, Declined)), (20, 20), "their texts are enough");
    assert!(view.participants.iter().any(|p| p.state == Declined && p.text.is_none() && p.reason.is_none()));
    assert_eq!((view.truncated, &view.ext, &view.succession), (None, &whole.ext, &whole.succession));

    let view = fitted(meeting(&[(30, Joined), (100, Declined)]));
    assert_eq!((count(&view, Joined), count(&view, Declined), view.truncated), (30, 0, None));
}

#[test]
fn the_present_is_omitted_from_those_who_wait_to_those_who_are_in() {
    let view = fitted(meeting(&[(30, Joined), (10, Invited), (160, Lobby)]));
    assert_eq!((count(&view, Joined), count(&view, Invited), view.truncated), (30, 10, Some(true)));
    assert!((1..160).contains(&count(&view, Lobby)), "only as many as necessary");
    assert_eq!(view.succession, None);
    let view = fitted(meeting(&[(40, Joined), (59, Invited), (100, Lobby)]));
    assert_eq!((count(&view, Joined), count(&view, Lobby)), (40, 0));
    assert!((1..59).contains(&count(&view, Invited)));
    assert!(view.participants.iter().all(|p| p.name.is_some()), "names of members are omitted last");
    let view = fitted(meeting(&[(100, Joined), (100, Lobby)]));
    assert_eq!((count(&view, Joined), count(&view, Lobby)), (100, 0));
    let named = view.participants.iter().filter(|p| p.name.is_some()).count();
    assert!(view.participants[..named].iter().all(|p| p.name.is_some()), "the first have their names");
    assert!((1..100).contains(&named) && view.ext.is_some() && view.title.is_some());
}

#[test]
fn a_meeting_of_the_usual_size_is_whole() {
    let small = meeting(&[(MAX_ALWAYS_WHOLE, Joined)]);
    assert_eq!(fitted(small.clone()), small);
    let mut usual = meeting(&[(100, Joined)]);
    usual.succession = None;
    for (at, participant) in usual.participants.iter_mut().enumerate() {
        participant.user_id = format!("user-{at}").parse().expect("an account");
        participant.name = Some(format!("Name of the user {at}"));
    }
    assert_eq!(fitted(usual.clone()), usual);
}

#[test]
fn a_large_join_token_leaves_less_room_for_the_members() {
    let mut large = meeting(&[(100, Joined)]);
    for participant in &mut large.participants {
        participant.media.audio = true;
    }
    large.title = Some("x".repeat(14_000));
    let view = fitted(large);
    assert_eq!((&view.ext, view.truncated), (&None, Some(true)));
    assert!((1..100).contains(&view.participants.len()) && view.participants[0].user_id == view.host);
}

#[test]
fn a_result_of_many_invitations_omits_texts() {
    let invitation = |at: usize| InvitationView {
        user_id: format!("{at:0>57}").parse().expect("an account"),
        invite_id: "i".repeat(26).parse().expect("an id"),
        state: Declined,
        code: Some("do_not_disturb".to_owned()),
        reason: Some(RejectReason::DoNotDisturb),
        text: Some("\u{1d11e}".repeat(200)),
        reach: Reach::Delivered,
    };
    let invitations = (0..49).map(invitation).collect();
    let mut downlink = downlink(Body::InvitationResult { invitations, not_invited: None });
    assert!(size(&downlink) > MAX_DOWNLINK_BYTES);
    downlink.fit();
    assert!(size(&downlink) <= MAX_DOWNLINK_BYTES);
    let Body::InvitationResult { invitations, .. } = &downlink.body else { panic!("the same body") };
    assert_eq!(invitations.len(), 49);
    assert!(invitations[0].text.is_some() && invitations[48].text.is_none());
}
