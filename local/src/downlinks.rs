//! The last messages that were handed to the data plane, with their bodies, for people who look at what a function said
//! (`GET /local/downlinks`, `local invoke`). Tokens in them are shown by their beginning only.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::journal::{Caller, Kind};

/// Most messages that are kept. A downlink has at most 32 KB, so this is a few megabytes at worst.
const CAPACITY: usize = 256;
/// Fields of a downlink that let their holder in somewhere.
const SECRETS: [&str; 5] = ["token", "single_token", "core_token", "private_map_key", "credential"];
/// How much of a token is shown: enough to tell two apart, of no use to anybody.
const SHOWN: usize = 12;

/// A message that was handed to the data plane, taken or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Downlink {
    /// When, by the stack's clock, in milliseconds since the epoch.
    pub at_ms: i64,
    /// The function that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The invocation that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// By which call: `publish` or `direct`.
    pub call: String,
    /// Topic.
    pub topic: String,
    /// HTTP status of the data plane's answer: 200, or 404 for a direct message to a device that is not connected.
    pub status: u16,
    /// The payload, with its tokens shortened; as text if it is not JSON.
    pub body: Value,
}

/// A message as it is kept.
struct Kept {
    at_ms: i64,
    caller: Caller,
    call: Kind,
    topic: String,
    status: u16,
    payload: Bytes,
}

/// The last messages, oldest first.
#[derive(Default)]
pub struct Downlinks {
    kept: Mutex<VecDeque<Kept>>,
}

impl Downlinks {
    /// Keeps a message and forgets the oldest one if there are too many.
    pub(crate) fn keep(
        &self,
        at_ms: i64,
        caller: &Caller,
        call: Kind,
        topic: &str,
        status: u16,
        payload: Bytes,
    ) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == CAPACITY {
            kept.pop_front();
        }
        kept.push_back(Kept {
            at_ms,
            caller: caller.clone(),
            call,
            topic: topic.to_owned(),
            status,
            payload,
        });
    }

    /// The messages of one invocation, or all that are kept; oldest first.
    #[must_use]
    pub fn of(&self, request_id: Option<&str>) -> Vec<Downlink> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = |kept: &&Kept| request_id.is_none_or(|id| kept.caller.request_id.as_deref() == Some(id));
        kept.iter().filter(asked).map(Kept::shown).collect()
    }
}

impl Kept {
    fn shown(&self) -> Downlink {
        let mut body = serde_json::from_slice(&self.payload)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&self.payload)));
        shorten_tokens(&mut body);
        Downlink {
            at_ms: self.at_ms,
            function: self.caller.function.clone(),
            request_id: self.caller.request_id.clone(),
            call: if self.call == Kind::Direct { "direct" } else { "publish" }.to_owned(),
            topic: self.topic.clone(),
            status: self.status,
            body,
        }
    }
}

/// Leaves only the beginning of every token in a message.
fn shorten_tokens(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if SECRETS.contains(&name.as_str()) => *text = beginning(text),
                    field => shorten_tokens(field),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(shorten_tokens),
        _ => {}
    }
}

fn beginning(token: &str) -> String {
    let length = token.chars().count();
    let shown = SHOWN.min(length / 2);
    format!("{}… ({length} characters)", token.chars().take(shown).collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn caller(request_id: &str) -> Caller {
        Caller { function: Some("answer".to_owned()), process: None, request_id: Some(request_id.to_owned()) }
    }

    #[test]
    fn the_messages_of_one_invocation_are_found_and_their_tokens_cut() {
        let downlinks = Downlinks::default();
        let token = "a".repeat(200);
        let body = json!({"join": {"token": token, "params": {"single_token": token}, "url": "ws://rtc"}});
        downlinks.keep(7, &caller("r1"), Kind::Direct, "call-dn/p2p/G@@@bob", 404, body.to_string().into());
        downlinks.keep(8, &caller("r2"), Kind::Publish, "call-dn/p2p/G@@@bob", 200, "no JSON".into());

        let first = downlinks.of(Some("r1"));
        assert_eq!((first.len(), first[0].call.as_str(), first[0].status), (1, "direct", 404));
        let shown = first[0].body.to_string();
        assert!(!shown.contains(&token[..=SHOWN]), "{shown}");
        assert!(shown.contains("aaaaaaaaaaaa… (200 characters)") && shown.contains("ws://rtc"), "{shown}");
        assert_eq!(downlinks.of(Some("r2"))[0].body, "no JSON");
        assert_eq!(downlinks.of(None).len(), 2);
    }

    #[test]
    fn only_the_last_ones_are_kept() {
        let downlinks = Downlinks::default();
        for at_ms in 0..=i64::try_from(CAPACITY).expect("it is small") {
            downlinks.keep(at_ms, &Caller::default(), Kind::Publish, "t", 200, Bytes::new());
        }
        let kept = downlinks.of(None);
        assert_eq!((kept.len(), kept[0].at_ms), (CAPACITY, 1));
    }
}
