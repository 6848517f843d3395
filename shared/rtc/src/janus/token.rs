//! Signed tokens of Janus: `expiry,realm,descriptor,…:signature`. Source: the Janus gateway's documentation, "Signed
//! tokens" (`src/mainpage.dox`, `auth.c`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::MintError;
use crate::mac::hmac_sha1;

/// Fields of a signed token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JanusToken<'a> {
    /// Expiry, Unix seconds.
    pub expires: i64,
    /// `janus` for the gateway itself, or the plugin that checks the token.
    pub realm: &'a str,
    /// Plugins, or `room=ID`, that the token opens.
    pub descriptors: Vec<&'a str>,
}

impl<'a> JanusToken<'a> {
    /// Returns the token signed with the gateway's `token_auth_secret`.
    ///
    /// # Errors
    /// [`MintError::Encoding`] if a part contains a comma or a colon, which separate the parts.
    pub fn sign(&self, secret: &SecretString) -> Result<SecretString, MintError> {
        let mut signed = self.expires.to_string();
        for part in std::iter::once(&self.realm).chain(&self.descriptors) {
            if part.contains([',', ':']) {
                return Err(MintError::Encoding(
                    "a part of a Janus token contains a comma or a colon".to_owned(),
                ));
            }
            signed.push(',');
            signed.push_str(part);
        }
        let signature = STANDARD.encode(hmac_sha1(secret.expose_secret().as_bytes(), signed.as_bytes()));
        Ok(format!("{signed}:{signature}").into())
    }

    /// Reads a token **without verifying it**; `None` if the token has another format.
    #[must_use]
    pub fn read(token: &'a str) -> Option<Self> {
        let (signed, _) = token.split_once(':')?;
        let mut parts = signed.split(',');
        let expires = parts.next()?.parse().ok()?;
        let realm = parts.next().filter(|realm| !realm.is_empty())?;
        let descriptors: Vec<_> = parts.collect();
        (!descriptors.is_empty()).then_some(Self { expires, realm, descriptors })
    }

    /// Returns whether `token` was signed with this secret and not altered. Compares in constant time.
    #[must_use]
    pub fn is_signed(token: &str, secret: &SecretString) -> bool {
        let Some((signed, signature)) = token.split_once(':') else { return false };
        let expected = STANDARD.encode(hmac_sha1(secret.expose_secret().as_bytes(), signed.as_bytes()));
        expected.as_bytes().ct_eq(signature.as_bytes()).into()
    }
}
