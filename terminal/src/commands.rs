//! Methods of [`Terminal`] for common requests of the protocol. Send all other requests with
//! [`Terminal::request`] and [`Terminal::send`].
//!
//! The methods return the errors of these two methods.

use switchboard_protocol::id::{InviteId, MeetingId, RequestId};
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{
    Accept, CreateMeeting, DestroyMeeting, JoinMeeting, Leave, MediaReport, RefreshToken, Reject,
    RejectReason, Rejoin, ReportMedia, Ringing,
};

use crate::error::RequestError;
use crate::received::ReceivedDownlink;
use crate::terminal::Terminal;

impl Terminal {
    /// Creates a meeting and invites users; answered by `meeting_created` or `meeting_merged`.
    pub async fn create_meeting(&self, request: CreateMeeting) -> Result<ReceivedDownlink, RequestError> {
        self.request(&request).await
    }

    /// Accepts the invitation on this device; answered by `invitation_accepted`.
    pub async fn accept(
        &self,
        meeting_id: &MeetingId,
        invite_id: &InviteId,
        media: Media,
    ) -> Result<ReceivedDownlink, RequestError> {
        let (meeting_id, invite_id) = (meeting_id.clone(), invite_id.clone());
        self.request(&Accept { meeting_id, invite_id, media }).await
    }

    /// Rejects the invitation for all devices of the user; answered by `ok`.
    pub async fn reject(
        &self,
        meeting_id: &MeetingId,
        invite_id: &InviteId,
        reason: RejectReason,
    ) -> Result<ReceivedDownlink, RequestError> {
        let (meeting_id, invite_id) = (meeting_id.clone(), invite_id.clone());
        self.request(&Reject { meeting_id, invite_id, reason, text: None }).await
    }

    /// Reports that this device rings. The service never answers it. An `error` downlink with this request's
    /// id, which arrives as [`TerminalEvent::Message`](crate::TerminalEvent::Message), means that the device
    /// must stop ringing.
    pub async fn ringing(&self, meeting_id: &MeetingId, invite_id: &InviteId) -> Result<(), RequestError> {
        let (meeting_id, invite_id) = (meeting_id.clone(), invite_id.clone());
        self.send(&Ringing { meeting_id, invite_id }).await
    }

    /// Reports whether this device is in the media. The service never answers it.
    pub async fn report_media(&self, meeting_id: &MeetingId, state: MediaReport) -> Result<(), RequestError> {
        let meeting_id = meeting_id.clone();
        self.send(&ReportMedia { meeting_id, state, audio: None, video: None, screen: None }).await
    }

    /// Requests a new join token; answered by `token`.
    pub async fn refresh_token(&self, meeting_id: &MeetingId) -> Result<ReceivedDownlink, RequestError> {
        self.request(&RefreshToken { meeting_id: meeting_id.clone() }).await
    }

    /// Takes the own seat again after the device was dropped or lost; answered by `joined`, with new join
    /// parameters. See [`ReceivedDownlink::is_loss_of_seat`].
    pub async fn rejoin(&self, meeting_id: &MeetingId) -> Result<ReceivedDownlink, RequestError> {
        self.request(&Rejoin { meeting_id: meeting_id.clone() }).await
    }

    /// Moves the user's seat to this device, from any other device; answered by `joined`.
    pub async fn move_here(
        &self,
        meeting_id: &MeetingId,
        media: Media,
    ) -> Result<ReceivedDownlink, RequestError> {
        let meeting_id = meeting_id.clone();
        self.request(&JoinMeeting { meeting_id, media, takeover: Some(true) }).await
    }

    /// Leaves the meeting; answered by `ok`.
    pub async fn leave(&self, meeting_id: &MeetingId) -> Result<ReceivedDownlink, RequestError> {
        self.request(&Leave { meeting_id: meeting_id.clone() }).await
    }

    /// Ends the meeting for all participants; answered by `meeting_ended`.
    pub async fn destroy_meeting(&self, meeting_id: &MeetingId) -> Result<ReceivedDownlink, RequestError> {
        let meeting_id = Some(meeting_id.clone());
        self.request(&DestroyMeeting { meeting_id, create_id: None, reason: None }).await
    }

    /// Takes back a create request of this device, even if the service has not received it yet; answered by
    /// `meeting_ended`.
    pub async fn destroy_created(&self, create_id: &RequestId) -> Result<ReceivedDownlink, RequestError> {
        let create_id = Some(create_id.clone());
        self.request(&DestroyMeeting { meeting_id: None, create_id, reason: None }).await
    }
}
