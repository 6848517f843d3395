//! ARTC in `ApsaraVideo` Live, API version 2016-11-01. The API has no remote mute, so `restrict` is
//! unsupported. Source: "API operations by function, ARTC" in the `ApsaraVideo` Live developer reference.

use async_trait::async_trait;
use serde::Deserialize;

use super::open_api::{AlibabaOpenApi, removed};
use crate::Rights;
use crate::management::{
    ChannelSpec, ManagementCapabilities, OpenChannel, RequestContext, RtcError, RtcManagement, parse_body,
};

/// The largest page of channels. The limit for participants is not documented; the SDK samples use 50 as
/// well.
const PAGE: usize = 50;

/// Largest number of pages that are read, so that a service that repeats pages cannot occupy a function.
const MAX_PAGES: usize = 40;

/// Manages the channels of one ARTC application.
#[derive(Debug)]
pub struct ArtcManagement(pub(super) AlibabaOpenApi);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ArtcParticipants {
    #[serde(default)]
    user_list: Vec<String>,
    #[serde(default)]
    total_num: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ArtcChannelList {
    #[serde(default)]
    rooms: Vec<String>,
    #[serde(default)]
    total: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ArtcRemoval {
    #[serde(default)]
    terminals: Vec<ArtcRemovedTerminal>,
}

/// Result of the removal of one user.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ArtcRemovedTerminal {
    #[serde(default)]
    code: i64,
}

#[async_trait]
impl RtcManagement for ArtcManagement {
    fn capabilities(&self) -> ManagementCapabilities {
        ManagementCapabilities {
            reports_presence: true,
            enforces_rights: false,
            lists_channels: true,
            admits_any_id: false,
        }
    }

    /// Sends no request: the service creates a channel when the first user joins.
    async fn register(&self, _: ChannelSpec<'_>, _: RequestContext) -> Result<(), RtcError> {
        Ok(())
    }

    async fn close(&self, channel_id: &str, context: RequestContext) -> Result<(), RtcError> {
        let parameters = [("ChannelId", channel_id)];
        self.0.call("DeleteChannel", &parameters, &mut context.nonces(), context).await.map(drop)
    }

    async fn remove(
        &self,
        channel_id: &str,
        media_id: &str,
        context: RequestContext,
    ) -> Result<(), RtcError> {
        let parameters = [("ChannelId", channel_id), ("TerminalIds.1", media_id)];
        let response = self.0.call("RemoveTerminals", &parameters, &mut context.nonces(), context).await?;
        let Some(response) = response else { return Ok(()) };
        if parse_body::<ArtcRemoval>(response)?.terminals.iter().all(|terminal| terminal.code == 0) {
            return Ok(());
        }
        let members = self.members(channel_id, context).await?;
        removed("RemoveTerminals", media_id, &members)
    }

    async fn restrict(&self, _: &str, _: &str, _: Rights, _: RequestContext) -> Result<(), RtcError> {
        Err(RtcError::Unsupported)
    }

    async fn members(&self, channel_id: &str, context: RequestContext) -> Result<Vec<String>, RtcError> {
        let (mut members, mut nonces) = (Vec::new(), context.nonces());
        for page in 1..=MAX_PAGES {
            let (number, size) = (page.to_string(), PAGE.to_string());
            let parameters =
                [("ChannelId", channel_id), ("PageNum", number.as_str()), ("PageSize", size.as_str())];
            let response =
                self.0.call("DescribeChannelParticipants", &parameters, &mut nonces, context).await?;
            let Some(response) = response else { break };
            let ArtcParticipants { user_list, total_num } = parse_body(response)?;
            let full = user_list.len() >= PAGE;
            members.extend(user_list);
            if !full || members.len() >= total_num {
                break;
            }
        }
        Ok(members)
    }

    async fn channels(&self, prefix: &str, context: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        let (mut all, mut nonces) = (Vec::new(), context.nonces());
        for page in 1..=MAX_PAGES {
            let (number, size) = (page.to_string(), PAGE.to_string());
            let parameters = [("PageNo", number.as_str()), ("PageSize", size.as_str())];
            let Some(response) = self.0.call("ListRTCLiveRooms", &parameters, &mut nonces, context).await?
            else {
                break;
            };
            let ArtcChannelList { rooms, total } = parse_body(response)?;
            let full = rooms.len() >= PAGE;
            all.extend(rooms);
            if !full || all.len() >= total {
                break;
            }
        }
        let matching = all.into_iter().filter(|id| id.starts_with(prefix));
        Ok(matching.map(|id| OpenChannel { id, created_ms: None }).collect())
    }
}
