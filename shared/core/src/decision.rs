//! A decision: the state to commit, and the effects that follow the commit. `change.rs` makes the decision
//! from the working copy.

use crate::cause::Cause;
use crate::meeting::Meeting;
use crate::outgoing::Outgoing;
use crate::rtc_actions::RtcAction;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::UserOrAll;

/// Result of deciding one input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// The state to commit, based on the state of the input; `None` if the input changed nothing.
    pub next: Option<Meeting>,
    /// Call slots to change in the same commit.
    pub slots: Vec<SlotChange>,
    /// Calls of the RTC service's management API.
    pub rtc_actions: Vec<RtcAction>,
    /// Notices to devices.
    pub notices: Vec<Outgoing>,
    /// The answer to the sender; `None` for requests that are never answered.
    pub answer: Option<Outgoing>,
    /// The code, if the answer is a refusal.
    pub refused: Option<Code>,
    /// The effects of an earlier commit, if the input is a repeat of the request that made it. They are not
    /// among the other effects: [`Decision::tell_again`] adds them.
    pub repeated: Option<Box<RepeatedEffects>>,
    /// True if [`Decision::tell_again`] has added the effects of an earlier commit.
    pub is_told_again: bool,
}

/// The effects of the commit that made a revision, which a repeat of its request may run again.
///
/// The function that committed may have crashed before them. A terminal that repeats without need must
/// nevertheless not disturb others: see decision 41.
#[derive(Debug, Clone, PartialEq)]
pub struct RepeatedEffects {
    /// The revision that the request made.
    pub rev: u64,
    /// The notices that still apply.
    pub notices: Vec<Outgoing>,
    /// The calls of the RTC service's management API that still apply.
    pub rtc_actions: Vec<RtcAction>,
    /// True if the meeting ended more than [`TELL_AGAIN_MS`](crate::TELL_AGAIN_MS) ago and the time of each
    /// offer is over. Then the effects may run again only if they are known to be pending.
    pub is_late: bool,
}

/// A change of a user's call slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotChange {
    /// The meeting takes the user's slot.
    Claim(UserId),
    /// The meeting frees the slot, if the slot still names this meeting.
    Free(UserId),
    /// The meeting takes back the slot of a user who left the call `from`. If another call has the slot,
    /// nothing is committed.
    Reclaim {
        /// Account.
        user: UserId,
        /// The call that the user left.
        from: MeetingId,
    },
    /// The slot does not change, and must name the other call that the user accepted. If it does not, nothing
    /// is committed: the user may have accepted this call after the other one.
    TakenBy {
        /// Account.
        user: UserId,
        /// The other call.
        call: MeetingId,
    },
}

impl Decision {
    /// Returns whether no client would retry if the effects of this commit were lost: they belong to an end,
    /// a deadline or an event. This includes a deadline that is applied with a request that changes nothing
    /// itself. Such a request is not kept as applied, so its repeat would not repeat the deadline's notices.
    #[must_use]
    pub fn has_no_retrying_client(&self, cause: Option<&Cause>) -> bool {
        let Some(next) = &self.next else { return false };
        let is_requested = cause.is_some_and(|cause| cause.made(next, next.rev));
        next.end().is_some() || (!self.notices.is_empty() && !is_requested)
    }

    /// Adds the effects of the earlier commit that the request repeats.
    #[must_use]
    pub fn tell_again(mut self) -> Self {
        let Some(repeated) = self.repeated.take() else { return self };
        self.rtc_actions.extend(repeated.rtc_actions);
        self.notices.extend(repeated.notices);
        self.is_told_again = true;
        if let Some(by) = self.answer.as_ref().map(|answer| answer.to.clone()) {
            self.drop_echoes(&by);
        }
        self
    }

    /// Drops the notices that duplicate the answer to the same device.
    pub(crate) fn drop_echoes(&mut self, by: &ClientId) {
        let Some(answer) = &self.answer else { return };
        self.notices.retain(|notice| notice.to != *by || !is_same_news(&notice.body, &answer.body));
    }
}

/// Returns whether two bodies have the same type and concern the same user.
fn is_same_news(a: &Body, b: &Body) -> bool {
    match (a, b) {
        (Body::ParticipantUpdated { participant: a }, Body::ParticipantUpdated { participant: b }) => {
            a.user_id == b.user_id
        }
        (
            Body::SpeechChanged { user_id: a @ UserOrAll::User(_), .. },
            Body::SpeechChanged { user_id: b @ UserOrAll::User(_), .. },
        ) => a == b,
        _ => a.kind() == b.kind(),
    }
}

#[cfg(test)]
mod tests {
    use crate::ChannelPresence;
    use crate::tests::fixture::{Call, user};
    use crate::tests::scenes::{active_group, mute, set_role, speech_downlinks};
    use switchboard_protocol::object::Role;
    use switchboard_protocol::requests::MuteMode;

    /// Returns the lines about one device.
    fn of(device: &str, lines: Vec<String>) -> Vec<String> {
        lines.into_iter().filter(|line| line.starts_with(device)).collect()
    }

    #[test]
    fn an_answer_replaces_the_notice_about_the_same_user_and_about_no_other() {
        let mut call = Call::group();
        call.rtc.reports_presence = true;
        for device in ["bob.phone", "carol.phone"] {
            call.accepts(device).expect("accepts");
        }
        for name in ["alice", "bob"] {
            call.rtc_reports(ChannelPresence::Joined { user: user(name) });
        }
        // The deadline for Carol to reach the media passes in the same commit.
        set_role(call.at(20_000), "alice.phone", "bob", Role::Cohost).expect("the host has the right");
        assert_eq!(
            of("alice.phone", call.downlinks()),
            [
                "alice.phone: invitation_updated failed",
                "alice.phone: participant_updated failed",
                "alice.phone= participant_updated joined"
            ]
        );
    }

    #[test]
    fn an_answer_about_the_speech_of_a_user_replaces_no_notice_about_another() {
        let mut call = active_group();
        mute(&mut call, "alice.phone", "carol", MuteMode::Hard, Some(60)).expect("the host has the right");
        // Carol's block ends in the same commit.
        mute(call.at(60_000), "alice.phone", "bob", MuteMode::Soft, None).expect("the host has the right");
        assert_eq!(
            of("alice.phone", speech_downlinks(&call)),
            ["alice.phone: carol Free", "alice.phone= bob Soft"]
        );
    }
}
