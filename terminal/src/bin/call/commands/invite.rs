//! `call invite`: invites more people into a call.

use clap::Args;
use serde_json::{Map, Value};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::{self, InviteRequest};

use crate::cli::values::json;
use crate::failure::Failure;
use crate::phone::Line;

const EXAMPLES: &str = "\
Examples:
  call invite carol --as alice                   into the only meeting that alice is in
  call invite carol dave --as alice --meeting MEETING --ring-seconds 20";

/// Invite more people into a call; a direct one becomes a group.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Invite {
    /// Whom to invite
    #[arg(required = true, value_name = "ACCOUNT")]
    pub invitees: Vec<UserId>,

    /// Into which meeting [default: the only one that one is in]
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,

    /// How long it rings, 10 to 180 [default: the meeting's]
    #[arg(long, value_name = "SECONDS")]
    pub ring_seconds: Option<u32>,

    /// Anything to pass on to who is called, a JSON object
    #[arg(long, value_name = "JSON", value_parser = json::<Map<String, Value>>)]
    pub ext: Option<Map<String, Value>>,
}

/// Invites.
pub async fn run(invite: &Invite, line: &Line) -> Result<(), Failure> {
    let request = requests::Invite {
        meeting_id: line.meeting(invite.meeting.as_ref()).await?,
        invitees: invite.invitees.clone(),
        ring_seconds: invite.ring_seconds,
        ext: invite.ext.clone(),
    };
    line.request(&InviteRequest::from(request)).await?;
    Ok(())
}
