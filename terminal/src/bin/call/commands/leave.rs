//! `call leave`: hangs up.

use clap::Args;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{self, AttendRequest};

use crate::failure::Failure;
use crate::phone::Line;

const EXAMPLES: &str = "\
Examples:
  call leave --as alice                          the only meeting that alice is in
  call leave --as alice --meeting MEETING";

/// Hang up, also for another device. A direct call is over by it, a group goes on without one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Leave {
    /// Which meeting [default: the only one that one is in]
    #[arg(long, value_name = "MEETING")]
    pub meeting: Option<MeetingId>,
}

/// Hangs up. Only the device that has the call can, so this one takes it over first.
pub async fn run(leave: &Leave, line: &Line) -> Result<(), Failure> {
    let meeting_id = line.meeting(leave.meeting.as_ref()).await?;
    if let Some(media) = is_in(line, &meeting_id).await? {
        let join = requests::Join { meeting_id: meeting_id.clone(), media, takeover: Some(true) };
        line.request(&AttendRequest::from(join)).await?;
    }
    line.request(&AttendRequest::from(requests::Leave { meeting_id })).await?;
    Ok(())
}

/// What kind of call it is, if the user is in it by any device.
async fn is_in(line: &Line, meeting_id: &MeetingId) -> Result<Option<Media>, Failure> {
    let state = line.sync(Some(meeting_id)).await?;
    let Some(Body::State { meetings, .. }) = state.downlink().map(|downlink| downlink.body) else {
        return Ok(None);
    };
    let user = line.terminal.client_id().user();
    let mut views = meetings.iter().filter(|meeting| meeting.meeting_id == *meeting_id);
    Ok(views.find_map(|meeting| {
        let mut people = meeting.participants.iter();
        people.any(|p| p.user_id == user && p.state.is_member()).then_some(meeting.media)
    }))
}
