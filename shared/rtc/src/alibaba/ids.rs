//! Ids that both products of Alibaba accept.

use crate::UnsupportedIdError;
use crate::error::{check_id, is_word};

/// Largest length of a channel or user id, in bytes.
const MAX_ID: usize = 64;

/// Checks ids for both products, which have the same alphabet and limit.
pub(super) fn check_ids(channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
    check_channel(channel_id)?;
    check_id("user_id", user_id, MAX_ID, is_word)
}

/// Checks a channel id for both products.
pub(super) fn check_channel(channel_id: &str) -> Result<(), UnsupportedIdError> {
    check_id("channel_id", channel_id, MAX_ID, is_word)
}
