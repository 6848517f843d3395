//! Inputs of each kind of token, with the member names of the vectors file.

use std::collections::BTreeMap;
use std::num::ParseIntError;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use switchboard_rtc::livekit::VideoGrant;
use switchboard_rtc::{Provider, Rights, TTL_SECONDS};

/// A key, hidden in debug output.
#[derive(Deserialize)]
#[serde(from = "String")]
pub struct Secret(pub SecretString);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// Inputs of a `LiveKit` token. With a body, the token is that of a callback.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Livekit {
    pub api_key: String,
    pub api_secret: Secret,
    pub now: i64,
    pub ttl: u32,
    pub identity: Option<String>,
    pub name: Option<String>,
    pub metadata: Option<String>,
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub grants: Grants,
    pub body: Option<String>,
}

#[derive(Default, Deserialize)]
pub struct Grants {
    pub video: Option<VideoGrant>,
    /// Grants of other kinds, and further claims.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artc {
    pub app_id: String,
    pub app_key: Secret,
    pub channel_id: String,
    pub user_id: String,
    pub nonce: String,
    pub timestamp: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DingRtc {
    pub app_id: String,
    pub app_key: Secret,
    pub channel_id: String,
    pub user_id: String,
    pub issue_timestamp: u32,
    pub salt: u32,
    pub timestamp: u32,
    pub privilege_bits: Option<u32>,
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agora {
    pub app_id: String,
    pub app_certificate: Secret,
    pub issue_ts: u32,
    pub expire: u32,
    pub salt: u32,
    pub services: Vec<AgoraServiceInput>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum AgoraServiceInput {
    Rtc { channel: String, uid: Uid, privileges: Privileges },
    Rtm { user_id: String, privileges: Privileges },
}

/// Lives of privileges in seconds, by the number of the privilege. Inside a tagged enum, serde passes member
/// names as text.
#[derive(Deserialize)]
#[serde(try_from = "BTreeMap<String, u32>")]
pub struct Privileges(pub BTreeMap<u16, u32>);

impl TryFrom<BTreeMap<String, u32>> for Privileges {
    type Error = ParseIntError;

    fn try_from(members: BTreeMap<String, u32>) -> Result<Self, ParseIntError> {
        let members = members.into_iter().map(|(number, seconds)| Ok((number.parse()?, seconds)));
        members.collect::<Result<_, _>>().map(Self)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Uid {
    Number(u32),
    Account(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tencent {
    pub sdk_app_id: u32,
    pub key: Secret,
    pub user_id: String,
    pub now: u32,
    pub expire: u32,
    pub userbuf_hex: Option<String>,
    pub room: Option<u32>,
    pub roomstr: Option<String>,
    #[serde(rename = "priv")]
    pub privileges: Option<u32>,
}

#[derive(Deserialize)]
pub struct Janus {
    pub secret: Secret,
    pub realm: String,
    pub descriptors: Vec<String>,
    pub expiry: i64,
}

#[derive(Deserialize)]
pub struct Turn {
    pub secret: Secret,
    pub user: String,
    pub expiry: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Acs3 {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub access_key_id: String,
    pub access_key_secret: Secret,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tc3 {
    pub method: String,
    pub host: String,
    pub service: String,
    pub content_type: String,
    pub timestamp: i64,
    pub secret_id: String,
    pub secret_key: Secret,
    pub payload: String,
}

/// Inputs of a whole join: the settings of an `Account` and the members of a `MintRequest`.
#[derive(Deserialize)]
pub struct Join {
    pub provider: Provider,
    #[serde(default)]
    pub mode: String,
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    pub key_id: String,
    pub key_secret: Secret,
    #[serde(default)]
    pub turn_urls: String,
    pub turn_secret: Option<Secret>,
    pub channel_id: String,
    pub user_id: String,
    pub number: u32,
    #[serde(default)]
    pub salt: u32,
    pub name: Option<String>,
    pub rights: Rights,
    pub now_ms: i64,
    #[serde(default = "ttl_seconds")]
    pub ttl_seconds: u32,
}

const fn ttl_seconds() -> u32 {
    TTL_SECONDS
}
