//! `call sync`: shows the live meetings and open invitations.

use clap::Args;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::SyncState;

use crate::error::CommandError;
use crate::phone::Client;

const EXAMPLES: &str = "\
Examples:
  call sync --as bob
  call sync --as bob --meeting MEETING --json
  call sync --as bob --missed-since 0";

/// Show your live meetings and open invitations.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SyncArgs {
    /// Only this meeting
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,

    /// Also the calls missed since this time, in milliseconds since the epoch by the service's clock
    /// (`server_ms`); 0 for all
    #[arg(long, value_name = "MILLISECONDS", conflicts_with = "meeting")]
    pub missed_since: Option<i64>,
}

pub async fn run(args: &SyncArgs, client: &Client) -> Result<(), CommandError> {
    let sync = SyncState { meeting_id: args.meeting.clone(), missed_since_ms: args.missed_since };
    client.request(&sync).await?;
    Ok(())
}
