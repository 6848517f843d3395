//! Tests of the right to speak (T34–T38).

use crate::tests::fixture::{Call, create, opening, user};
use crate::tests::scenes::{
    active_group, allow, join, mute, reports, restricted, speech_downlinks, speech_mode, take_over,
};
use crate::{Action, Grant, MediaChange, RtcAction};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::{Mode, Role, SpeechMode, UserOrAll};
use switchboard_protocol::requests::MuteMode;

#[test]
fn t35_t37_a_block_is_told_to_the_rtc_service_stands_in_every_token_and_is_not_lifted_by_its_user() {
    let mut call = active_group();
    call.rtc.enforces_rights = true;
    mute(&mut call, "alice.phone", "bob", MuteMode::Hard, None).expect("the host has the right");
    assert_eq!(restricted(&call), [("bob".to_owned(), false)]);
    assert_eq!(
        speech_downlinks(&call),
        ["alice.phone= bob Hard enforced", "bob.phone: bob Hard enforced", "carol.phone: bob Hard enforced"]
    );
    assert_eq!(call.does("bob.phone", Action::UnmuteSelf), Err(Code::SpeechBlocked));
    let bob = call.participant("bob");
    assert!(!Grant::of(&call.meeting, bob).rights.microphone);
    assert!(Grant::of(&call.meeting, bob).rights.subscribe, "a block does not take the right to listen");
}

#[test]
fn t35_t38_a_blocked_user_is_shown_with_the_microphone_off_whatever_the_device_says() {
    let mut call = active_group();
    let is_shown = |call: &Call| call.media_of("bob").audio;
    assert!(is_shown(&call), "the microphone is on before the block");
    mute(&mut call, "alice.phone", "bob", MuteMode::Hard, None).expect("the host has the right");
    assert!(!is_shown(&call), "the block turns it off");
    let on = MediaChange { audio: Some(true), video: None, screen: None };
    call.at(2_000);
    reports(&mut call, "bob.phone", on).expect("the report is taken");
    assert!(call.last.next.is_none(), "a microphone without the right is no change");
    take_over(&mut call, "bob.tablet").expect("moves to another device");
    assert!(!is_shown(&call), "a takeover announces sound");
    let told = &call.sent_to("alice.phone", "participant_updated")[0];
    assert_eq!(told["participant"]["media"]["audio"], false);
    call.leaves("bob.tablet").expect("leaves");
    join(&mut call, "bob.phone").expect("comes back");
    assert!(!is_shown(&call), "a join announces sound");
    allow(&mut call, "alice.phone", "bob").expect("the host has the right");
    assert!(!is_shown(&call), "the microphone stays off until its user turns it on");
    call.at(4_000);
    reports(&mut call, "bob.phone", on).expect("turns the microphone on");
    assert!(is_shown(&call));
}

#[test]
fn where_the_rtc_service_cannot_hold_anybody_to_it_that_is_said() {
    let mut call = active_group();
    mute(&mut call, "alice.phone", "bob", MuteMode::Hard, None).expect("the host has the right");
    assert_eq!(
        speech_downlinks(&call),
        ["alice.phone= bob Hard", "bob.phone: bob Hard", "carol.phone: bob Hard"]
    );
}

#[test]
fn a_soft_mute_lifts_no_block_and_a_block_can_be_made_shorter() {
    let mut call = active_group();
    mute(&mut call, "alice.phone", "bob", MuteMode::Hard, None).expect("the host has the right");
    mute(&mut call, "alice.phone", "bob", MuteMode::Soft, None).expect("is answered by the present right");
    assert!(call.last.next.is_none());
    assert_eq!(speech_downlinks(&call), ["alice.phone= bob Hard"]);
    mute(&mut call, "alice.phone", "bob", MuteMode::Hard, Some(5)).expect("the host has the right");
    assert_eq!(call.participant("bob").speech.until_ms, Some(call.now.ms + 5_000));
}

#[test]
fn everybody_is_all_but_the_host_and_who_says_it_and_members_hear_it_in_one_statement() {
    let mut call = active_group();
    mute(&mut call, "alice.phone", "*", MuteMode::Hard, None).expect("the host has the right");
    assert_eq!(restricted(&call), [("bob".to_owned(), false), ("carol".to_owned(), false)]);
    assert_eq!(speech_mode(&call, "alice"), SpeechMode::Free);
    assert_eq!(
        speech_downlinks(&call),
        [
            "alice.phone= * Hard",
            "bob.phone: * Hard",
            "bob.phone: bob Hard",
            "carol.phone: * Hard",
            "carol.phone: carol Hard"
        ]
    );
    // The soft mute does not apply to a blocked user, so a notice names each user who changed.
    let mut call = active_group();
    mute(&mut call, "alice.phone", "bob", MuteMode::Hard, None).expect("the host has the right");
    mute(&mut call, "alice.phone", "*", MuteMode::Soft, None).expect("the host has the right");
    assert_eq!(
        speech_downlinks(&call),
        ["alice.phone= * Soft", "bob.phone: carol Soft", "carol.phone: carol Soft"]
    );
    allow(&mut call, "alice.phone", "*").expect("the host has the right");
    assert_eq!(
        (speech_mode(&call, "bob"), speech_mode(&call, "carol")),
        (SpeechMode::Free, SpeechMode::Free)
    );
}

