//! The map inside a `PrivateMapKey`: user, room and rights. Source: `_genUserbuf` in the package `tls-sig-api-v2` 1.0.

use crate::MintError;
use crate::bytes::{ByteOrder, ByteReader, ByteWriter};

/// Bits of [`PrivateMap::privileges`].
pub mod privilege {
    /// Create the room by being the first user to enter it.
    pub const CREATE: u32 = 1;
    /// Enter the room.
    pub const ENTER: u32 = 2;
    /// Send audio.
    pub const SEND_AUDIO: u32 = 4;
    /// Receive audio.
    pub const RECEIVE_AUDIO: u32 = 8;
    /// Send camera video.
    pub const SEND_VIDEO: u32 = 16;
    /// Receive camera video.
    pub const RECEIVE_VIDEO: u32 = 32;
    /// Send a screen.
    pub const SEND_SCREEN: u32 = 64;
    /// Receive screens.
    pub const RECEIVE_SCREEN: u32 = 128;
}

/// User, room and rights. The service checks them only if the application has "advanced permission control"
/// on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateMap<'a> {
    /// The application.
    pub sdk_app_id: u32,
    /// The user.
    pub user_id: &'a str,
    /// The room.
    pub room: TencentRoom<'a>,
    /// Expiry, Unix seconds.
    pub expires: u32,
    /// Sum of [`privilege`] bits.
    pub privileges: u32,
}

/// A room. A number and a text of the same digits are two different rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TencentRoom<'a> {
    /// A room that is identified by a number.
    Number(u32),
    /// A room that is identified by a text.
    Name(&'a str),
}

impl<'a> PrivateMap<'a> {
    /// Encodes the map in big endian. The first byte is the kind of the room.
    pub(super) fn to_bytes(self) -> Result<Vec<u8>, MintError> {
        let (kind, number, name) = match self.room {
            TencentRoom::Number(number) => (0, number, None),
            TencentRoom::Name(name) => (1, 0, Some(name)),
        };
        let writer = ByteWriter::new(ByteOrder::Big)
            .u8(kind)
            .text16(self.user_id)?
            .u32(self.sdk_app_id)
            .u32(number)
            .u32(self.expires)
            .u32(self.privileges)
            // The kind of the account, which the service does not use.
            .u32(0);
        Ok(match name {
            Some(name) => writer.text16(name)?,
            None => writer,
        }
        .finish())
    }

    /// Reads the decoded [`UserSig::user_buffer`](super::UserSig::user_buffer); `None` if the buffer has
    /// another format.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut bytes = ByteReader::new(ByteOrder::Big, bytes);
        let kind = bytes.u8()?;
        let user_id = std::str::from_utf8(bytes.text16()?).ok()?;
        let (sdk_app_id, number, expires, privileges, _) =
            (bytes.u32()?, bytes.u32()?, bytes.u32()?, bytes.u32()?, bytes.u32()?);
        let room = match kind {
            0 => TencentRoom::Number(number),
            1 => TencentRoom::Name(std::str::from_utf8(bytes.text16()?).ok()?),
            _ => return None,
        };
        Some(Self { sdk_app_id, user_id, room, expires, privileges })
    }
}
