//! `destroy_meeting` (T46): the host ends the meeting for all, from any device. The creator may also end it
//! by the id of the create request, even after leaving.

use crate::change::Change;
use crate::outgoing::ReplyResult;
use crate::refusal::Refusal;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::{Code, EndReason};

/// Answered by `meeting_ended`.
pub(crate) fn apply(change: &mut Change, by: &ClientId, text: Option<&String>) -> ReplyResult {
    change.require_host(by).map_err(|_| only_the_host())?;
    end(change, text)
}

/// Takes back the create request that made this meeting. The creator needs no seat, since the answer with the
/// seat may be lost. A creator who is no longer the host is refused.
pub(crate) fn apply_by_create(change: &mut Change, by: &ClientId, text: Option<&String>) -> ReplyResult {
    if change.meeting.host != by.user() {
        return Err(only_the_host());
    }
    end(change, text)
}

fn only_the_host() -> Refusal {
    Refusal::new(Code::NotHost, "only the host may end the meeting; send leave to leave it")
}

fn end(change: &mut Change, text: Option<&String>) -> ReplyResult {
    change.end(EndReason::HostEnded);
    change.meeting.end_text = text.cloned();
    answer_again(change)
}

pub(crate) fn answer_again(change: &Change) -> ReplyResult {
    Ok(change.meeting.ended_body().into())
}

#[cfg(test)]
mod tests {
    use crate::Action;
    use crate::tests::fixture::Call;
    use crate::tests::scenes::{group_with_entry, join};
    use serde_json::json;
    use switchboard_protocol::code::Code;
    use switchboard_protocol::object::{JoinPolicy, ParticipantState as State};

    #[test]
    fn t46_t48_the_host_ends_it_and_every_later_command_hears_why() {
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        assert_eq!(call.does("bob.phone", Action::Destroy { text: None }), Err(Code::NotHost));
        assert_eq!(call.does("mallory", Action::Destroy { text: None }), Err(Code::Forbidden));
        call.does("alice.laptop", Action::Destroy { text: None }).expect("the host may use any device");
        assert_eq!(
            call.downlinks(),
            [
                "alice.laptop= meeting_ended host_ended",
                "alice.phone: meeting_ended host_ended",
                "bob.phone: meeting_ended host_ended",
            ]
        );
        assert_eq!(call.joins_media("bob.phone"), Err(Code::MeetingEnded));
        call.does("bob.phone", Action::Destroy { text: None }).expect("is answered by the end");
        assert_eq!(call.downlinks(), ["bob.phone= meeting_ended host_ended"]);
    }

    // Proves: T46
    #[test]
    fn t23_who_waits_hears_that_the_meeting_ended() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        join(&mut call, "dave.phone").expect("waits in the lobby");
        call.does("alice.phone", Action::Destroy { text: None }).expect("the host ends the meeting");
        for device in ["dave.phone", "dave.tablet"] {
            assert!(
                call.downlinks().contains(&format!("{device}: meeting_ended host_ended")),
                "{:?}",
                call.downlinks()
            );
        }
        assert_eq!(call.state("dave"), State::Ended);
        assert_eq!(join(&mut call, "dave.phone"), Err(Code::MeetingEnded));
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
        for device in ["carol.phone", "carol.tablet"] {
            let closed = &call.sent_to(device, "invitation_closed")[0];
            assert_eq!(
                (&closed["reason"], &closed["end_reason"], &closed["text"]),
                (&json!("meeting_ended"), &json!("host_ended"), &json!("Wrong number")),
                "{device} still rings"
            );
        }
        assert!(call.sent_to("bob.phone", "invitation_closed").is_empty());
        call.sends("alice.phone", "d1", "destroy", Action::Destroy { text }).expect("a repeat is answered");
        assert_eq!(call.sent_to("alice.phone", "meeting_ended")[0]["text"], "Wrong number");
    }
}
