//! `create_meeting` (T1, T2): a user creates a meeting and invites others.

use super::invite::require_not_oneself;
use crate::cause::Cause;
use crate::change::Change;
use crate::decision::Decision;
use crate::decision::SlotChange;
use crate::input::{Invitee, Now, RtcCapabilities};
use crate::meeting::{AppliedRequest, Creation, Meeting, Phase, Settings};
use crate::notices::notices;
use crate::outgoing::{Outgoing, Reply, ReplyResult};
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::stamped::Stamped;
use crate::standing::{Entry, Presence, Seat, Standing};
use std::collections::BTreeMap;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::{BodyHash, MeetingId, RequestId};
use switchboard_protocol::limits::{
    DEFAULT_EMPTY_SECONDS, DEFAULT_MINUTES, DEFAULT_RING_SECONDS, DEFAULT_SEATS, DEFAULT_UNUSED_SECONDS,
};
use switchboard_protocol::object::{BusyPolicy, Mode, Role};
use switchboard_protocol::requests::CreateMeeting;

/// A request to create a meeting, with the table's data about its users.
#[derive(Debug, Clone)]
pub struct CreateCommand {
    /// Id of the meeting, derived from the request.
    pub meeting_id: MeetingId,
    /// The sender's device.
    pub by: ClientId,
    /// Name from the app's JWT.
    pub name: Option<String>,
    /// The other call in which the caller is; `None` if the caller is not busy.
    pub busy: Option<MeetingId>,
    /// The request's id.
    pub request_id: RequestId,
    /// Hash of the request's body.
    pub hash: BodyHash,
    /// The request's fields.
    pub create: CreateMeeting,
    /// The invitees, in the order of the request.
    pub invitees: Vec<Invitee>,
}

pub(crate) const CREATED: Reply = Reply::WithGrant(|meeting, now_ms| Body::MeetingCreated {
    meeting: meeting.brief_view(now_ms),
    invitations: meeting.invitation_views(|_| true),
});

/// Creates the meeting that `command` requests. Answered by `meeting_created`.
///
/// Refuses with `bad_request` a caller who names themselves as invitee or in `roles`, with
/// `too_many_invitees` a request with more invitees than seats, and with `user_busy` a caller who is in
/// another call, unless the policy `busy` is `ring`.
pub fn create(command: &CreateCommand, now: Now, rtc: RtcCapabilities) -> Result<Decision, Refusal> {
    let caller = command.by.user();
    let create = &command.create;
    require_not_oneself(&caller, create.invitees.iter())?;
    if create.roles.as_ref().is_some_and(|roles| roles.contains_key(&caller)) {
        return Err(Refusal::bad_field(
            format!("roles.{caller}"),
            "omit yourself from roles; you are the host",
        ));
    }
    let seats = create.max_participants.unwrap_or(DEFAULT_SEATS);
    if command.invitees.len() >= seats as usize {
        return Err(Refusal::new(
            Code::TooManyInvitees,
            format!("the meeting has {seats} seats; name fewer invitees, or request more seats"),
        ));
    }
    if let Some(call) = &command.busy
        && create.policy.unwrap_or_default().busy != BusyPolicy::Ring
    {
        return Err(Refusal::user_busy(call));
    }
    let mut change = Change::of(&before_invitations(command, now), now, rtc);
    change.is_changed = true;
    change.slots.push(SlotChange::Claim(caller.clone()));
    let ring_seconds = change.meeting.ring_seconds;
    for invitee in &command.invitees {
        change.invite_user(&caller, invitee, ring_seconds, None);
    }
    if create.mode == Mode::Direct {
        change.update_phase();
    }
    Ok(commit(change, command))
}

/// Answers a repeat. If the meeting ended at once because the only invitee was busy, the answer is the same
/// as before, without a join token.
pub(crate) fn answer_again(change: &Change, rev: u64) -> ReplyResult {
    let end = change.meeting.end();
    if end.is_some_and(|end| end.rev == rev) {
        return Ok(CREATED);
    }
    if change.require_seat(&change.meeting.created_by.client_id).is_ok() {
        return Ok(CREATED);
    }
    if let Some(end) = end {
        return Err(Refusal::meeting_ended(end.reason));
    }
    change.require_seat(&change.meeting.created_by.client_id)?;
    Err(Refusal::not_admitted())
}

