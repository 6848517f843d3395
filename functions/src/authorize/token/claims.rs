//! The claims of a token whose signature is verified. An error names the claim and its defect.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};
use switchboard_protocol::json;
use switchboard_protocol::shown::{shown, shown_within};

use super::error::{ClaimError, ClaimFault, TokenError};

/// Length to which a display name is cut, in characters.
const MAX_NAME_CHARS: usize = 128;

/// Length to which a display name is cut, in bytes. A meeting's record keeps the names of all its
/// participants, including former ones.
const MAX_NAME_BYTES: usize = 256;

/// Milliseconds after `exp` for which a token is still accepted. The protocol promises this time to
/// terminals. With less, a phone with a slow clock would be refused; with more, a stolen token would work for
/// longer.
pub const LEEWAY_MS: i64 = 60_000;

/// Milliseconds before `nbf` from which a token is accepted, since the clock of the app's server may be
/// ahead. Early use of an issued token is harmless, so this may be longer than [`LEEWAY_MS`].
pub const NOT_BEFORE_LEEWAY_MS: i64 = 120_000;

/// Account and name in a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Account of the user: `sub`.
    pub account: String,
    /// Display name from `name`, cleaned and cut.
    pub name: Option<String>,
    /// Expiry, Unix milliseconds: `exp`.
    pub expires_ms: i64,
}

impl Identity {
    /// Returns an error if the token lives longer than `max_seconds` from `now_ms` on. The clock of the app's
    /// server may be ahead.
    pub(super) fn require_end_within(&self, max_seconds: u32, now_ms: i64) -> Result<(), TokenError> {
        let left_ms = self.expires_ms.saturating_sub(now_ms).saturating_sub(NOT_BEFORE_LEEWAY_MS);
        if left_ms > i64::from(max_seconds) * 1_000 {
            Err(wrong("exp", ClaimFault::Far).into())
        } else {
            Ok(())
        }
    }
}

/// The claims of a token, by name.
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// Reads the claims from the signed part of a token, which consists of header and claims.
    pub(super) fn of(signed: &str) -> Result<Self, TokenError> {
        let (_, part) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| TokenError::Malformed)?;
        match json::parse(&bytes) {
            Ok(Value::Object(claims)) => Ok(Self(claims)),
            _ => Err(TokenError::Claims),
        }
    }

    /// Returns an error unless the claim `iss` is `issuer`.
    pub(super) fn require_issuer(&self, issuer: &str) -> Result<(), TokenError> {
        match self.get("iss") {
            Some(Value::String(name)) if name == issuer => Ok(()),
            None | Some(Value::String(_)) => Err(TokenError::Issuer),
            Some(_) => Err(wrong("iss", ClaimFault::NotText).into()),
        }
    }

    /// Returns an error unless the claim `aud`, which is a text or a list of texts, contains an accepted
    /// audience.
    pub(super) fn require_audience(&self, accepted: &[String]) -> Result<(), TokenError> {
        let names = match self.get("aud") {
            None => &[],
            Some(Value::Array(names)) => names.as_slice(),
            Some(name @ Value::String(_)) => std::slice::from_ref(name),
            Some(_) => return Err(wrong("aud", ClaimFault::NotText).into()),
        };
        let is_accepted = |name: &Value| accepted.iter().any(|accepted| name == accepted.as_str());
        if names.iter().any(is_accepted) { Ok(()) } else { Err(TokenError::Audience) }
    }

    /// Returns the identity that the claims prove at `now_ms`, Unix milliseconds.
    pub(super) fn identity(&self, now_ms: i64) -> Result<Identity, TokenError> {
        let account = self.text("sub")?;
        let expires_ms = self.time_ms("exp")?.ok_or(wrong("exp", ClaimFault::Missing))?;
        if now_ms > expires_ms.saturating_add(LEEWAY_MS) {
            return Err(wrong("exp", ClaimFault::Past).into());
        }
        if self.time_ms("nbf")?.is_some_and(|begin_ms| now_ms < begin_ms.saturating_sub(NOT_BEFORE_LEEWAY_MS))
        {
            return Err(wrong("nbf", ClaimFault::Future).into());
        }
        Ok(Identity { account: account.to_owned(), name: self.name(), expires_ms })
    }

    /// Returns a claim. A null counts as absent.
    fn get(&self, claim: &str) -> Option<&Value> {
        self.0.get(claim).filter(|value| !value.is_null())
    }

    fn text(&self, claim: &'static str) -> Result<&str, ClaimError> {
        match self.get(claim) {
            None => Err(wrong(claim, ClaimFault::Missing)),
            Some(Value::String(text)) if text.is_empty() => Err(wrong(claim, ClaimFault::Empty)),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(wrong(claim, ClaimFault::NotText)),
        }
    }

    /// Returns a time in Unix milliseconds. RFC 7519 allows fractions of seconds.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, and a time past the end of time is fine"
    )]
    fn time_ms(&self, claim: &'static str) -> Result<Option<i64>, ClaimError> {
        let Some(value) = self.get(claim) else { return Ok(None) };
        let seconds = value.as_f64().ok_or(wrong(claim, ClaimFault::NotNumber))?;
        Ok(Some((seconds * 1000.0) as i64))
    }

    /// Returns the display name. If the claim `name` is not a text, or has no visible characters, the token
    /// is still accepted.
    fn name(&self) -> Option<String> {
        match self.get("name")? {
            Value::String(name) => {
                let name = shown_within(name, MAX_NAME_CHARS)?;
                // The cut may be inside an emoji.
                shown(&name[..name.floor_char_boundary(MAX_NAME_BYTES)])
            }
            _ => {
                tracing::info!("the claim name is not a text; the user is shown without a name");
                None
            }
        }
    }
}

const fn wrong(claim: &'static str, fault: ClaimFault) -> ClaimError {
    ClaimError { claim, fault }
}
