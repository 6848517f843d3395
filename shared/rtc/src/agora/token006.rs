//! `AccessToken`, version `006`: the older form, which Agora still accepts. This crate reads it only for
//! explanations. Source: the package `agora-access-token` 2.0 (`src/AccessToken.js`).
//!
//! Little endian. A text follows its length in 16 bits. All ends are points in time. The token contains only
//! CRC-32 hashes of channel and user, so its signature cannot be verified without knowing them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::token::AgoraPrivileges;
use crate::bytes::{ByteOrder, ByteReader};

const VERSION: &str = "006";
const APP_ID_CHARS: usize = 32;

/// Fields of an `AccessToken`, **without any proof**.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgoraToken006 {
    /// App ID of the project.
    pub app_id: String,
    /// End of each privilege, Unix seconds, by [`privilege`](super::privilege); 0 means that the privilege
    /// does not end.
    pub privileges: AgoraPrivileges,
}

impl AgoraToken006 {
    /// Reads a token; `None` if the token has another format.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let (app_id, content) = token.strip_prefix(VERSION)?.split_at_checked(APP_ID_CHARS)?;
        if !app_id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let content = STANDARD.decode(content).ok()?;
        let mut content = ByteReader::new(ByteOrder::Little, &content);
        let (_signature, _channel, _user) = (content.text16()?, content.u32()?, content.u32()?);
        let mut message = ByteReader::new(ByteOrder::Little, content.text16()?);
        let (_salt, _issued) = (message.u32()?, message.u32()?);
        let privileges =
            (0..message.u16()?).map(|_| Some((message.u16()?, message.u32()?))).collect::<Option<_>>()?;
        Some(Self { app_id: app_id.to_owned(), privileges })
    }
}
