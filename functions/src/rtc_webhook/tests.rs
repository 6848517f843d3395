//! Refusals and their order; accepted callbacks, applied to meetings over the fakes.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// Accepts requests with the authorization `yes`, and counts calls.
#[derive(Default)]
struct Door(AtomicU32);

impl CallbackReader for Door {
    fn read(&self, callback: &Callback<'_>) -> Result<Vec<MediaEvent>, CallbackError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        match callback.header("authorization") {
            "yes" if callback.body.starts_with(b"{") => Ok(Vec::new()),
            "yes" => Err(CallbackError::Malformed),
            _ => Err(CallbackError::Forged),
        }
    }
}

fn request(method: &str, authorization: &str, body: &[u8]) -> Request {
    let headers = [("authorization".to_owned(), authorization.to_owned())].into();
    Request { method: method.to_owned(), headers, body: body.to_vec() }
}

#[test]
fn a_request_is_refused_for_the_first_thing_that_is_wrong_with_it() {
    let long = vec![b'{'; BODY_MAX + 1];
    let cases = [
        (request("POST", "yes", b"{}"), Ok(Vec::new())),
        (request("POST", "yes", &long[1..]), Ok(Vec::new())),
        (request("POST", "yes", b"["), Err(Response::Malformed)),
        (request("POST", "no", b"{}"), Err(Response::Forged)),
        (request("POST", "no", b"["), Err(Response::Forged)),
        (request("POST", "", b""), Err(Response::Forged)),
        (request("POST", "yes", &long), Err(Response::TooLong)),
        (request("GET", "yes", b"{}"), Err(Response::NotPosted)),
        (request("PUT", "no", &long), Err(Response::NotPosted)),
    ];
    for (request, expected) in cases {
        let told = read(&request, Some(&Door::default()), Now::default());
        assert_eq!(told, expected, "{} {} bytes", request.method, request.body.len());
    }
}

#[test]
fn a_body_that_is_too_long_is_refused_before_its_signature_is_checked() {
    let door = Door::default();
    let long = request("POST", "yes", &vec![b'{'; BODY_MAX + 1]);
    assert_eq!(read(&long, Some(&door), Now::default()), Err(Response::TooLong));
    assert_eq!(door.0.into_inner(), 0);
}

#[test]
fn without_callbacks_a_request_is_not_found() {
    let post = request("POST", "yes", b"{}");
    assert_eq!(read(&post, None, Now::default()), Err(Response::NoCallbacks));
}
