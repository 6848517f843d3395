//! The reasons to refuse a token.

/// The reason for which a token is refused. It contains no part of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The text is not a JWT, or its algorithm is unknown, such as `none`.
    #[error("not a JWT with a supported algorithm")]
    Malformed,
    /// This deployment has no key for the algorithm, or for the `kid`, of the token.
    #[error("no key for its algorithm and key id")]
    Algorithm,
    /// The token is signed with another key, or was altered.
    #[error("the signature does not match")]
    Signature,
    /// The claims are not a JSON object.
    #[error("the claims are not a JSON object")]
    Claims,
    /// A claim is missing, has another type, or does not hold at present.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The issuer is missing, or is not `JwtIssuer`.
    #[error("the claim iss is not the configured issuer")]
    Issuer,
    /// The token has none of the audiences in `JwtAudience`.
    #[error("the claim aud names none of the configured audiences")]
    Audience,
}

/// The error of a claim. It contains the name of the claim, and nothing of its value.
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
    /// The claim is absent or null.
    #[error("is missing")]
    Missing,
    /// The claim is not a text.
    #[error("is not a text")]
    NotText,
    /// The claim is a text without characters.
    #[error("is empty")]
    Empty,
    /// The claim is not a number.
    #[error("is not a number")]
    NotNumber,
    /// The time of the claim has passed more than [`LEEWAY_MS`](super::LEEWAY_MS) ago.
    #[error("is in the past: the token has expired")]
    Past,
    /// The time of the claim is more than [`NOT_BEFORE_LEEWAY_MS`](super::NOT_BEFORE_LEEWAY_MS) in the
    /// future.
    #[error("is in the future: the token is not valid yet")]
    Future,
    /// The time of the claim is further in the future than `MaxTokenSeconds` allows.
    #[error("is too far in the future: the token lives longer than MaxTokenSeconds")]
    Far,
}