/// Returns the meeting with its creator alone, at revision 0.
fn before_invitations(command: &CreateCommand, now: Now) -> Meeting {
    let create = &command.create;
    let host = command.by.user();
    let request = AppliedRequest { id: command.request_id.clone(), hash: command.hash.clone() };
    let seat = Seat {
        device: command.by.clone(),
        entry: Stamped::new(Entry { at_ms: now.ms, is_merge: false }, 1),
        moved_from: None,
        // The deadline of the creator's seat starts when another user takes a seat.
        presence: Presence::OnTheWay { join_by_ms: None },
        claimants: Vec::new(),
        check_at_ms: None,
        confirm_by_ms: None,
        confirmed_ms: None,
        joined_ms: None,
        media: Stamped::new(create.media.into(), 0),
        reported_ms: Vec::new(),
        hand: Stamped::default(),
        invitation: None,
        other_call: command.busy.clone(),
    };
    let standing = Stamped::new(Standing::Seated(Box::new(seat)), 1);
    let mut creator = Participant::new(host.clone(), command.name.clone(), Role::Host, 0, standing);
    creator.had_seat = true;
    creator.announced = Some(create.media);
    let settings = Settings {
        locked: false,
        policy: create.policy.unwrap_or_default(),
        title: create.title.clone(),
        ends_at_ms: now.ms + i64::from(create.max_minutes.unwrap_or(DEFAULT_MINUTES)) * 60_000,
    };
    Meeting {
        id: command.meeting_id.clone(),
        mode: Stamped::new(create.mode, 0),
        media: create.media,
        ext: create.ext.clone(),
        settings: Stamped::new(settings, 0),
        host: host.clone(),
        previous_host: None,
        host_away_until_ms: None,
        warning_before_ms: None,
        phase: if command.invitees.is_empty() { Phase::Created } else { Phase::Ringing },
        end_text: None,
        rev: 0,
        notified_rev: 0,
        created_ms: now.ms,
        active_since_ms: None,
        is_used: false,
        ring_seconds: create.ring_seconds.unwrap_or(DEFAULT_RING_SECONDS),
        max_participants: create.max_participants.unwrap_or(DEFAULT_SEATS),
        unused_ms: i64::from(create.unused_seconds.unwrap_or(DEFAULT_UNUSED_SECONDS)) * 1_000,
        empty_ms: i64::from(create.empty_seconds.unwrap_or(DEFAULT_EMPTY_SECONDS)) * 1_000,
        first_cohosts: create.roles.iter().flat_map(|roles| roles.keys()).cloned().collect(),
        succession: create.succession.clone().unwrap_or_default(),
        created_by: Creation { client_id: command.by.clone(), request: Stamped::new(request, 1) },
        participants: BTreeMap::from([(host, creator)]),
        requests: BTreeMap::new(),
        reached: BTreeMap::new(),
    }
}

