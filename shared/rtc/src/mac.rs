//! Keyed hashes of the token formats. Vendors use the bytes of a key's text, even if the text is hexadecimal
//! or base64.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// Returns the HMAC-SHA-256 of a message.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.chain_update(message).finalize().into_bytes().into()
}

/// Returns the HMAC-SHA-1 of a message. The formats of Janus and TURN prescribe it. HMAC does not need the
/// collision resistance that SHA-1 lost.
pub fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    let mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.chain_update(message).finalize().into_bytes().into()
}
