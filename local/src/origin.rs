//! Restricts every route of the stack to pages of this machine and to programs. Any web page can send requests to a laptop,
//! and do so under a host name of its own that resolves to 127.0.0.1 (DNS rebinding), so both host and origin are checked.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses requests of pages that were not loaded from this machine.
pub(crate) async fn require_loopback(request: Request, next: Next) -> Response {
    if is_local(request.headers()) {
        next.run(request).await
    } else {
        let problem = "only pages of this machine may use this route; open the page at http://127.0.0.1 or http://localhost\n";
        (StatusCode::FORBIDDEN, problem).into_response()
    }
}

fn is_local(headers: &HeaderMap) -> bool {
    let is_loopback = |name: HeaderName| match headers.get(name).map(|value| value.to_str()) {
        None => true,
        Some(Ok(text)) => is_loopback(text.split_once("://").map_or(text, |(_, authority)| authority)),
        Some(Err(_)) => false,
    };
    is_loopback(header::HOST) && is_loopback(header::ORIGIN)
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => authority.split(':').next(),
    };
    matches!(host, Some("localhost" | "127.0.0.1" | "::1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(headers: &[(HeaderName, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value")));
        is_local(&headers.collect())
    }

    #[test]
    fn only_pages_of_this_machine_and_programs_are_allowed() {
        assert!(is_allowed(&[]));
        assert!(is_allowed(&[(header::HOST, "127.0.0.1:8080"), (header::ORIGIN, "http://localhost:3000")]));
        assert!(is_allowed(&[(header::HOST, "[::1]:8080")]));
        for host in ["evil.example", "127.0.0.1.evil.example:8080", "localhost.evil.example"] {
            assert!(!is_allowed(&[(header::HOST, host)]), "{host}");
        }
        for origin in
            ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://localhost@evil.example"]
        {
            assert!(!is_allowed(&[(header::HOST, "127.0.0.1:8080"), (header::ORIGIN, origin)]), "{origin}");
        }
    }
}
