//! What server and client tell each other on the data channel `room`, as JSON texts.

use serde::{Deserialize, Serialize};

use crate::kinds::Kinds;

/// From the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Notice {
    /// Who is in which place; the whole list each time.
    Slots { slots: Vec<Occupied> },
    /// What the server keeps from the others of what you send.
    Muted(Kinds<bool>),
    /// You are put out.
    Removed { reason: Removal },
}

/// A place and who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Occupied {
    pub(crate) user_id: String,
    pub(crate) audio_mid: String,
    pub(crate) video_mid: String,
    /// Muted by the server, or sends nothing.
    pub(crate) muted: Kinds<bool>,
}

/// Why somebody is put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Removal {
    /// By a host.
    Removed,
    /// The same identity joined again.
    Replaced,
    /// The room is over.
    Closed,
}

/// From a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Said {
    /// What it sends now.
    Media(Kinds<bool>),
}

impl Notice {
    /// As it is written on the channel.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and flags can be written as JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_have_the_form_that_clients_expect() {
        let muted = Kinds { audio: true, video: false };
        let slot = Occupied { user_id: "bob".into(), audio_mid: "2".into(), video_mid: "3".into(), muted };
        assert_eq!(
            Notice::Slots { slots: vec![slot] }.to_json(),
            r#"{"type":"slots","slots":[{"user_id":"bob","audio_mid":"2","video_mid":"3","muted":{"audio":true,"video":false}}]}"#
        );
        assert_eq!(Notice::Muted(muted).to_json(), r#"{"type":"muted","audio":true,"video":false}"#);
        let removed = Notice::Removed { reason: Removal::Replaced };
        assert_eq!(removed.to_json(), r#"{"type":"removed","reason":"replaced"}"#);
    }

    #[test]
    fn what_a_client_says_is_read_and_the_rest_ignored() {
        let said = |text: &str| serde_json::from_str::<Said>(text).ok();
        let media = Said::Media(Kinds { audio: true, video: false });
        assert_eq!(said(r#"{"type":"media","audio":true,"video":false,"more":1}"#), Some(media));
        assert_eq!(said(r#"{"type":"chat","text":"hi"}"#), None);
        assert_eq!(said("[]"), None);
    }
}
