//! Shared parts of the functions' unit tests: a service in memory with the users Alice (phone), Bob (phone,
//! tablet) and Carol (phone), requests, and a short notation for downlinks.

use std::collections::BTreeSet;
use switchboard_core::Now;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::{Body, Downlink, Re};
use switchboard_protocol::envelope::{DEFAULT_TTL_MS, Envelope};
use switchboard_protocol::id::{BodyHash, InviteId, MeetingId};
use switchboard_protocol::object::{JoinPolicy, Media, Mode, Policy};
use switchboard_protocol::requests::{
    Accept, AnswerRequest, AttendRequest, CreateMeeting, CreateRequest, JoinMeeting, Requests,
};
use switchboard_service::fake::{self, FakePorts, FakeRtc, Sent, TableState};
use switchboard_service::ports::Users;
use switchboard_service::request::serve_request;
use switchboard_service::{InvocationReport, ReceivedRequest, ServeError, Service};

pub(crate) const NOW_MS: i64 = 1_795_366_084_000;

/// Returns the time `after_ms` after the beginning of the test.
pub(crate) fn at(after_ms: i64) -> Now {
    Now { ms: NOW_MS + after_ms }
}

pub(crate) fn user(name: &str) -> UserId {
    name.parse().expect("an account")
}

/// Returns a client ID from its short form: `alice.phone`.
pub(crate) fn device(name: &str) -> ClientId {
    format!("GID@@@{name}").parse().expect("a device")
}

fn table() -> TableState {
    let mut state = TableState::default();
    let (phone, tablet) = (device("bob.phone"), device("bob.tablet"));
    state.add_user(&user("alice"), Some("Alice"), &[device("alice.phone")], NOW_MS);
    state.add_user(&user("bob"), Some("Bob"), &[phone, tablet], NOW_MS);
    state.add_user(&user("carol"), Some("Carol"), &[device("carol.phone")], NOW_MS);
    state
}

pub(crate) fn service() -> Service<FakePorts> {
    fake::service_on(table())
}

pub(crate) fn service_with_rtc(rtc: &FakeRtc) -> Service<FakePorts> {
    let service = fake::service_with_rtc(rtc.clone());
    service.table.state.replace(table());
    service
}

/// Returns a second service with a copy of the table: another function that runs at the same time.
pub(crate) fn another(service: &Service<FakePorts>) -> Service<FakePorts> {
    fake::service_on(service.table.state.borrow().clone())
}

/// Lets the next commit of `service` fail because of the changes that `other` made.
pub(crate) fn commit_first(other: &Service<FakePorts>, service: &Service<FakePorts>) {
    let changed = other.table.state.borrow().clone();
    service.table.before_next_commit(move |state| *state = changed);
}

/// Lets the next commit of `service` fail because of a commit that changes only the revision.
pub(crate) fn interfere(service: &Service<FakePorts>, meeting: &MeetingId) {
    let id = meeting.clone();
    service.table.before_next_commit(move |state| {
        let stored = state.meetings.get_mut(&id).expect("the meeting is stored");
        std::sync::Arc::make_mut(&mut stored.meeting).rev += 1;
    });
}

pub(crate) fn request<R>(by: &str, id: &str, request: R, now: Now) -> ReceivedRequest<R>
where
    R: Requests + serde::Serialize,
{
    let hash = BodyHash::of(&serde_json::to_vec(&request).expect("serialises"));
    let id = id.parse().expect("an id");
    let envelope = Envelope { id, ttl_ms: DEFAULT_TTL_MS, hash, request };
    ReceivedRequest { by: device(by), envelope, now }
}

/// Serves a request and, if it is refused, publishes the refusal.
pub(crate) async fn serve<R, F>(
    request: ReceivedRequest<R>,
    service: &Service<FakePorts>,
    function: &F,
) -> InvocationReport
where
    R: Requests,
    F: AsyncFn(ReceivedRequest<R>, &Service<FakePorts>) -> Result<InvocationReport, ServeError>,
{
    serve_request(request, None, service, function).await.expect("no internal error")
}

pub(crate) fn call_to(invitees: &[&str], mode: Mode) -> CreateRequest {
    let invitees = invitees.iter().map(|name| user(name)).collect();
    CreateRequest::CreateMeeting(CreateMeeting::new(mode, Media::Audio, invitees))
}

