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
    /// Rights of the user there.
    pub rights: Vec<String>,
    /// Begin of the validity, Unix seconds.
    pub begins: Option<i64>,
    /// Expiry, Unix seconds.
    pub ends: Option<i64>,
    /// Issuer that the token names.
    pub issuer: Option<String>,
    /// Result of the signature check.
    pub signature: Signature,
    /// Remarks on this kind of token.
    pub notes: Vec<&'static str>,
    /// Errors in the token besides signature and times.
    pub faults: Vec<String>,
}

/// Result of a signature check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// Not checked: no secret was given.
    #[default]
    NotChecked,
    /// Valid for the given secret.
    Valid,
    /// Signed with another secret, or altered.
    Invalid,
    /// Not checked: signed with a public-key algorithm.
    OtherAlgorithm,
    /// No signature: the password of this user name is the proof.
    None,
}

impl Signature {
    /// Runs `check` if there is a secret.
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
    /// Secret of logins, and of tokens without a secret of their own below.
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

/// Returns the words for the granted rights.
pub fn granted<const N: usize>(rights: [(bool, &str); N]) -> Vec<String> {
    rights.into_iter().filter(|(granted, _)| *granted).map(|(_, words)| words.to_owned()).collect()
}
