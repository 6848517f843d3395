//! The binary form of an `AppToken`. Big endian. A text follows its length in 32 bits. The signed part is
//! padded with zeros to 256 · 2ⁿ bytes, and before the compression the whole content is padded in the same
//! way.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::MintError;
use crate::binary_token::{ReceivedToken, SigningInputs, pack, unpack};
use crate::bytes::{ByteOrder, ByteReader, ByteWriter, count};

const VERSION: &str = "000";

/// The smallest padded length, in bytes.
const BLOCK: usize = 256;

/// The largest salt that every implementation reads: some implementations read a signed integer.
pub const MAX_SALT: u32 = i32::MAX.cast_unsigned();

/// Bits of [`AppToken::privileges`].
pub mod privilege {
    /// Makes the service check the other bits. Without this bit, or without any bits, everything is allowed.
    pub const ENABLE: u32 = 1;
    /// Publish audio.
    pub const PUBLISH_AUDIO: u32 = 2;
    /// Publish video.
    pub const PUBLISH_VIDEO: u32 = 4;
    /// Publish a screen.
    pub const PUBLISH_SCREEN: u32 = 8;
}

/// Fields of an `AppToken`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppToken {
    /// The application.
    pub app_id: String,
    /// The channel; `*` stands for every channel.
    pub channel_id: String,
    /// The user; `*` stands for every user.
    pub user_id: String,
    /// Time of issue, Unix seconds.
    pub issued: u32,
    /// Expiry, Unix seconds, at most one day after the time of issue.
    pub expires: u32,
    /// Salt, 1 to [`MAX_SALT`].
    pub salt: u32,
    /// Sum of [`privilege`] bits; `None` allows everything.
    pub privileges: Option<u32>,
    /// Settings of the channel, such as `duration_per_channel`. ASCII only, since implementations count
    /// lengths differently.
    pub options: BTreeMap<String, String>,
}

impl AppToken {
    /// Returns the token signed with the application's key.
    ///
    /// # Errors
    /// [`MintError::Encoding`] for a text or a list that is too long for the format.
    pub fn sign(&self, app_key: &SecretString) -> Result<SecretString, MintError> {
        let body = padded(self.body()?);
        let signature = self.inputs().signature(&body, app_key);
        pack(VERSION, &padded(ByteWriter::new(ByteOrder::Big).text32(signature)?.raw(&body).finish()))
    }

    /// Reads a token without verifying it; `None` if the token has another format.
    #[must_use]
    pub fn read(token: &str) -> Option<ReceivedToken<Self>> {
        let content = unpack(VERSION, token)?;
        let mut content = ByteReader::new(ByteOrder::Big, &content);
        let signature = content.text32()?.to_vec();
        let rest = content.rest();
        let token = Self::read_fields(&mut content)?;
        // The padding after the signed part is omitted, since some implementations do not write it.
        let signed = rest.get(..padded_length(rest.len() - content.rest().len()))?.to_vec();
        Some(ReceivedToken { inputs: token.inputs(), token, signed, signature })
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
        // All samples write the options even if they are empty; reportedly, the service refuses a token without them.
        let body = body.u8(1).u32(count(self.options.len())?);
        let write = |body: ByteWriter, (name, value): (&String, &String)| body.text32(name)?.text32(value);
        Ok(self.options.iter().try_fold(body, write)?.finish())
    }

    fn read_fields(from: &mut ByteReader<'_>) -> Option<Self> {
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

    const fn inputs(&self) -> SigningInputs {
        SigningInputs { order: ByteOrder::Big, issued: self.issued, salt: self.salt }
    }
}

fn text(from: &mut ByteReader<'_>) -> Option<String> {
    String::from_utf8(from.text32()?.to_vec()).ok()
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(padded_length(bytes.len()), 0);
    bytes
}

/// Returns the smallest 256 · 2ⁿ that is not below `length`.
const fn padded_length(length: usize) -> usize {
    if length <= BLOCK { BLOCK } else { length.next_power_of_two() }
}
