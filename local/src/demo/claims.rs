//! Checks a join token as the RTC service would, and says in words what it allows. Neither the token nor its key shows.

use std::collections::BTreeMap;

use switchboard_rtc::Join;
use switchboard_rtc::livekit::{self, ApiKey};
use terminal::ReceivedDownlink;

use super::{Failed, Step as _};

/// The key that the stack signs tokens with, as the RTC service knows it.
pub fn service_key(parameters: &BTreeMap<String, String>) -> ApiKey {
    let value = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    ApiKey { id: value("RtcKeyId"), secret: value("RtcKeySecret").into() }
}

/// What the join token in `answer` says, once it was verified for `user` and for the room that the answer names.
pub fn verified(
    answer: &ReceivedDownlink,
    user: &str,
    key: &ApiKey,
    now_ms: i64,
) -> Result<[String; 2], Failed> {
    let step = format!("verify {user}'s join token");
    let join: Join = answer.field("join").ok_or("the answer has no join parameters").step(&step)?;
    let claims = livekit::verify(&join.token, key, now_ms).step(&step)?;
    let grant = claims.video.unwrap_or_default();
    if claims.sub.as_deref() != Some(user) || grant.room.as_deref() != Some(join.channel_id.as_str()) {
        return Err("it was made for somebody else or another room").step(&step);
    }
    let sources: Vec<String> = grant.can_publish_sources.iter().map(|source| format!("{source:?}")).collect();
    Ok([
        format!("join {} at {}: room {}", join.provider, join.url, join.channel_id),
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
