//! Reads uplinks. Every error has a code, a path and a message that says what to do. Malformed input never
//! causes a panic.

use crate::code::Code;
use crate::id::{BodyHash, RequestId};
use crate::json;
use crate::requests::Requests;
use crate::{MAX_UPLINK_BYTES, VERSION};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use crate::invalid::Invalid;

/// Lifetime of a request without `ttl_ms`, in milliseconds from the broker's receipt.
pub const DEFAULT_TTL_MS: u32 = 10_000;
/// Largest value of `ttl_ms`.
pub const MAX_TTL_MS: u32 = 60_000;

/// A request as it was read from an uplink.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope<R> {
    /// Id of the request, made by the terminal.
    pub id: RequestId,
    /// Lifetime in milliseconds from the broker's receipt.
    pub ttl_ms: u32,
    /// Hash of the whole body. A repeated request id with another hash is not a retry but a client's mistake.
    pub hash: BodyHash,
    /// Type and fields of the request.
    pub request: R,
}

/// An uplink that is refused before any meeting is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Id of the request, if it could be read.
    pub re: Option<RequestId>,
    /// Code of the refusal.
    pub code: Code,
    /// Path of the wrong field.
    pub path: Option<String>,
    /// Remedy.
    pub message: String,
}

impl Unreadable {
    fn without_id(code: Code, path: Option<&str>, message: impl Into<String>) -> Self {
        Self { re: None, code, path: path.map(str::to_owned), message: message.into() }
    }
}

/// Reads `payload` as a request of one function.
///
/// # Errors
/// The payload is malformed, too large, of an unknown version or type, or has a wrong field.
pub fn read<R: Requests>(payload: &[u8]) -> Result<Envelope<R>, Unreadable> {
    let mut object = object(payload)?;
    json::whole_numbers_of_fields(&mut object);
    let id = request_id(&object)?;
    let fail = |code, path: &str, message: String| Unreadable {
        re: Some(id.clone()),
        code,
        path: (!path.is_empty()).then(|| path.to_owned()),
        message,
    };
    if payload.len() > MAX_UPLINK_BYTES {
        return Err(fail(Code::TooLarge, "", format!("send at most {MAX_UPLINK_BYTES} bytes")));
    }
    match object.get("v") {
        Some(Value::Number(v)) if v.as_u64() == Some(VERSION) => {}
        Some(Value::Number(_)) => {
            return Err(fail(
                Code::UnsupportedVersion,
                "v",
                format!("set `v` to {VERSION}, the version of the protocol"),
            ));
        }
        _ => {
            return Err(fail(
                Code::BadRequest,
                "v",
                format!("set `v` to {VERSION}, the version of the protocol"),
            ));
        }
    }
    let hash = BodyHash::of(Value::Object(object.clone()).to_string().as_bytes());
    strip_nulls(&mut object);
    // serde would also accept an array for a struct, so an array is refused here.
    if object.get("policy").is_some_and(|policy| !policy.is_object()) {
        return Err(fail(Code::BadRequest, "policy", "send an object".to_owned()));
    }
    let ttl_ms = match object.get("ttl_ms").map(Value::as_u64) {
        None => Some(DEFAULT_TTL_MS),
        Some(ttl) => ttl.and_then(|ttl| u32::try_from(ttl).ok()).filter(|ttl| (1..=MAX_TTL_MS).contains(ttl)),
    };
    let Some(ttl_ms) = ttl_ms else {
        return Err(fail(Code::BadRequest, "ttl_ms", format!("send 1 to {MAX_TTL_MS} milliseconds")));
    };
    let Some(Value::String(kind)) = object.remove("type") else {
        return Err(fail(Code::BadRequest, "type", "set `type` to a request type of this topic".to_owned()));
    };
    // `functions!` in `requests.rs` generates `R::read`: it chooses the request's struct by its type, reads the
    // fields, and runs the checks of the struct's own file, such as `requests/accept.rs`.
    match R::read(&kind, Value::Object(object)) {
        Some(Ok(request)) => Ok(Envelope { id, ttl_ms, hash, request }),
        Some(Err(invalid)) => Err(fail(invalid.code, &invalid.path, invalid.message)),
        None => Err(fail(
            Code::BadRequest,
            "type",
            format!(
                "unknown request type `{}` on this topic; send it to the topic of its function",
                shortened(&kind)
            ),
        )),
    }
}

fn object(payload: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    match json::parse(payload) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Unreadable::without_id(
            Code::BadRequest,
            None,
            "the payload is not a JSON object; send a JSON object",
        )),
        Err(_) if payload.is_empty() => {
            Err(Unreadable::without_id(Code::BadRequest, None, "the payload is empty; send a JSON object"))
        }
        // The parser's message has the line and the column, never the content.
        Err(error) => {
            let re: Option<RequestId> = json::find_id(payload).and_then(|id| id.parse().ok());
            let path = re.as_ref().and_then(|_| json::find_error(payload)).map(|path| shortened(&path));
            let message = format!("the payload is not JSON ({error}); send a JSON object");
            Err(Unreadable { re, ..Unreadable::without_id(Code::BadRequest, path.as_deref(), message) })
        }
    }
}

fn request_id(object: &Map<String, Value>) -> Result<RequestId, Unreadable> {
    let wrong = |message: String| Unreadable::without_id(Code::BadRequest, Some("id"), message);
    match object.get("id") {
        Some(Value::String(id)) => id.parse().map_err(|error: crate::id::IdError| wrong(error.to_string())),
        _ => Err(wrong("give the request an `id`".to_owned())),
    }
}

/// Removes fields that are `null`, since `null` means absent, from the request and from the objects in it. The app's own
/// objects, such as `ext`, are not changed.
fn strip_nulls(object: &mut Map<String, Value>) {
    object.retain(|_, value| !value.is_null());
    for (name, value) in object {
        if let Value::Object(inner) = value
            && !json::is_field_of_the_app(name)
        {
            strip_nulls(inner);
        }
    }
}

/// Deserialises the fields of one request type. An error has the path of the wrong or missing field.
pub(crate) fn fields<T: DeserializeOwned>(fields: Value) -> Result<T, Invalid> {
    serde_path_to_error::deserialize(fields).map_err(|error| {
        let message = error.inner().to_string();
        let parent = error.path().to_string();
        // serde reports a missing field at its parent; the client needs the path of the field.
        let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let path = match (parent.as_str(), missing) {
            (".", Some(field)) => field.to_owned(),
            (parent, Some(field)) => format!("{parent}.{field}"),
            (parent, None) => parent.to_owned(),
        };
        Invalid::new(path, shortened(&message))
    })
}

/// Shortens a client's text to [`MAX_TEXT_CHARS`](super::limits::MAX_TEXT_CHARS) characters before a refusal
/// quotes it.
fn shortened(text: &str) -> String {
    text.chars().take(super::limits::MAX_TEXT_CHARS).collect()
}

#[cfg(test)]
mod tests;
