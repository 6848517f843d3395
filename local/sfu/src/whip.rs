//! Join and leave with one HTTP request each (WHIP, RFC 9725). Pages of any origin are allowed, because the token
//! authorizes the request and a page under development has another origin.

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

use crate::service::Service;
use crate::token;
use crate::twirp_error::TwirpError;

const SDP: &str = "application/sdp";
/// Largest offer. An offer of a browser with eight pairs of media lines and all codecs has about 60 kB.
const OFFER_BYTES: usize = 256 * 1024;

/// Returns the routes `POST /whip` and `DELETE /whip/{session}`.
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
) -> Result<Response, TwirpError> {
    // Check the token first, so that an unauthenticated client learns nothing about the rest of the request.
    let admission = service.verifier.admission(&headers)?;
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(SDP)) {
        return Err(TwirpError::malformed(format!("the content type must be {SDP}")));
    }
    let offer = str::from_utf8(&body).map_err(|_| TwirpError::malformed("the offer is not UTF-8"))?;
    let (session, answer) = service.change(|channels| channels.join(admission, offer))?;
    let location = format!("{}/{session}", uri.path().trim_end_matches('/'));
    let headers = [(CONTENT_TYPE, SDP.to_owned()), (LOCATION, location)];
    Ok((StatusCode::CREATED, headers, answer).into_response())
}

async fn leave(
    State(service): State<Service>,
    Path(session): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, TwirpError> {
    let presented_token = token::presented_token(&headers)
        .ok_or_else(|| TwirpError::unauthenticated("a bearer token is required"))?;
    // The join token may have expired during the call; its hash still identifies the owner of the session.
    let admission = service.verifier.admission(&headers).ok();
    service.change(|channels| channels.leave(&session, &presented_token, admission.as_ref()))?;
    Ok(StatusCode::OK)
}

/// Adds CORS headers for any origin, without credentials: the page itself sets the header with the token.
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
