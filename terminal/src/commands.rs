//! The requests of the protocol as methods, so that callers name what they do and not how it travels.

use switchboard_protocol::id::{InviteId, MeetingId, RequestId};
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{
    Accept, AnswerRequest, AttendRequest, CreateMeeting, CreateRequest, DestroyMeeting, DestroyRequest,
    Leave, MediaReport, RefreshToken, Reject, RejectReason, ReportMedia, Ringing,
};

use crate::error::RequestError;
use crate::received::ReceivedDownlink;
use crate::terminal::Terminal;

impl Terminal {
    /// Opens a meeting and rings its invitees; answered by `meeting_created` or `meeting_merged`.
    pub async fn create_meeting(&self, request: CreateMeeting) -> Result<ReceivedDownlink, RequestError> {
        self.request(&CreateRequest::from(request)).await
    }

    /// Takes the call on this device; answered by `invitation_accepted`.
    pub async fn accept(
        &self,
        meeting_id: &MeetingId,
        invite_id: &InviteId,
        media: Media,
    ) -> Result<ReceivedDownlink, RequestError> {
        let (meeting_id, invite_id) = (meeting_id.clone(), invite_id.clone());
        self.request(&AnswerRequest::from(Accept { meeting_id, invite_id, media })).await
    }

    /// Rejects the call for all devices of the user; answered by `ok`.
    pub async fn reject(
        &self,
        meeting_id: &MeetingId,
        invite_id: &InviteId,
        reason: RejectReason,
    ) -> Result<ReceivedDownlink, RequestError> {
        let (meeting_id, invite_id) = (meeting_id.clone(), invite_id.clone());
        self.request(&AnswerRequest::from(Reject { meeting_id, invite_id, reason, text: None })).await
    }

    /// Says that this device rings. Any error that comes back (as [`TerminalEvent::Message`](crate::TerminalEvent::Message)) means:
    /// stop ringing at once.
    pub async fn ringing(&self, meeting_id: &MeetingId, invite_id: &InviteId) -> Result<(), RequestError> {
        let (meeting_id, invite_id) = (meeting_id.clone(), invite_id.clone());
        self.send(&AnswerRequest::from(Ringing { meeting_id, invite_id })).await
    }

    /// Says that this device is in the media, or not any more.
    pub async fn report_media(&self, meeting_id: &MeetingId, state: MediaReport) -> Result<(), RequestError> {
        let meeting_id = meeting_id.clone();
        self.send(&AttendRequest::from(ReportMedia {
            meeting_id,
            state,
            audio: None,
            video: None,
            screen: None,
        }))
        .await
    }

    /// Asks for a fresh join token; answered by `token`.
    pub async fn refresh_token(&self, meeting_id: &MeetingId) -> Result<ReceivedDownlink, RequestError> {
        self.request(&AttendRequest::from(RefreshToken { meeting_id: meeting_id.clone() })).await
    }

    /// Hangs up; answered by `ok`.
    pub async fn leave(&self, meeting_id: &MeetingId) -> Result<ReceivedDownlink, RequestError> {
        self.request(&AttendRequest::from(Leave { meeting_id: meeting_id.clone() })).await
    }

    /// Ends the meeting for everybody; answered by `meeting_ended`.
    pub async fn destroy_meeting(&self, meeting_id: &MeetingId) -> Result<ReceivedDownlink, RequestError> {
        let meeting_id = Some(meeting_id.clone());
        self.request(&DestroyRequest::from(DestroyMeeting { meeting_id, create_id: None, reason: None }))
            .await
    }

    /// Takes back a create request, whether or not the service has seen it; answered by `meeting_ended`.
    pub async fn destroy_created(&self, create_id: &RequestId) -> Result<ReceivedDownlink, RequestError> {
        let create_id = Some(create_id.clone());
        self.request(&DestroyRequest::from(DestroyMeeting { meeting_id: None, create_id, reason: None }))
            .await
    }
}
