//! The lobby: hosts let people in or turn them away (T21–T23).

use super::Refusal;
use super::change::Change;
use super::reply::{Outcome, Reply};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::limits::MAX_INVITEES;
use switchboard_protocol::object::{LobbyDecision, ParticipantState as State};

/// People that one request lets in at most: as many as it may name. Each takes two items of the transaction, which has
/// 100.
const ADMITTED_MAX: usize = MAX_INVITEES;

impl Change {
    /// T21, in the order in which they came; of everybody who waits if nobody is named. What did not work is said of
    /// each; it is refused only if all seats are taken.
    pub(super) fn admit(&mut self, by: &ClientId, named: Option<&[UserId]>) -> Outcome {
        self.must_be_hosting(by)?;
        let mut users = Vec::new();
        for user in self.named_or_waiting(named).into_iter().take(ADMITTED_MAX) {
            let code = match self.meeting.participants.get(&user) {
                Some(p) if p.state == State::Lobby => {
                    let device = p.waiting.first().cloned();
                    device.and_then(|device| self.let_in(&device).err())
                }
                Some(p) if p.state.is_member() => None,
                _ => Some(not_waiting()),
            };
            let code = code.map(|refusal| refusal.code);
            users.push(LobbyDecision { user_id: user, admitted: code.is_none(), code });
        }
        if !users.is_empty() && users.iter().all(|user| user.code == Some(Code::MeetingFull)) {
            return Err(Refusal::new(Code::MeetingFull, "every seat is taken"));
        }
        Ok(Reply::Body(Body::LobbyUpdated { users }))
    }

    /// A seat for who waits; the device that asked first has it until another one comes.
    fn let_in(&mut self, device: &ClientId) -> Result<(), Refusal> {
        self.free_seat()?;
        self.enter(device);
        Ok(())
    }

    /// T22. Who is turned away may ask again.
    pub(super) fn deny(&mut self, by: &ClientId, named: Option<&[UserId]>) -> Outcome {
        self.must_be_hosting(by)?;
        let mut users = Vec::new();
        for user in self.named_or_waiting(named) {
            let state = self.meeting.participants.get(&user).map(|p| p.state);
            let waits = state == Some(State::Lobby);
            if waits {
                self.set_state(&user, State::Ended);
            }
            users.push(LobbyDecision {
                user_id: user,
                admitted: state.is_some_and(State::is_member),
                code: (!waits).then_some(Code::UserNotFound),
            });
        }
        Ok(Reply::Body(Body::LobbyUpdated { users }))
    }

    /// The same answer again, from the present state.
    pub(super) fn lobby_as_it_is(&self, named: Option<&[UserId]>, rev: u64) -> Body {
        let then = |user: &UserId| self.meeting.participants.get(user).is_some_and(|p| p.changed_rev == rev);
        let users = match named {
            Some(named) => named.to_vec(),
            None => self.users(|p| !p.waiting.is_empty()).into_iter().filter(then).collect(),
        };
        let decision = |user: UserId| {
            let state = self.meeting.participants.get(&user).map(|p| p.state);
            let admitted = state.is_some_and(State::is_member);
            LobbyDecision { user_id: user, admitted, code: None }
        };
        Body::LobbyUpdated { users: users.into_iter().map(decision).collect() }
    }

    fn named_or_waiting(&self, named: Option<&[UserId]>) -> Vec<UserId> {
        if let Some(named) = named {
            return named.to_vec();
        }
        let mut waiting: Vec<_> =
            self.meeting.participants.values().filter(|p| p.state == State::Lobby).collect();
        waiting.sort_by_key(|p| (p.changed_rev, p.order));
        waiting.into_iter().map(|p| p.user_id.clone()).collect()
    }
}

fn not_waiting() -> Refusal {
    Refusal::new(Code::UserNotFound, "nobody of that name waits")
}
