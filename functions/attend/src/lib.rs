//! Being in a meeting: reports about the media, coming back, fresh tokens, hanging up.

use switchboard::meeting::Action;
use switchboard::message::object::MediaFlags;
use switchboard::message::uplink::{Attend, ReportMedia};
use switchboard::serve::{Failure, Outcome, Request, Service};

/// Serves `report_media`, `rejoin`, `refresh_token` and `leave`.
pub async fn attend(request: Request<Attend>, service: &Service) -> Result<Outcome, Failure> {
    let (meeting_id, action) = match request.envelope.request.clone() {
        Attend::ReportMedia(report) => {
            let media = flags(&report);
            (report.meeting_id, Action::ReportMedia { state: report.state, media })
        }
        Attend::Rejoin(rejoin) => (rejoin.meeting_id, Action::Rejoin),
        Attend::RefreshToken(refresh) => (refresh.meeting_id, Action::RefreshToken),
        Attend::Leave(leave) => (leave.meeting_id, Action::Leave),
    };
    service.change(&meeting_id, &request.command(action), request.now).await
}

/// What is not said is off.
fn flags(report: &ReportMedia) -> MediaFlags {
    MediaFlags {
        audio: report.audio.unwrap_or(false),
        video: report.video.unwrap_or(false),
        screen: report.screen.unwrap_or(false),
    }
}
