//! `TC3-HMAC-SHA256`, the signature of Tencent Cloud's API. Source: "Signature v3"
//! (`document/api/647/34859`, the same for every product).

use data_encoding::HEXLOWER;
use secrecy::ExposeSecret;

use super::{AccessKey, SignableRequest};
use crate::mac::hmac_sha256;

const SCHEME: &str = "TC3-HMAC-SHA256";

/// Returns the `Authorization` header. `request.headers` must contain at least `content-type` and `host`.
/// `service` is the product's name in the host. The caller also sends `timestamp` (Unix seconds) in the
/// header `X-TC-Timestamp`.
///
/// # Errors
/// The time is outside the range of the calendar.
pub fn authorization(
    request: &SignableRequest<'_>,
    service: &str,
    timestamp: i64,
    key: &AccessKey,
) -> Result<String, time::error::ComponentRange> {
    let day = time::OffsetDateTime::from_unix_timestamp(timestamp)?.date();
    let date = format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day());
    let scope = format!("{date}/{service}/tc3_request");
    let canonical = request.canonical();
    let text = format!("{SCHEME}\n{timestamp}\n{scope}\n{}", canonical.hash);
    let secret = format!("TC3{}", key.secret.expose_secret());
    let signing_key = [date.as_str(), service, "tc3_request"]
        .into_iter()
        .fold(secret.into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()).to_vec());
    let signature = HEXLOWER.encode(&hmac_sha256(&signing_key, text.as_bytes()));
    Ok(format!(
        "{SCHEME} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        key.id, canonical.signed_headers
    ))
}