#[test]
fn a_soft_mute_of_all_names_each_user_who_changed_while_another_is_blocked() {
    let mut call = Call::open(&opening(create(Mode::Group, &["bob", "carol", "dave"])));
    for device in ["bob.phone", "carol.phone", "dave.phone"] {
        call.accepts(device).expect("accepts");
    }
    mute(&mut call, "alice.phone", "dave", MuteMode::Hard, None).expect("the host has the right");
    mute(&mut call, "alice.phone", "*", MuteMode::Soft, None).expect("the host has the right");
    assert_eq!(
        speech_downlinks(&call),
        [
            "alice.phone= * Soft",
            "bob.phone: bob Soft",
            "bob.phone: carol Soft",
            "carol.phone: bob Soft",
            "carol.phone: carol Soft",
            "dave.phone: bob Soft",
            "dave.phone: carol Soft"
        ]
    );
}

#[test]
fn who_may_and_whom() {
    let mut call = active_group();
    assert_eq!(mute(&mut call, "bob.phone", "carol", MuteMode::Soft, None), Err(Code::NotHost));
    assert_eq!(allow(&mut call, "bob.phone", "carol"), Err(Code::NotHost));
    assert_eq!(mute(&mut call, "mallory", "carol", MuteMode::Soft, None), Err(Code::Forbidden));
    assert_eq!(mute(&mut call, "alice.phone", "zoe", MuteMode::Soft, None), Err(Code::UserNotFound));
    assert_eq!(mute(&mut call, "alice.phone", "alice", MuteMode::Hard, None), Err(Code::Forbidden));
    assert_eq!(call.does("bob.tablet", Action::UnmuteSelf), Err(Code::NotAdmitted), "the device has no seat");
    call.leaves("carol.phone").expect("leaves");
    assert_eq!(mute(&mut call, "alice.phone", "carol", MuteMode::Soft, None), Err(Code::UserNotFound));
}

#[test]
fn the_same_request_again_is_answered_by_what_holds_and_tells_the_rtc_service_again() {
    let mut call = active_group();
    let block =
        || Action::Mute { target: UserOrAll::User(user("bob")), mode: MuteMode::Hard, for_seconds: None };
    call.sends("alice.phone", "m1", "m1", block()).expect("the host has the right");
    call.sends("alice.phone", "m1", "m1", block()).expect("a repeat is answered");
    assert!(call.last.next.is_none());
    assert_eq!(restricted(&call), [("bob".to_owned(), false)]);
    allow(&mut call, "alice.phone", "bob").expect("the host has the right");
    call.sends("alice.phone", "m1", "m1", block()).expect("a repeat is answered");
    assert_eq!(speech_downlinks(&call), ["alice.phone= bob Free"], "the answer shows the present right");
    assert!(restricted(&call).is_empty(), "an old block is not set again");
}

// Proves: blocks
#[test]
fn a_block_that_crossed_its_lifting_on_the_way_is_corrected() {
    let mut call = active_group();
    mute(&mut call, "alice.phone", "bob", MuteMode::Hard, None).expect("the host has the right");
    let (rev, actions) = (call.meeting.rev, call.last.rtc_actions.clone());
    assert!(call.meeting.superseded_rights(&actions, rev).is_empty());
    allow(&mut call, "alice.phone", "bob").expect("the host has the right");
    let corrected = call.meeting.superseded_rights(&actions, rev);
    assert!(matches!(&corrected[..], [RtcAction::Restrict { rights, .. }] if rights.microphone));
}

#[test]
fn t35_the_view_of_a_participant_shows_the_block_and_its_end() {
    let mut call = active_group();
    mute(&mut call, "alice.phone", "bob", MuteMode::Hard, Some(60)).expect("the host has the right");
    let speech = call.participant("bob").view(call.now.ms + 1_000).speech;
    assert_eq!((speech.mode, speech.until_in_ms), (SpeechMode::Hard, Some(59_000)));
}

#[test]
fn t34_a_cohost_who_mutes_all_mutes_neither_the_host_nor_the_cohost() {
    let mut call = active_group();
    *call.participant_mut("bob").role.amend() = Role::Cohost;
    mute(&mut call, "bob.phone", "*", MuteMode::Soft, None).expect("a cohost has the right");
    assert_eq!(
        (speech_mode(&call, "alice"), speech_mode(&call, "bob"), speech_mode(&call, "carol")),
        (SpeechMode::Free, SpeechMode::Free, SpeechMode::Soft)
    );
}

#[test]
fn a_cohost_neither_lifts_nor_shortens_a_block_of_the_host() {
    let mut call = active_group();
    *call.participant_mut("bob").role.amend() = Role::Cohost;
    mute(&mut call, "alice.phone", "carol", MuteMode::Hard, None).expect("the host has the right");
    assert_eq!(allow(&mut call, "bob.phone", "carol"), Err(Code::NotHost));
    assert_eq!(mute(&mut call, "bob.phone", "carol", MuteMode::Hard, Some(1)), Err(Code::NotHost));
    allow(&mut call, "bob.phone", "*").expect("a cohost has the right");
    mute(&mut call, "bob.phone", "*", MuteMode::Hard, Some(1)).expect("a cohost has the right");
    assert_eq!(speech_mode(&call, "carol"), SpeechMode::Hard);
    assert_eq!(call.participant("carol").speech.until_ms, None, "the block of the host stays");

    allow(&mut call, "alice.phone", "carol").expect("the host has the right");
    mute(&mut call, "bob.phone", "carol", MuteMode::Hard, None).expect("a cohost has the right");
    allow(&mut call, "bob.phone", "carol").expect("a cohost lifts the own block");
    assert_eq!(speech_mode(&call, "carol"), SpeechMode::Free);
}
