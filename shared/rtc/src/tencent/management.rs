//! Tencent Cloud's API for TRTC, version 2019-07-22: closes rooms with text names and removes users. The API has
//! neither a remote mute nor a list of the users in a room. Source: "Room Management" (`document/product/647/39631`).

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::management::{
    ChannelSpec, HttpClient, ManagementCapabilities, ManagementRequest, OpenChannel, RequestContext,
    RetryPolicy, RtcError, RtcManagement, printable_code,
};
use crate::sign::{AccessKey, SignableRequest, tc3};
use crate::{Account, AccountError, ManagementApi, Rights};

const SERVICE: &str = "trtc";
const VERSION: &str = "2019-07-22";

/// Region that handles the request. Every region finds all rooms, and this region is valid on all sites of
/// the service.
const REGION: &str = "ap-guangzhou";

/// Manages the rooms of one TRTC application.
#[derive(Debug)]
pub struct TencentManagement {
    url: String,
    host: String,
    sdk_app_id: u32,
    key: AccessKey,
    http: HttpClient,
}

impl TencentManagement {
    /// Creates a client for the application `account.key_id` with the `SecretId` and `SecretKey` of `api`.
    ///
    /// # Errors
    /// A setting is missing, or the application id is not a number.
    pub fn new(
        account: &Account,
        api: &ManagementApi,
        url: &str,
        http: HttpClient,
    ) -> Result<Self, AccountError> {
        let (id, secret) = api.key()?;
        let sdk_app_id = account.key_id.parse().map_err(|_| AccountError::Malformed {
            name: "RTC_KEY_ID",
            why: "an SDKAppID is a number".to_owned(),
        })?;
        let host = url.split("://").nth(1).unwrap_or(url).to_owned();
        Ok(Self { url: url.to_owned(), host, sdk_app_id, key: AccessKey { id, secret }, http })
    }

    /// Calls `action`. Returns `false` if the room or the user does not exist.
    async fn call(
        &self,
        action: &str,
        mut parameters: Value,
        context: RequestContext,
    ) -> Result<bool, RtcError> {
        parameters["SdkAppId"] = self.sdk_app_id.into();
        let body = parameters.to_string().into_bytes();
        // Both actions set a state, so they may be repeated.
        let response =
            self.http.send(RetryPolicy::Idempotent, || self.request(action, &body, context)).await?;
        if !response.is_success() {
            return Err(response.to_error(""));
        }
        // Errors also have the HTTP status 200.
        let Some(response) = response.body.get("Response") else {
            return Err(RtcError::Refused("the response has no `Response`".into()));
        };
        match response.get("Error").map(|error| error["Code"].as_str().unwrap_or_default()) {
            None => Ok(true),
            Some(code) if is_not_found(code) => Ok(false),
            Some(code) => Err(error_for(code)),
        }
    }

    fn request(
        &self,
        action: &str,
        body: &[u8],
        context: RequestContext,
    ) -> Result<ManagementRequest, RtcError> {
        let (timestamp, signed) =
            (context.seconds(), [("content-type", "application/json"), ("host", self.host.as_str())]);
        let request = SignableRequest { method: "POST", path: "/", query: &[], headers: &signed, body };
        let no_date = |_| RtcError::Refused("the time is outside the range of dates".into());
        let authorization = tc3::authorization(&request, SERVICE, timestamp, &self.key).map_err(no_date)?;
        let headers = [
            ("authorization", authorization),
            ("x-tc-action", action.to_owned()),
            ("x-tc-region", REGION.to_owned()),
            ("x-tc-timestamp", timestamp.to_string()),
            ("x-tc-version", VERSION.to_owned()),
        ];
        let signed = signed.map(|(name, value)| (name, value.to_owned()));
        Ok(ManagementRequest {
            method: "POST",
            url: format!("{}/", self.url),
            headers: signed.into_iter().chain(headers).collect(),
            body: body.to_vec(),
        })
    }
}

#[async_trait]
impl RtcManagement for TencentManagement {
    fn capabilities(&self) -> ManagementCapabilities {
        ManagementCapabilities::default()
    }

    /// Sends no request: the service creates a room when the first user joins.
    async fn register(&self, _: ChannelSpec<'_>, _: RequestContext) -> Result<(), RtcError> {
        Ok(())
    }

    async fn close(&self, channel_id: &str, context: RequestContext) -> Result<(), RtcError> {
        self.call("DismissRoomByStrRoomId", json!({ "RoomId": channel_id }), context).await.map(drop)
    }

    async fn remove(
        &self,
        channel_id: &str,
        media_id: &str,
        context: RequestContext,
    ) -> Result<(), RtcError> {
        let parameters = json!({ "RoomId": channel_id, "UserIds": [media_id] });
        self.call("RemoveUserByStrRoomId", parameters, context).await.map(drop)
    }

    async fn restrict(&self, _: &str, _: &str, _: Rights, _: RequestContext) -> Result<(), RtcError> {
        Err(RtcError::Unsupported)
    }

    /// Unsupported: `DescribeUserInfo` returns a delayed history, not the users in the room.
    async fn members(&self, _: &str, _: RequestContext) -> Result<Vec<String>, RtcError> {
        Err(RtcError::Unsupported)
    }

    async fn channels(&self, _: &str, _: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        Err(RtcError::Unsupported)
    }
}

/// Returns whether the code means an unknown room or user. An unknown application is an error.
fn is_not_found(code: &str) -> bool {
    matches!(code, "FailedOperation.RoomNotExist" | "FailedOperation.UserNotExist")
}

/// Returns the error for a code. A code consists of words joined by dots; the first word is the same for
/// every product.
fn error_for(code: &str) -> RtcError {
    let text = printable_code(code).to_owned();
    match code.split('.').next().unwrap_or_default() {
        "AuthFailure" | "UnauthorizedOperation" => RtcError::Unauthorized(text),
        "RequestLimitExceeded" | "LimitExceeded" => RtcError::RateLimited { retry_after: None },
        "InternalError" | "ServiceUnavailable" => RtcError::Unavailable(text),
        _ => RtcError::Refused(text),
    }
}
