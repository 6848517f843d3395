//! Tells a terminal the present state: of one meeting, or of all live ones that its user is in or invited to. It
//! repairs whatever a sleeping phone or a dropped message missed. And the user's past calls. Nothing is written.

use std::collections::BTreeSet;
use switchboard::address::UserId;
use switchboard::downlink::About;
use switchboard::id::MeetingId;
use switchboard::meeting::{Grant, Meeting, Now, Refusal, Tell, tick};
use switchboard::message::code::Code;
use switchboard::message::downlink::Body;
use switchboard::message::envelope::Invalid;
use switchboard::message::uplink::{History, Sync, SyncState};
use switchboard::serve::{Failure, Outcome, Request, Service};
use switchboard::store::Cursor;

/// Calls on a page of the history unless the request says otherwise.
const PAGE: u32 = 20;

/// Serves `sync` and `history`.
pub async fn sync(request: Request<Sync>, service: &Service) -> Result<Outcome, Failure> {
    match &request.envelope.request {
        Sync::SyncState(asked) => state(asked, &request, service).await,
        Sync::History(asked) => history(asked, &request, service).await,
    }
}

async fn state(asked: &SyncState, request: &Request<Sync>, service: &Service) -> Result<Outcome, Failure> {
    let (user, now) = (request.by.user(), request.now);
    let meetings = match &asked.meeting_id {
        Some(id) => vec![one(id, &user, service, now).await?],
        None => all(&user, service, now).await?,
    };
    let body = Body::State {
        invitations: meetings.iter().filter_map(|meeting| meeting.open_offer(&user, now.ms)).collect(),
        meetings: meetings.iter().map(|meeting| meeting.view(now.ms)).collect(),
        page: None,
        pages: None,
    };
    Ok(answer(asked.meeting_id.clone(), body, request, service).await)
}

/// Past calls, a page at a time.
async fn history(asked: &History, request: &Request<Sync>, service: &Service) -> Result<Outcome, Failure> {
    let wrong = || Refusal::from(Invalid::new("cursor", "give the cursor of the page before, or none"));
    let cursor = asked.cursor.as_deref().map(str::parse::<Cursor>).transpose().map_err(|()| wrong())?;
    let limit = asked.limit.unwrap_or(PAGE);
    let (calls, next) = service.table.calls(&request.by.user(), cursor.as_ref(), limit).await?;
    let body = Body::History { calls, cursor: next.map(|next| next.to_string()) };
    Ok(answer(None, body, request, service).await)
}

async fn answer(
    meeting_id: Option<MeetingId>,
    body: Body<Grant>,
    request: &Request<Sync>,
    service: &Service,
) -> Outcome {
    let about = About { meeting_id: meeting_id.clone(), rev: None, now_ms: request.now.ms };
    let told = service.outbox.tell_all(vec![Tell::answer(&request.by, &request.cause(), body)], &about).await;
    Outcome { meeting_id, ..Outcome::default() }.told(&told)
}

async fn one(id: &MeetingId, user: &UserId, service: &Service, now: Now) -> Result<Meeting, Failure> {
    let loaded = service.table.meeting(id).await?;
    let loaded = loaded.ok_or_else(|| Refusal::new(Code::MeetingNotFound, "there is no such meeting"))?;
    let meeting = settled(loaded.meeting, now);
    match meeting.end() {
        Some((reason, _, _)) => Err(Refusal::meeting_ended(reason).into()),
        None if meeting.participants.contains_key(user) => Ok(meeting),
        None => Err(Refusal::new(Code::Forbidden, "you have no part in this meeting").into()),
    }
}

async fn all(user: &UserId, service: &Service, now: Now) -> Result<Vec<Meeting>, Failure> {
    let ids: BTreeSet<MeetingId> = service.table.meetings_of(user).await?;
    let meetings = service.table.meetings(&ids).await?.into_iter().map(|loaded| settled(loaded.meeting, now));
    // What the items name is where to look; only the meeting knows whether the user still has a part in it.
    Ok(meetings.filter(|meeting| meeting.concerns(user)).collect())
}

/// As it would be if its timers had fired in time.
fn settled(meeting: Meeting, now: Now) -> Meeting {
    tick(&meeting, now).next.unwrap_or(meeting)
}
