//! Alibaba Cloud's `OpenAPI` for both of its RTC products: one signed POST for each operation, with all
//! parameters in the query.

mod artc;
mod dingrtc;
mod open_api;
#[cfg(test)]
mod tests;

use super::AlibabaProduct;
use crate::management::{HttpClient, RtcManagement};
use crate::{Account, AccountError, ManagementApi};

pub use artc::ArtcManagement;
pub use dingrtc::DingRtcManagement;
use open_api::AlibabaOpenApi;

/// Returns a management client for the product that `account.mode` names.
///
/// # Errors
/// A setting is missing, or the mode is unknown.
pub fn client(
    account: &Account,
    api: &ManagementApi,
    url: &str,
    http: HttpClient,
) -> Result<Box<dyn RtcManagement>, AccountError> {
    let (id, secret) = api.key()?;
    if account.key_id.is_empty() {
        return Err(AccountError::Missing("RTC_KEY_ID"));
    }
    let open_api = |version| AlibabaOpenApi::new(url, version, &account.key_id, id, secret, http);
    Ok(match AlibabaProduct::of(account)? {
        AlibabaProduct::ArtcMinter => Box::new(ArtcManagement(open_api("2016-11-01"))),
        AlibabaProduct::DingRtcMinter => Box::new(DingRtcManagement(open_api("2018-01-11"))),
    })
}