fn commit(mut change: Change, command: &CreateCommand) -> Decision {
    change.fit_record();
    let mut meeting = change.meeting;
    meeting.rev = change.rev;
    // The answer notifies the only member.
    meeting.notified_rev = change.rev;
    let cause = Cause::request(&command.by, &command.request_id);
    let notices = notices(&meeting, change.rev, &cause, change.now.ms, change.rtc);
    let answer = Outgoing::reply(&command.by, &cause, CREATED, &meeting, change.now.ms);
    // A slot that one decision both claims and frees (the only invitee is busy) does not appear in the
    // commit.
    let slots = if meeting.end().is_some() { Vec::new() } else { change.slots };
    Decision { next: Some(meeting), slots, notices, answer, ..Decision::default() }
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, create, opening, refused, user};
    use crate::{Phase, SlotChange};
    use switchboard_protocol::code::Code;
    use switchboard_protocol::object::{
        BusyPolicy, Media, MediaFlags, Mode, ParticipantState as State, Policy,
    };
    use switchboard_protocol::requests::FirstRole;

    #[test]
    fn t55_the_creator_is_shown_with_the_media_of_the_create_request() {
        for (media, video) in [(Media::Audio, false), (Media::Video, true)] {
            let mut request = create(Mode::Group, &["bob"]);
            request.media = media;
            let call = Call::open(&opening(request));
            assert_eq!(call.media_of("alice"), MediaFlags { audio: true, video, screen: false });
        }
    }

    #[test]
    fn t1_a_create_rings_every_device_and_seats_the_caller() {
        let call = Call::direct();
        assert_eq!(
            call.downlinks(),
            ["alice.phone= meeting_created", "bob.phone: invitation", "bob.tablet: invitation"]
        );
        assert_eq!(
            (call.state("alice"), call.state("bob"), call.meeting.phase),
            (State::Accepted, State::Invited, Phase::Ringing)
        );
        assert_eq!(call.last.slots, [SlotChange::Claim(user("alice")), SlotChange::Claim(user("bob"))]);
    }

    #[test]
    fn t1_inviting_oneself_or_more_than_the_seats_or_while_in_a_call_is_refused() {
        let refusal = refused(&opening(create(Mode::Group, &["bob", "alice"])));
        assert_eq!((refusal.code, refusal.path.as_deref()), (Code::BadRequest, Some("invitees[1]")));
        let mut small = create(Mode::Group, &["bob", "carol"]);
        small.max_participants = Some(2);
        assert_eq!(refused(&opening(small)).code, Code::TooManyInvitees);
        let mut busy = opening(create(Mode::Direct, &["bob"]));
        busy.busy = Some("m-other".parse().expect("an id"));
        let refusal = refused(&busy);
        assert_eq!(
            (refusal.code, refusal.meeting_id),
            (Code::UserBusy, busy.busy),
            "it names the other call"
        );
    }

    #[test]
    fn t1_who_lets_calls_wait_may_call_while_in_another_call() {
        let mut create = create(Mode::Direct, &["bob"]);
        create.policy = Some(Policy { busy: BusyPolicy::Ring, ..Policy::default() });
        let mut busy = opening(create);
        busy.busy = Some("m-other".parse().expect("an id"));
        let call = Call::open(&busy);
        assert_eq!(call.state("alice"), State::Accepted);
    }

    #[test]
    fn t2_a_busy_callee_is_not_rung_and_the_call_ends_without_a_way_in() {
        let mut busy = opening(create(Mode::Direct, &["bob"]));
        busy.invitees[0].busy = true;
        let call = Call::open(&busy);
        assert_eq!(
            call.downlinks(),
            [
                "alice.phone: invitation_updated user_busy",
                "alice.phone: meeting_ended busy",
                "alice.phone= meeting_created",
                "bob.phone: missed_call user_busy",
                "bob.tablet: missed_call user_busy",
            ]
        );
        assert_eq!(call.last.slots, [], "a call that ended at once holds no call slot");
        assert_eq!(call.last.answer.expect("the create request is answered").grant, None);
    }

    #[test]
    fn t2_with_the_policy_ring_a_busy_callee_is_rung() {
        let mut create = create(Mode::Direct, &["bob"]);
        create.policy = Some(Policy { busy: BusyPolicy::Ring, ..Policy::default() });
        let mut busy = opening(create);
        busy.invitees[0].busy = true;
        let mut call = Call::open(&busy);
        assert_eq!(
            (call.state("bob"), &call.last.slots[..]),
            (State::Invited, &[SlotChange::Claim(user("alice"))][..])
        );
        call.accepts("bob.phone").expect("accepts");
        assert_eq!(
            call.last.slots,
            [SlotChange::Claim(user("bob"))],
            "the accept claims the call slot from the other call"
        );
    }

    #[test]
    fn t59_a_role_for_oneself_is_refused_with_its_path() {
        let mut request = create(Mode::Group, &["bob", "carol"]);
        request.roles = Some([(user("alice"), FirstRole::Cohost)].into());
        let refusal = refused(&opening(request));
        assert_eq!((refusal.code, refusal.path.as_deref()), (Code::BadRequest, Some("roles.alice")));
    }
}
