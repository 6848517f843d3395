//! `call history`: shows past calls.

use clap::Args;
use switchboard_protocol::requests::{self, SyncRequest};

use crate::failure::Failure;
use crate::phone::Line;

const EXAMPLES: &str = "\
Examples:
  call history --as bob
  call history --as bob --limit 5 --json";

/// Show past calls, newest first.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct History {
    /// How many, 1 to 50 [default: the service's, 20]
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<u32>,

    /// Where to go on, as the page before said
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
}

/// Asks.
pub async fn run(history: &History, line: &Line) -> Result<(), Failure> {
    let request = requests::History { cursor: history.cursor.clone(), limit: history.limit };
    line.request(&SyncRequest::from(request)).await?;
    Ok(())
}
