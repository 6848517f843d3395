//! Verifies a join token as the RTC service does, and describes its claims. The output contains neither token nor key.

use std::collections::BTreeMap;

use switchboard_rtc::Join;
use switchboard_rtc::livekit::{self, ApiKey};
use terminal::ReceivedDownlink;

use super::error::{DemoError, Step as _};

/// Key with which the stack signs join tokens.
pub fn service_key(parameters: &BTreeMap<String, String>) -> ApiKey {
    let value = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    ApiKey { id: value("RtcKeyId"), secret: value("RtcKeySecret").into() }
}

/// Verifies the join token in `answer` for `user` and the channel of the answer, and describes its claims.
pub fn verified(
    answer: &ReceivedDownlink,
    user: &str,
    key: &ApiKey,
    now_ms: i64,
) -> Result<[String; 2], DemoError> {
    let step = format!("verify {user}'s join token");
    let join: Join = answer.field("join").ok_or("the answer has no join parameters").step(&step)?;
    let claims = livekit::verify(&join.token, key, now_ms).step(&step)?;
    let grant = claims.video.unwrap_or_default();
    if claims.sub.as_deref() != Some(user) || grant.room.as_deref() != Some(join.channel_id.as_str()) {
        return Err("the token is for another user or another channel").step(&step);
    }
    let sources: Vec<String> = grant.can_publish_sources.iter().map(|source| format!("{source:?}")).collect();
    Ok([
        format!("join {} at {}: channel {}", join.provider, join.url, join.channel_id),
        format!(
            "token verified: iss {}, sub {user}, name {}, publish [{}], subscribe {}, ends in {} s",
            claims.iss,
            claims.name.unwrap_or_default(),
            sources.join(", "),
            grant.can_subscribe.unwrap_or(true),
            claims.exp - now_ms / 1000,
        ),
    ])
}
