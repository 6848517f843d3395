//! The states of the other participants of a call.

use std::collections::BTreeMap;

use crate::outcome::CommandOutcome;

/// States of the other participants by account.
#[derive(Debug)]
pub struct OtherParticipants {
    own_user: String,
    others: BTreeMap<String, String>,
    answered: bool,
    own_end: Option<OwnEnd>,
}

/// The end of the own user's seat that no notice of its own announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnEnd {
    /// By another device of the user.
    Left,
    /// This device did not reach the media in time.
    Failed,
}

impl OtherParticipants {
    /// Creates the list without other participants. `own_user` is the user of this device.
    pub fn new(own_user: &str) -> Self {
        Self { own_user: own_user.to_owned(), others: BTreeMap::new(), answered: false, own_end: None }
    }

    /// Records the state of a participant. From the state of the own user, records only the end of the seat.
    pub fn set_state(&mut self, user: &str, state: &str) {
        if user == self.own_user {
            self.own_end = match state {
                "left" => Some(OwnEnd::Left),
                "failed" => Some(OwnEnd::Failed),
                _ => None,
            };
            return;
        }
        if user.is_empty() {
            return;
        }
        self.answered |= matches!(state, "accepted" | "joined" | "reconnecting");
        self.others.insert(user.to_owned(), state.to_owned());
    }

    /// Records that another participant, who is unknown, has answered.
    pub const fn mark_answered(&mut self) {
        self.answered = true;
    }

    /// Returns `true` if another participant is or was in the call.
    pub const fn any_answered(&self) -> bool {
        self.answered
    }

    /// Returns the end of the seat of this device's user; `None` while the user has the seat.
    pub const fn own_end(&self) -> Option<OwnEnd> {
        self.own_end
    }

    /// Returns `true` if no other participant is in the call, is in its lobby, or may still answer.
    pub fn all_gone(&self) -> bool {
        let may_come = ["invited", "ringing", "accepted", "joined", "reconnecting", "lobby"];
        !self.others.is_empty() && self.others.values().all(|state| !may_come.contains(&state.as_str()))
    }

    /// Returns the outcome for the caller when all others are out. If they are out for different reasons, a
    /// decline takes precedence over busy, no answer and unreachable, and a failure comes last.
    pub fn outcome(&self, answered: bool) -> CommandOutcome {
        if answered {
            return CommandOutcome::Done;
        }
        let outcomes = self.others.values().filter_map(|state| CommandOutcome::of_participant(state));
        outcomes
            .min_by_key(|outcome| (*outcome == CommandOutcome::Failed, *outcome))
            .unwrap_or(CommandOutcome::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn others(states: &[(&str, &str)]) -> OtherParticipants {
        let mut others = OtherParticipants::new("alice");
        for (user, state) in states {
            others.set_state(user, state);
        }
        others
    }

    #[test]
    fn the_state_of_the_own_user_does_not_count_as_an_answer() {
        let others = others(&[("alice", "joined")]);
        assert!(!others.any_answered() && !others.all_gone() && others.own_end().is_none());
    }

    #[test]
    fn the_own_user_may_leave_by_another_device_or_fail_to_reach_the_media() {
        let own_end = |own: &str, other: &str| others(&[("bob", other), ("alice", own)]).own_end();
        assert_eq!(own_end("left", "joined"), Some(OwnEnd::Left));
        assert_eq!(own_end("failed", "joined"), Some(OwnEnd::Failed));
        assert_eq!(own_end("joined", "left"), None);
        assert_eq!(own_end("joined", "failed"), None);
    }

    #[test]
    fn the_call_goes_on_while_another_participant_is_in_or_may_answer() {
        assert!(!others(&[("bob", "declined"), ("carol", "ringing")]).all_gone());
        assert!(!others(&[("bob", "reconnecting"), ("carol", "left")]).all_gone());
        assert!(others(&[("bob", "declined"), ("carol", "left")]).all_gone());
    }

    #[test]
    fn a_decline_counts_more_than_an_unreachable_callee() {
        let outcome = |states: &[(&str, &str)]| others(states).outcome(false);
        assert_eq!(outcome(&[("bob", "unreachable"), ("carol", "declined")]), CommandOutcome::Declined);
        assert_eq!(outcome(&[("bob", "unreachable"), ("carol", "no_answer")]), CommandOutcome::NoAnswer);
        assert_eq!(outcome(&[("bob", "failed"), ("carol", "unreachable")]), CommandOutcome::Unreachable);
        assert_eq!(others(&[("bob", "declined")]).outcome(true), CommandOutcome::Done);
    }
}
