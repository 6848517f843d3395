//! Request signatures of cloud vendors' management APIs: an HMAC of the canonical text of a request. Pure:
//! the caller passes times and nonces in the headers.

pub mod acs3;
pub mod tc3;
#[cfg(test)]
mod tests;

use data_encoding::HEXLOWER;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// An access key of a vendor's API.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// The public half, which is sent with every signature.
    pub id: String,
    /// The secret half.
    pub secret: SecretString,
}

/// The parts of an HTTP request that a signature covers.
#[derive(Clone, Copy, Debug)]
pub struct SignableRequest<'a> {
    /// `POST` or `GET`.
    pub method: &'a str,
    /// Path as sent, from the first slash.
    pub path: &'a str,
    /// Query parameters, not encoded, in any order.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers to sign, in any order; a request may have further headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// Body as sent.
    pub body: &'a [u8],
}

impl SignableRequest<'_> {
    /// Returns the hash of the canonical text that both schemes sign, and the names of its headers.
    fn canonical(&self) -> CanonicalRequest {
        let mut headers: Vec<(String, &str)> =
            self.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim())).collect();
        headers.sort();
        let mut lines = String::new();
        for (name, value) in &headers {
            lines.extend([name, ":", value, "\n"]);
        }
        let names: Vec<_> = headers.into_iter().map(|(name, _)| name).collect();
        let signed_headers = names.join(";");
        let Self { method, path, query, body, .. } = self;
        let (query, body_hash) = (canonical_query(query), sha256_hex(body));
        let text = format!("{method}\n{path}\n{query}\n{lines}\n{signed_headers}\n{body_hash}");
        CanonicalRequest { hash: sha256_hex(text.as_bytes()), signed_headers }
    }
}

/// The values of a canonical request that a signature needs.
struct CanonicalRequest {
    /// Lower-case hex.
    hash: String,
    /// Lower case, sorted, separated by semicolons.
    signed_headers: String,
}

/// All characters except the unreserved ones of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes text for one part of a path or a query: a space becomes `%20`, a star `%2A`, and a tilde is kept.
#[must_use]
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Returns the query sorted by name and encoded. Send exactly this text, since the signature covers it.
#[must_use]
pub fn canonical_query(pairs: &[(&str, &str)]) -> String {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    let pairs: Vec<_> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Returns the SHA-256 in lower-case hex, the form of all hashes in both schemes.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}
