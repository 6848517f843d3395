//! `rejoin` (T25, T26): a device returns to its seat, or to a seat that was given up while the meeting still
//! admits the user.

use super::join::JOINED;
use crate::change::Change;
use crate::outgoing::ReplyResult;
use crate::refusal::Refusal;
use crate::standing::OutReason;
use switchboard_protocol::address::ClientId;

/// Answered by `joined`.
pub(crate) fn apply(change: &mut Change, by: &ClientId) -> ReplyResult {
    match change.participant(by).and_then(|p| p.out_reason()) {
        Some(OutReason::Banned { .. }) => return Err(Refusal::banned()),
        Some(OutReason::Lost) => {
            let entry = change.require_unlocked().and_then(|()| change.take_free_seat(by, None));
            entry.map_err(|_| Refusal::not_admitted())?;
        }
        _ => {
            change.claim_admitted_seat(by);
            change.require_seat(by)?;
            change.device_connected(by);
            change.extend_absence(by);
        }
    }
    Ok(JOINED)
}

pub(crate) fn answer_again(change: &Change, by: &ClientId) -> ReplyResult {
    if change.require_seat(by).is_ok() {
        return Ok(JOINED);
    }
    if let Some(end) = change.meeting.end() {
        return Err(Refusal::meeting_ended(end.reason));
    }
    change.require_seat(by)?;
    Err(Refusal::not_admitted())
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, START_MS, user};
    use crate::tests::scenes::active_call;
    use crate::{Action, ChannelPresence, DeviceStatus};
    use switchboard_protocol::object::ParticipantState as State;

    #[test]
    fn a_rejoin_is_answered_by_a_way_in_and_only_for_the_device_with_the_seat() {
        let mut call = active_call();
        call.device_is("bob.phone", DeviceStatus::Disconnected);
        call.at(10_000);
        call.device_is("bob.phone", DeviceStatus::StillDisconnected);
        call.does("bob.phone", Action::Rejoin).expect("the device has the seat");
        assert!(call.downlinks().contains(&"bob.phone= joined".to_owned()));
        assert_eq!(call.state("bob"), State::Joined);
        assert!(call.does("bob.tablet", Action::Rejoin).is_err());
    }

    #[test]
    fn t25_a_rejoin_gives_the_time_to_reach_the_media_again_and_never_takes_time_away() {
        let mut call = active_call();
        call.rtc.reports_presence = true;
        call.rtc_reports(ChannelPresence::Left { user: user("bob"), clean: false });
        let away_until_ms =
            |call: &Call| call.participant("bob").seat().and_then(|seat| seat.away_until_ms());
        call.at(5_000).does("bob.phone", Action::Rejoin).expect("the device has the seat");
        assert_eq!(away_until_ms(&call), Some(START_MS + 30_000));
        call.at(25_000).does("bob.phone", Action::Rejoin).expect("the device has the seat");
        assert_eq!(away_until_ms(&call), Some(START_MS + 45_000));
    }
}
