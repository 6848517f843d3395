//! Checks of the form of settings. A wrong value stops the cold start. Otherwise each request would fail,
//! with an error of AWS that does not name the setting. The template has the same patterns, so that the
//! deployment of a wrong value already fails.

use super::variables::{ConfigError, Variables, is_on_aws, required};
use std::ops::RangeInclusive;
use switchboard_protocol::address::is_parent;

/// Largest length of [`CHANNEL_PREFIX`](channel_prefix), in characters.
const MAX_PREFIX_CHARS: usize = 24;

fn wrong(name: &'static str, why: &str) -> ConfigError {
    ConfigError::Wrong { name, why: why.to_owned() }
}

/// Returns a required setting, if it has the form that `why` describes.
fn of_form(
    variables: &impl Variables,
    name: &'static str,
    is_right: impl Fn(&str) -> bool,
    why: &str,
) -> Result<String, ConfigError> {
    let value = required(variables, name)?;
    if is_right(&value) { Ok(value) } else { Err(wrong(name, why)) }
}

/// Returns the parent of topics that the variable `name` sets.
pub fn parent(variables: &impl Variables, name: &'static str) -> Result<String, ConfigError> {
    of_form(variables, name, is_parent, "a parent topic is one level of 1 to 32 characters A-Z a-z 0-9 _ -")
}

/// Returns the name of the table, `TABLE_NAME`.
pub fn table_name(variables: &impl Variables) -> Result<String, ConfigError> {
    let is_right = |name: &str| (3..=255).contains(&name.len()) && name.bytes().all(is_name_byte);
    of_form(variables, "TABLE_NAME", is_right, "a table's name has 3 to 255 characters A-Z a-z 0-9 _ - .")
}

/// Returns the prefix of channels, `CHANNEL_PREFIX`.
pub(super) fn channel_prefix(variables: &impl Variables) -> Result<String, ConfigError> {
    let is_right = |prefix: &str| {
        (1..=MAX_PREFIX_CHARS).contains(&prefix.len())
            && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    of_form(variables, "CHANNEL_PREFIX", is_right, "a prefix has 1 to 24 characters A-Z a-z 0-9 _")
}

/// Returns the name of the event bus, `OUTCOME_BUS`, if it is set.
pub(super) fn bus_name(variables: &impl Variables) -> Result<Option<String>, ConfigError> {
    let Some(name) = variables("OUTCOME_BUS") else { return Ok(None) };
    let is_right = name.len() <= 256 && name.bytes().all(|byte| is_name_byte(byte) || byte == b'/');
    if is_right {
        Ok(Some(name))
    } else {
        Err(wrong("OUTCOME_BUS", "a bus's name has at most 256 characters A-Z a-z 0-9 _ - . /"))
    }
}

/// Returns the number that the variable `name` sets, within `range`; `default` if it is not set.
pub fn count(
    variables: &impl Variables,
    name: &'static str,
    default: u32,
    range: RangeInclusive<u32>,
) -> Result<u32, ConfigError> {
    let Some(value) = variables(name) else { return Ok(default) };
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| wrong(name, &format!("a whole number from {} to {}", range.start(), range.end())))
}

/// Returns the address that the variable `name` sets.
pub(super) fn url(variables: &impl Variables, name: &'static str) -> Result<String, ConfigError> {
    let why = "an address begins with https:// or http://, followed by a host, and does not end with /";
    of_form(variables, name, is_url, why)
}

/// Returns the address that the variable `name` sets, if it is set.
pub(crate) fn optional_url(
    variables: &impl Variables,
    name: &'static str,
) -> Result<Option<String>, ConfigError> {
    if variables(name).is_none() { Ok(None) } else { url(variables, name).map(Some) }
}

/// Refuses addresses without encryption on AWS Lambda: keys and join tokens would cross the internet
/// unencrypted.
pub(super) fn require_encryption(
    variables: &impl Variables,
    names: &[&'static str],
) -> Result<(), ConfigError> {
    let is_plain = |name: &&&'static str| {
        variables(name).is_some_and(|url| url.starts_with("http://") || url.starts_with("ws://"))
    };
    match names.iter().find(is_plain) {
        Some(name) if is_on_aws(variables) => {
            Err(wrong(name, "use https:// or wss://; only the laptop stack may use other addresses"))
        }
        _ => Ok(()),
    }
}

/// Returns the name of the region, `AWS_REGION`.
pub(crate) fn region(variables: &impl Variables) -> Result<String, ConfigError> {
    let is_right = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    of_form(variables, "AWS_REGION", is_right, "a region's name has characters a-z 0-9 -")
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
            && rest.bytes().all(|byte| byte.is_ascii_graphic())
            && !rest.ends_with('/')
    })
}
