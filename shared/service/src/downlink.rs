//! Telling devices: ids, join tokens, and the broker's data plane.
//!
//! Three classes, chosen per message type: *ring* goes straight to a connected device and falls back to the
//! queue, *queued* waits for a device that is not connected, *passing* goes to whoever is there.

use crate::aws::explain;
use aws_sdk_iotdataplane::Client;
use aws_sdk_iotdataplane::primitives::Blob;
use futures::StreamExt;
use futures::stream;
use std::collections::BTreeMap;
use switchboard_core::{Class, Grant, Tell};
use switchboard_protocol::VERSION;
use switchboard_protocol::address::{ClientId, DownlinkParents};
use switchboard_protocol::downlink::{Body, Downlink, Re};
use switchboard_protocol::id::{IdKey, InviteId, MeetingId};
use switchboard_protocol::object::{Delivery, Reach};
use switchboard_rtc::{Join, MintError, MintRequest, Minter, TTL_SECONDS};

/// Seconds that the broker waits for a device to confirm a ring.
const CONFIRM_SECONDS: i32 = 3;
/// Devices that are told at once.
const IN_FLIGHT: usize = 16;

/// What a downlink says of its meeting.
#[derive(Debug, Clone)]
pub struct About {
    /// The meeting, where there is one.
    pub meeting_id: Option<MeetingId>,
    /// Its revision.
    pub rev: Option<u64>,
    /// The service's clock, in milliseconds since the epoch.
    pub now_ms: i64,
}

