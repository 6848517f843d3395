//! Publishes downlinks: derives ids, mints join tokens, and uses the delivery class of each downlink.
//!
//! A *ring* is sent directly to a connected device, otherwise to the broker's queue if the device has one.
//! *Queued* messages wait for a device that is not connected. *Best-effort* messages reach only connected
//! devices. A *withheld* offer is not sent.

use crate::error_chain::ErrorChain;
use crate::ports::{BrokerError, DirectDelivery, Downlinks, Qos};
use futures::StreamExt;
use futures::stream;
use std::collections::{BTreeMap, BTreeSet};
use switchboard_core::{DeliveryClass, Grant, Meeting, Now, OfferQueue, Outgoing, TOKEN_LIFE_MS};
use switchboard_protocol::VERSION;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::{Body, Downlink, Re};
use switchboard_protocol::id::{IdKey, InviteId, MeetingId};
use switchboard_protocol::object::{Delivery, Reach};
use switchboard_rtc::{Join, MintError, MintRequest, Minter, TTL_SECONDS};

// The core watches removed users for the life of their join tokens.
const _: () = assert!(TTL_SECONDS as i64 * 1_000 == TOKEN_LIFE_MS, "both are the life of a join token");

/// Largest number of devices to which messages are published at the same time.
const IN_FLIGHT: usize = 16;

/// The fields of a downlink that describe its meeting.
#[derive(Debug, Clone)]
pub struct DownlinkContext {
    /// The meeting, if the downlink concerns one.
    pub meeting_id: Option<MeetingId>,
    /// Revision of the meeting.
    pub rev: Option<u64>,
    /// The service's clock, in milliseconds since the epoch.
    pub now_ms: i64,
}

impl DownlinkContext {
    /// Makes the context for a downlink about the current state of `meeting`.
    #[must_use]
    pub fn of(meeting: &Meeting, now: Now) -> Self {
        Self { meeting_id: Some(meeting.id.clone()), rev: Some(meeting.rev), now_ms: now.ms }
    }
}

