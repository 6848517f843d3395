//! What terminals send: one enum per function, since each function has its own topic.

mod answer;
mod attend;
mod create;
mod destroy;
mod invite;
mod moderate;
mod sync;

pub use answer::{Accept, Answer, Reject, RejectReason, Ringing, Silence};
pub use attend::{
    Attend, Join, Leave, LowerHand, MediaReport, RaiseHand, RefreshToken, Rejoin, ReportMedia, UnmuteSelf,
};
pub use create::{Create, CreateMeeting};
pub use destroy::{Destroy, DestroyMeeting};
pub use invite::{CancelInvite, Invitations, Invite};
pub use moderate::{
    Admit, AllowSpeech, Deny, FOR_SECONDS_MAX, GivenRole, Moderate, Mute, MuteMode, Remove, SetRole, Star,
    TransferHost, UpdateMeeting, Waiting,
};
pub use sync::{History, Sync, SyncState};

use super::envelope::Invalid;
use crate::address::UserId;
use crate::id::MeetingId;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Invitees that one request may name.
pub const INVITEES_MAX: usize = 49;
/// Characters of a title, a reason or a text.
pub const TEXT_MAX: usize = 200;
/// Bytes of `ext` as JSON.
pub const EXT_MAX_BYTES: usize = 2048;

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

        impl $crate::uplink::Requests for $name {
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
                match self { $(Self::$variant(fields) => $crate::uplink::Fields::meeting_id(fields),)+ }
            }
        }

        $(impl std::convert::From<$variant> for $name {
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
    if invitees.len() > INVITEES_MAX {
        return Err(Invalid::too_many_invitees(format!("at most {INVITEES_MAX} invitees a request")));
    }
    let mut seen = BTreeSet::new();
    match invitees.iter().position(|user| !seen.insert(user)) {
        Some(at) => Err(Invalid::new(format!("invitees[{at}]"), "named twice")),
        None => Ok(()),
    }
}

fn check_text(path: &str, text: Option<&str>) -> Result<(), Invalid> {
    match text {
        Some(text) if text.chars().count() > TEXT_MAX => {
            Err(Invalid::new(path, format!("at most {TEXT_MAX} characters")))
        }
        _ => Ok(()),
    }
}

fn check_range(path: &str, value: Option<u32>, least: u32, most: u32) -> Result<(), Invalid> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(Invalid::new(path, format!("{least} to {most}")))
        }
        _ => Ok(()),
    }
}

fn check_ext(ext: Option<&Map<String, Value>>) -> Result<(), Invalid> {
    match ext {
        Some(ext) if serde_json::to_string(ext).map_or(0, |text| text.len()) > EXT_MAX_BYTES => {
            Err(Invalid::new("ext", format!("at most {EXT_MAX_BYTES} bytes as JSON")))
        }
        _ => Ok(()),
    }
}
