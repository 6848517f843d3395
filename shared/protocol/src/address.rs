//! Who can be spoken to: client IDs, accounts, and the topics that reach them.
//!
//! A client ID is `GroupID@@@DeviceID`, a DeviceID is `account` or `account.instance`; the account is
//! the user. An ID that could connect but never be addressed does not parse.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Characters a topic may have in all, its parent included.
pub const MAX_TOPIC_CHARS: usize = 64;
/// Characters a client ID may have in all.
pub const MAX_CLIENT_ID_CHARS: usize = 64;
const SEPARATOR: &str = "@@@";

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Longer than the limit that is named.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// Not of the form `GroupID@@@account` or `GroupID@@@account.instance`.
    #[error("not of the form GroupID@@@account or GroupID@@@account.instance")]
    Form,
    /// A part is empty or has a character besides `A-Z a-z 0-9 _ -`.
    #[error("parts are made of A-Z a-z 0-9 _ - and are not empty")]
    Alphabet,
    /// A downlink topic of this client ID would pass 64 characters.
    #[error("too long to be addressed: a topic has at most {MAX_TOPIC_CHARS} characters")]
    Unaddressable,
}

/// Whether `text` is one non-empty part of `[A-Za-z0-9_-]`.
#[must_use]
pub fn is_part(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// A user: the account part of a client ID, 1–64 of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("pattern" = "^[A-Za-z0-9_-]{1,64}$"))
)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

impl UserId {
    /// The account as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UserId {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        if text.len() > MAX_CLIENT_ID_CHARS {
            return Err(AddressError::TooLong(MAX_CLIENT_ID_CHARS));
        }
        if is_part(&text) { Ok(Self(text)) } else { Err(AddressError::Alphabet) }
    }
}

impl std::str::FromStr for UserId {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::try_from(text.to_owned())
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One device of a user, as the broker knows it: `GroupID@@@account[.instance]`, at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// The whole client ID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The group: platform or channel of the app (`GID_ios`).
    #[must_use]
    pub fn group(&self) -> &str {
        self.0.split_once(SEPARATOR).map_or("", |(group, _)| group)
    }

    /// The account, which is the user that this device speaks for.
    #[must_use]
    pub fn user(&self) -> UserId {
        let device = self.0.split_once(SEPARATOR).map_or("", |(_, device)| device);
        let account = device.split_once('.').map_or(device, |(account, _)| account);
        UserId(account.to_owned())
    }
}

impl TryFrom<String> for ClientId {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        if text.len() > MAX_CLIENT_ID_CHARS {
            return Err(AddressError::TooLong(MAX_CLIENT_ID_CHARS));
        }
        let (group, device) = text.split_once(SEPARATOR).ok_or(AddressError::Form)?;
        let (account, instance) = match device.split_once('.') {
            Some((account, instance)) => (account, Some(instance)),
            None => (device, None),
        };
        if [Some(group), Some(account), instance].into_iter().flatten().all(is_part) {
            Ok(Self(text))
        } else {
            Err(AddressError::Alphabet)
        }
    }
}

impl std::str::FromStr for ClientId {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::try_from(text.to_owned())
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two downlink parents of a deployment; each device listens under both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownlinkParents {
    /// Parent of control messages (`call-dn`).
    pub control: String,
    /// Parent of `state` and `history` (`bulk-dn`).
    pub bulk: String,
}

impl Default for DownlinkParents {
    fn default() -> Self {
        Self { control: "call-dn".to_owned(), bulk: "bulk-dn".to_owned() }
    }
}

impl DownlinkParents {
    /// The topic on which `client` receives everything but bulk answers.
    #[must_use]
    pub fn control_topic(&self, client: &ClientId) -> String {
        format!("{}/p2p/{client}", self.control)
    }

    /// The topic on which `client` receives `state` and `history`.
    #[must_use]
    pub fn bulk_topic(&self, client: &ClientId) -> String {
        format!("{}/p2p/{client}", self.bulk)
    }

    /// Refuses a client ID that could connect but whose topics would be too long to reach it.
    pub fn check(&self, client: &ClientId) -> Result<(), AddressError> {
        let longest = self.control_topic(client).len().max(self.bulk_topic(client).len());
        if longest > MAX_TOPIC_CHARS { Err(AddressError::Unaddressable) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_names_its_group_and_user() {
        let phone: ClientId = "GID_ios@@@alice.phone".parse().expect("well formed");
        assert_eq!((phone.group(), phone.user().as_str()), ("GID_ios", "alice"));
        let only: ClientId = "GID@@@bob".parse().expect("an instance is optional");
        assert_eq!(only.user().as_str(), "bob");
    }

    #[test]
    fn what_could_be_read_as_a_wildcard_or_another_level_is_refused() {
        for bad in [
            "GID@@bob",
            "@@@bob",
            "GID@@@",
            "GID@@@+",
            "GID@@@a/b",
            "GID@@@a#",
            "GID@@@a.b.c",
            "G*@@@a",
            "GID@@@a.",
        ] {
            assert!(bad.parse::<ClientId>().is_err(), "{bad} must not parse");
        }
        assert_eq!(format!("G@@@{}", "a".repeat(61)).parse::<ClientId>(), Err(AddressError::TooLong(64)));
    }

    #[test]
    fn a_client_id_whose_topic_would_pass_64_characters_is_unaddressable() {
        let parents = DownlinkParents::default();
        let fits: ClientId = format!("G@@@{}", "a".repeat(48)).parse().expect("52 characters");
        assert_eq!(parents.control_topic(&fits).len(), MAX_TOPIC_CHARS);
        assert_eq!(parents.check(&fits), Ok(()));
        let longer: ClientId = format!("G@@@{}", "a".repeat(49)).parse().expect("53 characters");
        assert_eq!(parents.check(&longer), Err(AddressError::Unaddressable));
    }
}
