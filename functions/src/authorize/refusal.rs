//! The reasons to refuse a connection.

use switchboard_protocol::address::AddressError;

use crate::authorize::token::TokenError;

/// The reason to refuse a connection. It goes to the log, so it contains no part of the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionRefusal {
    /// The event has no client ID, and a policy needs a literal one.
    #[error("the event names no client ID")]
    NoClientId,
    /// A client ID with wildcards or another wrong form, or too long to be addressed.
    #[error("the client ID is {0}")]
    ClientId(#[from] AddressError),
    /// A group that this deployment does not serve.
    #[error("the client ID's group is not allowed")]
    Group,
    /// Neither a password nor a token.
    #[error("the event has no token")]
    NoToken,
    /// A password that is not base64 of UTF-8 text.
    #[error("the password cannot be read")]
    Password,
    /// An invalid JWT.
    #[error("the token is refused: {0}")]
    Token(#[from] TokenError),
    /// The JWT belongs to another account than the client ID.
    #[error("the claim sub of the token is not the account of the client ID")]
    Account,
}
