//! `AccessToken2`, version `007`. Source: the package `agora-token` 2.0 (`src/AccessToken2.js`).
//!
//! Little endian. A text follows its length in 16 bits. All ends are **durations** from the time of issue.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::MintError;
use crate::binary_token::{ReceivedToken, SigningInputs, pack, unpack};
use crate::bytes::{ByteOrder, ByteReader, ByteWriter, count};

const VERSION: &str = "007";
const RTC: u16 = 1;
const RTM: u16 = 2;
const ACCELERATION: u16 = 4;
const CHAT: u16 = 5;
const CLASSROOM: u16 = 7;

/// Numbers of the privileges of [`AgoraService::Rtc`].
pub mod privilege {
    /// Enter the channel.
    pub const JOIN: u16 = 1;
    /// Publish audio.
    pub const PUBLISH_AUDIO: u16 = 2;
    /// Publish video, from a camera or a screen.
    pub const PUBLISH_VIDEO: u16 = 3;
    /// Send data messages.
    pub const PUBLISH_DATA: u16 = 4;
}

/// Life of each privilege in seconds from the time of issue; 0 stands for the life of the token.
pub type AgoraPrivileges = BTreeMap<u16, u32>;

/// Fields of an `AccessToken2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgoraToken {
    /// App ID of the project.
    pub app_id: String,
    /// Time of issue, Unix seconds.
    pub issued: u32,
    /// Life of the token in seconds from the time of issue.
    pub life_seconds: u32,
    /// Salt, 1 to [`MAX_SALT`].
    pub salt: u32,
    /// Services that the token opens; written in the order of their numbers.
    pub services: Vec<AgoraService>,
}

/// The largest salt that the official packages draw.
pub const MAX_SALT: u32 = 99_999_999;

/// One service that a token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgoraService {
    /// Audio and video.
    Rtc {
        /// Name of the channel.
        channel: String,
        /// The user as a decimal number or as text; empty admits every user.
        uid: String,
        /// Rights in the channel, by [`privilege`].
        privileges: AgoraPrivileges,
    },
    /// Signalling (RTM).
    Rtm {
        /// The user.
        user_id: String,
        /// Privilege 1 is the right to log in.
        privileges: AgoraPrivileges,
    },
    /// A service whose fields this crate does not read. It cannot be written.
    Unread {
        /// Number of the service, see [`AgoraService::name_of`].
        number: u16,
    },
}

impl AgoraService {
    const fn number(&self) -> u16 {
        match self {
            Self::Rtc { .. } => RTC,
            Self::Rtm { .. } => RTM,
            Self::Unread { number } => *number,
        }
    }

    /// Returns the name of a service by its number; `None` for an unknown number.
    #[must_use]
    pub const fn name_of(number: u16) -> Option<&'static str> {
        match number {
            RTC => Some("RTC"),
            RTM => Some("RTM"),
            ACCELERATION => Some("acceleration"),
            CHAT => Some("chat"),
            CLASSROOM => Some("classroom"),
            _ => None,
        }
    }

    fn write(&self, to: ByteWriter) -> Result<ByteWriter, MintError> {
        let (Self::Rtc { privileges, .. } | Self::Rtm { privileges, .. }) = self else {
            return Err(MintError::Encoding("a service that is not read cannot be written".to_owned()));
        };
        let mut to = to.u16(self.number()).u16(count(privileges.len())?);
        for (privilege, seconds) in privileges {
            to = to.u16(*privilege).u32(*seconds);
        }
        match self {
            Self::Rtc { channel, uid, .. } => to.text16(channel)?.text16(uid),
            Self::Rtm { user_id, .. } => to.text16(user_id),
            Self::Unread { .. } => Ok(to),
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
            number => {
                // The fields of the other services that the package writes.
                match number {
                    CHAT => drop(from.text16()?),
                    CLASSROOM => drop((from.text16()?, from.text16()?, from.u16()?)),
                    _ => {}
                }
                Some(Self::Unread { number })
            }
        }
    }
}

impl AgoraToken {
    /// Returns the token signed with the project's certificate.
    ///
    /// # Errors
    /// [`MintError::Encoding`] for a text or a list that is too long for the format.
    pub fn sign(&self, certificate: &SecretString) -> Result<SecretString, MintError> {
        let message = self.message()?;
        let signature = self.inputs().signature(&message, certificate);
        pack(VERSION, &ByteWriter::new(ByteOrder::Little).text16(signature)?.raw(&message).finish())
    }

    /// Reads a token without verifying it; `None` if the token has another format.
    #[must_use]
    pub fn read(token: &str) -> Option<ReceivedToken<Self>> {
        let content = unpack(VERSION, token)?;
        let mut content = ByteReader::new(ByteOrder::Little, &content);
        let signature = content.text16()?.to_vec();
        let signed = content.rest().to_vec();
        let mut token = Self {
            app_id: text(&mut content)?,
            issued: content.u32()?,
            life_seconds: content.u32()?,
            salt: content.u32()?,
            services: Vec::new(),
        };
        for _ in 0..content.u16()? {
            let service = AgoraService::read(&mut content)?;
            // An unknown service has unknown fields, so the start of the next service is unknown, too.
            let is_unknown = AgoraService::name_of(service.number()).is_none();
            token.services.push(service);
            if is_unknown {
                break;
            }
        }
        Some(ReceivedToken { inputs: token.inputs(), token, signed, signature })
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

    const fn inputs(&self) -> SigningInputs {
        SigningInputs { order: ByteOrder::Little, issued: self.issued, salt: self.salt }
    }
}

fn text(from: &mut ByteReader<'_>) -> Option<String> {
    String::from_utf8(from.text16()?.to_vec()).ok()
}
