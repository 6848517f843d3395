//! `call history`: shows past calls.

use clap::Args;
use switchboard_protocol::requests;

use crate::error::CommandError;
use crate::phone::Client;

const EXAMPLES: &str = "\
Examples:
  call history --as bob
  call history --as bob --limit 5 --json";

/// Show past calls, newest first.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct HistoryArgs {
    /// Number of calls, 1 to 50 [default: the service's, 20]
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<u32>,

    /// The cursor that the previous page printed
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
}

pub async fn run(args: &HistoryArgs, client: &Client) -> Result<(), CommandError> {
    let request = requests::History { cursor: args.cursor.clone(), limit: args.limit };
    client.request(&request).await?;
    Ok(())
}
