//! A request with its id, which can be published and repeated with the same bytes.

use serde_json::{Map, Value, json};
use switchboard_protocol::VERSION;
use switchboard_protocol::requests::{Request, RequestInfo};
use uuid::Uuid;

use crate::config::UplinkParents;

/// The error of fields that are not a request.
#[derive(Debug, thiserror::Error)]
pub enum UplinkError {
    /// The fields do not serialise to a JSON object.
    #[error("the request does not serialise to a JSON object")]
    NoObject,
}

/// A request with its id. A clone has the same id, so the service treats it as a repeat of the same request.
#[derive(Debug, Clone, PartialEq)]
pub struct Uplink {
    function: String,
    bulk: bool,
    body: Map<String, Value>,
}

impl Uplink {
    /// Creates a request with a new random id.
    ///
    /// # Errors
    /// [`UplinkError::NoObject`], which the request types of the protocol crate never cause.
    pub fn new<R: Request>(request: &R) -> Result<Self, UplinkError> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(request) else {
            return Err(UplinkError::NoObject);
        };
        fields.insert("type".to_owned(), R::INFO.kind.into());
        let mut uplink = Self::from_fields(R::INFO.function.name(), fields);
        uplink.bulk = R::INFO.function.is_bulk();
        Ok(uplink)
    }

    /// Creates a request from plain fields: `type` and the fields of that type. Adds `v` and a new random
    /// `id` if they are missing.
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

    /// Sets `ttl_ms`, the time in milliseconds after the broker's receipt within which the service may
    /// process the request ([`DEFAULT_TTL_MS`](switchboard_protocol::envelope::DEFAULT_TTL_MS) by default).
    #[must_use]
    pub fn with_ttl_ms(mut self, ttl_ms: u32) -> Self {
        self.body.insert("ttl_ms".to_owned(), ttl_ms.into());
        self
    }

    /// Returns the request's id; empty if the field `id` is not a text.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// Returns the request's type; empty if the field `type` is missing or not a text.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text("type").unwrap_or_default()
    }

    /// Returns `true` if the service answers the request. A request of an unknown type counts as answered.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        RequestInfo::find(self.kind()).is_none_or(RequestInfo::is_answered)
    }

    /// Returns `true` if the request must wait until `earlier`, an earlier request, has ended. Requests to
    /// two functions may overtake each other at the service. So a new call waits for an earlier hang-up, and
    /// a hang-up waits for the request that takes the seat.
    pub(crate) fn waits_for(&self, earlier: &Self) -> bool {
        let is_same_meeting =
            self.text("meeting_id").is_some_and(|id| earlier.text("meeting_id") == Some(id));
        match (self.kind(), earlier.kind()) {
            ("create_meeting", "leave" | "destroy_meeting") => true,
            ("leave", "accept" | "join" | "rejoin") => is_same_meeting,
            _ => self.turn().is_some_and(|turn| earlier.turn() == Some(turn)),
        }
    }

    /// Returns the meeting within which the request waits for earlier requests; `None` if it does not wait
    /// for other requests.
    fn turn(&self) -> Option<&str> {
        let is_out_of_turn = RequestInfo::find(self.kind()).is_some_and(|request| request.out_of_turn);
        if is_out_of_turn { None } else { self.text("meeting_id") }
    }

    /// Returns the topic to which the request is published.
    #[must_use]
    pub fn topic(&self, parents: &UplinkParents) -> String {
        let parent = if self.bulk { &parents.bulk } else { &parents.control };
        format!("{parent}/{}", self.function)
    }

    /// Returns the payload: the request as JSON.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        json!(self.body).to_string().into_bytes()
    }

    /// Returns the value of a text field.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field).and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_protocol::requests::{Leave, REQUESTS, RefreshToken};

    #[test]
    fn a_typed_request_has_the_envelope_of_the_protocol() {
        let leave = Leave { meeting_id: "m1".parse().expect("an id") };
        let uplink = Uplink::new(&leave).expect("an object").with_id("r1").with_ttl_ms(500);
        let body: Value = serde_json::from_slice(&uplink.payload()).expect("JSON");
        assert_eq!(body, json!({"v": 1, "type": "leave", "id": "r1", "ttl_ms": 500, "meeting_id": "m1"}));
        assert_eq!(uplink.topic(&UplinkParents::default()), "call-up/attend");
    }

    #[test]
    fn two_requests_never_share_an_id_and_a_clone_is_the_same_request() {
        let refresh = RefreshToken { meeting_id: "m1".parse().expect("an id") };
        let first = Uplink::new(&refresh).expect("an object");
        assert_ne!(first.id(), Uplink::new(&refresh).expect("an object").id());
        assert_eq!(first.clone().payload(), first.payload());
    }

    #[test]
    fn turns_and_answers_follow_the_table_of_requests() {
        let uplink = |kind: &str| {
            let Value::Object(fields) = json!({"type": kind, "meeting_id": "m1"}) else {
                unreachable!("an object")
            };
            Uplink::from_fields("f", fields)
        };
        for request in REQUESTS {
            let uplink = uplink(request.kind);
            assert_eq!(uplink.turn().is_none(), request.out_of_turn, "{}", request.kind);
            assert_eq!(uplink.is_answered(), request.is_answered(), "{}", request.kind);
        }
        assert_eq!(uplink("unknown").turn(), Some("m1"));
        assert!(uplink("unknown").is_answered());
    }
}
