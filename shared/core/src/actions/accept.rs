//! `accept` (T6, T7): the first device whose accept commits gets the seat, and every other device of the user
//! stops ringing.

use crate::cause::Cause;
use crate::change::Change;
use crate::outgoing::{Outgoing, Reply, ReplyResult};
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::standing::OutReason;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::{Body, ClosedReason};
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::Media;

/// Reply that is built from the committed meeting, with a grant for the sender's join token.
const ACCEPTED: Reply =
    Reply::WithGrant(|meeting, now_ms| Body::InvitationAccepted { meeting: meeting.brief_view(now_ms) });

/// Answered by `invitation_accepted`. This function makes no notices: `notices.rs` reads the notices
/// `participant_updated` to the members and `invitation_closed` to the user's other devices from the changed
/// state.
pub(crate) fn apply(
    change: &mut Change,
    by: &ClientId,
    invite_id: &InviteId,
    media: Media,
    name: Option<&String>,
    is_in_other_call: bool,
) -> ReplyResult {
    change.require_open_invitation(by, invite_id)?;
    change.take_free_seat(by, Some(media))?;
    change.learn_name(by, name);
    // `take_free_seat` claims the slot unless the ring of this call held it. The other call may have taken it
    // since.
    if is_in_other_call {
        change.claim_slot(&by.user());
    }
    Ok(ACCEPTED)
}

/// Refuses a device without the seat, with the code for the present state.
pub(crate) fn answer_again(change: &Change, by: &ClientId, invite_id: &InviteId) -> ReplyResult {
    let seat = change.require_seat(by);
    if seat.is_ok() {
        return Ok(ACCEPTED);
    }
    if let Some(end) = change.meeting.end() {
        return Err(Refusal::meeting_ended(end.reason));
    }
    change.require_open_invitation(by, invite_id)?;
    seat.map(|()| ACCEPTED)
}

/// T7: returns the notice that makes a late device stop ringing.
pub(crate) fn notice_of_refusal(
    change: &Change,
    by: &ClientId,
    invite_id: &InviteId,
    code: Code,
    cause: &Cause,
) -> Option<Outgoing> {
    let is_elsewhere = change.participant(by).is_some_and(|p| p.is_member() && !p.sits_on(by));
    (code == Code::AlreadyAnswered && is_elsewhere).then(|| {
        let body = change.meeting.invitation_closed(invite_id, ClosedReason::AnsweredElsewhere);
        Outgoing::notice(&change.meeting, by, cause, invite_id.as_str(), body)
    })
}

impl Change {
    /// Refuses a device whose user has no open invitation `invite_id`, with the code for the reason:
    /// `invitation_not_found`, `invitation_cancelled`, `invitation_expired`, `banned` or `already_answered`.
    pub(crate) fn require_open_invitation(&self, by: &ClientId, invite_id: &InviteId) -> Result<(), Refusal> {
        let participant = self.participant(by);
        let is_invited =
            |p: &&Participant| p.invitation().is_some_and(|it| it.id == *invite_id && it.silent.is_none());
        let invited = participant.filter(is_invited);
        let Some(participant) = invited else { return Err(invitation_not_found()) };
        if participant.is_pending() {
            return Ok(());
        }
        Err(match participant.out_reason() {
            Some(OutReason::Cancelled) => {
                Refusal::new(Code::InvitationCancelled, "the invitation was cancelled; stop ringing")
            }
            Some(OutReason::NoAnswer | OutReason::Unreachable | OutReason::DoNotDisturb) => {
                Refusal::new(Code::InvitationExpired, "the invitation has expired; stop ringing")
            }
            Some(OutReason::Banned { .. }) => Refusal::banned(),
            _ => Refusal::new(Code::AlreadyAnswered, "the invitation was already answered; stop ringing"),
        })
    }
}

