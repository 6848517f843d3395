//! The pure core: the state of a meeting, and the effect of every input on it. No clock, randomness, I/O or
//! SDK type.
//!
//! Read the crate in this order: [`Meeting`] and [`Participant`] are the state, [`Input`] is everything that
//! may happen to a meeting, and [`decide`] turns one input into a [`Decision`]: the state to commit, the call
//! slots to change, and the effects. The transition of each action is in the file of the same name in
//! `actions/`. The notices that follow are read from the committed state by the files in `notices/`.
//! `docs/states.md` has the table of transitions; the T numbers in comments are the numbers of its rows.

mod actions;
mod availability;
mod cause;
mod change;
mod create_mark;
mod deadlines;
mod decide;
mod decision;
mod events;
mod grant;
mod history;
mod host;
mod input;
mod invitation;
mod limits;
mod meeting;
mod missed;
mod notices;
mod outgoing;
mod participant;
mod phase;
mod refusal;
mod remark;
mod removal_proof;
mod repeat;
mod request_limits;
mod ring_log;
mod rtc_actions;
mod seating;
mod sent_media;
mod size;
mod speech;
mod speech_rules;
mod stamped;
mod standing;
mod times;
mod view;
mod warning;

#[cfg(test)]
mod tests;

pub use actions::Action;
pub use actions::create::{CreateCommand, create};
pub use availability::{Access, Availability, AvailabilityChange};
pub use cause::Cause;
pub use create_mark::{CreateMark, MarkKind};
pub use decide::{Command, Input, decide};
pub use decision::{Decision, RepeatedEffects, SlotChange};
pub use grant::Grant;
pub use input::{
    ChannelPresence, DeviceStatus, Invitee, Joiner, KnownDevice, MediaChange, Now, RtcCapabilities,
    SettingsChange,
};
pub use invitation::{Invitation, Leg, OfferQueue, SilentOffer};
pub use limits::{
    ASK_AGAIN_MS, CALLER_CHECK_MS, CHECK_MS, CONFIRM_MS, EMPTY_MS, ENDED_MEETING_KEPT_MS, HOST_GRACE_MS,
    JOIN_MS, KNOCKS_WITHIN_MS, MAX_DEVICES, MAX_INVITATION_EXT_BYTES, MAX_KNOCKERS, MAX_LEGS, MAX_PEOPLE,
    MAX_RECORD_BYTES, MAX_REENTRIES, MAX_REQUEST_DEVICES, MAX_REQUESTS, MAX_REQUESTS_PER_DEVICE,
    MAX_TOLD_AGAIN, RECONNECT_DIRECT_MS, RECONNECT_GROUP_MS, RING_GRACE_MS, RTC_CLOCK_LEEWAY_MS,
    SEAT_KEPT_MS, TELL_AGAIN_MS, TOKEN_LIFE_MS, UNUSED_MS, WARNINGS_MS,
};
pub use meeting::{AppliedRequest, Creation, End, Meeting, Phase, Settings};
pub use outgoing::{DeliveryClass, Outgoing};
pub use participant::{LastMediaEvent, LobbyHistory, Participant};
pub use refusal::Refusal;
pub use remark::Remark;
pub use removal_proof::RemovalProof;
pub use repeat::repeat_effects;
pub use request_limits::{Pace, RequestLimits};
pub use ring_log::{LONGEST_MEETING_MS, RINGS_KEPT_MS, RingLog, RungUsers};
pub use rtc_actions::RtcAction;
pub use speech::Speech;
pub use stamped::Stamped;
pub use standing::{AwayFrom, Entry, Exit, Former, OpenInvitation, OutReason, Presence, Seat, Standing};
pub use times::Times;
