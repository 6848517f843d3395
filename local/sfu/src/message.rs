//! Messages on the data channel `room` between the SFU and a client, as JSON texts.

use serde::{Deserialize, Serialize};

use crate::per_kind::PerKind;

/// Message from the SFU to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ServerMessage {
    /// All slots that show a participant. Each message contains the whole list.
    Slots { slots: Vec<SlotEntry> },
    /// The kinds of the receiver's own media that the SFU does not forward.
    Muted(PerKind<bool>),
    /// The receiver is removed from the channel.
    Removed { reason: RemovalReason },
}

/// A slot and the participant shown in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SlotEntry {
    pub(crate) user_id: String,
    pub(crate) audio_mid: String,
    pub(crate) video_mid: String,
    /// `true` for the kinds that are muted by the server or not sent.
    pub(crate) muted: PerKind<bool>,
}

/// Reason of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RemovalReason {
    /// `RemoveParticipant` was called, for example on behalf of a host.
    Removed,
    /// The same identity has joined again.
    Replaced,
    /// The channel was deleted, or the SFU is stopping.
    Closed,
}

/// Message from a client to the SFU. The SFU ignores all other messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ClientMessage {
    /// The kinds of media that the client sends from now on.
    Media(PerKind<bool>),
}

impl ServerMessage {
    /// Encodes the message.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and flags can be written as JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_have_the_form_that_clients_expect() {
        let muted = PerKind { audio: true, video: false };
        let slot = SlotEntry { user_id: "bob".into(), audio_mid: "2".into(), video_mid: "3".into(), muted };
        assert_eq!(
            ServerMessage::Slots { slots: vec![slot] }.to_json(),
            r#"{"type":"slots","slots":[{"user_id":"bob","audio_mid":"2","video_mid":"3","muted":{"audio":true,"video":false}}]}"#
        );
        assert_eq!(ServerMessage::Muted(muted).to_json(), r#"{"type":"muted","audio":true,"video":false}"#);
        let removed = ServerMessage::Removed { reason: RemovalReason::Replaced };
        assert_eq!(removed.to_json(), r#"{"type":"removed","reason":"replaced"}"#);
    }

    #[test]
    fn known_client_messages_are_parsed_and_others_are_rejected() {
        let said = |text: &str| serde_json::from_str::<ClientMessage>(text).ok();
        let media = ClientMessage::Media(PerKind { audio: true, video: false });
        assert_eq!(said(r#"{"type":"media","audio":true,"video":false,"more":1}"#), Some(media));
        assert_eq!(said(r#"{"type":"chat","text":"hi"}"#), None);
        assert_eq!(said("[]"), None);
    }
}