/// Result of publishing downlinks.
#[derive(Debug, Default)]
pub struct PublishReport {
    /// Reach of each offer.
    pub reached: BTreeMap<(InviteId, ClientId), Reach>,
    /// Invitations whose offers were not sent, since their users do not take calls of the inviter.
    pub withheld: BTreeSet<InviteId>,
    /// Device and type of each downlink that the broker did not accept.
    pub failed: Vec<(ClientId, &'static str)>,
}

impl PublishReport {
    /// Returns the reach of each invitation on its best device.
    #[must_use]
    pub fn best_reach(&self) -> BTreeMap<InviteId, Reach> {
        let mut best: BTreeMap<InviteId, Reach> = BTreeMap::new();
        for ((invite, _), reach) in &self.reached {
            let known = best.entry(invite.clone()).or_insert(*reach);
            *known = (*known).max(*reach);
        }
        best
    }
}

/// The publisher of downlinks.
pub struct Publisher<D> {
    /// The MQTT broker.
    pub broker: D,
    /// Secret from which downlink ids are derived.
    pub key: IdKey,
    /// Minter of join tokens.
    pub minter: Box<dyn Minter>,
    /// Prefix of this deployment's channels at the RTC service.
    pub channel_prefix: String,
}

/// Error of a single downlink.
#[derive(Debug, thiserror::Error)]
enum PublishError {
    #[error("join token cannot be minted")]
    Mint(#[from] MintError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

impl<D: Downlinks> Publisher<D> {
    /// Publishes all downlinks: to several devices at the same time, and to each device in order. A failed
    /// downlink is logged and reported, and the others are published nevertheless.
    pub async fn publish_all(&self, downlinks: Vec<Outgoing>, context: &DownlinkContext) -> PublishReport {
        let mut by_device: BTreeMap<ClientId, Vec<Outgoing>> = BTreeMap::new();
        for outgoing in downlinks {
            by_device.entry(outgoing.to.clone()).or_default().push(outgoing);
        }
        let devices = by_device.into_values().map(|downlinks| self.publish_to_device(downlinks, context));
        stream::iter(devices)
            .buffer_unordered(IN_FLIGHT)
            .fold(PublishReport::default(), |mut all, device| async move {
                all.reached.extend(device.reached);
                all.withheld.extend(device.withheld);
                all.failed.extend(device.failed);
                all
            })
            .await
    }

    async fn publish_to_device(&self, downlinks: Vec<Outgoing>, context: &DownlinkContext) -> PublishReport {
        let mut report = PublishReport::default();
        for outgoing in downlinks {
            let (to, kind) = (outgoing.to.clone(), outgoing.body.kind());
            let offer = outgoing.offered_invitation().cloned();
            if outgoing.class == DeliveryClass::Withheld {
                report.withheld.extend(offer.clone());
            }
            match self.publish(outgoing, context).await {
                Ok(reach) => {
                    if let Some(invite_id) = offer {
                        report.reached.insert((invite_id, to), reach);
                    }
                }
                Err(error) => {
                    tracing::error!(
                        to = %to, kind, error = %ErrorChain(&error),
                        "downlink dropped; a `sync` of the device will repair it"
                    );
                    report.failed.push((to, kind));
                }
            }
        }
        report
    }

    async fn publish(&self, outgoing: Outgoing, context: &DownlinkContext) -> Result<Reach, PublishError> {
        let (to, class, keep_ms) = (outgoing.to.clone(), outgoing.class, outgoing.keep_ms);
        let mut downlink = self.downlink(outgoing, context)?;
        match class {
            DeliveryClass::Withheld => Ok(Reach::Queued),
            DeliveryClass::BestEffort => {
                self.broker.publish(&to, &downlink, Qos::BestEffort, keep_ms).await?;
                Ok(Reach::Sent)
            }
            DeliveryClass::Queued => {
                self.broker.publish(&to, &downlink, Qos::Queued, keep_ms).await?;
                Ok(Reach::Queued)
            }
            DeliveryClass::Ring { confirm, queue } => {
                let is_kept = match (self.send_direct(&to, &downlink, confirm).await, queue) {
                    (Some(DirectDelivery::Delivered), _) => {
                        return Ok(if confirm { Reach::Delivered } else { Reach::Sent });
                    }
                    (Some(DirectDelivery::NotConnected { .. }), OfferQueue::Missing) => {
                        return Ok(Reach::Unknown);
                    }
                    // The offer is published even if the broker's answer does not mention a session, since
                    // the words of the answer may change.
                    (Some(DirectDelivery::NotConnected { has_session }), _) => has_session,
                    // The device may be connected. If it is, it gets the published offer.
                    (None, queue) => queue == OfferQueue::Keeps,
                };
                if let Body::Invitation(offer) = &mut downlink.body {
                    offer.delivery = Delivery::Queued;
                }
                self.broker.publish(&to, &downlink, Qos::Queued, keep_ms).await?;
                Ok(if is_kept { Reach::Queued } else { Reach::Unknown })
            }
        }
    }

    /// Sends a downlink to a connected device. Returns `None` after a failure, which is logged.
    async fn send_direct(&self, to: &ClientId, downlink: &Downlink, confirm: bool) -> Option<DirectDelivery> {
        match self.broker.send_direct(to, downlink, confirm).await {
            Ok(delivery) => Some(delivery),
            // This is never the device's fault, and the same for all devices. Without an alarm, every call
            // would ring late.
            Err(error @ BrokerError::Denied { .. }) => {
                tracing::error!(
                    to = %to, error = %ErrorChain(&error),
                    "direct message denied: check the function's role and the authorizer's policy; the offer goes to the \
                     broker's queue"
                );
                None
            }
            Err(error) => {
                tracing::warn!(
                    to = %to, error = %ErrorChain(&error),
                    "offer not confirmed by the device; publishing it to the broker's queue"
                );
                None
            }
        }
    }

    fn downlink(&self, outgoing: Outgoing, context: &DownlinkContext) -> Result<Downlink, MintError> {
        let id = outgoing.id(&self.key);
        let re = match (outgoing.is_answer, outgoing.cause.request_id()) {
            (false, _) => Re::Nothing,
            (true, Some(request)) => Re::Request(request.clone()),
            (true, None) => Re::Unreadable(()),
        };
        let expires_in_ms = match &outgoing.body {
            Body::Invitation(offer) => Some(offer.deadline_in_ms),
            _ => None,
        };
        let mut downlink = Downlink {
            v: VERSION,
            id,
            re,
            meeting_id: context.meeting_id.clone(),
            rev: context.rev,
            prev_rev: outgoing.prev_rev,
            server_ms: context.now_ms,
            expires_in_ms,
            join: outgoing.grant.map(|grant| self.mint(&grant, context)).transpose()?,
            body: outgoing.body,
        };
        // Only here is the size of the whole downlink known, with its join token.
        downlink.fit();
        Ok(downlink)
    }

    /// Returns the name of a meeting's channel at the RTC service.
    #[must_use]
    pub fn channel_of(&self, meeting: &MeetingId) -> String {
        self.channel_name(meeting.as_str())
    }

    fn channel_name(&self, meeting: &str) -> String {
        format!("{}-{meeting}", self.channel_prefix)
    }

    fn mint(&self, grant: &Grant, context: &DownlinkContext) -> Result<Join, MintError> {
        let meeting = context.meeting_id.as_ref().map_or("", MeetingId::as_str);
        let now = context.now_ms.to_string();
        let [a, b, c, d, ..] = self.key.unforeseen(&[meeting, grant.user_id.as_str(), &now]);
        let salt = u32::from_be_bytes([a, b, c, d]);
        self.minter.join(&MintRequest {
            channel_id: &self.channel_name(meeting),
            user_id: grant.user_id.as_str(),
            number: grant.number,
            salt,
            name: grant.name.as_deref(),
            rights: grant.rights,
            now_ms: context.now_ms,
            ttl_seconds: TTL_SECONDS,
        })
    }
}
