//! The rights that a join token gives.

use crate::meeting::Meeting;
use crate::participant::Participant;
use crate::speech::Speech;
use switchboard_protocol::address::UserId;
use switchboard_protocol::join::Rights;
use switchboard_protocol::object::{Media, MediaFlags};

/// Rights of one participant in the media, for which the service mints a join token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Account.
    pub user_id: UserId,
    /// Number of the participant in the meeting, from 1.
    pub number: u32,
    /// Name from the app's JWT.
    pub name: Option<String>,
    /// Rights that the meeting allows this user.
    pub rights: Rights,
}

impl Grant {
    /// Returns the grant of `participant` in the present state of the meeting.
    #[must_use]
    pub fn of(meeting: &Meeting, participant: &Participant) -> Self {
        let video = meeting.has_video();
        Self {
            user_id: participant.user_id.clone(),
            number: participant.number(),
            name: participant.name.clone(),
            rights: Rights {
                microphone: participant.speech.has_right(),
                camera: video,
                screen: video,
                data: true,
                subscribe: true,
            },
        }
    }
}

impl Meeting {
    /// Returns whether the rights in this meeting allow a camera and a screen.
    fn has_video(&self) -> bool {
        self.media == Media::Video
    }

    /// Returns `media` without everything that the rights of a user with this `speech` do not allow:
    /// camera and screen in an audio call, and the microphone of a user whose speech is blocked.
    pub(crate) fn allowed_media(&self, speech: &Speech, media: MediaFlags) -> MediaFlags {
        let video = self.has_video();
        MediaFlags {
            audio: media.audio && speech.has_right(),
            video: media.video && video,
            screen: media.screen && video,
        }
    }
}
