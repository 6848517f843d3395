//! `call leave`: hangs up.

use clap::Args;
use switchboard::id::MeetingId;
use switchboard::message::uplink::{self, Attend};

use crate::failure::Failure;
use crate::phone::Line;

const EXAMPLES: &str = "\
Examples:
  call leave --as alice                          the only meeting that alice is in
  call leave --as alice --meeting MEETING";

/// Hang up. A direct call is over by it, a group goes on without one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Leave {
    /// Which meeting [default: the only one that one is in]
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,
}

/// Hangs up.
pub async fn run(leave: &Leave, line: &Line) -> Result<(), Failure> {
    let meeting_id = line.meeting(leave.meeting.as_ref()).await?;
    line.request(&Attend::from(uplink::Leave { meeting_id })).await?;
    Ok(())
}
