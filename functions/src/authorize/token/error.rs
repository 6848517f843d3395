//! The reasons to refuse a token.

/// The reason to refuse a token. Contains no part of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a JWT, or with an unknown algorithm, such as `none`.
    #[error("not a JWT with a supported algorithm")]
    Malformed,
    /// Signed by an algorithm, or with the `kid` of a key, for which this deployment has no key.
    #[error("no key for its algorithm and key id")]
    Algorithm,
    /// Signed with another key, or altered.
    #[error("the signature does not match")]
    Signature,
    /// The claims are not a JSON object.
    #[error("the claims are not a JSON object")]
    Claims,
    /// A claim is missing, has another type, or does not hold now.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// Another issuer than `JwtIssuer`, or none.
    #[error("the claim iss is not the configured issuer")]
    Issuer,
    /// None of the audiences in `JwtAudience`.
    #[error("the claim aud names none of the configured audiences")]
    Audience,
}

/// A claim that refuses its token. Contains the name of the claim, and nothing of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claim {claim} {fault}")]
pub struct ClaimError {
    /// Name of the claim.
    pub claim: &'static str,
    /// The fault of the claim.
    pub fault: ClaimFault,
}

/// The fault of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimFault {
    /// The claim is not there, or is null.
    #[error("is missing")]
    Missing,
    /// The claim has another type than text.
    #[error("is not a text")]
    NotText,
    /// The claim is a text without characters.
    #[error("is empty")]
    Empty,
    /// The claim has another type than number.
    #[error("is not a number")]
    NotNumber,
    /// The time of the claim is over for more than [`LEEWAY_MS`](super::LEEWAY_MS).
    #[error("is in the past: the token has expired")]
    Past,
    /// The time of the claim begins in more than [`NOT_BEFORE_LEEWAY_MS`](super::NOT_BEFORE_LEEWAY_MS).
    #[error("is in the future: the token is not valid yet")]
    Future,
}
