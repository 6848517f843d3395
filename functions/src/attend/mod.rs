//! Function `attend`: join and rejoin, reports about the media, fresh tokens, raised hands, unmute, leave.

use switchboard_core::{Action, Joiner, MediaChange, Refusal};
use switchboard_protocol::requests::{AttendRequest, JoinMeeting, Rejoin, ReportMedia};
use switchboard_service::ports::{Ports, Stored};
use switchboard_service::{InvocationReport, MeetingOfUser, ReceivedRequest, ServeError, Service};

/// Serves every [`AttendRequest`].
pub async fn attend<P: Ports>(
    request: ReceivedRequest<AttendRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let (meeting_id, action) = match request.envelope.request.clone() {
        AttendRequest::JoinMeeting(join) => return join_meeting(&join, &request, service).await,
        AttendRequest::ReportMedia(report) => return report_media(&report, &request, service).await,
        AttendRequest::Rejoin(asked) => return rejoin(&asked, &request, service).await,
        AttendRequest::RefreshToken(refresh) => (refresh.meeting_id, Action::RefreshToken),
        AttendRequest::RaiseHand(raise) => (raise.meeting_id, Action::RaiseHand),
        AttendRequest::LowerHand(lower) => (lower.meeting_id, Action::LowerHand),
        AttendRequest::UnmuteSelf(unmute) => (unmute.meeting_id, Action::UnmuteSelf),
        AttendRequest::Leave(leave) => (leave.meeting_id, Action::Leave),
    };
    service.change(&meeting_id, request.command(action), request.now).await
}

/// Reads the meeting, and the sender's name and devices, in one round trip.
async fn join_meeting<P: Ports>(
    join: &JoinMeeting,
    request: &ReceivedRequest<AttendRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let user = request.by.user();
    let id = &join.meeting_id;
    let mut users = service.load_users_without_calls(id, std::slice::from_ref(&user), request.now).await?;
    let stored = users.meeting.take().ok_or_else(Refusal::meeting_not_found)?;
    // `meeting_ended` takes precedence over other refusals.
    if stored.is_live() {
        service.check_users(id, [("client_id".to_owned(), &user)])?;
    }
    // A join does not leave another call, so the broker's events must still find that call.
    let held = users.slot_meeting(&user).filter(|held| held != id);
    service.keep_findable(&user, held.clone(), request.now).await?;
    let joiner = Joiner {
        name: users.name(&user),
        devices: users.devices(&user),
        takeover: join.takeover.unwrap_or(false),
        max_knocks: service.limits.knocks_per_minute,
        media: join.media,
    };
    let command = request.command(Action::Join(joiner)).with_other_call(&user, held);
    service.change_stored(stored, command, request.now).await
}

/// Serves a rejoin. A user whose seat was given up may be in another call now, and takes the call slot from it.
async fn rejoin<P: Ports>(
    rejoin: &Rejoin,
    request: &ReceivedRequest<AttendRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let user = request.by.user();
    let MeetingOfUser { stored, other_call, .. } =
        service.load_with_other_call(&rejoin.meeting_id, &user, request.now).await?;
    let held = other_call.filter(|_| !stored.has_member(&user));
    service.keep_findable(&user, held.clone(), request.now).await?;
    let command = request.command(Action::Rejoin).with_other_call(&user, held);
    service.change_stored(stored, command, request.now).await
}

/// Applies a report about the media. The report counts if the RTC service confirms it, or cannot list
/// members.
async fn report_media<P: Ports>(
    report: &ReportMedia,
    request: &ReceivedRequest<AttendRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let now = request.now;
    let loaded = service.load(&report.meeting_id).await?;
    let verified = service.confirms(&loaded.meeting, &request.by, report.state, now).await;
    let ReportMedia { meeting_id: _, state, audio, video, screen } = *report;
    let action = Action::ReportMedia { state, media: MediaChange { audio, video, screen }, verified };
    service.change_stored(Stored::Meeting(loaded), request.command(action), now).await
}

#[cfg(test)]
mod slots_tests;
#[cfg(test)]
mod tests;
