//! `call cancel`: cancels invitations.

use clap::Args;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::CancelInvite;

use crate::error::CommandError;
use crate::phone::Client;

const EXAMPLES: &str = "\
Examples:
  call cancel --as alice                         every open invitation
  call cancel carol --as alice --meeting MEETING";

/// Cancel invitations that are not answered yet.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CancelArgs {
    /// The invited accounts [default: all]
    #[arg(value_name = "ACCOUNT")]
    pub invitees: Vec<UserId>,

    /// The meeting [default: your only one]
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,
}

pub async fn run(args: &CancelArgs, client: &Client) -> Result<(), CommandError> {
    let meeting_id = client.named_or_only_meeting(args.meeting.as_ref()).await?;
    let invitees = (!args.invitees.is_empty()).then(|| args.invitees.clone());
    client.request(&CancelInvite { meeting_id, invitees }).await?;
    Ok(())
}
