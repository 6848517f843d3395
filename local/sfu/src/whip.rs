//! Joining and leaving in one HTTP request each (WHIP, RFC 9725). Pages of any origin may do it: what counts is the
//! token, and a page under development comes from elsewhere.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, OriginalUri, Path, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE, LOCATION,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, post};

use crate::fault::Fault;
use crate::service::Service;
use crate::token;

const SDP: &str = "application/sdp";
/// A browser's offer of eight pairs of lines with all its codecs has about 60 kB.
const OFFER_BYTES: usize = 256 * 1024;

/// `POST /whip` and `DELETE /whip/{session}`.
pub(crate) fn router(service: Service) -> Router {
    Router::new()
        .route("/whip", post(join))
        .route("/whip/{session}", delete(leave))
        .layer(DefaultBodyLimit::max(OFFER_BYTES))
        .layer(middleware::from_fn(any_origin))
        .with_state(service)
}

async fn join(
    State(service): State<Service>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    // First who asks: to a stranger nothing is said about the rest.
    let admission = service.access.admission(&headers)?;
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(SDP)) {
        return Err(Fault::malformed(format!("an offer has the content type {SDP}")));
    }
    let offer = str::from_utf8(&body).map_err(|_| Fault::malformed("the offer is not UTF-8"))?;
    let (session, answer) = service.change(|rooms| rooms.join(admission, offer))?;
    let location = format!("{}/{session}", uri.path().trim_end_matches('/'));
    let headers = [(CONTENT_TYPE, SDP.to_owned()), (LOCATION, location)];
    Ok((StatusCode::CREATED, headers, answer).into_response())
}

async fn leave(
    State(service): State<Service>,
    Path(session): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Fault> {
    let presented =
        token::presented(&headers).ok_or_else(|| Fault::unauthenticated("a bearer token is required"))?;
    // The token of the join may have expired during the call; it still proves whose session it is.
    let admission = service.access.admission(&headers).ok();
    service.change(|rooms| rooms.leave(&session, &presented, admission.as_ref()))?;
    Ok(StatusCode::OK)
}

/// CORS for any origin, without credentials: the token is in a header that the page sets itself.
async fn any_origin(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    for (header, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "POST, DELETE"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type"),
        (ACCESS_CONTROL_EXPOSE_HEADERS, "Location"),
    ] {
        response.headers_mut().insert(header, HeaderValue::from_static(value));
    }
    response
}
