//! The broker's policy document for an admitted connection.
//!
//! The document contains the client ID literally. With the policy variable `${iot:ClientId}`, a client that
//! connects as `+` would get the topics of all clients ("Basic AWS IoT Core policy variables" in the
//! developer guide).

use serde_json::{Value, json};
use switchboard_protocol::address::{ClientId, DownlinkParents};

/// Largest length of a document that the broker accepts, in characters.
pub const MAX_CHARACTERS: usize = 2048;

/// Functions whose request topic is below the control parent.
const CALL_FUNCTIONS: [&str; 7] =
    ["create-meeting", "invite", "answer", "attend", "moderate", "destroy", "settings"];

/// Functions whose request topic is below the bulk parent.
const BULK_FUNCTIONS: [&str; 1] = ["sync"];

/// Parents of the topics of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topics {
    /// Parent of control uplinks (`call-up`).
    pub call_up: String,
    /// Parent of bulk uplinks (`bulk-up`).
    pub bulk_up: String,
    /// Parents of the two topics of each device.
    pub downlink: DownlinkParents,
}

impl Topics {
    fn uplinks(&self) -> Vec<String> {
        let call = CALL_FUNCTIONS.into_iter().map(|function| format!("{}/{function}", self.call_up));
        let bulk = BULK_FUNCTIONS.into_iter().map(|function| format!("{}/{function}", self.bulk_up));
        call.chain(bulk).collect()
    }
}

/// Makes the policy for one connection. `arn_prefix` is the part of a resource name before the resource
/// (`arn:aws:iot:region:account`).
#[must_use]
pub fn document(client: &ClientId, topics: &Topics, arn_prefix: &str) -> Value {
    let own = [topics.downlink.control_topic(client), topics.downlink.bulk_topic(client)];
    let resources = |kind: &str, names: &[String]| -> Vec<String> {
        names.iter().map(|name| format!("{arn_prefix}:{kind}/{name}")).collect()
    };
    json!({
        "Version": "2012-10-17",
        "Statement": [
            allow("iot:Connect", &[format!("{arn_prefix}:client/{client}")]),
            allow("iot:Publish", &resources("topic", &topics.uplinks())),
            // The broker checks a subscription against the topic filter, and the delivery of each message
            // against the topic.
            allow("iot:Subscribe", &resources("topicfilter", &own)),
            allow("iot:Receive", &resources("topic", &own)),
        ],
    })
}

fn allow(action: &str, resources: &[String]) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resources})
}
