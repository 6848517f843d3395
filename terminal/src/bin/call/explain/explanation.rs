//! The parts of an explanation that all kinds of tokens share.

use secrecy::SecretString;

/// Explanation of one token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Kind of the token.
    pub kind: &'static str,
    /// User of the token.
    pub user: Option<String>,
    /// Channel, room or server that the token opens.
    pub place: Option<String>,
    /// Rights of the user in that place.
    pub rights: Vec<String>,
    /// Beginning of the validity, Unix seconds.
    pub begins: Option<i64>,
    /// Expiry, Unix seconds.
    pub ends: Option<i64>,
    /// Issuer in the token.
    pub issuer: Option<String>,
    /// Result of the signature check.
    pub signature: Signature,
    /// Remarks on this kind of token.
    pub notes: Vec<&'static str>,
    /// Errors in the token, except wrong signature and times.
    pub faults: Vec<String>,
}

/// Result of a signature check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// Not checked, since no secret was given.
    #[default]
    NotChecked,
    /// The signature is valid for the given secret.
    Valid,
    /// The token is signed with another secret, or was altered.
    Invalid,
    /// Not checked, since the algorithm uses a public key.
    OtherAlgorithm,
    /// The text has no signature: the password of this user name is the proof.
    None,
}

impl Signature {
    /// Runs `check` with the secret, if there is one.
    pub fn of(secret: Option<&SecretString>, check: impl FnOnce(&SecretString) -> bool) -> Self {
        match secret.map(check) {
            Some(true) => Self::Valid,
            Some(false) => Self::Invalid,
            None => Self::NotChecked,
        }
    }
}

/// Secrets for checking signatures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Secrets<'a> {
    /// Secret of logins, and of tokens for which none of the secrets below is set.
    pub any: Option<&'a SecretString>,
    /// The secret half of the key at the RTC service (`RTC_KEY_SECRET`).
    pub rtc: Option<&'a SecretString>,
    /// Secret of the TURN servers (`TURN_SECRET`).
    pub turn: Option<&'a SecretString>,
}

impl<'a> Secrets<'a> {
    pub fn for_rtc(self) -> Option<&'a SecretString> {
        self.rtc.or(self.any)
    }
}

/// Returns the words for the rights that are `true`.
pub fn granted<const N: usize>(rights: [(bool, &str); N]) -> Vec<String> {
    rights.into_iter().filter(|(granted, _)| *granted).map(|(_, words)| words.to_owned()).collect()
}