/// Serves a create request of Alice's phone with the id `c1`. Returns the meeting, and discards the
/// downlinks.
pub(crate) async fn created(service: &Service<FakePorts>, invitees: &[&str], mode: Mode) -> MeetingId {
    let create = request("alice.phone", "c1", call_to(invitees, mode), at(0));
    let report = serve(create, service, &crate::create_meeting::create_meeting).await;
    service.publisher.broker.take();
    report.meeting_id.expect("a meeting was made")
}

/// Serves a create request of a phone for a group that users may join without an invitation. Returns the
/// meeting, and discards the downlinks.
pub(crate) async fn group_of(service: &Service<FakePorts>, by: &str, join: JoinPolicy) -> MeetingId {
    let mut create = call_to(&[], Mode::Group);
    let CreateRequest::CreateMeeting(fields) = &mut create;
    fields.policy = Some(Policy { join, ..Policy::default() });
    let create = request(by, "c9", create, at(2_000));
    let report = serve(create, service, &crate::create_meeting::create_meeting).await;
    service.publisher.broker.take();
    report.meeting_id.expect("a meeting was made")
}

/// Serves a join of a device, and discards the downlinks.
pub(crate) async fn joined(service: &Service<FakePorts>, meeting: &MeetingId, by: &str) {
    let join = JoinMeeting { meeting_id: meeting.clone(), media: Media::Audio, takeover: None };
    serve(request(by, "j9", AttendRequest::JoinMeeting(join), at(3_000)), service, &crate::attend::attend)
        .await;
    service.publisher.broker.take();
}

/// Returns the meetings that the service finds for Bob, and the one that his call slot names.
pub(crate) async fn calls_of_bob(service: &Service<FakePorts>) -> (BTreeSet<MeetingId>, Option<MeetingId>) {
    let slot = service.table.state.borrow().slots.get(&user("bob")).cloned();
    (service.table.meetings_of(&user("bob"), NOW_MS).await.expect("the table answers"), slot)
}

/// Returns the accept request of a device for its user's invitation.
pub(crate) fn accept(
    service: &Service<FakePorts>,
    meeting: &MeetingId,
    by: &str,
) -> ReceivedRequest<AnswerRequest> {
    let accept = Accept {
        meeting_id: meeting.clone(),
        invite_id: invite_id(service, meeting, &device(by).user()),
        media: Media::Audio,
    };
    request(by, "a1", AnswerRequest::Accept(accept), at(1_000))
}

/// Serves the accept of a device, and discards the downlinks.
pub(crate) async fn accepted(service: &Service<FakePorts>, meeting: &MeetingId, by: &str) {
    serve(accept(service, meeting, by), service, &crate::answer::answer).await;
    service.publisher.broker.take();
}

pub(crate) fn invite_id(service: &Service<FakePorts>, meeting: &MeetingId, user: &UserId) -> InviteId {
    let stored = service.table.stored(meeting);
    let invitation = stored.meeting.participants.get(user).and_then(|p| p.invitation().cloned());
    invitation.expect("the user is invited").id
}

pub(crate) fn rev(service: &Service<FakePorts>, meeting: &MeetingId) -> u64 {
    service.table.stored(meeting).meeting.rev
}

/// Takes the published downlinks, oldest first: `bob.phone: invitation` for a notice, `alice.phone= ok` for
/// an answer. A refusal is shown with its code, and a participant with the state.
pub(crate) fn published(service: &Service<FakePorts>) -> Vec<String> {
    service.publisher.broker.take().iter().map(shown).collect()
}

fn shown(Sent { to, downlink, .. }: &Sent) -> String {
    let device = to.as_str().rsplit('@').next().unwrap_or_default();
    let mark = if downlink.re == Re::Nothing { ':' } else { '=' };
    format!("{device}{mark} {}{}", downlink.body.kind(), detail(downlink))
}

fn detail(downlink: &Downlink) -> String {
    let name = |value: serde_json::Value| format!(" {}", value.as_str().unwrap_or_default());
    match &downlink.body {
        Body::Error { code, .. } => name(serde_json::json!(code)),
        Body::ParticipantUpdated { participant } => name(serde_json::json!(participant.state)),
        Body::InvitationUpdated { state, .. } => name(serde_json::json!(state)),
        Body::InvitationClosed { reason, .. } => name(serde_json::json!(reason)),
        _ => String::new(),
    }
}
