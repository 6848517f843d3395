//! `call leave`: hangs up.

use clap::Args;
use switchboard_protocol::id::MeetingId;

use crate::error::CommandError;
use crate::held;
use crate::phone::Client;

const EXAMPLES: &str = "\
Examples:
  call leave --as alice                          alice's only meeting
  call leave --as alice --meeting MEETING";

/// Hang up, also for another device of the same user. A direct call ends; a group continues. A call that rings is declined.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LeaveArgs {
    /// The meeting [default: your only one]
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,
}

pub async fn run(args: &LeaveArgs, client: &Client) -> Result<(), CommandError> {
    let meeting_id = client.named_or_only_meeting(args.meeting.as_ref()).await?;
    Ok(held::give_up(client, &meeting_id).await?)
}
