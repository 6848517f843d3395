//! Tells a terminal the present state: of one meeting, or of all live ones that its user is in or invited to. It
//! repairs whatever a sleeping phone or a dropped message missed. And the user's past calls. Nothing is written.

mod pages;

use pages::paged;
use std::collections::BTreeSet;
use switchboard_core::{Meeting, Now, Refusal, Tell, tick};
use switchboard_protocol::address::UserId;
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::envelope::Invalid;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::ParticipantState;
use switchboard_protocol::requests::{History, SyncRequest, SyncState};
use switchboard_service::downlink::About;
use switchboard_service::serve::{Failure, Outcome, Request, Service};
use switchboard_service::store::Cursor;

/// Calls on a page of the history unless the request says otherwise.
const PAGE: u32 = 20;

/// Serves `sync` and `history`.
pub async fn sync(request: Request<SyncRequest>, service: &Service) -> Result<Outcome, Failure> {
    match &request.envelope.request {
        SyncRequest::SyncState(asked) => state(asked, &request, service).await,
        SyncRequest::History(asked) => history(asked, &request, service).await,
    }
}

async fn state(
    asked: &SyncState,
    request: &Request<SyncRequest>,
    service: &Service,
) -> Result<Outcome, Failure> {
    let (user, now) = (request.by.user(), request.now);
    let meetings = match &asked.meeting_id {
        Some(id) => vec![one(id, &user, service, now).await?],
        None => all(&user, service, now).await?,
    };
    let invitations = meetings.iter().filter_map(|meeting| meeting.open_offer(&user, now.ms)).collect();
    let views = meetings.iter().map(|meeting| meeting.view(now.ms)).collect();
    let tells = paged(views, invitations, &request.by, &request.cause());
    Ok(tell(asked.meeting_id.clone(), tells, request, service).await)
}

/// Past calls, a page at a time.
async fn history(
    asked: &History,
    request: &Request<SyncRequest>,
    service: &Service,
) -> Result<Outcome, Failure> {
    let wrong = || Refusal::from(Invalid::new("cursor", "give the cursor of the page before, or none"));
    let cursor = asked.cursor.as_deref().map(str::parse::<Cursor>).transpose().map_err(|()| wrong())?;
    let limit = asked.limit.unwrap_or(PAGE);
    let (calls, next) = service.table.calls(&request.by.user(), cursor.as_ref(), limit).await?;
    let body = Body::History { calls, cursor: next.map(|next| next.to_string()) };
    let answer = Tell::answer(&request.by, &request.cause(), body);
    Ok(tell(None, vec![answer], request, service).await)
}

async fn tell(
    meeting_id: Option<MeetingId>,
    tells: Vec<Tell>,
    request: &Request<SyncRequest>,
    service: &Service,
) -> Outcome {
    let about = About { meeting_id: meeting_id.clone(), rev: None, now_ms: request.now.ms };
    let told = service.outbox.tell_all(tells, &about).await;
    Outcome { meeting_id, ..Outcome::default() }.told(&told)
}

async fn one(id: &MeetingId, user: &UserId, service: &Service, now: Now) -> Result<Meeting, Failure> {
    let loaded = service.table.meeting(id).await?;
    let loaded = loaded.ok_or_else(|| Refusal::new(Code::MeetingNotFound, "there is no such meeting"))?;
    let meeting = settled(loaded.meeting, now);
    match meeting.end() {
        Some((reason, _, _)) => Err(Refusal::meeting_ended(reason).into()),
        None if meeting.participants.get(user).is_some_and(|p| may_see(p.state)) => Ok(meeting),
        None => Err(Refusal::new(Code::Forbidden, "you have no part in this meeting").into()),
    }
}

async fn all(user: &UserId, service: &Service, now: Now) -> Result<Vec<Meeting>, Failure> {
    let ids: BTreeSet<MeetingId> = service.table.meetings_of(user).await?;
    let meetings = service.table.meetings(&ids).await?.into_iter().map(|loaded| settled(loaded.meeting, now));
    // What the items name is where to look; only the meeting knows whether the user still has a part in it.
    Ok(meetings.filter(|meeting| meeting.concerns(user)).collect())
}

/// Who waits in the lobby, or was put out, does not see who is in.
fn may_see(state: ParticipantState) -> bool {
    !matches!(state, ParticipantState::Lobby | ParticipantState::Removed | ParticipantState::Banned)
}

/// As it would be if its timers had fired in time. The revision is the stored one: what commits the next may change more
/// than time did, and whoever reads this must not take it for known.
fn settled(meeting: Meeting, now: Now) -> Meeting {
    let rev = meeting.rev;
    Meeting { rev, ..tick(&meeting, now).next.unwrap_or(meeting) }
}
