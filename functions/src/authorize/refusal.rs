//! The reasons to refuse a connection.

use switchboard_protocol::address::AddressError;

use crate::authorize::token::TokenError;

/// The reason for which a connection is refused. It is logged, so it contains no part of the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionRefusal {
    /// The event has no client ID, which the policy has to contain literally.
    #[error("the event names no client ID")]
    NoClientId,
    /// The client ID contains a wildcard, has another wrong form, or is too long to be addressed.
    #[error("the client ID is {0}")]
    ClientId(#[from] AddressError),
    /// This deployment does not serve the client ID's group.
    #[error("the client ID's group is not allowed")]
    Group,
    /// The event has neither a password nor a token.
    #[error("the event has no token")]
    NoToken,
    /// The password is not base64 of UTF-8 text.
    #[error("the password cannot be read")]
    Password,
    /// The JWT is invalid.
    #[error("the token is refused: {0}")]
    Token(#[from] TokenError),
    /// The JWT belongs to another account than the client ID.
    #[error("the claim sub of the token is not the account of the client ID")]
    Account,
}
