//! `call leave`: hangs up.

use clap::Args;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::Media;
use switchboard_protocol::requests;

use crate::error::CommandError;
use crate::phone::Client;

const EXAMPLES: &str = "\
Examples:
  call leave --as alice                          alice's only meeting
  call leave --as alice --meeting MEETING";

/// Hang up, also for another device of the same user. A direct call ends; a group continues.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LeaveArgs {
    /// The meeting [default: your only one]
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,
}

/// Leaves the meeting. Only the device with the seat can leave, so this device takes the seat over first.
pub async fn run(args: &LeaveArgs, client: &Client) -> Result<(), CommandError> {
    let meeting_id = client.named_or_only_meeting(args.meeting.as_ref()).await?;
    if let Some(media) = media_if_member(client, &meeting_id).await? {
        let join = requests::JoinMeeting { meeting_id: meeting_id.clone(), media, takeover: Some(true) };
        client.request(&join).await?;
    }
    client.request(&requests::Leave { meeting_id }).await?;
    Ok(())
}

/// Returns the media of the meeting, if a device of the user has a seat in it.
async fn media_if_member(client: &Client, meeting_id: &MeetingId) -> Result<Option<Media>, CommandError> {
    let state = client.sync(Some(meeting_id)).await?;
    let Some(Body::State { meetings, .. }) = state.downlink().map(|downlink| downlink.body) else {
        return Ok(None);
    };
    let user = client.terminal.client_id().user();
    let mut views = meetings.iter().filter(|meeting| meeting.meeting_id == *meeting_id);
    Ok(views.find_map(|meeting| {
        let mut people = meeting.participants.iter();
        people.any(|p| p.user_id == user && p.state.is_member()).then_some(meeting.media)
    }))
}
