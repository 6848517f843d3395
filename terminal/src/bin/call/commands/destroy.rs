//! `call destroy`: ends a meeting for all participants.

use clap::Args;
use switchboard_protocol::id::{MeetingId, RequestId};
use switchboard_protocol::requests::DestroyMeeting;

use crate::error::CommandError;
use crate::phone::Client;

const EXAMPLES: &str = "\
Examples:
  call destroy MEETING --as alice
  call destroy --create-id REQUEST --as alice.phone
                        from the device that sent the create request, even if the service has not received it yet";

/// End a meeting for all participants; only its host may do so.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DestroyArgs {
    /// The meeting
    #[arg(value_name = "MEETING", required_unless_present = "create_id", conflicts_with = "create_id")]
    pub meeting: Option<MeetingId>,

    /// The id of your own create request, in place of a meeting
    #[arg(long, value_name = "REQUEST")]
    pub create_id: Option<RequestId>,

    /// The reason, at most 200 characters
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

pub async fn run(args: &DestroyArgs, client: &Client) -> Result<(), CommandError> {
    let request = DestroyMeeting {
        meeting_id: args.meeting.clone(),
        create_id: args.create_id.clone(),
        reason: args.reason.clone(),
    };
    client.request(&request).await?;
    Ok(())
}
