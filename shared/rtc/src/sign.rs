//! The signatures that cloud vendors ask of management calls: one canonical text of the request, hashed under a key
//! that never travels. Pure: times and nonces are in the headers that the caller gives.

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
    /// The public half, part of every signature.
    pub id: String,
    /// The secret half.
    pub secret: SecretString,
}

/// What is signed of a request.
#[derive(Clone, Copy, Debug)]
pub struct SignableRequest<'a> {
    /// `POST` or `GET`.
    pub method: &'a str,
    /// Path as it is sent, from its first slash.
    pub path: &'a str,
    /// Parameters of the query, not encoded, in any order.
    pub query: &'a [(&'a str, &'a str)],
    /// The headers to be signed, in any order; others may be sent besides.
    pub headers: &'a [(&'a str, &'a str)],
    /// Body as it is sent.
    pub body: &'a [u8],
}

impl SignableRequest<'_> {
    /// The canonical text that both schemes sign, and the names of the headers in it.
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

/// A canonical request, as far as a signature needs it.
struct CanonicalRequest {
    /// Lower-case hex.
    hash: String,
    /// Lower case, sorted, with semicolons between.
    signed_headers: String,
}

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Text for one part of a path or a query: a space is `%20`, a star `%2A`, a tilde stays.
#[must_use]
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The query, sorted by name, encoded. Send it as it is: what is signed and what is sent must not differ.
#[must_use]
pub fn canonical_query(pairs: &[(&str, &str)]) -> String {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    let pairs: Vec<_> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Lower-case hex of a hash, as both schemes write every hash.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}
