//! zlib streams (RFC 1950), the outer layer of several tokens. The same content has other bytes from another
//! implementation, so tokens are compared inflated.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// More than any token has inside. A few bytes can be made to inflate to gigabytes, and tokens come from anybody.
const MAX_INFLATED: u64 = 65_536;

/// A stream with `bytes` in it.
///
/// # Errors
/// None in practice: it writes to memory.
pub fn deflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// What is in a stream; `None` if it is none, is altered, or has more inside than a token can have.
pub fn inflate(stream: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(stream).take(MAX_INFLATED + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= MAX_INFLATED).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deflated_inflates_to_the_same() {
        for bytes in [&b""[..], b"token", &[0; 9000]] {
            assert_eq!(inflate(&deflate(bytes).expect("to memory")).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn a_stream_that_is_altered_cut_or_has_too_much_inside_is_none() {
        let mut stream = deflate(b"a token of some length, of some length").expect("to memory");
        assert_eq!(inflate(&stream[..stream.len() - 5]), None);
        // The checksum at the end no longer fits.
        *stream.last_mut().expect("not empty") ^= 1;
        assert_eq!(inflate(&stream), None);
        let limit = usize::try_from(MAX_INFLATED).expect("small");
        assert!(inflate(&deflate(&vec![0; limit]).expect("to memory")).is_some());
        assert_eq!(inflate(&deflate(&vec![0; limit + 1]).expect("to memory")), None);
        assert_eq!(inflate(b""), None);
    }
}
