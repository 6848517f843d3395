//! Addresses of TURN and STUN servers (RFC 7065, RFC 7064). A browser throws an exception for any other
//! address, and then no call has media, so a wrong address must not reach a terminal.

use std::net::Ipv6Addr;

/// The kind of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerKind {
    /// `stun:` or `stuns:`, which has no credential.
    Stun,
    /// `turn:` or `turns:`.
    Turn,
}

/// Checks an address.
///
/// # Errors
/// The defect of the address. The text does not contain the address.
pub(super) fn check(url: &str) -> Result<ServerKind, &'static str> {
    let (scheme, rest) =
        url.split_once(':').ok_or("an address begins with turn:, turns:, stun: or stuns:")?;
    let kind = match scheme.to_ascii_lowercase().as_str() {
        "stun" | "stuns" => ServerKind::Stun,
        "turn" | "turns" => ServerKind::Turn,
        _ => return Err("an address begins with turn:, turns:, stun: or stuns:"),
    };
    if rest.starts_with("//") {
        return Err("the host follows the scheme and a colon, without //");
    }
    let (server, query) = match rest.split_once('?') {
        Some((server, query)) => (server, Some(query)),
        None => (rest, None),
    };
    match (kind, query) {
        (_, None) | (ServerKind::Turn, Some("transport=udp" | "transport=tcp")) => {}
        (ServerKind::Turn, Some(_)) => return Err("the only query is ?transport=udp or ?transport=tcp"),
        (ServerKind::Stun, Some(_)) => return Err("a STUN address has no query"),
    }
    let (host, port) = split_port(server)?;
    if !is_host(host) {
        return Err("the host is a name, an IPv4 address, or an IPv6 address in brackets");
    }
    if port.is_some_and(|port| !is_port(port)) {
        return Err("the port is a number from 1 to 65535");
    }
    Ok(kind)
}

/// Splits a server into its host, with brackets around an IPv6 address, and its port.
fn split_port(server: &str) -> Result<(&str, Option<&str>), &'static str> {
    match server.rfind(']') {
        Some(end) => match server[end + 1..].strip_prefix(':') {
            Some(port) => Ok((&server[..=end], Some(port))),
            None if end + 1 == server.len() => Ok((server, None)),
            None => Err("only a port may follow an IPv6 address"),
        },
        None if server.matches(':').count() > 1 => Err("an IPv6 address stands in brackets"),
        None => Ok(server.split_once(':').map_or((server, None), |(host, port)| (host, Some(port)))),
    }
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            let is_label = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            !host.is_empty() && host.bytes().all(is_label)
        }
    }
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}
