//! Requests: the messages that terminals publish. One file per request type, one enum per function.
//!
//! A request's file has everything that the protocol defines for the request: the fields, their limits, the
//! answers and refusals, and a sample. The table [`REQUESTS`] lists all requests. `docs/adding-a-request.md`
//! has the steps for a new request.

mod accept;
mod admit;
mod allow_speech;
mod block_user;
mod cancel_invite;
mod create_meeting;
mod deny;
mod destroy_meeting;
mod history;
mod invite;
mod join;
mod leave;
mod lower_hand;
mod mute;
mod raise_hand;
mod refresh_token;
mod reject;
mod rejoin;
mod remove;
mod report_media;
mod ringing;
mod set_availability;
mod set_role;
mod settings;
mod silence;
mod sync;
mod transfer_host;
mod unblock_user;
mod unmute_self;
mod update_meeting;

mod check;
mod function;
mod info;
mod lobby_users;
mod request;
pub mod sample;
#[cfg(test)]
mod tests;

pub use crate::object::RejectReason;
pub use accept::Accept;
pub use admit::Admit;
pub use allow_speech::AllowSpeech;
pub use block_user::BlockUser;
pub use cancel_invite::CancelInvite;
pub use create_meeting::{CreateMeeting, FirstRole};
pub use deny::Deny;
pub use destroy_meeting::DestroyMeeting;
pub use history::{DEFAULT_PAGE_CALLS, History, PAGE_CALLS};
pub use invite::Invite;
pub use join::JoinMeeting;
pub use leave::Leave;
pub use lower_hand::LowerHand;
pub use mute::{Mute, MuteMode};
pub use raise_hand::RaiseHand;
pub use refresh_token::RefreshToken;
pub use reject::Reject;
pub use rejoin::Rejoin;
pub use remove::Remove;
pub use report_media::{MediaReport, ReportMedia};
pub use ringing::Ringing;
pub use set_availability::SetAvailability;
pub use set_role::{GivenRole, SetRole};
pub use settings::ReadSettings;
pub use silence::Silence;
pub use sync::SyncState;
pub use transfer_host::TransferHost;
pub use unblock_user::UnblockUser;
pub use unmute_self::UnmuteSelf;
pub use update_meeting::UpdateMeeting;

pub use function::Function;
pub use info::RequestInfo;
pub use lobby_users::{LobbyUsers, Star};
pub use request::{Request, Requests};
pub use sample::Sample;

use crate::envelope;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use serde::Serialize;
use serde_json::Value;

/// Defines the enum of each function, [`FUNCTIONS`] and [`REQUESTS`]. The code does not compile if a request
/// is listed under another function than its own file names.
macro_rules! functions {
    ($($name:ident of $function:ident { $($request:ident,)+ })+) => {
        $(
            #[doc = concat!("Requests of [`Function::", stringify!($function), "`]. Serialises as the fields alone.")]
            #[derive(Debug, Clone, PartialEq, Serialize)]
            #[serde(untagged)]
            #[expect(missing_docs, reason = "a variant is named after the struct that it holds")]
            pub enum $name {
                $($request($request),)+
            }

            impl Requests for $name {
                const FUNCTION: Function = Function::$function;

                fn read(kind: &str, fields: Value) -> Option<Result<Self, Invalid>> {
                    match kind {
                        $(kind if kind == $request::INFO.kind => Some(read(fields).map(Self::$request)),)+
                        _ => None,
                    }
                }

                fn kind(&self) -> &'static str {
                    match self {
                        $(Self::$request(_) => $request::INFO.kind,)+
                    }
                }

                fn meeting_id(&self) -> Option<&MeetingId> {
                    match self {
                        $(Self::$request(request) => request.meeting_id(),)+
                    }
                }
            }

            $(const _: () = assert!(
                matches!($request::INFO.function, Function::$function),
                concat!(stringify!($request), " names another function in its own file"),
            );)+
        )+

        /// Every function that serves requests.
        pub const FUNCTIONS: &[Function] = &[$(Function::$function),+];

        /// Every request type, by function.
        pub const REQUESTS: &[RequestInfo] = &[$($($request::INFO,)+)+];

        /// Returns the JSON Schemas of all request types, in the order of [`REQUESTS`].
        #[cfg(feature = "schema")]
        pub fn schemas(generator: &mut schemars::SchemaGenerator) -> Vec<schemars::Schema> {
            use schemars::JsonSchema as _;
            vec![$($($request::json_schema(generator),)+)+]
        }
    };
}

functions! {
    CreateRequest of CreateMeeting { CreateMeeting, }
    InviteRequest of Invite { Invite, CancelInvite, }
    AnswerRequest of Answer { Ringing, Accept, Reject, Silence, }
    AttendRequest of Attend {
        JoinMeeting, Rejoin, ReportMedia, RefreshToken, RaiseHand, LowerHand, UnmuteSelf, Leave,
    }
    ModerateRequest of Moderate {
        Mute, AllowSpeech, Remove, Admit, Deny, TransferHost, SetRole, UpdateMeeting,
    }
    DestroyRequest of Destroy { DestroyMeeting, }
    SyncRequest of Sync { SyncState, History, }
    SettingsRequest of Settings { BlockUser, UnblockUser, SetAvailability, ReadSettings, }
}

impl RequestInfo {
    /// Returns the request type `kind`, or `None` for an unknown one.
    #[must_use]
    pub fn find(kind: &str) -> Option<&'static Self> {
        REQUESTS.iter().find(|request| request.kind == kind)
    }
}

/// Deserialises the fields of one request type and checks them.
fn read<R: Request>(fields: Value) -> Result<R, Invalid> {
    let request: R = envelope::fields(fields)?;
    request.check()?;
    Ok(request)
}
