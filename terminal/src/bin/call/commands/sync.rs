//! `call sync`: shows the live meetings and open invitations.

use clap::Args;
use switchboard_protocol::id::MeetingId;

use crate::failure::Failure;
use crate::phone::Line;

const EXAMPLES: &str = "\
Examples:
  call sync --as bob
  call sync --as bob --meeting MEETING --json";

/// Show the live meetings that one is in, and the invitations that may still be answered.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Sync {
    /// Only this meeting
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,
}

/// Asks.
pub async fn run(sync: &Sync, line: &Line) -> Result<(), Failure> {
    line.sync(sync.meeting.as_ref()).await?;
    Ok(())
}
