//! `call cancel`: takes invitations back.

use clap::Args;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::{CancelInvite, InviteRequest};

use crate::failure::Failure;
use crate::phone::Line;

const EXAMPLES: &str = "\
Examples:
  call cancel --as alice                         every invitation that is not answered yet
  call cancel carol --as alice --meeting MEETING";

/// Take invitations back that nobody has answered yet.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Cancel {
    /// Whose [default: all]
    #[arg(value_name = "ACCOUNT")]
    pub invitees: Vec<UserId>,

    /// Of which meeting [default: the only one that one is in]
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,
}

/// Takes back.
pub async fn run(cancel: &Cancel, line: &Line) -> Result<(), Failure> {
    let meeting_id = line.meeting(cancel.meeting.as_ref()).await?;
    let invitees = (!cancel.invitees.is_empty()).then(|| cancel.invitees.clone());
    line.request(&InviteRequest::from(CancelInvite { meeting_id, invitees })).await?;
    Ok(())
}
