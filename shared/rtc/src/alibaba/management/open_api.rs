//! One signed POST for each operation, with all parameters in the query.

use secrecy::SecretString;
use serde_json::Value;
use time::OffsetDateTime;

use crate::management::{
    HttpClient, ManagementRequest, RequestContext, RetryPolicy, RtcError, printable_code,
};
use crate::sign::{AccessKey, SignableRequest, acs3, canonical_query, sha256_hex};

/// Client of one version of a product's API, for one application.
#[derive(Debug)]
pub(super) struct AlibabaOpenApi {
    url: String,
    host: String,
    version: &'static str,
    app_id: String,
    key: AccessKey,
    http: HttpClient,
}

impl AlibabaOpenApi {
    pub fn new(
        url: &str,
        version: &'static str,
        app_id: &str,
        key_id: String,
        secret: SecretString,
        http: HttpClient,
    ) -> Self {
        let host = url.split("://").nth(1).unwrap_or(url);
        Self {
            url: url.to_owned(),
            host: host.to_owned(),
            version,
            app_id: app_id.to_owned(),
            key: AccessKey { id: key_id, secret },
            http,
        }
    }

    /// Calls `action`; returns `None` if the channel or the user does not exist.
    pub async fn call(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        nonces: &mut (impl FnMut() -> String + Send),
        context: RequestContext,
    ) -> Result<Option<Value>, RtcError> {
        let mut query = vec![("AppId", self.app_id.as_str())];
        query.extend_from_slice(parameters);
        // Every action sets a state or reads one, so it may be repeated.
        let response = self
            .http
            .send(RetryPolicy::Idempotent, || self.request(action, &query, &nonces(), context))
            .await?;
        if response.is_success() {
            return Ok(Some(response.body));
        }
        let code = response.body["Code"].as_str().unwrap_or_default();
        match AlibabaErrorKind::of(code) {
            AlibabaErrorKind::NotFound => Ok(None),
            AlibabaErrorKind::Unauthorized => Err(RtcError::Unauthorized(printable_code(code).to_owned())),
            AlibabaErrorKind::Throttled => Err(RtcError::RateLimited { retry_after: response.retry_after }),
            AlibabaErrorKind::Other => Err(response.to_error(code)),
        }
    }

    fn request(
        &self,
        action: &str,
        query: &[(&str, &str)],
        nonce: &str,
        context: RequestContext,
    ) -> Result<ManagementRequest, RtcError> {
        let (date, body_hash) = (date(context)?, sha256_hex(b""));
        let signed = [
            ("host", self.host.as_str()),
            ("x-acs-action", action),
            ("x-acs-content-sha256", &body_hash),
            ("x-acs-date", &date),
            ("x-acs-signature-nonce", nonce),
            ("x-acs-version", self.version),
        ];
        let request = SignableRequest { method: "POST", path: "/", query, headers: &signed, body: b"" };
        let authorization = ("authorization", acs3::authorization(&request, &self.key));
        let headers = signed.map(|(name, value)| (name, value.to_owned())).into_iter();
        Ok(ManagementRequest {
            method: "POST",
            url: format!("{}/?{}", self.url, canonical_query(query)),
            headers: headers.chain([authorization, ("accept", "application/json".to_owned())]).collect(),
            body: Vec::new(),
        })
    }
}

/// Kinds of error codes. A code consists of words joined by dots. General codes are the same for every
/// product.
enum AlibabaErrorKind {
    NotFound,
    Unauthorized,
    Throttled,
    Other,
}

impl AlibabaErrorKind {
    fn of(code: &str) -> Self {
        let has = |words: &[&str]| words.iter().any(|word| code.contains(word));
        // These codes are checked first, because an unknown application or key also ends in `NotFound`.
        if has(&["AccessKeyId", "Signature", "Forbidden", "NoPermission", "SecurityToken"]) {
            Self::Unauthorized
        } else if has(&["Throttling"]) {
            Self::Throttled
        } else if has(&["Channel", "User", "Terminal"]) && has(&["NotExist", "NotFound"]) {
            Self::NotFound
        } else {
            Self::Other
        }
    }
}

/// Returns the value of `x-acs-date`: UTC with a precision of one second.
fn date(context: RequestContext) -> Result<String, RtcError> {
    let no_date = |_| RtcError::Refused("the time is outside the range of dates".into());
    let now = OffsetDateTime::from_unix_timestamp(context.seconds()).map_err(no_date)?;
    let (year, month, day) = (now.year(), u8::from(now.month()), now.day());
    let (hour, minute, second) = (now.hour(), now.minute(), now.second());
    Ok(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// Decides about a removal that was answered with a code. The codes for a single user are not documented, so
/// the list of members after the removal decides: [`RtcError::Unavailable`] if the user is still in the list.
pub(super) fn removed(operation: &str, media_id: &str, members: &[String]) -> Result<(), RtcError> {
    if members.iter().any(|member| member == media_id) {
        return Err(RtcError::Unavailable(format!("{operation}: the user is still in the channel")));
    }
    Ok(())
}
