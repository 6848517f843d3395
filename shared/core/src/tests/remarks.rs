//! Words and media that one user gives reach the others: declines, removals, ends, and what a device sends.

use super::fixture::{Call, account, user};
use crate::{Action, DeliveryClass, MediaChange, OutReason};
use serde_json::json;
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::object::{JoinPolicy, Media, MediaFlags, ParticipantState as State, RejectReason};
use switchboard_protocol::requests::MediaReport;

fn rejects(call: &mut Call, device: &str, reason: RejectReason, text: Option<&str>) {
    let invite_id = call.invite_id(account(device));
    let text = text.map(str::to_owned);
    call.does(device, Action::Reject { invite_id, reason, text }).expect("rejects");
}

fn reports(call: &mut Call, device: &str, media: MediaChange) -> Result<(), Code> {
    call.does(device, Action::ReportMedia { state: MediaReport::Joined, media, verified: true })
}

const CAMERA: MediaChange = MediaChange { audio: None, video: Some(true), screen: None };

#[test]
fn t52_the_inviter_and_the_members_get_the_reason_and_the_text_of_a_decline() {
    let cases = [
        (RejectReason::Declined, State::Declined, "declined"),
        (RejectReason::Other, State::Declined, "declined"),
        (RejectReason::DoNotDisturb, State::Declined, "do_not_disturb"),
        (RejectReason::Busy, State::UserBusy, "user_busy"),
    ];
    for (reason, state, code) in cases {
        let mut call = Call::group();
        rejects(&mut call, "bob.phone", reason, Some("In a meeting"));
        assert_eq!(call.state("bob"), state);
        let updated = &call.sent_to("alice.phone", "invitation_updated")[0];
        assert_eq!(
            (&updated["code"], &updated["reason"], &updated["text"]),
            (&json!(code), &json!(reason), &json!("In a meeting"))
        );
        let shown = call.participant("bob").view(call.now.ms);
        assert_eq!((shown.reason, shown.text.as_deref()), (Some(reason), Some("In a meeting")));
        let closed = &call.sent_to("bob.tablet", "invitation_closed")[0];
        assert_eq!(closed["reason"], "declined_elsewhere");
        assert!(call.sent_to("bob.tablet", "missed_call").is_empty(), "the user knows of the call");
    }
}

#[test]
fn t52_a_direct_call_that_is_declined_as_busy_ends_as_busy() {
    let mut call = Call::direct();
    rejects(&mut call, "bob.phone", RejectReason::Busy, None);
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Busy));
    assert_eq!(call.accepts("bob.tablet"), Err(Code::MeetingEnded));
}

#[test]
fn t52_a_user_who_is_invited_again_is_shown_without_the_words_of_before() {
    let mut call = Call::group();
    rejects(&mut call, "bob.phone", RejectReason::Declined, Some("Later"));
    let invitee = crate::Invitee {
        user_id: user("bob"),
        invite_id: "invite-again".parse().expect("a valid id"),
        name: None,
        devices: Vec::new(),
        busy: false,
    };
    call.does("alice.phone", Action::Invite { invitees: vec![invitee], ring_seconds: None, ext: None })
        .expect("a user who declined may be invited again");
    let shown = call.participant("bob").view(call.now.ms);
    assert_eq!((shown.state, shown.reason, shown.text), (State::Invited, None, None));
}

#[test]
fn t53_a_removed_user_gets_the_hosts_reason_and_nobody_else_does() {
    for ban in [false, true] {
        let mut call = Call::group();
        call.accepts("bob.phone").expect("accepts");
        let text = Some("Not invited to this part".to_owned());
        call.does("alice.phone", Action::Remove { user: user("bob"), ban, for_seconds: None, text })
            .expect("the host removes");
        let removed = &call.sent_to("bob.phone", "participant_removed")[0];
        assert_eq!(removed["text"], "Not invited to this part");
        let shown = call.participant("bob").view(call.now.ms);
        assert_eq!((shown.reason, shown.text), (None, None));
        assert!(matches!(
            call.participant("bob").out_reason(),
            Some(OutReason::Removed | OutReason::Banned { .. })
        ));
    }
}

#[test]
fn t54_everybody_who_hears_of_the_end_gets_the_hosts_reason() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    let text = Some("Wrong number".to_owned());
    call.sends("alice.phone", "d1", "destroy", Action::Destroy { text: text.clone() })
        .expect("the host ends it");
    for device in ["alice.phone", "bob.phone"] {
        assert_eq!(call.sent_to(device, "meeting_ended")[0]["text"], "Wrong number", "{device}");
    }
    call.sends("alice.phone", "d1", "destroy", Action::Destroy { text }).expect("a repeat is answered");
    assert_eq!(call.sent_to("alice.phone", "meeting_ended")[0]["text"], "Wrong number");
}

