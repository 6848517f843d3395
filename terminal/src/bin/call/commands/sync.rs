//! `call sync`: shows the live meetings and open invitations.

use clap::Args;
use switchboard_protocol::id::MeetingId;

use crate::error::CommandError;
use crate::phone::Client;

const EXAMPLES: &str = "\
Examples:
  call sync --as bob
  call sync --as bob --meeting MEETING --json";

/// Show your live meetings and open invitations.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SyncArgs {
    /// Only this meeting
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,
}

pub async fn run(args: &SyncArgs, client: &Client) -> Result<(), CommandError> {
    client.sync(args.meeting.as_ref()).await?;
    Ok(())
}
