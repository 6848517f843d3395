//! Mints the token of one vector with the functions that production uses.

use std::collections::BTreeMap;
use std::error::Error;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER_PERMISSIVE;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use switchboard_rtc::agora::{AgoraService, AgoraToken};
use switchboard_rtc::alibaba::ArtcTokenFields;
use switchboard_rtc::alibaba::dingrtc::AppToken;
use switchboard_rtc::janus::JanusToken;
use switchboard_rtc::livekit::{ApiKey, LivekitClaims, body_hash, sign};
use switchboard_rtc::sign::{AccessKey, SignableRequest, acs3, tc3};
use switchboard_rtc::tencent::{PrivateMap, TencentRoom, UserSig};
use switchboard_rtc::turn::{TurnCredential, TurnServers, WithTurn};
use switchboard_rtc::{Account, MintRequest};

use crate::inputs::{
    Acs3, Agora, AgoraServiceInput, Artc, DingRtc, Janus, Join, Livekit, Tc3, Tencent, Turn, Uid,
};

type Minted<T = SecretString> = Result<T, Box<dyn Error>>;

/// Returns the token of a vector, or a whole `join` object for the variant `join`; `None` for the vectors of Chime.
///
/// # Errors
/// An input is missing or invalid, or the variant is unknown.
pub fn mint(variant: &str, inputs: Value) -> Minted<Option<Value>> {
    let token = match variant {
        "access-token-jwt-hs256" | "webhook-authorization-jwt" => livekit(read(inputs)?)?,
        "artc-multi-parameter-sha256" => artc(inputs, |fields, key| fields.multi_parameter_token(key))?,
        "artc-single-parameter-base64-json" => {
            artc(inputs, |fields, key| fields.single_parameter_token(key))?
        }
        "dingrtc-apptoken-000" => dingrtc(read(inputs)?)?,
        "AccessToken2-007" => agora(read(inputs)?)?,
        "UserSig-v2" | "UserSig-v2-userbuf" | "PrivateMapKey-numeric-room" | "PrivateMapKey-string-room" => {
            tencent(&read(inputs)?)?
        }
        "signed-token-hmac-sha1" => janus(&read(inputs)?)?,
        "openapi-ACS3-HMAC-SHA256" => acs3(read(inputs)?).into(),
        "api-TC3-HMAC-SHA256" => tc3(read(inputs)?)?.into(),
        "turn-rest-hmac-sha1" => {
            let Turn { secret, user, expiry } = read(inputs)?;
            let TurnCredential { username, password } = TurnCredential::new(&user, expiry, &secret.0);
            return Ok(Some(json!({"username": username, "password": password.expose_secret()})));
        }
        "join" => return Ok(Some(join(read(inputs)?)?)),
        "sigv4-request" => return Ok(None),
        other => return Err(format!("unknown variant {other:?}").into()),
    };
    Ok(Some(token.expose_secret().into()))
}

fn read<T: DeserializeOwned>(inputs: Value) -> Minted<T> {
    Ok(serde_json::from_value(inputs)?)
}

fn livekit(inputs: Livekit) -> Minted {
    let expires = inputs.now.checked_add(inputs.ttl.into()).ok_or("the expiry is out of range")?;
    let claims = LivekitClaims {
        sub: inputs.identity,
        name: inputs.name,
        metadata: inputs.metadata,
        attributes: inputs.attributes,
        sha256: inputs.body.map(|body| body_hash(body.as_bytes())),
        video: inputs.grants.video,
        other: inputs.grants.other,
        ..LivekitClaims::issued_by(&inputs.api_key, inputs.now, expires)
    };
    Ok(sign(&claims, &ApiKey { id: inputs.api_key, secret: inputs.api_secret.0 })?)
}