#[test]
fn t54_a_call_that_ends_because_its_create_request_is_taken_back_says_why() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.does("bob.phone", Action::TakeBack { text: Some("Wrong button".to_owned()) }).expect("takes back");
    assert_eq!(call.sent_to("alice.phone", "meeting_ended")[0]["text"], "Wrong button");
    assert_eq!(call.sent_to("bob.phone", "meeting_ended")[0]["text"], "Wrong button");
}

#[test]
fn t55_a_participant_is_shown_with_the_media_that_the_device_will_send_first() {
    let mut call = Call::group();
    let invite_id = call.invite_id("bob");
    call.does("bob.phone", Action::Accept { invite_id, media: Media::Video }).expect("accepts");
    let audio_and_video = MediaFlags { audio: true, video: true, screen: false };
    assert_eq!(call.media_of("bob"), audio_and_video);
    let told = &call.sent_to("alice.phone", "participant_updated")[0];
    assert_eq!(told["participant"]["media"]["video"], true);
    reports(&mut call, "bob.phone", MediaChange::default()).expect("reports nothing but that it is there");
    assert_eq!((call.state("bob"), call.media_of("bob")), (State::Joined, audio_and_video));
}

#[test]
fn t55_the_media_of_a_join_is_shown_after_a_lobby_a_takeover_and_a_direct_entry() {
    let joining =
        |media, takeover| Action::Join(crate::Joiner { name: None, devices: Vec::new(), takeover, media });
    let mut call = Call::group();
    call.settings_mut().policy.join = JoinPolicy::Lobby;
    call.does("dave.phone", joining(Media::Video, false)).expect("waits");
    call.does("alice.phone", Action::Admit { users: None }).expect("admits");
    assert!(call.media_of("dave").video);
    call.does("dave.tablet", joining(Media::Audio, true)).expect("moves");
    assert_eq!(call.media_of("dave"), MediaFlags::from(Media::Audio));
    call.settings_mut().policy.join = JoinPolicy::Open;
    call.does("erin.phone", joining(Media::Video, false)).expect("comes in");
    assert!(call.media_of("erin").video);
}

#[test]
fn t56_every_report_of_a_device_is_shown_and_reaches_the_members_who_are_there() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    call.at(2_000);
    reports(&mut call, "bob.phone", CAMERA).expect("turns the camera on");
    assert_eq!(call.media_of("bob"), MediaFlags { audio: true, video: true, screen: false });
    let told = &call.sent_to("alice.phone", "participant_updated")[0];
    assert_eq!(told["participant"]["media"], json!({"audio": true, "video": true, "screen": false}));
    assert!(call.last.notices.iter().all(|notice| notice.class == DeliveryClass::BestEffort));
    assert!(call.last.notices.iter().all(|notice| notice.prev_rev.is_some()), "a gap is found");
    call.at(4_000);
    reports(&mut call, "bob.phone", CAMERA).expect("says the same again");
    assert!(call.last.next.is_none(), "the same media again is no news");
    let off = MediaChange::from(MediaFlags::default());
    reports(&mut call, "bob.phone", off).expect("turns everything off");
    assert_eq!(call.media_of("bob"), MediaFlags::default());
}

#[test]
fn t56_a_report_of_a_direct_call_does_not_wait_in_the_queue() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    call.at(2_000);
    reports(&mut call, "bob.phone", CAMERA).expect("turns the camera on");
    assert!(!call.last.notices.is_empty());
    assert!(call.last.notices.iter().all(|notice| notice.class == DeliveryClass::BestEffort));
}

#[test]
fn t56_a_report_that_the_rtc_service_does_not_confirm_still_says_what_the_device_sends() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    let state = MediaReport::Joined;
    call.does("bob.phone", Action::ReportMedia { state, media: CAMERA, verified: false }).expect("reports");
    assert_eq!((call.state("bob"), call.media_of("bob").video), (State::Accepted, true));
}

#[test]
fn t56_a_third_change_within_a_second_is_rate_limited() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    let screen = |on| MediaChange { screen: Some(on), ..MediaChange::default() };
    call.at(10_000);
    reports(&mut call, "bob.phone", screen(true)).expect("the first change");
    call.at(10_300);
    reports(&mut call, "bob.phone", screen(false)).expect("the second change");
    call.at(10_900);
    assert_eq!(reports(&mut call, "bob.phone", screen(true)), Err(Code::RateLimited));
    assert_eq!(call.sent_to("bob.phone", "error")[0]["retry_after_ms"], 100);
    call.at(11_000);
    reports(&mut call, "bob.phone", screen(true)).expect("a second after the first change");
    assert!(call.media_of("bob").screen);
    let left =
        Action::ReportMedia { state: MediaReport::Left, media: MediaChange::default(), verified: true };
    call.does("bob.phone", left).expect("leaving is never limited");
    assert_eq!(call.state("bob"), State::Left);
}
