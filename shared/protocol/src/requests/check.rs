//! Checks of limits that several requests share. Each error has the path of the wrong field.

use crate::address::UserId;
use crate::invalid::Invalid;
use crate::limits::{MAX_EXT_BYTES, MAX_INVITEES, MAX_SEATS, MAX_TEXT_CHARS};
use crate::storable;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Checks the field `invitees`: at most [`MAX_INVITEES`], without duplicates.
///
/// # Errors
/// `too_many_invitees`, or `bad_request` at the first duplicate.
pub(super) fn invitees(invitees: &[UserId]) -> Result<(), Invalid> {
    if invitees.len() > MAX_INVITEES {
        return Err(Invalid::too_many_invitees(format!(
            "name at most {MAX_INVITEES} invitees in one request"
        )));
    }
    distinct("invitees", invitees)
}

/// Checks the field `invitees` of a request that invites nobody: at most [`MAX_INVITEES`], without duplicates.
///
/// # Errors
/// `bad_request` at `invitees`, or at the first duplicate.
pub(super) fn invited(invitees: &[UserId]) -> Result<(), Invalid> {
    if invitees.len() > MAX_INVITEES {
        return Err(Invalid::new("invitees", format!("at most {MAX_INVITEES} users a request")));
    }
    distinct("invitees", invitees)
}

/// Checks that a list of users has no duplicates.
///
/// # Errors
/// `bad_request` at the first duplicate.
pub(super) fn distinct(path: &str, users: &[UserId]) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    match users.iter().position(|user| !seen.insert(user)) {
        Some(at) => Err(Invalid::new(format!("{path}[{at}]"), "name each user once")),
        None => Ok(()),
    }
}

/// Checks that a list has at most [`MAX_SEATS`] entries.
///
/// # Errors
/// `bad_request` at `path`.
pub(super) fn at_most_seats(path: &str, count: usize) -> Result<(), Invalid> {
    if count > MAX_SEATS as usize {
        return Err(Invalid::new(path, format!("name at most {MAX_SEATS} users")));
    }
    Ok(())
}

/// Checks that a text has at most [`MAX_TEXT_CHARS`] characters.
///
/// # Errors
/// `bad_request` at `path`.
pub(super) fn text(path: &str, text: Option<&str>) -> Result<(), Invalid> {
    match text {
        Some(text) if text.chars().count() > MAX_TEXT_CHARS => {
            Err(Invalid::new(path, format!("use at most {MAX_TEXT_CHARS} characters")))
        }
        _ => Ok(()),
    }
}

/// Checks that a number is in its range.
///
/// # Errors
/// `bad_request` at `path`.
pub(super) fn range(path: &str, value: Option<u32>, range: &RangeInclusive<u32>) -> Result<(), Invalid> {
    match value {
        Some(value) if !range.contains(&value) => {
            Err(Invalid::new(path, format!("use a number from {} to {}", range.start(), range.end())))
        }
        _ => Ok(()),
    }
}

/// Checks that `ext` has at most [`MAX_EXT_BYTES`] bytes as JSON, and that the table can store it.
///
/// # Errors
/// `bad_request` at `ext`, or at the value in it that the table cannot store.
pub(super) fn ext(ext: Option<&Map<String, Value>>) -> Result<(), Invalid> {
    let Some(ext) = ext else { return Ok(()) };
    if serde_json::to_string(ext).map_or(0, |text| text.len()) > MAX_EXT_BYTES {
        return Err(Invalid::new("ext", format!("send at most {MAX_EXT_BYTES} bytes as JSON")));
    }
    storable::check("ext", ext)
}
