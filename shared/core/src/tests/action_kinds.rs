//! The names of all actions, so that a generator that misses an action fails its test.

use crate::Action;
use std::collections::BTreeSet;

macro_rules! kinds {
    ($($name:ident),* $(,)?) => {
        /// Names of all actions.
        pub(super) const KINDS: &[&str] = &[$(stringify!($name)),*];

        /// Name of an action. A new action does not compile until it is listed below.
        pub(super) fn kind(action: &Action) -> &'static str {
            match action {
                $(Action::$name { .. } => stringify!($name)),*
            }
        }
    };
}

kinds![
    CreateAgain,
    Ringing,
    Accept,
    Reject,
    Silence,
    Invite,
    CancelInvite,
    Merge,
    TakeBack,
    Join,
    Rejoin,
    ReportMedia,
    RefreshToken,
    RaiseHand,
    LowerHand,
    UnmuteSelf,
    Leave,
    Mute,
    AllowSpeech,
    Remove,
    Admit,
    Deny,
    TransferHost,
    SetRole,
    UpdateMeeting,
    Destroy,
];

/// Fails unless `generated` has every action.
pub(super) fn assert_all_kinds<'a>(generated: impl Iterator<Item = &'a Action>) {
    let generated: BTreeSet<_> = generated.map(kind).collect();
    let missing: Vec<_> = KINDS.iter().filter(|kind| !generated.contains(**kind)).collect();
    assert!(missing.is_empty(), "the generator misses these actions: {missing:?}");
}