fn artc(inputs: Value, mint: fn(&ArtcTokenFields<'_>, &SecretString) -> SecretString) -> Minted {
    let Artc { app_id, app_key, channel_id, user_id, nonce, timestamp } = read(inputs)?;
    let fields = ArtcTokenFields {
        app_id: &app_id,
        channel_id: &channel_id,
        user_id: &user_id,
        nonce: &nonce,
        timestamp,
    };
    Ok(mint(&fields, &app_key.0))
}

fn dingrtc(inputs: DingRtc) -> Minted {
    let token = AppToken {
        app_id: inputs.app_id,
        channel_id: inputs.channel_id,
        user_id: inputs.user_id,
        issued: inputs.issue_timestamp,
        expires: inputs.timestamp,
        salt: inputs.salt,
        privileges: inputs.privilege_bits,
        options: inputs.options,
    };
    Ok(token.sign(&inputs.app_key.0)?)
}

fn agora(inputs: Agora) -> Minted {
    let service = |service| match service {
        AgoraServiceInput::Rtc { channel, uid, privileges } => {
            let uid = match uid {
                // 0 stands for any user and is written as an empty text.
                Uid::Number(0) => String::new(),
                Uid::Number(number) => number.to_string(),
                Uid::Account(account) => account,
            };
            AgoraService::Rtc { channel, uid, privileges: privileges.0 }
        }
        AgoraServiceInput::Rtm { user_id, privileges } => {
            AgoraService::Rtm { user_id, privileges: privileges.0 }
        }
    };
    let token = AgoraToken {
        app_id: inputs.app_id,
        issued: inputs.issue_ts,
        life_seconds: inputs.expire,
        salt: inputs.salt,
        services: inputs.services.into_iter().map(service).collect(),
    };
    Ok(token.sign(&inputs.app_certificate.0)?)
}

fn tencent(inputs: &Tencent) -> Minted {
    let Tencent { sdk_app_id, key, user_id, now, expire, .. } = inputs;
    let mut user_sig = UserSig::new(*sdk_app_id, user_id, i64::from(*now), *expire);
    let room = inputs.roomstr.as_deref().map(TencentRoom::Name).or(inputs.room.map(TencentRoom::Number));
    let user_sig = match (room, &inputs.userbuf_hex) {
        (Some(room), _) => {
            let expires = now.checked_add(*expire).ok_or("the expiry is after 2106")?;
            let privileges = inputs.privileges.ok_or("a room without privileges")?;
            user_sig.with_map(&PrivateMap { sdk_app_id: *sdk_app_id, user_id, room, expires, privileges })?
        }
        (None, Some(hex)) => {
            let buffer = HEXLOWER_PERMISSIVE.decode(hex.as_bytes())?;
            user_sig.user_buffer = Some(STANDARD.encode(buffer));
            user_sig
        }
        (None, None) => user_sig,
    };
    Ok(user_sig.sign(&key.0)?)
}

fn janus(inputs: &Janus) -> Minted {
    let descriptors = inputs.descriptors.iter().map(String::as_str).collect();
    let token = JanusToken { expires: inputs.expiry, realm: &inputs.realm, descriptors };
    Ok(token.sign(&inputs.secret.0)?)
}

fn acs3(inputs: Acs3) -> String {
    let request = SignableRequest {
        method: &inputs.method,
        path: &inputs.path,
        query: &pairs(&inputs.query),
        headers: &pairs(&inputs.headers),
        body: inputs.body.as_bytes(),
    };
    let key = AccessKey { id: inputs.access_key_id, secret: inputs.access_key_secret.0 };
    acs3::authorization(&request, &key)
}

fn tc3(inputs: Tc3) -> Minted<String> {
    let request = SignableRequest {
        method: &inputs.method,
        path: "/",
        query: &[],
        headers: &[("content-type", &inputs.content_type), ("host", &inputs.host)],
        body: inputs.payload.as_bytes(),
    };
    let key = AccessKey { id: inputs.secret_id, secret: inputs.secret_key.0 };
    Ok(tc3::authorization(&request, &inputs.service, inputs.timestamp, &key)?)
}

/// Returns the `join` object of the protocol, minted by the provider.
fn join(inputs: Join) -> Minted<Value> {
    let account = Account {
        mode: inputs.mode,
        url: inputs.url,
        key_id: inputs.key_id,
        key_secret: inputs.key_secret.0,
        ..Account::default()
    };
    let minter = switchboard_rtc::minter(inputs.provider, account)?;
    let turn_secret = inputs.turn_secret.map(|secret| secret.0).unwrap_or_default();
    let minter = match TurnServers::new(&inputs.turn_urls, turn_secret)? {
        Some(servers) => Box::new(WithTurn::new(minter, servers)),
        None => minter,
    };
    let join = minter.join(&MintRequest {
        channel_id: &inputs.channel_id,
        user_id: &inputs.user_id,
        number: inputs.number,
        salt: inputs.salt,
        name: inputs.name.as_deref(),
        rights: inputs.rights,
        now_ms: inputs.now_ms,
        ttl_seconds: inputs.ttl_seconds,
    })?;
    Ok(serde_json::to_value(join)?)
}

fn pairs(members: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    members.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
