//! Recent messages that functions sent through the data plane, with their bodies. `GET /local/downlinks` and the command
//! `local invoke` show them. Tokens in the bodies are shortened.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::journal::{Caller, EntryKind};

/// Number of messages that are kept. A downlink has at most 32 KB, so this is 8 MB at most.
const CAPACITY: usize = 256;
/// Fields of a downlink that contain a credential.
const SECRETS: [&str; 5] = ["token", "single_token", "core_token", "private_map_key", "credential"];
/// Number of characters of a token that are shown: enough to compare two tokens, not enough to use one.
const SHOWN: usize = 12;

/// A message that was sent through the data plane, accepted or refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Downlink {
    /// Time of the stack's clock, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Function that sent the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Request id of the invocation that sent the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Call that sent the message: `publish` or `direct`.
    pub call: String,
    /// Topic of the message.
    pub topic: String,
    /// HTTP status of the data plane's answer; 404 for a direct message to a device that is not connected.
    pub status: u16,
    /// Payload with shortened tokens; a text if the payload is not JSON.
    pub body: Value,
}

/// A message with its unchanged payload.
struct KeptMessage {
    at_ms: i64,
    caller: Caller,
    call: EntryKind,
    topic: String,
    status: u16,
    payload: Bytes,
}

/// The recent messages of one stack, oldest first.
#[derive(Default)]
pub struct Downlinks {
    kept: Mutex<VecDeque<KeptMessage>>,
}

impl Downlinks {
    /// Adds a message and drops the oldest one if there are too many.
    pub(crate) fn add(
        &self,
        at_ms: i64,
        caller: &Caller,
        call: EntryKind,
        topic: &str,
        status: u16,
        payload: Bytes,
    ) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == CAPACITY {
            kept.pop_front();
        }
        kept.push_back(KeptMessage {
            at_ms,
            caller: caller.clone(),
            call,
            topic: topic.to_owned(),
            status,
            payload,
        });
    }

    /// Messages of one invocation, or all messages without a `request_id`; oldest first.
    #[must_use]
    pub fn of_invocation(&self, request_id: Option<&str>) -> Vec<Downlink> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let matches =
            |kept: &&KeptMessage| request_id.is_none_or(|id| kept.caller.request_id.as_deref() == Some(id));
        kept.iter().filter(matches).map(KeptMessage::to_downlink).collect()
    }
}

impl KeptMessage {
    fn to_downlink(&self) -> Downlink {
        let mut body = serde_json::from_slice(&self.payload)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&self.payload)));
        shorten_tokens(&mut body);
        Downlink {
            at_ms: self.at_ms,
            function: self.caller.function.clone(),
            request_id: self.caller.request_id.clone(),
            call: if self.call == EntryKind::Direct { "direct" } else { "publish" }.to_owned(),
            topic: self.topic.clone(),
            status: self.status,
            body,
        }
    }
}

/// Shortens every token in a message.
fn shorten_tokens(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if SECRETS.contains(&name.as_str()) => *text = shorten(text),
                    field => shorten_tokens(field),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(shorten_tokens),
        _ => {}
    }
}

fn shorten(token: &str) -> String {
    let length = token.chars().count();
    let shown = SHOWN.min(length / 2);
    format!("{}… ({length} characters)", token.chars().take(shown).collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn caller(request_id: &str) -> Caller {
        let request_id = Some(request_id.to_owned());
        Caller { function: Some("answer".to_owned()), request_id, ..Caller::default() }
    }

    #[test]
    fn messages_are_found_by_invocation_and_their_tokens_are_shortened() {
        let downlinks = Downlinks::default();
        let token = "a".repeat(200);
        let body = json!({"join": {"token": token, "params": {"single_token": token}, "url": "ws://rtc"}});
        downlinks.add(
            7,
            &caller("r1"),
            EntryKind::Direct,
            "call-dn/p2p/G@@@bob",
            404,
            body.to_string().into(),
        );
        downlinks.add(8, &caller("r2"), EntryKind::Publish, "call-dn/p2p/G@@@bob", 200, "not JSON".into());

        let first = downlinks.of_invocation(Some("r1"));
        assert_eq!((first.len(), first[0].call.as_str(), first[0].status), (1, "direct", 404));
        let shown = first[0].body.to_string();
        assert!(!shown.contains(&token[..=SHOWN]), "{shown}");
        assert!(shown.contains("aaaaaaaaaaaa… (200 characters)") && shown.contains("ws://rtc"), "{shown}");
        assert_eq!(downlinks.of_invocation(Some("r2"))[0].body, "not JSON");
        assert_eq!(downlinks.of_invocation(None).len(), 2);
    }

    #[test]
    fn the_oldest_messages_are_dropped_first() {
        let downlinks = Downlinks::default();
        for at_ms in 0..=i64::try_from(CAPACITY).expect("the capacity is small") {
            downlinks.add(at_ms, &Caller::default(), EntryKind::Publish, "t", 200, Bytes::new());
        }
        let kept = downlinks.of_invocation(None);
        assert_eq!((kept.len(), kept[0].at_ms), (CAPACITY, 1));
    }
}
