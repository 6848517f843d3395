//! The envelope that Agora's `AccessToken2` and `DingRTC`'s `AppToken` share: a version of three digits, then
//! in base64 a zlib stream with a signature and the signed fields. The formats differ in byte order, lengths,
//! padding and fields.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::MintError;
use crate::bytes::ByteOrder;
use crate::mac::hmac_sha256;
use crate::zlib;

/// Returns the token with `content` inside.
///
/// # Errors
/// [`MintError::Encoding`] if the compression fails, which is not expected in memory.
pub fn pack(version: &str, content: &[u8]) -> Result<SecretString, MintError> {
    let stream = zlib::deflate(content).map_err(|error| MintError::Encoding(error.to_string()))?;
    Ok(format!("{version}{}", STANDARD.encode(stream)).into())
}

/// Returns the content of `token`; `None` for another version or format.
pub fn unpack(version: &str, token: &str) -> Option<Vec<u8>> {
    zlib::inflate(&STANDARD.decode(token.strip_prefix(version)?).ok()?)
}

/// Values in a token from which the key of its signature is derived, together with the account's secret.
#[derive(Clone, Copy, Debug)]
pub struct SigningInputs {
    pub order: ByteOrder,
    /// Time of issue, Unix seconds.
    pub issued: u32,
    pub salt: u32,
}

impl SigningInputs {
    /// Signs `message`. The key is the text of `secret` as bytes, even if the text is hexadecimal.
    pub fn signature(self, message: &[u8], secret: &SecretString) -> [u8; 32] {
        let bytes = |number: u32| match self.order {
            ByteOrder::Little => number.to_le_bytes(),
            ByteOrder::Big => number.to_be_bytes(),
        };
        let by_time = hmac_sha256(&bytes(self.issued), secret.expose_secret().as_bytes());
        hmac_sha256(&hmac_sha256(&bytes(self.salt), &by_time), message)
    }
}

/// A received token of Agora or `DingRTC`, whose signature is not verified yet.
pub struct ReceivedToken<T> {
    /// Fields of the token, **without any proof**.
    pub token: T,
    pub(crate) inputs: SigningInputs,
    pub(crate) signed: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl<T> ReceivedToken<T> {
    /// Returns whether the token was signed with this secret and not altered. Compares in constant time.
    #[must_use]
    pub fn is_signed_with(&self, secret: &SecretString) -> bool {
        self.inputs.signature(&self.signed, secret).ct_eq(&self.signature).into()
    }
}

/// Omits the signature, since the fields together with the signature make a usable token.
impl<T: fmt::Debug> fmt::Debug for ReceivedToken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedToken").field("token", &self.token).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_depends_on_time_salt_order_message_and_secret() {
        let inputs = SigningInputs { order: ByteOrder::Little, issued: 1, salt: 2 };
        let signature = |inputs: SigningInputs| inputs.signature(b"message", &"secret".into());
        for altered in [
            SigningInputs { order: ByteOrder::Big, ..inputs },
            SigningInputs { issued: 2, ..inputs },
            SigningInputs { salt: 1, ..inputs },
        ] {
            assert_ne!(signature(altered), signature(inputs), "{altered:?}");
        }
        assert_ne!(inputs.signature(b"Message", &"secret".into()), signature(inputs));
        assert_ne!(inputs.signature(b"message", &"Secret".into()), signature(inputs));
    }

    #[test]
    fn debug_output_leaves_out_the_signature() {
        let inputs = SigningInputs { order: ByteOrder::Big, issued: 1, salt: 2 };
        let received = ReceivedToken { token: "fields", inputs, signed: vec![1], signature: vec![211] };
        assert_eq!(format!("{received:?}"), "ReceivedToken { token: \"fields\", .. }");
    }
}
