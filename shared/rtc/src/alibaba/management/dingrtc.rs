//! `DingRTC`, API version 2018-01-11. Only tokens carry rights: the API has no operation that changes the
//! rights of a participant in the channel. Source: the operations of `alibabacloud-rtc20180111`.

use async_trait::async_trait;
use serde::Deserialize;

use super::open_api::{AlibabaOpenApi, removed};
use crate::Rights;
use crate::management::{
    ChannelSpec, ManagementCapabilities, OpenChannel, RequestContext, RtcError, RtcManagement, parse_body,
};

/// Manages the channels of one `DingRTC` application.
#[derive(Debug)]
pub struct DingRtcManagement(pub(super) AlibabaOpenApi);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DingRtcUsers {
    #[serde(default)]
    users: Vec<DingRtcUser>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DingRtcUser {
    user_id: String,
    /// Result of a removal; absent in lists.
    #[serde(default)]
    code: i64,
}

#[async_trait]
impl RtcManagement for DingRtcManagement {
    fn capabilities(&self) -> ManagementCapabilities {
        ManagementCapabilities {
            reports_presence: true,
            enforces_rights: false,
            lists_channels: false,
            admits_any_id: false,
        }
    }

    /// Sends no request: the service creates a channel when the first user joins.
    async fn register(&self, _: ChannelSpec<'_>, _: RequestContext) -> Result<(), RtcError> {
        Ok(())
    }

    async fn close(&self, channel_id: &str, context: RequestContext) -> Result<(), RtcError> {
        self.0
            .call("StopChannel", &[("ChannelId", channel_id)], &mut context.nonces(), context)
            .await
            .map(drop)
    }

    async fn remove(
        &self,
        channel_id: &str,
        media_id: &str,
        context: RequestContext,
    ) -> Result<(), RtcError> {
        let parameters = [("ChannelId", channel_id), ("Users.1.UserId", media_id)];
        let Some(response) = self.0.call("RemoveUsers", &parameters, &mut context.nonces(), context).await?
        else {
            return Ok(());
        };
        if parse_body::<DingRtcUsers>(response)?.users.iter().all(|user| user.code == 0) {
            return Ok(());
        }
        let members = self.members(channel_id, context).await?;
        removed("RemoveUsers", media_id, &members)
    }

    async fn restrict(&self, _: &str, _: &str, _: Rights, _: RequestContext) -> Result<(), RtcError> {
        Err(RtcError::Unsupported)
    }

    async fn members(&self, channel_id: &str, context: RequestContext) -> Result<Vec<String>, RtcError> {
        let parameters = [("ChannelId", channel_id)];
        let response =
            self.0.call("DescribeChannelAllUsers", &parameters, &mut context.nonces(), context).await?;
        let Some(response) = response else { return Ok(Vec::new()) };
        Ok(parse_body::<DingRtcUsers>(response)?.users.into_iter().map(|user| user.user_id).collect())
    }

    /// Unsupported: the API lists channels only in statistics about the past, and has no list of open
    /// channels.
    async fn channels(&self, _: &str, _: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        Err(RtcError::Unsupported)
    }
}