/// What became of a fan-out.
#[derive(Debug, Default)]
pub struct Told {
    /// How far each offer got.
    pub reached: BTreeMap<(InviteId, ClientId), Reach>,
    /// Downlinks that could not be handed to the broker: device and type.
    pub failed: Vec<(ClientId, &'static str)>,
}

/// The way out to devices.
pub struct Outbox {
    /// For publishing.
    pub data_plane: Client,
    /// For direct messages, never repeated by the SDK.
    pub direct: Client,
    /// Where devices listen.
    pub parents: DownlinkParents,
    /// The secret under which downlink ids are derived.
    pub key: IdKey,
    /// Mints join tokens.
    pub minter: Box<dyn Minter>,
    /// Prefix of our channels at the RTC service.
    pub channel_prefix: String,
}

/// A downlink that could not be made or handed over.
#[derive(Debug, thiserror::Error)]
enum TellError {
    #[error("no join token could be minted: {0}")]
    Mint(#[from] MintError),
    #[error("the downlink cannot be written: {0}")]
    Encode(#[from] serde_json::Error),
    #[error("the broker did not take it: {0}")]
    Broker(String),
}

/// The broker could not say what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the broker did not say whether a device is connected: {0}")]
pub struct BrokerError(String);

impl Outbox {
    /// Whether a device is connected now, as the broker says.
    pub async fn is_connected(&self, device: &ClientId) -> Result<bool, BrokerError> {
        match self.data_plane.get_connection().client_id(device.as_str()).send().await {
            Ok(connection) => Ok(connection.connected()),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_not_found_exception()) => {
                Ok(false)
            }
            Err(error) => Err(BrokerError(explain(&error))),
        }
    }

    /// Tells everybody: devices concurrently, the messages of one device in their order. A failed one is named
    /// and holds up nobody else.
    pub async fn tell_all(&self, tells: Vec<Tell>, about: &About) -> Told {
        let mut by_device: BTreeMap<ClientId, Vec<Tell>> = BTreeMap::new();
        for tell in tells {
            by_device.entry(tell.to.clone()).or_default().push(tell);
        }
        let devices = by_device.into_values().map(|tells| self.tell_device(tells, about));
        stream::iter(devices)
            .buffer_unordered(IN_FLIGHT)
            .fold(Told::default(), |mut all, device| async move {
                all.reached.extend(device.reached);
                all.failed.extend(device.failed);
                all
            })
            .await
    }

    async fn tell_device(&self, tells: Vec<Tell>, about: &About) -> Told {
        let mut told = Told::default();
        for tell in tells {
            let (to, kind) = (tell.to.clone(), tell.body.kind());
            let offer = match &tell.body {
                Body::Invitation(offer) => Some(offer.invite_id.clone()),
                _ => None,
            };
            match self.tell(tell, about).await {
                Ok(reach) => {
                    if let Some(invite_id) = offer {
                        told.reached.insert((invite_id, to), reach);
                    }
                }
                Err(error) => {
                    tracing::error!(to = %to, kind, %error, "a downlink failed");
                    told.failed.push((to, kind));
                }
            }
        }
        told
    }

    async fn tell(&self, tell: Tell, about: &About) -> Result<Reach, TellError> {
        let (to, class, keep_ms) = (tell.to.clone(), tell.class, tell.keep_ms);
        let mut downlink = self.downlink(tell, about)?;
        match class {
            Class::Passing => self.publish(&to, &downlink, 0, keep_ms).await.map(|()| Reach::Sent),
            Class::Queued => self.publish(&to, &downlink, 1, keep_ms).await.map(|()| Reach::Queued),
            Class::Ring { confirm } => {
                if self.direct(&to, &downlink, confirm).await? {
                    return Ok(if confirm { Reach::Delivered } else { Reach::Sent });
                }
                if let Body::Invitation(offer) = &mut downlink.body {
                    offer.delivery = Delivery::Queued;
                }
                self.publish(&to, &downlink, 1, keep_ms).await.map(|()| Reach::Queued)
            }
        }
    }

    fn downlink(&self, tell: Tell, about: &About) -> Result<Downlink, TellError> {
        let id = tell.id(&self.key);
        let re = match (tell.is_answer, tell.cause.request_id()) {
            (false, _) => Re::Nothing,
            (true, Some(request)) => Re::Request(request.clone()),
            (true, None) => Re::Unreadable(()),
        };
        let expires_in_ms = match &tell.body {
            Body::Invitation(offer) => Some(offer.deadline_in_ms),
            _ => None,
        };
        Ok(Downlink {
            v: VERSION,
            id,
            re,
            meeting_id: about.meeting_id.clone(),
            rev: about.rev,
            prev_rev: tell.prev_rev,
            server_ms: about.now_ms,
            expires_in_ms,
            join: tell.grant.map(|grant| self.mint(&grant, about)).transpose()?,
            body: tell.body,
        })
    }

    /// The name of a meeting's channel at the RTC service.
    #[must_use]
    pub fn channel_of(&self, meeting: &MeetingId) -> String {
        format!("{}-{meeting}", self.channel_prefix)
    }

    fn mint(&self, grant: &Grant, about: &About) -> Result<Join, MintError> {
        let meeting = about.meeting_id.as_ref().map_or("", MeetingId::as_str);
        let now = about.now_ms.to_string();
        let [a, b, c, d, ..] = self.key.unforeseen(&[meeting, grant.user_id.as_str(), &now]);
        let salt = u32::from_be_bytes([a, b, c, d]);
        self.minter.join(&MintRequest {
            channel_id: &format!("{}-{meeting}", self.channel_prefix),
            user_id: grant.user_id.as_str(),
            number: grant.number,
            salt,
            name: grant.name.as_deref(),
            rights: grant.rights,
            now_ms: about.now_ms,
            ttl_seconds: TTL_SECONDS,
        })
    }

    async fn publish(
        &self,
        to: &ClientId,
        downlink: &Downlink,
        qos: i32,
        keep_ms: i64,
    ) -> Result<(), TellError> {
        let payload = Blob::new(serde_json::to_vec(downlink)?);
        let topic = if downlink.body.is_bulk() {
            self.parents.bulk_topic(to)
        } else {
            self.parents.control_topic(to)
        };
        let request = self.data_plane.publish().topic(topic).qos(qos).payload(payload);
        let sent = request.message_expiry(keep_seconds(keep_ms)).send().await;
        sent.map(|_| ()).map_err(|error| TellError::Broker(explain(&error)))
    }

    /// Whether a connected device has it. Whatever goes wrong here, the queue is tried next.
    async fn direct(&self, to: &ClientId, downlink: &Downlink, confirm: bool) -> Result<bool, TellError> {
        let payload = Blob::new(serde_json::to_vec(downlink)?);
        let request =
            self.direct.send_direct_message().client_id(to.as_str()).topic(self.parents.control_topic(to));
        let request = if confirm { request.confirmation(true).timeout(CONFIRM_SECONDS) } else { request };
        match request.payload(payload).send().await {
            Ok(_) => Ok(true),
            Err(error) => {
                let offline = error.as_service_error().is_some_and(|e| e.is_resource_not_found_exception());
                if !offline {
                    tracing::warn!(to = %to, error = explain(&error), "a ring was not confirmed; it is queued");
                }
                Ok(false)
            }
        }
    }
}

/// Whole seconds, at least one: the broker keeps nothing for less.
fn keep_seconds(keep_ms: i64) -> i64 {
    ((keep_ms + 999) / 1_000).max(1)
}

#[cfg(test)]
mod tests;
