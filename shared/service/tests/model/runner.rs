//! Runs the functions of the package `functions` under the model, with the real change loop and the adapters
//! in memory.

use crate::network::{Ask, Downlink, News, Uplink};
use crate::scene::Scene;
use crate::world::World;
use functions::wake::ChannelAges;
use futures::FutureExt;
use serde_json::json;
use switchboard_core::RtcCapabilities;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::Re;
use switchboard_protocol::envelope::{DEFAULT_TTL_MS, Envelope};
use switchboard_protocol::id::{BodyHash, InviteId, MeetingId};
use switchboard_protocol::object::{Media, ParticipantState};
use switchboard_protocol::requests::{
    Accept, AnswerRequest, AttendRequest, CancelInvite, CreateMeeting, CreateRequest, DestroyMeeting,
    DestroyRequest, Invite, InviteRequest, Leave, ModerateRequest, RefreshToken, Reject, RejectReason,
    Remove, Requests,
};
use switchboard_service::fake::promises::{changes_more_than_time, is_revived};
use switchboard_service::fake::{FakePorts, TableState, service_on};
use switchboard_service::request::serve_request;
use switchboard_service::{InvocationReport, ReceivedRequest, ServeError, Service};
use tokio::runtime::{Builder, Runtime};

/// A request of any function.
enum AnyRequest {
    Create(CreateRequest),
    Answer(AnswerRequest),
    Attend(AttendRequest),
    Invite(InviteRequest),
    Moderate(ModerateRequest),
    Destroy(DestroyRequest),
}

/// Serves one request. A function that crashes only commits, and then publishes and writes nothing.
pub fn serve(world: &mut World, scene: &Scene, uplink: &Uplink, crashes: bool) {
    let service = service_on_table(world);
    if crashes {
        service.table.crash_after_commit();
        // Without a commit, the function crashes before its answer.
        service.publisher.broker.is_down.set(true);
    }
    match request(world, scene, uplink) {
        AnyRequest::Create(request) => {
            run(world, uplink, &service, request, &functions::create_meeting::create_meeting);
        }
        AnyRequest::Answer(request) => {
            run(world, uplink, &service, request, &functions::answer::answer);
        }
        AnyRequest::Attend(request) => {
            run(world, uplink, &service, request, &functions::attend::attend);
        }
        AnyRequest::Invite(request) => {
            run(world, uplink, &service, request, &functions::invite::invite);
        }
        AnyRequest::Moderate(request) => {
            run(world, uplink, &service, request, &functions::moderate::moderate);
        }
        AnyRequest::Destroy(request) => {
            run(world, uplink, &service, request, &functions::destroy::destroy);
        }
    }
    let answered = finish(world, &service, Some(uplink));
    if !crashes && !answered {
        world.seen.unanswered = true;
    }
}

thread_local! {
    /// `wake` limits its time and therefore needs a runtime. Nothing waits here, so no limit is ever reached.
    static TIMERS: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
}

/// Wakes a meeting, like a message of the delay queue. A function that crashes does so after its first
/// commit.
pub fn wake(world: &mut World, id: &MeetingId, crashes: bool) {
    let service = service_on_table(world);
    if crashes {
        service.table.crash_after_commit();
    }
    let body = json!({"meeting_id": id}).to_string();
    let event = json!({"Records": [{"messageId": "m", "body": body}]});
    let woken = TIMERS.with(|timers| {
        let _guard = timers.enter();
        functions::wake::wake(event, &ChannelAges::default(), world.now(), &service).now_or_never()
    });
    woken.expect("adapters in memory never wait").expect("the event is well-formed");
    finish(world, &service, None);
}

/// Makes the service with the present table and without an event bus, since no property concerns reports.
fn service_on_table(world: &World) -> Service<FakePorts> {
    Service { outcomes: None, ..service_on(world.table.state().clone()) }
}

fn run<R, F>(world: &World, uplink: &Uplink, service: &Service<FakePorts>, request: R, function: &F)
where
    R: Requests,
    F: AsyncFn(ReceivedRequest<R>, &Service<FakePorts>) -> Result<InvocationReport, ServeError>,
{
    let envelope = Envelope {
        id: uplink.id.clone(),
        ttl_ms: DEFAULT_TTL_MS,
        hash: BodyHash::of(format!("{:?}", uplink.ask).as_bytes()),
        request,
    };
    let request = ReceivedRequest { by: uplink.by.clone(), envelope, now: world.now() };
    let served = serve_request(request, None, service, function).now_or_never();
    served.expect("adapters in memory never wait").expect("records are readable");
}

