//! `UserSig` version 2.0. Source: the vendor's package `tls-sig-api-v2` 1.0 (`TLSSigAPIv2.js`).

use std::fmt;
use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::PrivateMap;
use crate::MintError;
use crate::mac::hmac_sha256;
use crate::zlib;

/// Fields of a `UserSig`, serialised with the vendor's member names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSig {
    /// Always 2.0.
    #[serde(rename = "TLS.ver")]
    pub version: String,
    /// The user.
    #[serde(rename = "TLS.identifier")]
    pub user_id: String,
    /// The application.
    #[serde(rename = "TLS.sdkappid")]
    pub sdk_app_id: u32,
    /// Time of issue, Unix seconds.
    #[serde(rename = "TLS.time")]
    pub issued: i64,
    /// Life in seconds from the time of issue.
    #[serde(rename = "TLS.expire")]
    pub life_seconds: u32,
    /// In a `PrivateMapKey`: a [`PrivateMap`] in base64.
    #[serde(rename = "TLS.userbuf", default, skip_serializing_if = "Option::is_none")]
    pub user_buffer: Option<String>,
    /// The signature in base64.
    #[serde(rename = "TLS.sig", default)]
    pub(super) signature: String,
}

/// Omits the signature, since the fields together with the signature make a usable token.
impl fmt::Debug for UserSig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSig")
            .field("user_id", &self.user_id)
            .field("sdk_app_id", &self.sdk_app_id)
            .field("issued", &self.issued)
            .field("life_seconds", &self.life_seconds)
            .field("user_buffer", &self.user_buffer)
            .finish_non_exhaustive()
    }
}

const VERSION: &str = "2.0";

impl UserSig {
    /// Returns an unsigned `UserSig` for `user_id`, which is valid for every room. `issued` is in Unix
    /// seconds.
    #[must_use]
    pub fn new(sdk_app_id: u32, user_id: &str, issued: i64, life_seconds: u32) -> Self {
        Self {
            version: VERSION.to_owned(),
            user_id: user_id.to_owned(),
            sdk_app_id,
            issued,
            life_seconds,
            user_buffer: None,
            signature: String::new(),
        }
    }

    /// Returns the `UserSig` with `map` inside: a `PrivateMapKey`, which is bound to the room and the
    /// privileges of the map.
    ///
    /// # Errors
    /// [`MintError::Encoding`] for a name that is too long for the format.
    pub fn with_map(self, map: &PrivateMap<'_>) -> Result<Self, MintError> {
        Ok(Self { user_buffer: Some(STANDARD.encode(map.to_bytes()?)), ..self })
    }

    /// Returns the token signed with the application's key.
    ///
    /// # Errors
    /// [`MintError::Encoding`] if JSON cannot hold the fields, which is not expected.
    pub fn sign(mut self, key: &SecretString) -> Result<SecretString, MintError> {
        self.signature = STANDARD.encode(self.mac(key));
        let encoding = |error: &dyn fmt::Display| MintError::Encoding(error.to_string());
        let json = serde_json::to_vec(&self).map_err(|error| encoding(&error))?;
        let stream = zlib::deflate(&json).map_err(|error| encoding(&error))?;
        let token: String = STANDARD.encode(stream).chars().map(to_url).collect();
        Ok(token.into())
    }

    /// Reads a token **without verifying it**; `None` if the token has another format.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let base64: String = token.chars().map(from_url).collect::<Option<_>>()?;
        serde_json::from_slice(&zlib::inflate(&STANDARD.decode(base64).ok()?)?).ok()
    }

    /// Returns whether the token was signed with this key and not altered. Compares in constant time.
    #[must_use]
    pub fn is_signed_with(&self, key: &SecretString) -> bool {
        let signature = STANDARD.decode(&self.signature).unwrap_or_default();
        self.version == VERSION && bool::from(self.mac(key).ct_eq(&signature))
    }

    fn mac(&self, key: &SecretString) -> [u8; 32] {
        let Self { user_id, sdk_app_id, issued, life_seconds, .. } = self;
        let mut text = format!(
            "TLS.identifier:{user_id}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{issued}\nTLS.expire:{life_seconds}\n"
        );
        if let Some(buffer) = &self.user_buffer {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "TLS.userbuf:{buffer}");
        }
        hmac_sha256(key.expose_secret().as_bytes(), text.as_bytes())
    }
}

/// Maps base64 to Tencent's alphabet for URLs, which differs from base64url.
const fn to_url(character: char) -> char {
    match character {
        '+' => '*',
        '/' => '-',
        '=' => '_',
        plain => plain,
    }
}

/// Reverses [`to_url`]; `None` for the three characters of base64 that a token does not contain.
const fn from_url(character: char) -> Option<char> {
    match character {
        '*' => Some('+'),
        '-' => Some('/'),
        '_' => Some('='),
        '+' | '/' | '=' => None,
        plain => Some(plain),
    }
}