/// Refusal for an invitation that the user does not have.
pub(crate) fn invitation_not_found() -> Refusal {
    Refusal::new(Code::InvitationNotFound, "you have no such invitation; stop ringing, and send sync")
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, create, opening, user};
    use crate::tests::scenes::{reports, video};
    use crate::{Action, MediaChange, SlotChange};
    use switchboard_protocol::code::Code;
    use switchboard_protocol::object::{Media, MediaFlags, Mode, ParticipantState as State, RejectReason};

    #[test]
    fn t6_t7_the_first_accept_wins_and_the_late_device_is_told_to_stop() {
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts first");
        assert_eq!(
            call.downlinks(),
            [
                "alice.phone: participant_updated accepted",
                "bob.phone= invitation_accepted",
                "bob.tablet: invitation_closed answered_elsewhere",
            ]
        );
        assert_eq!(call.accepts("bob.tablet"), Err(Code::AlreadyAnswered));
        assert_eq!(
            call.downlinks(),
            ["bob.tablet: invitation_closed answered_elsewhere", "bob.tablet= error already_answered"]
        );
        assert_eq!(call.rings("bob.tablet"), Err(Code::AlreadyAnswered));
    }

    #[test]
    fn t7_a_late_accept_without_a_seat_elsewhere_gets_the_refusal_alone() {
        let mut call = Call::group();
        call.rejects("bob.phone").expect("rejects");
        assert_eq!(call.accepts("bob.tablet"), Err(Code::AlreadyAnswered));
        assert_eq!(call.downlinks(), ["bob.tablet= error already_answered"]);
    }

    #[test]
    fn t13_an_accept_after_the_ring_expired_is_refused_with_that_reason() {
        let mut call = Call::group();
        assert_eq!(call.at(47_000).accepts("bob.phone"), Err(Code::InvitationExpired));
    }

    #[test]
    fn an_invitation_of_somebody_else_or_of_nobody_is_not_found() {
        let mut call = Call::group();
        let (of_bob, unknown) = (call.invite_id("bob"), "i7q".parse().expect("a valid id"));
        assert_eq!(
            call.does(
                "carol.phone",
                Action::Accept {
                    invite_id: of_bob.clone(),
                    media: Media::Audio,
                    name: None,
                    is_in_other_call: false
                }
            ),
            Err(Code::InvitationNotFound)
        );
        assert_eq!(
            call.does(
                "bob.phone",
                Action::Reject { invite_id: unknown, reason: RejectReason::Declined, text: None }
            ),
            Err(Code::InvitationNotFound)
        );
        assert_eq!(call.does("mallory", Action::Ringing { invite_id: of_bob }), Err(Code::Forbidden));
        assert!(call.last.next.is_none(), "a refused request commits nothing");
    }

    // Proves: busy
    #[test]
    fn ringing_many_people_makes_nobody_busy_before_they_accept() {
        let mut call = Call::group();
        assert_eq!(call.last.slots, [SlotChange::Claim(user("alice"))]);
        call.accepts("bob.phone").expect("accepts");
        assert_eq!(call.last.slots, [SlotChange::Claim(user("bob"))]);
    }

    #[test]
    fn the_last_seat_is_given_once() {
        let mut small = create(Mode::Group, &["bob", "carol"]);
        small.max_participants = Some(3);
        let mut call = Call::open(&opening(small));
        call.meeting.max_participants = 2;
        call.accepts("bob.phone").expect("takes the last seat");
        assert_eq!(call.accepts("carol.phone"), Err(Code::MeetingFull));
        assert_eq!(call.state("carol"), State::Invited);
    }

    #[test]
    fn the_roster_is_told_to_all_members_with_the_revision_they_were_told_last() {
        let mut call = Call::group();
        call.accepts("bob.phone").expect("accepts");
        let first = call.meeting.rev;
        call.accepts("carol.phone").expect("accepts");
        let notices: Vec<_> =
            call.last.notices.iter().filter(|downlink| downlink.prev_rev.is_some()).collect();
        assert_eq!(notices.len(), 2, "one to Alice and one to Bob");
        assert!(notices.iter().all(|downlink| downlink.prev_rev == Some(first)));
    }

    #[test]
    fn t55_a_participant_is_shown_with_the_media_that_the_device_will_send_first() {
        let mut call = video(Mode::Group, &["bob", "carol"]);
        let invite_id = call.invite_id("bob");
        call.does(
            "bob.phone",
            Action::Accept { invite_id, media: Media::Video, name: None, is_in_other_call: false },
        )
        .expect("accepts");
        let audio_and_video = MediaFlags { audio: true, video: true, screen: false };
        assert_eq!(call.media_of("bob"), audio_and_video);
        let told = &call.sent_to("alice.phone", "participant_updated")[0];
        assert_eq!(told["participant"]["media"]["video"], true);
        reports(&mut call, "bob.phone", MediaChange::default())
            .expect("reports nothing but that it is there");
        assert_eq!((call.state("bob"), call.media_of("bob")), (State::Joined, audio_and_video));
    }

    #[test]
    fn t55_a_camera_that_the_rights_do_not_allow_is_not_shown() {
        let mut call = Call::group();
        let invite_id = call.invite_id("bob");
        call.does(
            "bob.phone",
            Action::Accept { invite_id, media: Media::Video, name: None, is_in_other_call: false },
        )
        .expect("accepts");
        assert_eq!(call.media_of("bob"), MediaFlags { audio: true, video: false, screen: false });
    }

    #[test]
    fn t6_the_name_of_a_user_who_was_unknown_at_the_invitation_is_shown_from_the_accept_on() {
        let mut call = Call::direct();
        call.participant_mut("bob").name = None;
        let invite_id = call.invite_id("bob");
        let name = Some("Bob".to_owned());
        let accept = Action::Accept { invite_id, media: Media::Audio, name, is_in_other_call: false };
        call.does("bob.phone", accept).expect("accepts");
        let told = call.sent_to("alice.phone", "participant_updated");
        assert_eq!(told[0]["participant"]["name"], "Bob");
    }

    #[test]
    fn t6_an_accept_claims_the_call_slot_from_a_call_that_took_it_meanwhile() {
        for (is_in_other_call, slots) in [(false, vec![]), (true, vec![SlotChange::Claim(user("bob"))])] {
            let mut call = Call::direct();
            let invite_id = call.invite_id("bob");
            let accept = Action::Accept { invite_id, media: Media::Audio, name: None, is_in_other_call };
            call.does("bob.phone", accept).expect("accepts");
            assert_eq!(call.last.slots, slots, "the ring holds the slot of its callee already");
        }
        let mut call = Call::group();
        let accept = Action::Accept {
            invite_id: call.invite_id("bob"),
            media: Media::Audio,
            name: None,
            is_in_other_call: true,
        };
        call.does("bob.phone", accept).expect("accepts");
        assert_eq!(call.last.slots, [SlotChange::Claim(user("bob"))], "once");
    }
}
