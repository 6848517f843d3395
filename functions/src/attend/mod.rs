//! Being in a meeting: coming in and back, reports about the media, fresh tokens, hands, speaking again, hanging up.

use switchboard_core::{Action, Joining, Refusal};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::MediaFlags;
use switchboard_protocol::requests::{AttendRequest, Join, ReportMedia};
use switchboard_service::serve::{Failure, Outcome, Request, Service};

/// Serves `join`, `rejoin`, `report_media`, `refresh_token`, `raise_hand`, `lower_hand`, `unmute_self` and `leave`.
pub async fn attend(request: Request<AttendRequest>, service: &Service) -> Result<Outcome, Failure> {
    let (meeting_id, action) = match request.envelope.request.clone() {
        AttendRequest::Join(join) => return come_in(&join, &request, service).await,
        AttendRequest::ReportMedia(report) => return report_media(&report, &request, service).await,
        AttendRequest::Rejoin(rejoin) => (rejoin.meeting_id, Action::Rejoin),
        AttendRequest::RefreshToken(refresh) => (refresh.meeting_id, Action::RefreshToken),
        AttendRequest::RaiseHand(raise) => (raise.meeting_id, Action::RaiseHand),
        AttendRequest::LowerHand(lower) => (lower.meeting_id, Action::LowerHand),
        AttendRequest::UnmuteSelf(unmute) => (unmute.meeting_id, Action::UnmuteSelf),
        AttendRequest::Leave(leave) => (leave.meeting_id, Action::Leave),
    };
    service.change(&meeting_id, &request.command(action), request.now).await
}

/// Reads the meeting, and name and devices of whoever asks, in one round trip.
async fn come_in(
    join: &Join,
    request: &Request<AttendRequest>,
    service: &Service,
) -> Result<Outcome, Failure> {
    let user = request.by.user();
    let mut people = service.people_of(&join.meeting_id, std::slice::from_ref(&user), request.now).await?;
    let loaded = people.meeting.take();
    let loaded = loaded.ok_or_else(|| Refusal::new(Code::MeetingNotFound, "there is no such meeting"))?;
    // That the meeting is over is said before anything else is refused.
    if loaded.meeting.end().is_none() {
        service.check_users(&join.meeting_id, [("client_id".to_owned(), &user)])?;
    }
    let joining = Joining {
        name: people.name(&user),
        devices: people.devices(&user),
        takeover: join.takeover.unwrap_or(false),
    };
    service.change_loaded(loaded, &request.command(Action::Join(joining)), request.now).await
}

/// A report counts if the RTC service confirms it, or cannot tell.
async fn report_media(
    report: &ReportMedia,
    request: &Request<AttendRequest>,
    service: &Service,
) -> Result<Outcome, Failure> {
    let now = request.now;
    let loaded = service.table.meeting(&report.meeting_id).await?;
    let loaded = loaded.ok_or_else(|| Refusal::new(Code::MeetingNotFound, "there is no such meeting"))?;
    let verified = service.confirms(&loaded.meeting, &request.by.user(), report.state, now).await;
    let action = Action::ReportMedia { state: report.state, media: flags(report), verified };
    service.change_loaded(loaded, &request.command(action), now).await
}

/// What is not said is off.
fn flags(report: &ReportMedia) -> MediaFlags {
    MediaFlags {
        audio: report.audio.unwrap_or(false),
        video: report.video.unwrap_or(false),
        screen: report.screen.unwrap_or(false),
    }
}
