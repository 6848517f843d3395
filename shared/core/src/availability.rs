//! The settings of a user about calls of others: blocked users, users who may call, do-not-disturb.

use std::collections::BTreeSet;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::WhoMayCall;

/// The settings of a user about calls of others. The default holds for a user who never changed them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Availability {
    /// Users whose calls do not reach the user. At most
    /// [`MAX_BLOCKED`](switchboard_protocol::limits::MAX_BLOCKED).
    pub blocked: BTreeSet<UserId>,
    /// Users whose calls reach the user, unless they are blocked.
    pub who: WhoMayCall,
    /// The list for [`WhoMayCall::Allowed`]. At most [`MAX_ALLOWED`](switchboard_protocol::limits::MAX_ALLOWED).
    pub allowed: BTreeSet<UserId>,
    /// Time until which the user's devices do not ring, in milliseconds since the epoch.
    pub do_not_disturb_until_ms: Option<i64>,
}

/// A change of an [`Availability`]. Absent fields keep their value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AvailabilityChange {
    /// Users whose calls reach the user.
    pub who: Option<WhoMayCall>,
    /// The list for [`WhoMayCall::Allowed`].
    pub allowed: Option<BTreeSet<UserId>>,
    /// The end of do-not-disturb, in milliseconds since the epoch; `Some(None)` ends it at once.
    pub do_not_disturb_until_ms: Option<Option<i64>>,
}

/// The way in which a call of one user reaches another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// The call rings.
    #[default]
    Rings,
    /// The callee does not take calls of this caller. No device of the callee gets the offer, and the caller
    /// gets the same notices as for a callee without a connected device.
    Silent,
    /// The callee has do-not-disturb: the caller is informed at once, and the callee gets a missed call.
    DoNotDisturb,
}

impl Availability {
    /// Returns the way in which a call of `caller` reaches this user at `now_ms`. A caller who may not call
    /// gets [`Access::Silent`] even during do-not-disturb, and therefore cannot recognise a block.
    #[must_use]
    pub fn access(&self, caller: &UserId, now_ms: i64) -> Access {
        let may_call = match self.who {
            WhoMayCall::Everyone => true,
            WhoMayCall::Allowed => self.allowed.contains(caller),
            WhoMayCall::Nobody => false,
        };
        if !may_call || self.blocked.contains(caller) {
            Access::Silent
        } else if self.do_not_disturb_in_ms(now_ms).is_some() {
            Access::DoNotDisturb
        } else {
            Access::Rings
        }
    }

    /// Returns the milliseconds from `now_ms` until calls ring again; `None` if they ring now.
    #[must_use]
    pub fn do_not_disturb_in_ms(&self, now_ms: i64) -> Option<i64> {
        self.do_not_disturb_until_ms.map(|until_ms| until_ms - now_ms).filter(|in_ms| *in_ms > 0)
    }

    /// Returns the settings after `change`.
    #[must_use]
    pub fn with(&self, change: &AvailabilityChange) -> Self {
        let AvailabilityChange { who, allowed, do_not_disturb_until_ms } = change.clone();
        Self {
            blocked: self.blocked.clone(),
            who: who.unwrap_or(self.who),
            allowed: allowed.unwrap_or_else(|| self.allowed.clone()),
            do_not_disturb_until_ms: do_not_disturb_until_ms.unwrap_or(self.do_not_disturb_until_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        name.parse().expect("an account")
    }

    fn set(names: &[&str]) -> BTreeSet<UserId> {
        names.iter().map(|name| user(name)).collect()
    }

    fn access_of(availability: &Availability, caller: &str) -> Access {
        availability.access(&user(caller), 1_000)
    }

    #[test]
    fn a_user_without_settings_takes_every_call() {
        assert_eq!(access_of(&Availability::default(), "alice"), Access::Rings);
    }

    #[test]
    fn calls_of_blocked_users_and_of_those_who_may_not_call_are_silent() {
        let blocks = Availability { blocked: set(&["mallory"]), ..Availability::default() };
        assert_eq!(
            (access_of(&blocks, "mallory"), access_of(&blocks, "alice")),
            (Access::Silent, Access::Rings)
        );
        let nobody = Availability { who: WhoMayCall::Nobody, allowed: set(&["alice"]), ..blocks.clone() };
        assert_eq!(access_of(&nobody, "alice"), Access::Silent);
        let some = Availability { who: WhoMayCall::Allowed, allowed: set(&["alice", "mallory"]), ..blocks };
        let of = ["alice", "bob", "mallory"].map(|caller| access_of(&some, caller));
        assert_eq!(of, [Access::Rings, Access::Silent, Access::Silent], "a block counts more than the list");
    }

    #[test]
    fn do_not_disturb_ends_by_itself_and_does_not_reveal_a_block() {
        let until = |ms| Availability {
            blocked: set(&["mallory"]),
            do_not_disturb_until_ms: Some(ms),
            ..Availability::default()
        };
        assert_eq!(access_of(&until(1_001), "alice"), Access::DoNotDisturb);
        assert_eq!(access_of(&until(1_000), "alice"), Access::Rings);
        assert_eq!(access_of(&until(1_001), "mallory"), Access::Silent);
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let first = Availability {
            blocked: set(&["mallory"]),
            who: WhoMayCall::Allowed,
            allowed: set(&["alice"]),
            do_not_disturb_until_ms: Some(9),
        };
        assert_eq!(first.with(&AvailabilityChange::default()), first);
        let change = AvailabilityChange {
            who: Some(WhoMayCall::Nobody),
            allowed: Some(BTreeSet::new()),
            do_not_disturb_until_ms: Some(None),
        };
        let wanted =
            Availability { blocked: set(&["mallory"]), who: WhoMayCall::Nobody, ..Availability::default() };
        assert_eq!(first.with(&change), wanted);
    }
}
