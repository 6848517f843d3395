//! Raised hands, in the order in which they went up.

use super::change::Change;
use super::reply::{Outcome, Reply};
use super::{Meeting, Participant};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::Body;

impl Change {
    /// Raises or lowers the hand of a member; a hand that is up already keeps its place.
    pub(super) fn set_hand(&mut self, by: &ClientId, up: bool) -> Outcome {
        self.seated(by)?;
        let rev = self.rev;
        if let Some(participant) =
            self.meeting.participants.get_mut(&by.user()).filter(|p| p.hand_rev.is_some() != up)
        {
            participant.hand_rev = up.then_some(rev);
            self.meeting.hands_rev = rev;
            self.changed = true;
        }
        Ok(Reply::Body(self.meeting.hands_body()))
    }
}

impl Meeting {
    /// The body that tells whose hands are up.
    pub(super) fn hands_body(&self) -> Body {
        Body::HandChanged { hands: self.hands() }
    }

    /// Members whose hand is up, in the order raised.
    fn hands(&self) -> Vec<UserId> {
        let mut up: Vec<&Participant> = self.members().filter(|p| p.hand_rev.is_some()).collect();
        up.sort_by_key(|p| (p.hand_rev, p.order));
        up.into_iter().map(|p| p.user_id.clone()).collect()
    }
}
