//! `report_media` (T18 for `joined`, T27 for `left`). The service never answers it, and only replies to
//! refuse it.

use super::leave;
use crate::change::Change;
use crate::input::MediaChange;
use crate::outgoing::{Reply, ReplyResult};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::requests::MediaReport;

/// An unconfirmed report does not change the presence of the user in the media: the RTC service's view
/// arrives as its own input. Only the device knows what it sends, so that part of the report applies in any
/// case.
///
/// Refuses with `rate_limited` changes beyond
/// [`MAX_REPORTS_PER_SECOND`](switchboard_protocol::limits::MAX_REPORTS_PER_SECOND) of a device, including
/// those on its way into the media.
pub(crate) fn apply(
    change: &mut Change,
    by: &ClientId,
    report: MediaReport,
    media: MediaChange,
    verified: bool,
) -> ReplyResult {
    if report == MediaReport::Joined {
        change.require_media_pace(by, media)?;
    }
    change.claim_admitted_seat(by);
    change.require_seat(by)?;
    match report {
        MediaReport::Left if verified => {
            leave::apply(change, by)?;
        }
        MediaReport::Left => {}
        MediaReport::Joined => {
            change.show_media(by, media);
            if verified {
                joined(change, by);
            }
        }
    }
    Ok(Reply::Nothing)
}

fn joined(change: &mut Change, by: &ClientId) {
    if change.seat_of(by).is_some_and(|seat| !seat.is_joined()) {
        change.join_media(&by.user());
        change.update_phase();
    }
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::Nothing)
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, START_MS};
    use crate::tests::scenes::{active_group, reports, video};
    use crate::{Action, DeliveryClass, MediaChange, Phase};
    use serde_json::json;
    use switchboard_protocol::code::Code;
    use switchboard_protocol::object::{MediaFlags, Mode, ParticipantState as State};
    use switchboard_protocol::requests::MediaReport;

    const CAMERA: MediaChange = MediaChange { audio: None, video: Some(true), screen: None };

    #[test]
    fn t18_both_in_the_media_make_the_call_active() {
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        call.at(3_000).joins_media("alice.phone").expect("joins");
        assert_eq!(
            call.downlinks(),
            ["alice.phone: participant_updated joined", "bob.phone: participant_updated joined"]
        );
        assert_eq!(call.meeting.phase, Phase::Ringing);
        call.at(4_000).joins_media("bob.phone").expect("joins");
        assert_eq!(
            (call.meeting.phase, call.meeting.active_since_ms),
            (Phase::Active, Some(START_MS + 4_000))
        );
        assert_eq!(
            call.joins_media("bob.tablet"),
            Err(Code::NotAdmitted),
            "only the device that has the seat reports"
        );
    }

    #[test]
    fn t56_every_report_of_a_device_is_shown_and_reaches_the_members_who_are_there() {
        let mut call = video(Mode::Group, &["bob", "carol"]);
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
        let mut call = video(Mode::Direct, &["bob"]);
        call.accepts("bob.phone").expect("accepts");
        call.joins_media("bob.phone").expect("joins");
        call.at(2_000);
        reports(&mut call, "bob.phone", CAMERA).expect("turns the camera on");
        assert!(!call.last.notices.is_empty());
        assert!(call.last.notices.iter().all(|notice| notice.class == DeliveryClass::BestEffort));
    }

    #[test]
    fn t56_a_report_that_the_rtc_service_does_not_confirm_still_says_what_the_device_sends() {
        let mut call = video(Mode::Group, &["bob", "carol"]);
        call.accepts("bob.phone").expect("accepts");
        let state = MediaReport::Joined;
        call.does("bob.phone", Action::ReportMedia { state, media: CAMERA, verified: false })
            .expect("reports");
        assert_eq!((call.state("bob"), call.media_of("bob").video), (State::Accepted, true));
    }

    #[test]
    fn t56_a_third_change_within_a_second_is_rate_limited() {
        let mut call = video(Mode::Group, &["bob", "carol"]);
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

    #[test]
    fn t56_a_device_on_its_way_into_the_media_is_limited_as_well() {
        let mut call = video(Mode::Group, &["bob", "carol"]);
        call.accepts("bob.phone").expect("accepts");
        let mut report = |on, verified| {
            let media = MediaChange { screen: Some(on), ..MediaChange::default() };
            call.does("bob.phone", Action::ReportMedia { state: MediaReport::Joined, media, verified })
        };
        report(true, false).expect("the first change");
        report(false, false).expect("the second change");
        for verified in [false, true] {
            assert_eq!(report(true, verified), Err(Code::RateLimited));
        }
        report(false, true).expect("no change");
        assert_eq!((call.state("bob"), call.media_of("bob").screen), (State::Joined, false));
    }

    #[test]
    fn t56_what_the_rights_do_not_allow_is_not_shown() {
        let mut call = active_group();
        let all = MediaFlags { audio: true, video: true, screen: true };
        reports(&mut call, "bob.phone", all.into()).expect("reports");
        assert!(call.last.next.is_none(), "the device was shown with audio before");
        assert_eq!(call.media_of("bob"), MediaFlags { audio: true, video: false, screen: false });
    }
}
