//! Where the others of a call stand.

use std::collections::BTreeMap;

use crate::outcome::Outcome;

/// The others of a call, by account, with their participant states.
#[derive(Debug)]
pub struct People {
    user: String,
    others: BTreeMap<String, String>,
    answered: bool,
    left_alone: bool,
}

impl People {
    /// Nobody yet; `user` holds this device.
    pub fn without(user: &str) -> Self {
        Self { user: user.to_owned(), others: BTreeMap::new(), answered: false, left_alone: false }
    }

    /// Takes in where somebody stands.
    pub fn note(&mut self, user: &str, state: &str) {
        if user == self.user {
            self.left_alone = state == "left";
            return;
        }
        if user.is_empty() {
            return;
        }
        self.answered |= matches!(state, "accepted" | "joined" | "reconnecting");
        self.others.insert(user.to_owned(), state.to_owned());
    }

    /// Somebody has, without that it was said who.
    pub const fn somebody_answered(&mut self) {
        self.answered = true;
    }

    /// Whether anybody is or was in the call.
    pub const fn has_anybody_answered(&self) -> bool {
        self.answered
    }

    /// Whether the user of this device has left, by another device.
    pub const fn are_left_alone(&self) -> bool {
        self.left_alone
    }

    /// Whether nobody is left who is in or may still come.
    pub fn are_gone(&self) -> bool {
        let may_come = ["invited", "ringing", "accepted", "joined", "reconnecting", "lobby"];
        !self.others.is_empty() && self.others.values().all(|state| !may_come.contains(&state.as_str()))
    }

    /// How the call ended for the caller once all are gone: who said no counts more than who did not hear it.
    pub fn outcome(&self, answered: bool) -> Outcome {
        if answered {
            return Outcome::Done;
        }
        let outcomes = self.others.values().filter_map(|state| Outcome::of_participant(state));
        outcomes.min_by_key(|outcome| (*outcome == Outcome::Failed, *outcome)).unwrap_or(Outcome::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(states: &[(&str, &str)]) -> People {
        let mut people = People::without("alice");
        for (user, state) in states {
            people.note(user, state);
        }
        people
    }

    #[test]
    fn the_own_state_says_nothing_about_the_others() {
        let people = people(&[("alice", "joined")]);
        assert!(!people.has_anybody_answered() && !people.are_gone() && !people.are_left_alone());
    }

    #[test]
    fn who_leaves_by_another_device_leaves_the_others_alone() {
        assert!(people(&[("bob", "joined"), ("alice", "left")]).are_left_alone());
        assert!(!people(&[("alice", "joined"), ("bob", "left")]).are_left_alone());
    }

    #[test]
    fn the_call_goes_on_while_anybody_is_in_or_may_come() {
        assert!(!people(&[("bob", "declined"), ("carol", "ringing")]).are_gone());
        assert!(!people(&[("bob", "reconnecting"), ("carol", "left")]).are_gone());
        assert!(people(&[("bob", "declined"), ("carol", "left")]).are_gone());
    }

    #[test]
    fn who_said_no_counts_more_than_who_did_not_hear_it() {
        let outcome = |states: &[(&str, &str)]| people(states).outcome(false);
        assert_eq!(outcome(&[("bob", "unreachable"), ("carol", "declined")]), Outcome::Declined);
        assert_eq!(outcome(&[("bob", "unreachable"), ("carol", "no_answer")]), Outcome::NoAnswer);
        assert_eq!(outcome(&[("bob", "failed"), ("carol", "unreachable")]), Outcome::Unreachable);
        assert_eq!(people(&[("bob", "declined")]).outcome(true), Outcome::Done);
    }
}
