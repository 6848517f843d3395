//! zlib streams (RFC 1950), the outer layer of several tokens. Implementations compress the same content to
//! different bytes, so tests compare inflated tokens.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// Largest inflated size in bytes, which is larger than that of any token: a crafted token of a few bytes
/// could inflate to gigabytes.
const MAX_INFLATED: u64 = 65_536;

/// Compresses `bytes`.
///
/// # Errors
/// An I/O error, which is not expected, since the stream is in memory.
pub fn deflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Decompresses a stream; `None` if the stream is malformed or altered, or exceeds [`MAX_INFLATED`].
pub fn inflate(stream: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(stream).take(MAX_INFLATED + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= MAX_INFLATED).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflating_reverses_deflating() {
        for bytes in [&b""[..], b"token", &[0; 9000]] {
            assert_eq!(inflate(&deflate(bytes).expect("to memory")).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn a_cut_altered_or_oversized_stream_is_rejected() {
        let mut stream = deflate(b"a token of some length, of some length").expect("to memory");
        assert_eq!(inflate(&stream[..stream.len() - 5]), None);
        // The checksum at the end no longer matches.
        *stream.last_mut().expect("not empty") ^= 1;
        assert_eq!(inflate(&stream), None);
        let limit = usize::try_from(MAX_INFLATED).expect("small");
        assert!(inflate(&deflate(&vec![0; limit]).expect("to memory")).is_some());
        assert_eq!(inflate(&deflate(&vec![0; limit + 1]).expect("to memory")), None);
        assert_eq!(inflate(b""), None);
    }
}