fn request(world: &World, scene: &Scene, uplink: &Uplink) -> AnyRequest {
    let user = |name: &str| -> UserId { name.parse().expect("an account of the model") };
    match uplink.ask.clone() {
        Ask::Create => {
            let invitees = scene.device(&uplink.by).calls.clone();
            AnyRequest::Create(CreateRequest::CreateMeeting(CreateMeeting::new(
                scene.mode,
                Media::Audio,
                invitees,
            )))
        }
        Ask::Accept(meeting_id) => {
            let invite_id = invite_id(world, &meeting_id, &uplink.by);
            AnyRequest::Answer(AnswerRequest::Accept(Accept { meeting_id, invite_id, media: Media::Audio }))
        }
        Ask::Reject(meeting_id) => {
            let (invite_id, reason) = (invite_id(world, &meeting_id, &uplink.by), RejectReason::Declined);
            AnyRequest::Answer(AnswerRequest::Reject(Reject { meeting_id, invite_id, reason, text: None }))
        }
        Ask::Refresh(meeting_id) => {
            AnyRequest::Attend(AttendRequest::RefreshToken(RefreshToken { meeting_id }))
        }
        Ask::Leave(meeting_id) => AnyRequest::Attend(AttendRequest::Leave(Leave { meeting_id })),
        Ask::Cancel(meeting_id) => {
            AnyRequest::Invite(InviteRequest::CancelInvite(CancelInvite { meeting_id, invitees: None }))
        }
        Ask::Invite(meeting_id) => AnyRequest::Invite(InviteRequest::Invite(Invite {
            meeting_id,
            invitees: vec![user("carol")],
            ring_seconds: None,
            ext: None,
        })),
        Ask::Remove(meeting_id) => AnyRequest::Moderate(ModerateRequest::Remove(Remove {
            meeting_id,
            user_id: user("bob"),
            ban: None,
            for_seconds: None,
            reason: None,
        })),
        Ask::Destroy(meeting_id) => AnyRequest::Destroy(DestroyRequest::DestroyMeeting(DestroyMeeting {
            meeting_id: Some(meeting_id),
            create_id: None,
            reason: None,
        })),
    }
}

fn invite_id(world: &World, meeting: &MeetingId, by: &ClientId) -> InviteId {
    let participant = world.table.meeting(meeting).participants.get(&by.user());
    let invitation = participant.and_then(|p| p.invitation());
    invitation.map_or_else(|| "none".parse().expect("an id"), |invitation| invitation.id.clone())
}

/// Copies table and downlinks into the world and checks the result. Returns whether the request was answered.
fn finish(world: &mut World, service: &Service<FakePorts>, uplink: Option<&Uplink>) -> bool {
    let after = service.table.state.take();
    check_changes(world, &after, uplink);
    world.table.replace(after);
    let mut answered = false;
    for sent in service.publisher.broker.take() {
        let is_answer =
            matches!((&sent.downlink.re, uplink), (Re::Request(id), Some(uplink)) if *id == uplink.id);
        answered |= is_answer && uplink.is_some_and(|uplink| uplink.by == sent.to);
        let downlink = Downlink::of(&sent);
        let stored = downlink.meeting.as_ref().and_then(|id| world.table.state().meetings.get(id));
        let state =
            stored.and_then(|stored| stored.meeting.participants.get(&sent.to.user())).map(|p| p.state());
        let is_removed = matches!(state, Some(ParticipantState::Removed | ParticipantState::Banned));
        if downlink.news == News::In && is_removed {
            world.seen.token_after_removal = true;
        }
        if downlink.matters() {
            world.downlinks.insert(downlink);
        }
    }
    answered
}

fn check_changes(world: &mut World, after: &TableState, uplink: Option<&Uplink>) {
    let now = world.now();
    let mut applied = false;
    for (id, after) in &after.meetings {
        match world.table.state().meetings.get(id) {
            Some(before) if before.meeting.rev == after.meeting.rev => {}
            Some(before) => {
                let rtc = RtcCapabilities::default();
                applied |= uplink.is_some() && changes_more_than_time(before, &after.meeting, now, rtc);
                world.seen.revived |= is_revived(&before.meeting, &after.meeting);
            }
            None => applied = true,
        }
    }
    if let Some(uplink) = uplink.filter(|_| applied)
        && !world.seen.applied.insert((uplink.by.clone(), uplink.id.clone()))
    {
        world.seen.applied_twice = true;
    }
}
