//! The HTTP request and response of a function URL: payload format 2.0,
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

/// An HTTP request.
#[derive(Debug)]
pub struct HttpRequest {
    /// Method, in capitals.
    pub method: String,
    /// Headers, by names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Decoded body; empty if it is too long.
    pub body: Vec<u8>,
    /// True if the body has more bytes than the caller accepts.
    pub is_too_long: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: Context,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct Context {
    http: Http,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

impl HttpRequest {
    /// Reads the event of a function URL. Does not decode a body of more than `max_bytes`, since any sender
    /// may send up to 6 MB.
    ///
    /// # Errors
    /// The event is not a function-URL request.
    pub fn from_event(event: Value, max_bytes: usize) -> Result<Self, serde_json::Error> {
        let Event { request_context, headers, body, is_base64_encoded } = serde_json::from_value(event)?;
        let method = request_context.http.method;
        let max_chars = if is_base64_encoded { max_bytes.div_ceil(3) * 4 } else { max_bytes };
        if body.len() > max_chars {
            return Ok(Self { method, headers, body: Vec::new(), is_too_long: true });
        }
        let body = if is_base64_encoded {
            BASE64.decode(body).map_err(serde::de::Error::custom)?
        } else {
            body.into_bytes()
        };
        let is_too_long = body.len() > max_bytes;
        Ok(Self { method, headers, body, is_too_long })
    }
}

/// A response without contents. From its status, the RTC service decides whether to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpResponse {
    /// The callback was applied or ignored.
    Taken,
    /// The body does not have the documented format.
    Malformed,
    /// The signature is missing or wrong.
    Forged,
    /// The RTC service has no callbacks, or no secret to verify them is set.
    NoCallbacks,
    /// The method is not POST.
    NotPosted,
    /// The body is too long.
    TooLong,
    /// A retry may succeed.
    Unavailable,
}

impl HttpResponse {
    /// Returns the status code.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Taken => 200,
            Self::Malformed => 400,
            Self::Forged => 401,
            Self::NoCallbacks => 404,
            Self::NotPosted => 405,
            Self::TooLong => 413,
            Self::Unavailable => 503,
        }
    }

    /// Returns the result of the function. The body is JSON, since some RTC services require it.
    #[must_use]
    pub fn to_value(self) -> Value {
        let mut headers = json!({"content-type": "application/json", "cache-control": "no-store"});
        match self {
            Self::NotPosted => headers["allow"] = json!("POST"),
            Self::Unavailable => headers["retry-after"] = json!("1"),
            _ => {}
        }
        json!({"statusCode": self.status(), "headers": headers, "body": "{}"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_arrives_byte_for_byte_however_the_event_carries_it() {
        let event = |body: &str, is_base64: bool| {
            json!({"requestContext": {"http": {"method": "POST"}}, "headers": {"authorization": "x"},
                "body": body, "isBase64Encoded": is_base64})
        };
        let plain = HttpRequest::from_event(event("{\"a\":\"ä\"}", false), 100).expect("a request");
        assert_eq!(plain.body, "{\"a\":\"ä\"}".as_bytes());
        assert_eq!((plain.method.as_str(), plain.headers["authorization"].as_str()), ("POST", "x"));
        let binary = HttpRequest::from_event(event("AP8=", true), 2).expect("a request");
        assert_eq!((binary.body.as_slice(), binary.is_too_long), ([0, 255].as_slice(), false));
        let long = HttpRequest::from_event(event("!!!!!!!!", true), 3).expect("is not decoded");
        assert!(long.is_too_long && long.body.is_empty());
        assert!(HttpRequest::from_event(event("AP8A", true), 2).expect("a request").is_too_long);
        assert!(HttpRequest::from_event(event("%", true), 100).is_err());
    }

    #[test]
    fn a_request_without_a_body_has_an_empty_one_and_what_is_no_request_is_refused() {
        let event = json!({"version": "2.0", "requestContext": {"http": {"method": "GET", "path": "/"}}});
        let request = HttpRequest::from_event(event, 100).expect("a request");
        assert_eq!((request.method.as_str(), request.body.as_slice()), ("GET", [].as_slice()));
        for event in [json!({}), json!(null), json!({"requestContext": {}}), json!({"Records": []})] {
            assert!(HttpRequest::from_event(event.clone(), 100).is_err(), "{event}");
        }
    }

    #[test]
    fn a_response_is_what_a_function_url_understands() {
        let refused = HttpResponse::NotPosted.to_value();
        assert_eq!((&refused["statusCode"], &refused["headers"]["allow"]), (&json!(405), &json!("POST")));
        assert_eq!(refused["body"], "{}");
        assert_eq!(HttpResponse::Unavailable.to_value()["headers"]["retry-after"], "1");
    }
}
