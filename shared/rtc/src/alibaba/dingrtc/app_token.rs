//! The binary form of an `AppToken`. Big endian; a text has its length in 32 bits before it. What is signed is padded
//! with zeros to 256 · 2ⁿ bytes, and padded once more before it is deflated.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::MintError;
use crate::bytes::{ByteOrder, ByteReader, ByteWriter, count};
use crate::mac::hmac_sha256;
use crate::zlib;

const VERSION: &str = "000";

/// The least that anything is padded to.
const BLOCK: usize = 256;

/// The greatest salt that every implementation reads: some take it as signed.
pub const MAX_SALT: u32 = i32::MAX.cast_unsigned();

/// Bits of [`AppToken::privileges`].
pub mod privilege {
    /// The other bits count; without it, or without any bits, everything is allowed.
    pub const ENABLE: u32 = 1;
    /// Publish sound.
    pub const PUBLISH_AUDIO: u32 = 2;
    /// Publish pictures.
    pub const PUBLISH_VIDEO: u32 = 4;
    /// Publish a screen.
    pub const PUBLISH_SCREEN: u32 = 8;
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppToken {
    /// The application.
    pub app_id: String,
    /// The channel; `*` is every channel.
    pub channel_id: String,
    /// The user; `*` is everybody.
    pub user_id: String,
    /// Unix seconds.
    pub issued: u32,
    /// Unix seconds, at most a day later.
    pub expires: u32,
    /// 1 to [`MAX_SALT`].
    pub salt: u32,
    /// Sum of [`privilege`] bits; `None` allows everything.
    pub privileges: Option<u32>,
    /// Settings of the channel, as `duration_per_channel`; ASCII, since implementations count differently.
    pub options: BTreeMap<String, String>,
}

impl AppToken {
    /// The token, signed with the application's key.
    ///
    /// # Errors
    /// A text or a list that is too long for the format.
    pub fn sign(&self, app_key: &SecretString) -> Result<SecretString, MintError> {
        let body = padded(self.body()?);
        let content =
            ByteWriter::new(ByteOrder::Big).text32(self.signature(&body, app_key))?.raw(&body).finish();
        let stream =
            zlib::deflate(&padded(content)).map_err(|error| MintError::Encoding(error.to_string()))?;
        Ok(format!("{VERSION}{}", STANDARD.encode(stream)).into())
    }

    fn body(&self) -> Result<Vec<u8>, MintError> {
        let body = ByteWriter::new(ByteOrder::Big)
            .text32(&self.app_id)?
            .u32(self.issued)
            .u32(self.salt)
            .u32(self.expires)
            .text32(&self.channel_id)?
            .text32(&self.user_id)?;
        let body = match self.privileges {
            Some(bits) => body.u8(1).u32(bits),
            None => body.u8(0),
        };
        // All samples write the options, if only that there are none; a token without them is said to be refused.
        let body = body.u8(1).u32(count(self.options.len())?);
        let write = |body: ByteWriter, (name, value): (&String, &String)| body.text32(name)?.text32(value);
        Ok(self.options.iter().try_fold(body, write)?.finish())
    }

    /// Over the padded body; the key depends on time and salt.
    fn signature(&self, body: &[u8], app_key: &SecretString) -> [u8; 32] {
        let by_time = hmac_sha256(&self.issued.to_be_bytes(), app_key.expose_secret().as_bytes());
        hmac_sha256(&hmac_sha256(&self.salt.to_be_bytes(), &by_time), body)
    }

    fn read(from: &mut ByteReader<'_>) -> Option<Self> {
        let app_id = text(from)?;
        let (issued, salt, expires) = (from.u32()?, from.u32()?, from.u32()?);
        let (channel_id, user_id) = (text(from)?, text(from)?);
        let privileges = match from.u8()? {
            0 => None,
            _ => Some(from.u32()?),
        };
        let options = match from.u8()? {
            0 => BTreeMap::new(),
            _ => (0..from.u32()?).map(|_| Some((text(from)?, text(from)?))).collect::<Option<_>>()?,
        };
        Some(Self { app_id, channel_id, user_id, issued, expires, salt, privileges, options })
    }
}

/// A token as it came, not yet proven.
pub struct ReceivedAppToken {
    /// What it says, **without any proof**.
    pub token: AppToken,
    body: Vec<u8>,
    signature: Vec<u8>,
}

/// Without the signature, which makes a token of what stands beside it.
impl fmt::Debug for ReceivedAppToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("token", &self.token).finish_non_exhaustive()
    }
}

impl ReceivedAppToken {
    /// Reads a token; `None` for anything else.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let content = zlib::inflate(&STANDARD.decode(token.strip_prefix(VERSION)?).ok()?)?;
        let mut content = ByteReader::new(ByteOrder::Big, &content);
        let signature = content.text32()?.to_vec();
        let rest = content.rest();
        let token = AppToken::read(&mut content)?;
        // Behind the signed part may stand the second padding, which not every implementation writes.
        let body = rest.get(..padded_length(rest.len() - content.rest().len()))?.to_vec();
        Some(Self { token, body, signature })
    }

    /// Whether it was signed with this key and not altered.
    #[must_use]
    pub fn is_signed_with(&self, app_key: &SecretString) -> bool {
        self.token.signature(&self.body, app_key).ct_eq(&self.signature).into()
    }
}

fn text(from: &mut ByteReader<'_>) -> Option<String> {
    String::from_utf8(from.text32()?.to_vec()).ok()
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(padded_length(bytes.len()), 0);
    bytes
}

/// The least 256 · 2ⁿ that is not below `length`.
const fn padded_length(length: usize) -> usize {
    if length <= BLOCK { BLOCK } else { length.next_power_of_two() }
}
