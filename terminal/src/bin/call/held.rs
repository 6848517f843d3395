//! A call that holds the user, whichever device has the seat: one that rings is declined, and another one is left.

use switchboard_protocol::address::UserId;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{JoinMeeting, Leave, Reject, RejectReason};
use terminal::RequestError;

use crate::phone::Client;

/// The part of the user in a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// It rings for the user. To take its seat would answer it.
    Rings(InviteId),
    /// A device of the user has a seat; with the media of the meeting.
    Seat(Media),
    /// The user waits in its lobby, or has left it.
    Other,
}

/// Reads the part of the user from the service. Refused if the meeting has ended, or if the user has no part in it.
pub async fn part_in(client: &Client, meeting_id: &MeetingId) -> Result<Part, RequestError> {
    let state = client.sync(Some(meeting_id)).await?;
    let body = state.downlink().map(|downlink| downlink.body);
    Ok(body.map_or(Part::Other, |body| part_of(&body, meeting_id, &client.terminal.client_id().user())))
}

fn part_of(state: &Body, meeting_id: &MeetingId, user: &UserId) -> Part {
    let Body::State { meetings, invitations, .. } = state else { return Part::Other };
    if let Some(open) = invitations.iter().find(|open| open.meeting_id == *meeting_id) {
        return Part::Rings(open.offer.invite_id.clone());
    }
    let mut of_meeting = meetings.iter().filter(|meeting| meeting.meeting_id == *meeting_id);
    let has_seat = |people: &[switchboard_protocol::object::ParticipantView]| {
        people.iter().any(|one| one.user_id == *user && one.state.is_member())
    };
    of_meeting
        .find_map(|meeting| has_seat(&meeting.participants).then_some(meeting.media))
        .map_or(Part::Other, Part::Seat)
}

/// Declines the call that rings, or leaves the meeting. Only the device with the seat can leave, so this device takes the seat
/// over first.
pub async fn give_up(client: &Client, meeting_id: &MeetingId) -> Result<(), RequestError> {
    let meeting_id = meeting_id.clone();
    match part_in(client, &meeting_id).await? {
        Part::Rings(invite_id) => {
            let reason = RejectReason::Declined;
            client.request(&Reject { meeting_id, invite_id, reason, text: None }).await?;
            return Ok(());
        }
        Part::Seat(media) => {
            let takeover = Some(true);
            client.request(&JoinMeeting { meeting_id: meeting_id.clone(), media, takeover }).await?;
        }
        Part::Other => {}
    }
    client.request(&Leave { meeting_id }).await?;
    Ok(())
}

/// Returns `true` if the refusal means that the user is no longer in the call.
pub fn is_over(error: &RequestError) -> bool {
    let RequestError::Refused(refused) = error else { return false };
    matches!(refused.code.as_str(), "meeting_ended" | "meeting_not_found" | "forbidden")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn part(state: &Value) -> Part {
        let body = serde_json::from_value(state.clone()).expect("a state");
        part_of(&body, &"m1".parse().expect("an id"), &"bob".parse().expect("an account"))
    }

    fn state(own: &str, invitations: &Value) -> Value {
        let examples: Value =
            serde_json::from_str(switchboard_protocol::downlink::EXAMPLES).expect("examples are JSON");
        let mut state = examples["state"].clone();
        let mut meeting = examples["joined"]["meeting"].clone();
        meeting["meeting_id"] = "m1".into();
        let mut bob = meeting["participants"][0].clone();
        bob["user_id"] = "bob".into();
        bob["state"] = own.into();
        meeting["participants"] = json!([bob]);
        state["meetings"] = json!([meeting]);
        state["invitations"] = invitations.clone();
        state
    }

    #[test]
    fn a_call_that_rings_is_told_from_one_with_a_seat() {
        let offer = json!([{"meeting_id": "m1", "invite_id": "i1", "from": {"user_id": "alice"}, "mode": "direct",
            "media": "audio", "group": [], "deadline_in_ms": 9_000, "delivery": "live"}]);
        assert_eq!(part(&state("ringing", &offer)), Part::Rings("i1".parse().expect("an id")));
        assert!(matches!(part(&state("joined", &json!([]))), Part::Seat(_)));
        assert_eq!(part(&state("left", &json!([]))), Part::Other);
    }
}
