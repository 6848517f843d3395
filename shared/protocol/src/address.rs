//! Addresses: client IDs, accounts, and the topics that reach them.
//!
//! A client ID is `GroupID@@@DeviceID`, and a DeviceID is `account` or `account.instance`. The account
//! identifies the user. A text that MQTT could read as a wildcard or as another topic level does not parse.

use crate::newtype::text_newtype;

/// Largest number of characters of a topic, including its parent.
pub const MAX_TOPIC_CHARS: usize = 64;
/// Largest number of characters of a client ID.
pub const MAX_CLIENT_ID_CHARS: usize = 64;
/// Largest number of characters of a parent topic of requests or downlinks.
pub const MAX_PARENT_CHARS: usize = 32;
const SEPARATOR: &str = "@@@";

/// Error of a text that is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Longer than this number of characters.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// Not of the form `GroupID@@@account` or `GroupID@@@account.instance`.
    #[error("not of the form GroupID@@@account or GroupID@@@account.instance")]
    Form,
    /// A part is empty or has a character besides `A-Z a-z 0-9 _ -`.
    #[error("parts are made of A-Z a-z 0-9 _ - and are not empty")]
    Alphabet,
    /// A downlink topic of this client ID would have more than 64 characters.
    #[error("too long to be addressed: a topic has at most {MAX_TOPIC_CHARS} characters")]
    Unaddressable,
}

/// Returns `true` if `text` is not empty and has only characters of `[A-Za-z0-9_-]`.
#[must_use]
pub fn is_part(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Returns `true` if `text` may be the parent of topics: one level of 1–32 characters of `[A-Za-z0-9_-]`. A
/// wildcard in a parent would widen every policy. With parents of several levels, one parent could contain
/// another.
#[must_use]
pub fn is_parent(text: &str) -> bool {
    is_part(text) && text.len() <= MAX_PARENT_CHARS
}

fn check_user(text: &str) -> Result<(), AddressError> {
    if text.len() > MAX_CLIENT_ID_CHARS {
        return Err(AddressError::TooLong(MAX_CLIENT_ID_CHARS));
    }
    if is_part(text) { Ok(()) } else { Err(AddressError::Alphabet) }
}

fn check_client(text: &str) -> Result<(), AddressError> {
    if text.len() > MAX_CLIENT_ID_CHARS {
        return Err(AddressError::TooLong(MAX_CLIENT_ID_CHARS));
    }
    let (group, device) = text.split_once(SEPARATOR).ok_or(AddressError::Form)?;
    let (account, instance) = match device.split_once('.') {
        Some((account, instance)) => (account, Some(instance)),
        None => (device, None),
    };
    let is_well_formed = [Some(group), Some(account), instance].into_iter().flatten().all(is_part);
    if is_well_formed { Ok(()) } else { Err(AddressError::Alphabet) }
}

text_newtype! {
    /// A user: the account part of a client ID, 1–64 of `[A-Za-z0-9_-]`.
    UserId, error: AddressError, check: check_user, pattern: "^[A-Za-z0-9_-]{1,64}$"
}
text_newtype! {
    /// One device of a user, as the broker knows it: `GroupID@@@account[.instance]`, at most 64 characters.
    ClientId, error: AddressError, check: check_client,
    pattern: r"^[A-Za-z0-9_-]+@@@[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?$"
}

impl ClientId {
    /// Returns the group: platform or release channel of the app (`GID_ios`).
    #[must_use]
    pub fn group(&self) -> &str {
        self.0.split_once(SEPARATOR).map_or("", |(group, _)| group)
    }

    /// Returns the account, which is the user of the device.
    #[must_use]
    pub fn user(&self) -> UserId {
        let device = self.0.split_once(SEPARATOR).map_or("", |(_, device)| device);
        let account = device.split_once('.').map_or(device, |(account, _)| account);
        UserId(account.to_owned())
    }
}

/// Parent topics of a deployment's downlinks. Each device subscribes to one topic below each parent.
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
    /// Returns the topic on which `client` receives all downlinks except the bulk answers.
    #[must_use]
    pub fn control_topic(&self, client: &ClientId) -> String {
        format!("{}/p2p/{client}", self.control)
    }

    /// Returns the topic on which `client` receives `state` and `history`.
    #[must_use]
    pub fn bulk_topic(&self, client: &ClientId) -> String {
        format!("{}/p2p/{client}", self.bulk)
    }

    /// Checks that the downlink topics of `client` are short enough.
    ///
    /// # Errors
    /// [`AddressError::Unaddressable`] if a topic is too long: the device could connect, but no downlink
    /// could reach it.
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
    fn wildcards_and_topic_levels_are_refused() {
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
