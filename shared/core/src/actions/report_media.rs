//! `report_media` (T18 for `joined`, T27 for `left`). Never answered, only refused.

use super::leave;
use crate::change::Change;
use crate::input::MediaChange;
use crate::outgoing::{Reply, ReplyResult};
use crate::refusal::Refusal;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::limits::MAX_REPORTS_PER_SECOND;
use switchboard_protocol::requests::MediaReport;

/// A report that the RTC service does not confirm moves nobody into the media or out of it: what the service sees arrives
/// as its own input. What the device sends only the device knows, so that part of the report holds in any case.
///
/// Refuses with `rate_limited` the changes of a device in the media beyond [`MAX_REPORTS_PER_SECOND`].
pub(crate) fn apply(
    change: &mut Change,
    by: &ClientId,
    report: MediaReport,
    media: MediaChange,
    verified: bool,
) -> ReplyResult {
    change.claim_admitted_seat(by);
    change.require_seat(by)?;
    match report {
        MediaReport::Left if verified => {
            leave::apply(change, by)?;
        }
        MediaReport::Left => {}
        MediaReport::Joined => {
            sends(change, by, media)?;
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

/// Sets what the device sends, with a notice to all members.
fn sends(change: &mut Change, by: &ClientId, media: MediaChange) -> Result<(), Refusal> {
    let (now_ms, rev) = (change.now.ms, change.rev);
    let Some(seat) = change.seat_of(by) else { return Ok(()) };
    let media = media.over(*seat.media);
    if media == *seat.media {
        return Ok(());
    }
    let is_joined = seat.is_joined();
    let reports = &mut seat.reported_ms;
    if reports.len() >= MAX_REPORTS_PER_SECOND {
        let wait_ms = reports[0] + 1_000 - now_ms;
        if is_joined && wait_ms > 0 {
            let message = format!(
                "report at most {MAX_REPORTS_PER_SECOND} changes of media a second; send the last state later"
            );
            let refusal = Refusal::new(Code::RateLimited, message);
            return Err(Refusal { retry_after_ms: Some(wait_ms), ..refusal });
        }
        reports.remove(0);
    }
    reports.push(now_ms);
    seat.media.set(media, rev);
    change.is_changed = true;
    Ok(())
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::Nothing)
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, START_MS};
    use crate::tests::scenes::reports;
    use crate::{Action, DeliveryClass, MediaChange, Phase};
    use serde_json::json;
    use switchboard_protocol::code::Code;
    use switchboard_protocol::object::{MediaFlags, ParticipantState as State};
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
        call.does("bob.phone", Action::ReportMedia { state, media: CAMERA, verified: false })
            .expect("reports");
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
}
