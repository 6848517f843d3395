//! `call destroy`: ends a meeting for everybody.

use clap::Args;
use switchboard_protocol::id::{MeetingId, RequestId};
use switchboard_protocol::requests::{self, DestroyMeeting};

use crate::failure::Failure;
use crate::phone::Line;

const EXAMPLES: &str = "\
Examples:
  call destroy MEETING --as alice
  call destroy --create-id REQUEST --as alice.phone
                        of the device that sent the create request, whether or not the service has seen it";

/// End a meeting for everybody; only its host may.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Destroy {
    /// The meeting
    #[arg(value_name = "MEETING", required_unless_present = "create_id", conflicts_with = "create_id")]
    pub meeting: Option<MeetingId>,

    /// The id of one's own create request, in place of a meeting
    #[arg(long, value_name = "REQUEST")]
    pub create_id: Option<RequestId>,

    /// Why, at most 200 characters
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Ends.
pub async fn run(destroy: &Destroy, line: &Line) -> Result<(), Failure> {
    let request = DestroyMeeting {
        meeting_id: destroy.meeting.clone(),
        create_id: destroy.create_id.clone(),
        reason: destroy.reason.clone(),
    };
    line.request(&requests::DestroyRequest::from(request)).await?;
    Ok(())
}
