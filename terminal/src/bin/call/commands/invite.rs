//! `call invite`: invites more users into a call.

use clap::Args;
use serde_json::{Map, Value};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests;

use crate::error::CommandError;
use crate::options::values::json;
use crate::phone::Client;

const EXAMPLES: &str = "\
Examples:
  call invite carol --as alice                   into alice's only meeting
  call invite carol dave --as alice --meeting MEETING --ring-seconds 20";

/// Invite more users into a call; a direct call becomes a group.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct InviteArgs {
    /// The accounts to invite
    #[arg(required = true, value_name = "ACCOUNT")]
    pub invitees: Vec<UserId>,

    /// The meeting [default: your only one]
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,

    /// Ring for this long, 10 to 180 [default: the meeting's]
    #[arg(long, value_name = "SECONDS")]
    pub ring_seconds: Option<u32>,

    /// A JSON object for the callees' apps, which the service passes on
    #[arg(long, value_name = "JSON", value_parser = json::<Map<String, Value>>)]
    pub ext: Option<Map<String, Value>>,
}

pub async fn run(args: &InviteArgs, client: &Client) -> Result<(), CommandError> {
    let request = requests::Invite {
        meeting_id: client.named_or_only_meeting(args.meeting.as_ref()).await?,
        invitees: args.invitees.clone(),
        ring_seconds: args.ring_seconds,
        ext: args.ext.clone(),
    };
    client.request(&request).await?;
    Ok(())
}
