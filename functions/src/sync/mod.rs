//! Function `sync`: answers with the present state of one meeting, or of all live meetings that the user is
//! in or invited to, and with the user's call history. With it a device recovers from dropped messages and
//! disconnections. The function writes nothing to the table.

mod missed;
mod pages;

use missed::{PAST_CALLS, missed_calls};
use pages::{count_fitting, paged};
use std::collections::BTreeSet;
use switchboard_core::{Input, Meeting, Now, Outgoing, Participant, Refusal, RtcCapabilities, decide};
use switchboard_protocol::address::UserId;
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::envelope::Invalid;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::{DEFAULT_PAGE_CALLS, History, SyncRequest, SyncState};
use switchboard_service::effects::downlinks::DownlinkContext;
use switchboard_service::error_chain::ErrorChain;
use switchboard_service::ports::{HistoryCursor, Meetings, NewConnection, Ports, Users};
use switchboard_service::{InvocationReport, ReceivedRequest, ServeError, Service};

/// Serves every [`SyncRequest`].
pub async fn sync<P: Ports>(
    request: ReceivedRequest<SyncRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    match &request.envelope.request {
        SyncRequest::SyncState(asked) => state(asked, &request, service).await,
        SyncRequest::History(asked) => history(asked, &request, service).await,
    }
}

async fn state<P: Ports>(
    asked: &SyncState,
    request: &ReceivedRequest<SyncRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let (user, now) = (request.by.user(), request.now);
    let (meetings, missed) = match (&asked.meeting_id, asked.missed_since_ms) {
        (Some(id), _) => (vec![one(id, &user, service, now).await?], None),
        (None, None) => (stored(&user, service, now).await?, None),
        (None, Some(since_ms)) => {
            // The two reads run at the same time, so that the missed calls need no additional round trip.
            let past = async { Ok(service.table.calls(&user, None, PAST_CALLS).await?.0) };
            let (meetings, past) = futures::try_join!(stored(&user, service, now), past)?;
            let missed = missed_calls(&meetings, &past, &user, since_ms);
            (meetings, Some(missed))
        }
    };
    let rtc = service.rtc_capabilities();
    let present = meetings.into_iter().map(|meeting| at(meeting, now, rtc));
    // The references may be outdated. Only the meeting's record shows whether the user still has a part in
    // it.
    let meetings: Vec<Meeting> =
        present.filter(|meeting| asked.meeting_id.is_some() || meeting.involves(&user)).collect();
    let invitations = meetings.iter().filter_map(|meeting| meeting.open_offer(&user, now.ms)).collect();
    let views = meetings.iter().map(|meeting| meeting.view_for(&request.by, now.ms)).collect();
    let pages = paged(views, invitations, missed, &request.by, &request.cause());
    let report = answer(asked.meeting_id.clone(), pages, request, service).await;
    // A terminal that forgot its call does not name it.
    if asked.meeting_id.is_none() {
        check_connection(&meetings, request, service).await;
    }
    Ok(report)
}

/// Makes `wake` check the seats that this device has not confirmed over its present connection. A terminal that
/// restarted and forgot its call sends `sync`, and the broker's events of the restart may be lost.
async fn check_connection<P: Ports>(
    meetings: &[Meeting],
    request: &ReceivedRequest<SyncRequest>,
    service: &Service<P>,
) {
    let device = &request.by;
    let has_seat = |meeting: &&Meeting| meeting.has_unconfirmed_seat(device, i64::MAX);
    let seats: Vec<&Meeting> = meetings.iter().filter(has_seat).collect();
    // An RTC service that reports presence is asked about the users of lost seats.
    if seats.is_empty() || service.rtc_capabilities().reports_presence {
        return;
    }
    let since_ms = match service.table.connected_since_ms(device).await {
        Ok(Some(since_ms)) => since_ms,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(%device, error = %ErrorChain(&error), "connection of the device not read; its seats are not checked");
            return;
        }
    };
    for meeting in seats.into_iter().filter(|meeting| meeting.has_unconfirmed_seat(device, since_ms)) {
        let connection = NewConnection { device: device.clone(), since_ms };
        service.schedule_connection_check(&meeting.id, connection).await;
    }
}

/// Answers with one page of the call history.
async fn history<P: Ports>(
    asked: &History,
    request: &ReceivedRequest<SyncRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let wrong = || {
        Refusal::from(Invalid::new(
            "cursor",
            "send the `cursor` of the previous page, or omit it for the first page",
        ))
    };
    let cursor =
        asked.cursor.as_deref().map(str::parse::<HistoryCursor>).transpose().map_err(|()| wrong())?;
    let limit = asked.limit.unwrap_or(DEFAULT_PAGE_CALLS);
    let (mut calls, mut next) = service.table.calls(&request.by.user(), cursor.as_ref(), limit).await?;
    let count = count_fitting(&calls);
    if count < calls.len() {
        calls.truncate(count);
        next = calls.last().map(HistoryCursor::of);
    }
    let body = Body::History { calls, cursor: next.map(|next| next.to_string()) };
    let page = Outgoing::answer(&request.by, &request.cause(), body);
    Ok(answer(None, vec![page], request, service).await)
}

async fn answer<P: Ports>(
    meeting_id: Option<MeetingId>,
    pages: Vec<Outgoing>,
    request: &ReceivedRequest<SyncRequest>,
    service: &Service<P>,
) -> InvocationReport {
    let context = DownlinkContext { meeting_id: meeting_id.clone(), rev: None, now_ms: request.now.ms };
    let published = service.publisher.publish_all(pages, &context).await;
    InvocationReport { meeting_id, ..InvocationReport::default() }.with_published(&published)
}

async fn one<P: Ports>(
    id: &MeetingId,
    user: &UserId,
    service: &Service<P>,
    now: Now,
) -> Result<Meeting, ServeError> {
    let meeting = at(service.load(id).await?.meeting, now, service.rtc_capabilities());
    match meeting.end() {
        Some(end) => Err(Refusal::meeting_ended(end.reason).into()),
        None if meeting.participants.get(user).is_some_and(Participant::may_see) => Ok(meeting),
        None => Err(Refusal::new(
            Code::Forbidden,
            "you have no part in this meeting; join it, or ask its host to invite you",
        )
        .into()),
    }
}

/// Reads the meetings that the user may be in or invited to.
async fn stored<P: Ports>(user: &UserId, service: &Service<P>, now: Now) -> Result<Vec<Meeting>, ServeError> {
    let ids: BTreeSet<MeetingId> = service.table.meetings_of(user, now.ms).await?;
    Ok(service.table.meetings(&ids).await?.into_iter().map(|loaded| loaded.meeting).collect())
}

/// Returns the meeting with all deadlines until `now` applied, and with the stored revision. The next commit
/// may change more than the deadlines, so a terminal must not take this state for the next revision.
fn at(meeting: Meeting, now: Now, rtc: RtcCapabilities) -> Meeting {
    let rev = meeting.rev;
    Meeting { rev, ..decide(&meeting, &Input::Deadline, now, rtc).next.unwrap_or(meeting) }
}

#[cfg(test)]
mod restart_tests;
#[cfg(test)]
mod tests;
