//! Who may ask for a login: pages of this machine, and programs. Any page on the internet can send requests to a laptop,
//! under a name of its own that points to it (DNS rebinding), so both the host and the origin are looked at.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Lets only what comes from this machine pass.
pub(super) async fn of_this_machine(request: Request, next: Next) -> Response {
    if is_of_this_machine(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "only pages of this machine may ask\n").into_response()
    }
}

fn is_of_this_machine(headers: &HeaderMap) -> bool {
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

    fn is_let_in(headers: &[(HeaderName, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value")));
        is_of_this_machine(&headers.collect())
    }

    #[test]
    fn pages_of_this_machine_and_programs_are_let_in_and_nobody_else() {
        assert!(is_let_in(&[]));
        assert!(is_let_in(&[(header::HOST, "127.0.0.1:8080"), (header::ORIGIN, "http://localhost:3000")]));
        assert!(is_let_in(&[(header::HOST, "[::1]:8080")]));
        for host in ["evil.example", "127.0.0.1.evil.example:8080", "localhost.evil.example"] {
            assert!(!is_let_in(&[(header::HOST, host)]), "{host}");
        }
        for origin in
            ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://localhost@evil.example"]
        {
            assert!(!is_let_in(&[(header::HOST, "127.0.0.1:8080"), (header::ORIGIN, origin)]), "{origin}");
        }
    }
}
