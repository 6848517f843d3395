//! `ACS3-HMAC-SHA256`, the signature of Alibaba Cloud's `OpenAPI`. Source: "V3 request structure and signature"
//! (`help/en/sdk/product-overview/v3-request-structure-and-signature`).

use data_encoding::HEXLOWER;
use secrecy::ExposeSecret;

use super::{AccessKey, SignableRequest};
use crate::mac::hmac_sha256;

const SCHEME: &str = "ACS3-HMAC-SHA256";

/// Returns the `Authorization` header. `request.headers` must contain `host`, every `x-acs-*` header of the request
/// (among them `x-acs-date` and `x-acs-signature-nonce`, which make each signature usable once), and `content-type` if
/// present.
#[must_use]
pub fn authorization(request: &SignableRequest<'_>, key: &AccessKey) -> String {
    let canonical = request.canonical();
    let text = format!("{SCHEME}\n{}", canonical.hash);
    let signature = HEXLOWER.encode(&hmac_sha256(key.secret.expose_secret().as_bytes(), text.as_bytes()));
    format!("{SCHEME} Credential={},SignedHeaders={},Signature={signature}", key.id, canonical.signed_headers)
}
