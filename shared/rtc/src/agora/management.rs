//! Agora's channel management. Kicking rules remove participants and withhold publishing. They take only
//! numeric uids. Source: "Channel Management REST API" (`docs.agora.io/en/api-reference/api-ref/rtc`).

mod kicking_rules;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::management::{
    ChannelSpec, HttpClient, ManagementCapabilities, ManagementRequest, OpenChannel, RequestContext,
    RetryPolicy, RtcError, RtcManagement, parse_body,
};
use crate::sign::encode;
use crate::{Account, AccountError, ManagementApi, Rights};
use kicking_rules::{JOIN_CHANNEL, KickingRule, KickingRules};

/// The largest page of channels that Agora returns.
const PAGE: usize = 500;

/// Largest number of pages that are read, so that a service that repeats pages cannot occupy a function.
const MAX_PAGES: usize = 20;

/// Life of a rule that withholds publishing: the longest meeting, below Agora's limit (86,430 s).
const RULE_SECONDS: u32 = 86_400;

/// Manages the channels of one Agora project.
#[derive(Debug)]
pub struct AgoraManagement {
    url: String,
    app_id: String,
    /// The `Authorization` header, which contains customer id and secret.
    basic: SecretString,
    http: HttpClient,
}

impl AgoraManagement {
    /// Creates a client for the project `account.key_id` with the customer id and secret of `api`.
    ///
    /// # Errors
    /// A missing setting.
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
        retry: RetryPolicy,
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
        let response = self.http.send(retry, request).await?;
        if response.is_success() { Ok(response.body) } else { Err(response.to_error("")) }
    }

    /// Creates a rule for a channel, or for one participant in it. A rule with a life of 0 removes the
    /// participants who are in the channel, and expires at once.
    async fn create_rule(
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
        // If a lasting rule were created twice, one of the two would remain after the other is deleted.
        let retry = if life_seconds == 0 { RetryPolicy::Idempotent } else { RetryPolicy::OnlyIfUnsent };
        self.call(retry, "POST", "kicking-rule", Some(rule)).await.map(drop)
    }

    async fn delete_rule(&self, id: u64) -> Result<(), RtcError> {
        let body = json!({ "appid": self.app_id, "id": id });
        self.call(RetryPolicy::Idempotent, "DELETE", "kicking-rule", Some(body)).await.map(drop)
    }

    /// Returns the rules that withhold publishing from this participant.
    async fn rules(&self, channel_id: &str, uid: u32) -> Result<Vec<KickingRule>, RtcError> {
        let path = format!("kicking-rule?appid={}", encode(&self.app_id));
        let all =
            parse_body::<KickingRules>(self.call(RetryPolicy::Idempotent, "GET", &path, None).await?)?.rules;
        Ok(all.into_iter().filter(|rule| rule.withholds_publishing(channel_id, uid)).collect())
    }
}

#[async_trait]
impl RtcManagement for AgoraManagement {
    fn capabilities(&self) -> ManagementCapabilities {
        ManagementCapabilities {
            reports_presence: true,
            enforces_rights: true,
            lists_channels: true,
            admits_any_id: false,
        }
    }

    /// Sends no request: Agora creates a channel when the first user joins.
    async fn register(&self, _: ChannelSpec<'_>, _: RequestContext) -> Result<(), RtcError> {
        Ok(())
    }

    async fn close(&self, channel_id: &str, _: RequestContext) -> Result<(), RtcError> {
        self.create_rule(channel_id, None, &[JOIN_CHANNEL], 0).await
    }

    async fn remove(&self, channel_id: &str, media_id: &str, _: RequestContext) -> Result<(), RtcError> {
        self.create_rule(channel_id, Some(uid(media_id)?), &[JOIN_CHANNEL], 0).await
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
        // Rights are withheld before others are returned: a failure in between must not leave too many
        // rights.
        if !change.create.is_empty() {
            self.create_rule(channel_id, Some(uid), &change.create, RULE_SECONDS).await?;
        }
        for id in change.delete {
            self.delete_rule(id).await?;
        }
        Ok(())
    }

    async fn members(&self, channel_id: &str, _: RequestContext) -> Result<Vec<String>, RtcError> {
        let path = format!("channel/user/{}/{}", encode(&self.app_id), encode(channel_id));
        let AgoraData { data } = parse_body::<AgoraData<AgoraUsers>>(
            self.call(RetryPolicy::Idempotent, "GET", &path, None).await?,
        )?;
        // The profile of the channel (communication or live) decides which lists the response has.
        let uids = data.users.into_iter().chain(data.broadcasters).chain(data.audience);
        Ok(uids.map(|uid| uid.to_string()).collect())
    }

    async fn channels(&self, prefix: &str, _: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        let mut open = Vec::new();
        let mut seen = 0;
        for page in 0..MAX_PAGES {
            let path = format!("channel/{}?page_no={page}&page_size={PAGE}", encode(&self.app_id));
            let AgoraData { data } = parse_body::<AgoraData<AgoraChannelList>>(
                self.call(RetryPolicy::Idempotent, "GET", &path, None).await?,
            )?;
            seen += data.channels.len();
            let full = data.channels.len() >= PAGE;
            let names = data.channels.into_iter().map(|channel| channel.channel_name);
            open.extend(
                names.filter(|id| id.starts_with(prefix)).map(|id| OpenChannel { id, created_ms: None }),
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
    uid.ok_or_else(|| RtcError::Refused("the media id is not an Agora uid (a number from 1)".into()))
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
