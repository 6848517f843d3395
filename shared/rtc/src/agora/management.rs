//! Agora's channel management: people are put out and silenced by kicking rules, which know numeric uids only.
//! Source: "Channel Management REST API" (`docs.agora.io/en/api-reference/api-ref/rtc`).

mod kicking_rules;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Account, AccountError, ManagementApi, Rights};
use crate::management::{
    ChannelSpec, HttpClient, ManagementCapabilities, ManagementRequest, OpenChannel, RequestContext,
    RetryPolicy, RtcError, RtcManagement, parse_body,
};
use crate::sign::encode;
use kicking_rules::{JOIN_CHANNEL, KickingRule, KickingRules};

/// The largest page of channels.
const PAGE: usize = 500;

/// Pages that are read at most, so that a service that repeats itself cannot hold a function.
const MAX_PAGES: usize = 20;

/// Life of a rule that silences somebody: the longest meeting, and within the longest that Agora takes (86430 s).
const RULE_SECONDS: u32 = 86_400;

/// Manages the channels of one project.
#[derive(Debug)]
pub struct AgoraManagement {
    url: String,
    app_id: String,
    /// `Authorization` of every call: customer id and secret.
    basic: SecretString,
    http: HttpClient,
}

impl AgoraManagement {
    /// Manages the project `account.key_id` with the customer id and secret of `api`.
    ///
    /// # Errors
    /// A setting that is missing.
    pub fn new(
        account: &Account,
        api: &ManagementApi,
        url: &str,
        http: HttpClient,
    ) -> Result<Self, AccountError> {
        let (id, secret) = api.key()?;
        if account.key_id.is_empty() {
            return Err(AccountError::Missing("RTC_KEY_ID"));
        }
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{}", secret.expose_secret())));
        Ok(Self { url: url.to_owned(), app_id: account.key_id.clone(), basic: basic.into(), http })
    }

    async fn call(
        &self,
        repeat: RetryPolicy,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, RtcError> {
        let request = || {
            Ok(ManagementRequest {
                method,
                url: format!("{}/dev/v1/{path}", self.url),
                headers: vec![
                    ("authorization", self.basic.expose_secret().to_owned()),
                    ("content-type", "application/json".to_owned()),
                ],
                body: body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            })
        };
        let answer = self.http.send(repeat, request).await?;
        if answer.is_success() { Ok(answer.body) } else { Err(answer.refusal("")) }
    }

    /// Makes a rule for a channel, or for one participant of it. A life of 0 puts out who is in, and is over.
    async fn make_rule(
        &self,
        channel_id: &str,
        uid: Option<u32>,
        privileges: &[&str],
        life_seconds: u32,
    ) -> Result<(), RtcError> {
        let mut rule = json!({
            "appid": self.app_id,
            "cname": channel_id,
            "privileges": privileges,
            "time_in_seconds": life_seconds,
        });
        if let Some(uid) = uid {
            rule["uid"] = uid.into();
        }
        // A rule that lasts, made twice, would have to be lifted twice.
        let repeat = if life_seconds == 0 { RetryPolicy::Safe } else { RetryPolicy::Unsent };
        self.call(repeat, "POST", "kicking-rule", Some(rule)).await.map(drop)
    }

    async fn lift_rule(&self, id: u64) -> Result<(), RtcError> {
        let body = json!({ "appid": self.app_id, "id": id });
        self.call(RetryPolicy::Safe, "DELETE", "kicking-rule", Some(body)).await.map(drop)
    }

    /// The rules that silence this participant.
    async fn rules(&self, channel_id: &str, uid: u32) -> Result<Vec<KickingRule>, RtcError> {
        let path = format!("kicking-rule?appid={}", encode(&self.app_id));
        let all = parse_body::<KickingRules>(self.call(RetryPolicy::Safe, "GET", &path, None).await?)?.rules;
        Ok(all.into_iter().filter(|rule| rule.silences(channel_id, uid)).collect())
    }
}

#[async_trait]
impl RtcManagement for AgoraManagement {
    fn capabilities(&self) -> ManagementCapabilities {
        ManagementCapabilities { reports_presence: true, enforces_rights: true, lists_channels: true }
    }

    /// Nothing to do: the first join makes the channel.
    async fn register(&self, _: ChannelSpec<'_>, _: RequestContext) -> Result<(), RtcError> {
        Ok(())
    }

    async fn close(&self, channel_id: &str, _: RequestContext) -> Result<(), RtcError> {
        self.make_rule(channel_id, None, &[JOIN_CHANNEL], 0).await
    }

    async fn remove(&self, channel_id: &str, media_id: &str, _: RequestContext) -> Result<(), RtcError> {
        self.make_rule(channel_id, Some(uid(media_id)?), &[JOIN_CHANNEL], 0).await
    }

    async fn restrict(
        &self,
        channel_id: &str,
        media_id: &str,
        rights: Rights,
        _: RequestContext,
    ) -> Result<(), RtcError> {
        let uid = uid(media_id)?;
        let rules = self.rules(channel_id, uid).await?;
        let change = kicking_rules::change(&rules, rights);
        // What is taken is taken first: a call that fails in between leaves too little rather than too much.
        if !change.make.is_empty() {
            self.make_rule(channel_id, Some(uid), &change.make, RULE_SECONDS).await?;
        }
        for id in change.lift {
            self.lift_rule(id).await?;
        }
        Ok(())
    }

    async fn members(&self, channel_id: &str, _: RequestContext) -> Result<Vec<String>, RtcError> {
        let path = format!("channel/user/{}/{}", encode(&self.app_id), encode(channel_id));
        let AgoraData { data } =
            parse_body::<AgoraData<AgoraUsers>>(self.call(RetryPolicy::Safe, "GET", &path, None).await?)?;
        // One of the lists is there, according to the channel's profile: communication or live.
        let people = data.users.into_iter().chain(data.broadcasters).chain(data.audience);
        Ok(people.map(|uid| uid.to_string()).collect())
    }

    async fn channels(&self, prefix: &str, _: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        let mut open = Vec::new();
        let mut seen = 0;
        for page in 0..MAX_PAGES {
            let path = format!("channel/{}?page_no={page}&page_size={PAGE}", encode(&self.app_id));
            let AgoraData { data } = parse_body::<AgoraData<AgoraChannelList>>(
                self.call(RetryPolicy::Safe, "GET", &path, None).await?,
            )?;
            seen += data.channels.len();
            let full = data.channels.len() >= PAGE;
            let ours = data.channels.into_iter().map(|listed| listed.channel_name);
            open.extend(
                ours.filter(|id| id.starts_with(prefix)).map(|id| OpenChannel { id, created_ms: None }),
            );
            if !full || seen >= data.total_size {
                break;
            }
        }
        Ok(open)
    }
}

fn uid(media_id: &str) -> Result<u32, RtcError> {
    let uid = media_id.parse().ok().filter(|uid| *uid != 0);
    uid.ok_or_else(|| RtcError::Refused("a participant of Agora has a number from 1".into()))
}

#[derive(Deserialize)]
struct AgoraData<T> {
    data: T,
}

#[derive(Deserialize)]
struct AgoraUsers {
    #[serde(default)]
    users: Vec<u32>,
    #[serde(default)]
    broadcasters: Vec<u32>,
    #[serde(default)]
    audience: Vec<u32>,
}

#[derive(Deserialize)]
struct AgoraChannelList {
    #[serde(default)]
    channels: Vec<AgoraChannel>,
    #[serde(default)]
    total_size: usize,
}

#[derive(Deserialize)]
struct AgoraChannel {
    channel_name: String,
}
