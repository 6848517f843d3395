//! Life of join tokens.

/// Life of a join token in seconds. It is short because no service can revoke an issued token: a removed user
/// can return until the token expires.
pub const TTL_SECONDS: u32 = 600;

/// The longest life in seconds that every supported service accepts (Alibaba: 24 hours).
pub const MAX_TTL_SECONDS: u32 = 86_400;
