//! The browser terminal: serves the pages of `web/` at `/`, and login and contacts for them under `/local/`.
//!
//! A release build contains the files. A debug build reads them from the workspace at each request, so that a change
//! shows after a reload.

mod contacts;
mod login;

use std::borrow::Cow;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};

pub(crate) use contacts::Contacts;
pub(crate) use login::Login;

/// The files of `web/`.
#[derive(Embed)]
#[folder = "../web"]
struct Files;

/// Content security policy of the pages: scripts and styles of this server only, connections to brokers and RTC
/// services. mqtt.js runs its timers in a worker made of a blob, since browsers slow down the timers of hidden pages.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    media-src 'self' blob: mediastream:; worker-src blob:; \
    connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:* http://localhost:* ws://localhost:* https: wss:; \
    manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Routes of pages, login and contacts. The pages are the fallback for every path without a route.
pub(crate) fn router(login: Login, contacts: Contacts) -> Router {
    Router::new().merge(login.router()).merge(contacts.router()).fallback(page)
}

async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::NOT_FOUND.into_response();
    }
    match find(uri.path()) {
        Some((path, file)) => answer(&path, file, &headers),
        None => (StatusCode::NOT_FOUND, "no such page\n").into_response(),
    }
}

/// Finds the file for the path of a URL; `None` for files that are not meant for browsers.
fn find(path: &str) -> Option<(Cow<'_, str>, EmbeddedFile)> {
    let path = path.strip_prefix('/')?;
    let path = if path.is_empty() { "index.html" } else { path };
    let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
    // The library does not open files outside the folder. A debug build reads from the disk, so check here, too.
    let is_plain = path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    if !is_plain || path.contains(['\\', '\0']) || path.starts_with("tests/") {
        return None;
    }
    content_type(&path)?;
    Files::get(&path).map(|file| (path, file))
}

/// Media type by the extension of the file; `None` for extensions that no page requests.
fn content_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ts" | "md" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

fn answer(path: &str, file: EmbeddedFile, request_headers: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag = hash.iter().take(16).fold("\"".to_owned(), |tag, byte| format!("{tag}{byte:02x}")) + "\"";
    let known = request_headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.data.into_owned()).into_response()
    };
    let mut set = |name: HeaderName, value: &'static str| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_TYPE, content_type(path).unwrap_or("application/octet-stream"));
    // Browsers revalidate with the tag at each load, so that a page never mixes files of two versions.
    set(header::CACHE_CONTROL, "no-cache");
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect();
        page(Method::GET, path.parse().expect("a path"), headers).await
    }

    #[tokio::test]
    async fn a_page_has_its_content_type_and_the_security_policy() {
        let response = get("/", &[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        let script = get("/terminal.js", &[]).await;
        assert_eq!(script.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
    }

    #[tokio::test]
    async fn a_browser_that_has_the_file_gets_not_modified() {
        let tag = get("/style.css", &[]).await.headers()[header::ETAG].to_str().expect("text").to_owned();
        let again = get("/style.css", &[(header::IF_NONE_MATCH, &format!("\"other\", {tag}"))]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(get("/style.css", &[(header::IF_NONE_MATCH, "\"other\"")]).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn no_file_outside_of_the_pages_is_served() {
        for path in [
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "/..%2fCargo.toml",
            "/app/../../Cargo.toml",
            "/app/..%5c..%5cCargo.toml",
            "//etc/passwd",
            "/%2fetc%2fpasswd.md",
            "/tests/inbox.test.js",
            "/index.html%00.js",
            "/app",
            "/app/",
            "/no-such-file.js",
            "/%ff.js",
        ] {
            assert_eq!(get(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn only_get_and_head_are_served() {
        let posted = page(Method::POST, Uri::from_static("/"), HeaderMap::new()).await;
        assert_eq!(posted.status(), StatusCode::NOT_FOUND);
    }
}
