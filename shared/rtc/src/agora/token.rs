//! `AccessToken2`, version `007`. Source: the package `agora-token` 2.0 (`src/AccessToken2.js`).
//!
//! Little endian; a text has its length in 16 bits before it. All ends are **durations** from the time of issue.

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

const VERSION: &str = "007";
const RTC: u16 = 1;
const RTM: u16 = 2;

/// Numbers of the privileges of [`AgoraService::Rtc`].
pub mod privilege {
    /// Enter the channel.
    pub const JOIN: u16 = 1;
    /// Publish sound.
    pub const PUBLISH_AUDIO: u16 = 2;
    /// Publish pictures, of a camera as of a screen.
    pub const PUBLISH_VIDEO: u16 = 3;
    /// Send data messages.
    pub const PUBLISH_DATA: u16 = 4;
}

/// Seconds from the time of issue for each privilege; 0 is as long as the token.
pub type AgoraPrivileges = BTreeMap<u16, u32>;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgoraToken {
    /// The project.
    pub app_id: String,
    /// Unix seconds.
    pub issued: u32,
    /// Seconds from then to its end.
    pub life_seconds: u32,
    /// 1 to [`MAX_SALT`].
    pub salt: u32,
    /// What it opens; sorted by kind when it is written.
    pub services: Vec<AgoraService>,
}

/// The greatest salt that the official packages draw.
pub const MAX_SALT: u32 = 99_999_999;

/// One service that a token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgoraService {
    /// Sound and pictures.
    Rtc {
        /// The channel.
        channel: String,
        /// The user as decimal number or as text; empty lets in anybody.
        uid: String,
        /// What may be done there, by [`privilege`].
        privileges: AgoraPrivileges,
    },
    /// Signalling (RTM).
    Rtm {
        /// The user.
        user_id: String,
        /// 1 is to log in.
        privileges: AgoraPrivileges,
    },
}

impl AgoraService {
    const fn number(&self) -> u16 {
        match self {
            Self::Rtc { .. } => RTC,
            Self::Rtm { .. } => RTM,
        }
    }

    fn write(&self, to: ByteWriter) -> Result<ByteWriter, MintError> {
        let (Self::Rtc { privileges, .. } | Self::Rtm { privileges, .. }) = self;
        let mut to = to.u16(self.number()).u16(count(privileges.len())?);
        for (privilege, seconds) in privileges {
            to = to.u16(*privilege).u32(*seconds);
        }
        match self {
            Self::Rtc { channel, uid, .. } => to.text16(channel)?.text16(uid),
            Self::Rtm { user_id, .. } => to.text16(user_id),
        }
    }

    fn read(from: &mut ByteReader<'_>) -> Option<Self> {
        let number = from.u16()?;
        let privileges = (0..from.u16()?)
            .map(|_| Some((from.u16()?, from.u32()?)))
            .collect::<Option<AgoraPrivileges>>()?;
        match number {
            RTC => Some(Self::Rtc { channel: text(from)?, uid: text(from)?, privileges }),
            RTM => Some(Self::Rtm { user_id: text(from)?, privileges }),
            // Other services have fields of other kinds: where the next one begins cannot be known.
            _ => None,
        }
    }
}

impl AgoraToken {
    /// The token, signed with the project's certificate.
    ///
    /// # Errors
    /// A text or a list that is too long for the format.
    pub fn sign(&self, certificate: &SecretString) -> Result<SecretString, MintError> {
        let message = self.message()?;
        let signature = self.signature(&message, certificate);
        let content = ByteWriter::new(ByteOrder::Little).text16(signature)?.raw(&message).finish();
        let stream = zlib::deflate(&content).map_err(|error| MintError::Encoding(error.to_string()))?;
        Ok(format!("{VERSION}{}", STANDARD.encode(stream)).into())
    }

    fn message(&self) -> Result<Vec<u8>, MintError> {
        let mut services: Vec<_> = self.services.iter().collect();
        services.sort_by_key(|service| service.number());
        let head = ByteWriter::new(ByteOrder::Little)
            .text16(&self.app_id)?
            .u32(self.issued)
            .u32(self.life_seconds)
            .u32(self.salt)
            .u16(count(services.len())?);
        Ok(services.into_iter().try_fold(head, |message, service| service.write(message))?.finish())
    }

    /// The key depends on time and salt; the certificate counts as the characters of its hexadecimal form.
    fn signature(&self, message: &[u8], certificate: &SecretString) -> [u8; 32] {
        let by_time = hmac_sha256(&self.issued.to_le_bytes(), certificate.expose_secret().as_bytes());
        hmac_sha256(&hmac_sha256(&self.salt.to_le_bytes(), &by_time), message)
    }
}

/// A token as it came, not yet proven.
pub struct ReceivedAgoraToken {
    /// What it says, **without any proof**.
    pub token: AgoraToken,
    message: Vec<u8>,
    signature: Vec<u8>,
}

/// Without the signature, which makes a token of what stands beside it.
impl fmt::Debug for ReceivedAgoraToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("token", &self.token).finish_non_exhaustive()
    }
}

impl ReceivedAgoraToken {
    /// Reads a token; `None` for anything else.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let content = zlib::inflate(&STANDARD.decode(token.strip_prefix(VERSION)?).ok()?)?;
        let mut content = ByteReader::new(ByteOrder::Little, &content);
        let signature = content.text16()?.to_vec();
        let message = content.rest().to_vec();
        let mut token = AgoraToken {
            app_id: text(&mut content)?,
            issued: content.u32()?,
            life_seconds: content.u32()?,
            salt: content.u32()?,
            services: Vec::new(),
        };
        for _ in 0..content.u16()? {
            token.services.push(AgoraService::read(&mut content)?);
        }
        Some(Self { token, message, signature })
    }

    /// Whether it was signed with this certificate and not altered.
    #[must_use]
    pub fn is_signed_with(&self, certificate: &SecretString) -> bool {
        self.token.signature(&self.message, certificate).ct_eq(&self.signature).into()
    }
}

fn text(from: &mut ByteReader<'_>) -> Option<String> {
    String::from_utf8(from.text16()?.to_vec()).ok()
}
