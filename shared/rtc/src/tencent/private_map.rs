//! What a `PrivateMapKey` has inside: who may do what in which room. Source: `_genUserbuf` in the package
//! `tls-sig-api-v2` 1.0.

use crate::MintError;
use crate::bytes::{ByteOrder, ByteReader, ByteWriter};

/// Bits of [`PrivateMap::privileges`].
pub mod privilege {
    /// Create the room by being the first in it.
    pub const CREATE: u32 = 1;
    /// Enter the room.
    pub const ENTER: u32 = 2;
    /// Send sound.
    pub const SEND_AUDIO: u32 = 4;
    /// Receive sound.
    pub const RECEIVE_AUDIO: u32 = 8;
    /// Send pictures.
    pub const SEND_VIDEO: u32 = 16;
    /// Receive pictures.
    pub const RECEIVE_VIDEO: u32 = 32;
    /// Send a screen.
    pub const SEND_SCREEN: u32 = 64;
    /// Receive screens.
    pub const RECEIVE_SCREEN: u32 = 128;
}

/// Who may do what in which room; counts only if "advanced permission control" is on for the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateMap<'a> {
    /// The application.
    pub sdk_app_id: u32,
    /// The user.
    pub user_id: &'a str,
    /// The room.
    pub room: TencentRoom<'a>,
    /// End, Unix seconds.
    pub expires: u32,
    /// Sum of [`privilege`] bits.
    pub privileges: u32,
}

/// A room; one of a number and one of the same digits as text are two rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TencentRoom<'a> {
    /// By number.
    Number(u32),
    /// By text.
    Name(&'a str),
}

impl<'a> PrivateMap<'a> {
    /// Big endian; the first byte says of which kind the room is.
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
            // The kind of account, which is not in use.
            .u32(0);
        Ok(match name {
            Some(name) => writer.text16(name)?,
            None => writer,
        }
        .finish())
    }

    /// Reads what [`UserSig::user_buffer`](super::UserSig::user_buffer) has in it; `None` for anything else.
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
