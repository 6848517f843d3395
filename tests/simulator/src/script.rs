//! The script of a run: users with their devices and their actions, all chosen by the seed.

use crate::dice::Dice;
use std::collections::BTreeSet;
use switchboard_protocol::address::ClientId;

/// Maximum number of terminals of a run.
const MAX_PHONES: usize = 30;

/// The events of a run, apart from the faults.
#[derive(Debug, Clone)]
pub struct Script {
    pub seed: u64,
    pub devices: Vec<ClientId>,
    /// Number of users.
    pub users: usize,
    pub has_rtc: bool,
    pub makes_channels: bool,
    /// `true` if the RTC service never closes an empty channel by itself.
    pub keeps_channels: bool,
    /// Time in which the steps and the faults happen, in milliseconds.
    pub busy_ms: i64,
    pub steps: Vec<Step>,
    /// Devices that stay off.
    pub off: BTreeSet<usize>,
    /// Beginning of the names of all accounts.
    pub prefix: String,
}

/// Action of a user, or event of a device.
#[derive(Debug, Clone)]
pub struct Step {
    pub at_ms: i64,
    pub phone: usize,
    pub act: Act,
    /// Number that selects one of the possible targets.
    pub number: u64,
}

/// The kinds of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    CallOne,
    CallGroup,
    HangUp,
    Invite,
    CancelInvite,
    Destroy,
    TakeBack,
    Join,
    TakeOver,
    Moderate,
    Hand,
    UnmuteSelf,
    Update,
    Report,
    Refresh,
    Sync,
    History,
    LoseBroker,
    LoseMedia,
    LoseAll,
    Crash,
}

/// Each kind of step, with its share.
const SHARES: &[(Act, u64)] = &[
    (Act::CallOne, 22),
    (Act::CallGroup, 12),
    (Act::HangUp, 12),
    (Act::Invite, 7),
    (Act::CancelInvite, 3),
    (Act::Destroy, 2),
    (Act::TakeBack, 3),
    (Act::Join, 6),
    (Act::TakeOver, 4),
    (Act::Moderate, 9),
    (Act::Hand, 3),
    (Act::UnmuteSelf, 1),
    (Act::Update, 3),
    (Act::Report, 2),
    (Act::Refresh, 2),
    (Act::Sync, 2),
    (Act::History, 1),
    (Act::LoseBroker, 5),
    (Act::LoseMedia, 4),
    (Act::LoseAll, 3),
    (Act::Crash, 4),
];

impl Script {
    /// The script of a seed. Accounts of several runs differ if `prefix` does.
    ///
    /// # Panics
    /// `prefix` cannot be a part of an account.
    #[must_use]
    pub fn of_seed(seed: u64, prefix: &str) -> Self {
        let mut dice = Dice::new(&[seed, 2]);
        let users = match dice.index(10) {
            0..6 => 2 + dice.index(3),
            6..9 => 4 + dice.index(6),
            _ => 8 + dice.index(17),
        };
        let mut devices: Vec<ClientId> = Vec::new();
        for user in 0..users {
            let count = [1, 1, 1, 1, 1, 1, 1, 2, 2, 3][dice.index(10)];
            let room = MAX_PHONES - devices.len() - (users - user - 1);
            for device in 0..count.min(room) {
                let id = format!("GID@@@{prefix}{}.d{device}", user_name(user));
                devices.push(id.parse().expect("a client ID"));
            }
        }
        let busy_ms = dice.between(40_000, 120_000);
        let count = (devices.len() * (2 + dice.index(4))).clamp(4, 70);
        let mut steps: Vec<Step> = (0..count)
            .map(|_| Step {
                at_ms: dice.between(2_000, busy_ms),
                phone: dice.index(devices.len()),
                act: act(&mut dice),
                number: dice.throw(),
            })
            .collect();
        steps.sort_by_key(|step| step.at_ms);
        if let Some(first) = steps.first_mut() {
            first.act = if users > 2 && dice.percent(40) { Act::CallGroup } else { Act::CallOne };
        }
        Self {
            seed,
            devices,
            users,
            has_rtc: dice.percent(70),
            makes_channels: dice.percent(50),
            keeps_channels: dice.percent(30),
            busy_ms,
            steps,
            off: BTreeSet::new(),
            prefix: prefix.to_owned(),
        }
    }

    /// Returns the account of a user.
    #[must_use]
    pub fn user_name(&self, user: usize) -> String {
        format!("{}{}", self.prefix, user_name(user))
    }

    /// A short call without faults: somebody calls, the others react as the seed says, and the caller hangs up.
    ///
    /// # Panics
    /// Never: the client IDs are valid.
    #[must_use]
    pub fn short(seed: u64, call: Act, then: &[Act]) -> Self {
        let ids = ["alice.d0", "bob.d0", "bob.d1", "carol.d0"];
        let devices = ids.map(|id| format!("GID@@@{id}").parse().expect("a client ID")).to_vec();
        let steps = std::iter::once(&call).chain(then).enumerate();
        let step = |(number, act): (usize, &Act)| {
            let number = u64::try_from(number).unwrap_or_default();
            let at_ms = 2_000 + 18_000 * i64::try_from(number).unwrap_or_default();
            Step { at_ms, phone: 0, act: *act, number: seed + number }
        };
        let steps: Vec<Step> = steps.map(step).collect();
        let busy_ms = steps.last().map_or(0, |step| step.at_ms) + 10_000;
        Self {
            seed,
            devices,
            users: 3,
            has_rtc: seed.is_multiple_of(2),
            makes_channels: true,
            keeps_channels: true,
            busy_ms,
            steps,
            off: BTreeSet::new(),
            prefix: String::new(),
        }
    }
}

/// Returns the name of a user.
fn user_name(user: usize) -> String {
    const NAMES: [&str; 8] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
    NAMES.get(user).map_or_else(|| format!("user{user}"), |name| (*name).to_owned())
}

fn act(dice: &mut Dice) -> Act {
    let all: u64 = SHARES.iter().map(|(_, share)| share).sum();
    let mut left = dice.throw() % all;
    for (act, share) in SHARES {
        if left < *share {
            return *act;
        }
        left -= share;
    }
    Act::Sync
}
