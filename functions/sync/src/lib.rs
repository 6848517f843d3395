//! Tells a terminal the present state: of one meeting, or of all live ones that its user is in or invited to. It
//! repairs whatever a sleeping phone or a dropped message missed; nothing is written.

use std::collections::BTreeSet;
use switchboard::address::UserId;
use switchboard::downlink::About;
use switchboard::id::MeetingId;
use switchboard::meeting::{Meeting, Now, Refusal, Tell, tick};
use switchboard::message::code::Code;
use switchboard::message::downlink::Body;
use switchboard::message::uplink::Sync;
use switchboard::serve::{Failure, Outcome, Request, Service};

/// Serves `sync`.
pub async fn sync(request: Request<Sync>, service: &Service) -> Result<Outcome, Failure> {
    let Sync::SyncState(asked) = &request.envelope.request;
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
    let about = About { meeting_id: asked.meeting_id.clone(), rev: None, now_ms: now.ms };
    let told = service.outbox.tell_all(vec![Tell::answer(&request.by, &request.cause(), body)], &about).await;
    Ok(Outcome { meeting_id: asked.meeting_id.clone(), ..Outcome::default() }.told(&told))
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
