//! A request with its id, ready to be published and repeated with the same bytes.

use serde::Serialize;
use serde_json::{Map, Value, json};
use switchboard_protocol::VERSION;
use switchboard_protocol::requests::Requests;
use uuid::Uuid;

use crate::config::UplinkParents;

/// Types that are sent once and never answered.
const SENT_ONCE: [&str; 2] = ["ringing", "report_media"];
/// Types that need not wait for another request of the same meeting: they end something, and are wanted at once.
const OUT_OF_TURN: [&str; 3] = ["cancel_invite", "leave", "destroy_meeting"];

/// The error of fields that are not a request.
#[derive(Debug, thiserror::Error)]
pub enum UplinkError {
    /// The fields do not serialise to a JSON object.
    #[error("the request does not serialise to a JSON object")]
    NoObject,
}

/// A request with its id. A clone has the same id, so the service takes it for a repeat of the same request.
#[derive(Debug, Clone, PartialEq)]
pub struct Uplink {
    function: String,
    bulk: bool,
    body: Map<String, Value>,
}

impl Uplink {
    /// A request with a new random id.
    ///
    /// # Errors
    /// [`UplinkError::NoObject`], which the request types of the protocol crate never cause.
    pub fn new<R: Requests + Serialize>(request: &R) -> Result<Self, UplinkError> {
        let Ok(Value::Object(fields)) = serde_json::to_value(request) else {
            return Err(UplinkError::NoObject);
        };
        let mut uplink = Self::from_fields(R::FUNCTION, fields);
        uplink.bulk = R::BULK;
        Ok(uplink)
    }

    /// A request from plain fields: `type` and the fields of that type. Adds `v` and a new random `id` if they are missing.
    #[must_use]
    pub fn from_fields(function: &str, fields: Map<String, Value>) -> Self {
        let mut body = fields;
        body.entry("v").or_insert_with(|| VERSION.into());
        body.entry("id").or_insert_with(|| Uuid::new_v4().simple().to_string().into());
        Self { function: function.to_owned(), bulk: false, body }
    }

    /// Publishes the request under the bulk parent.
    #[must_use]
    pub fn bulk(mut self) -> Self {
        self.bulk = true;
        self
    }

    /// Sets the id.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.body.insert("id".to_owned(), id.into());
        self
    }

    /// Sets `ttl_ms`, the time in milliseconds after the broker's receipt in which the service may process the request
    /// (10,000 by default).
    #[must_use]
    pub fn with_ttl_ms(mut self, ttl_ms: u32) -> Self {
        self.body.insert("ttl_ms".to_owned(), ttl_ms.into());
        self
    }

    /// The request's id; empty if the field `id` is not a text.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// The request's type; empty if the field `type` is missing or not a text.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text("type").unwrap_or_default()
    }

    /// True if the service answers it.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        !SENT_ONCE.contains(&self.kind())
    }

    /// The meeting in which the request takes its turn; `None` if it does not wait for other requests.
    pub(crate) fn turn(&self) -> Option<&str> {
        if OUT_OF_TURN.contains(&self.kind()) { None } else { self.text("meeting_id") }
    }

    /// The topic to which the request is published.
    #[must_use]
    pub fn topic(&self, parents: &UplinkParents) -> String {
        let parent = if self.bulk { &parents.bulk } else { &parents.control };
        format!("{parent}/{}", self.function)
    }

    /// The payload: the request as JSON.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        json!(self.body).to_string().into_bytes()
    }

    /// The value of a text field.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field).and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_protocol::requests::{AttendRequest, Leave, RefreshToken};

    #[test]
    fn a_typed_request_has_the_envelope_of_the_protocol() {
        let leave = AttendRequest::from(Leave { meeting_id: "m1".parse().expect("an id") });
        let uplink = Uplink::new(&leave).expect("an object").with_id("r1").with_ttl_ms(500);
        let body: Value = serde_json::from_slice(&uplink.payload()).expect("JSON");
        assert_eq!(body, json!({"v": 1, "type": "leave", "id": "r1", "ttl_ms": 500, "meeting_id": "m1"}));
        assert_eq!(uplink.topic(&UplinkParents::default()), "call-up/attend");
    }

    #[test]
    fn two_requests_never_share_an_id_and_a_clone_is_the_same_request() {
        let refresh = AttendRequest::from(RefreshToken { meeting_id: "m1".parse().expect("an id") });
        let first = Uplink::new(&refresh).expect("an object");
        assert_ne!(first.id(), Uplink::new(&refresh).expect("an object").id());
        assert_eq!(first.clone().payload(), first.payload());
    }

    #[test]
    fn only_requests_that_end_something_are_sent_out_of_turn() {
        let uplink = |kind: &str| {
            let Value::Object(fields) = json!({"type": kind, "meeting_id": "m1"}) else {
                unreachable!("an object")
            };
            Uplink::from_fields("f", fields)
        };
        assert_eq!(uplink("accept").turn(), Some("m1"));
        for kind in OUT_OF_TURN {
            assert_eq!(uplink(kind).turn(), None, "{kind}");
        }
        assert!(
            !uplink("ringing").is_answered()
                && !uplink("report_media").is_answered()
                && uplink("leave").is_answered()
        );
    }
}
