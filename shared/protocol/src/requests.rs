//! What terminals send: one enum per function, since each function has its own topic.

mod answer;
mod attend;
mod create;
mod destroy;
mod invite;
mod moderate;
mod sync;

pub use answer::{Accept, AnswerRequest, Reject, RejectReason, Ringing, Silence};
pub use attend::{
    AttendRequest, Join, Leave, LowerHand, MediaReport, RaiseHand, RefreshToken, Rejoin, ReportMedia,
    UnmuteSelf,
};
pub use create::{CreateMeeting, CreateRequest};
pub use destroy::{DestroyMeeting, DestroyRequest};
pub use invite::{CancelInvite, Invite, InviteRequest};
pub use moderate::{
    Admit, AllowSpeech, Deny, GivenRole, LobbyUsers, ModerateRequest, Mute, MuteMode, Remove, SetRole, Star,
    TransferHost, UpdateMeeting,
};
pub use sync::{History, SyncRequest, SyncState};

use super::envelope::Invalid;
use crate::address::UserId;
use crate::id::MeetingId;
use crate::limits::{MAX_EXT_BYTES, MAX_INVITEES, MAX_TEXT_CHARS};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The requests of one function: how it is named, and how a type's fields are read.
pub trait Requests: Sized {
    /// The function, which is also the last level of its topic.
    const FUNCTION: &'static str;
    /// Whether its topic is under the bulk parent.
    const BULK: bool = false;
    /// Its types on the wire.
    const KINDS: &'static [&'static str];

    /// Reads the fields of the type `kind`; `None` for a type that is not of this function.
    fn read(kind: &str, fields: Value) -> Option<Result<Self, Invalid>>;

    /// The type on the wire.
    fn kind(&self) -> &'static str;

    /// The meeting that is spoken of; a create has none yet.
    fn meeting_id(&self) -> Option<&MeetingId>;
}

macro_rules! requests {
    ($(#[$doc:meta])* $name:ident on $function:literal $(, bulk: $bulk:literal)? { $($(#[$vdoc:meta])* $variant:ident = $kind:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(tag = "type")]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $kind)] $variant($variant),)+ }

        impl $crate::requests::Requests for $name {
            const FUNCTION: &'static str = $function;
            $(const BULK: bool = $bulk;)?
            const KINDS: &'static [&'static str] = &[$($kind),+];

            fn read(
                kind: &str,
                fields: serde_json::Value,
            ) -> Option<Result<Self, $crate::envelope::Invalid>> {
                match kind {
                    $($kind => Some($crate::envelope::fields::<$variant>(fields).and_then(|fields| {
                        fields.check()?;
                        Ok(Self::$variant(fields))
                    })),)+
                    _ => None,
                }
            }

            fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)+ }
            }

            fn meeting_id(&self) -> Option<&MeetingId> {
                match self { $(Self::$variant(fields) => $crate::requests::Fields::meeting_id(fields),)+ }
            }
        }

        $(impl From<$variant> for $name {
            fn from(fields: $variant) -> Self {
                Self::$variant(fields)
            }
        })+
    };
}

/// What is common to the fields of all types.
trait Fields {
    /// Limits that a field's type cannot say.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    fn meeting_id(&self) -> Option<&MeetingId>;
}

macro_rules! of_a_meeting {
    ($($name:ident),+) => {
        $(impl Fields for $name {
            fn meeting_id(&self) -> Option<&MeetingId> {
                Some(&self.meeting_id)
            }
        })+
    };
}

use {of_a_meeting, requests};

fn check_invitees(invitees: &[UserId]) -> Result<(), Invalid> {
    if invitees.len() > MAX_INVITEES {
        return Err(Invalid::too_many_invitees(format!("at most {MAX_INVITEES} invitees a request")));
    }
    let mut seen = BTreeSet::new();
    match invitees.iter().position(|user| !seen.insert(user)) {
        Some(at) => Err(Invalid::new(format!("invitees[{at}]"), "named twice")),
        None => Ok(()),
    }
}

fn check_text(path: &str, text: Option<&str>) -> Result<(), Invalid> {
    match text {
        Some(text) if text.chars().count() > MAX_TEXT_CHARS => {
            Err(Invalid::new(path, format!("at most {MAX_TEXT_CHARS} characters")))
        }
        _ => Ok(()),
    }
}

fn check_range(path: &str, value: Option<u32>, range: &RangeInclusive<u32>) -> Result<(), Invalid> {
    match value {
        Some(value) if !range.contains(&value) => {
            Err(Invalid::new(path, format!("{} to {}", range.start(), range.end())))
        }
        _ => Ok(()),
    }
}

fn check_ext(ext: Option<&Map<String, Value>>) -> Result<(), Invalid> {
    match ext {
        Some(ext) if serde_json::to_string(ext).map_or(0, |text| text.len()) > MAX_EXT_BYTES => {
            Err(Invalid::new("ext", format!("at most {MAX_EXT_BYTES} bytes as JSON")))
        }
        _ => Ok(()),
    }
}
