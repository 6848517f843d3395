//! Hooks of messages: checks of publishing, subscribing and delivery.

use rmqtt::codec::v5::SubscribeAckReason;
use rmqtt::session::Session;
use rmqtt::types::{
    ClientId, From, FromType, LastWill, Publish, PublishAclResult, QoS, Subscribe, SubscribeAclResult,
};

use crate::connection::DisconnectReason;
use crate::direct_messages;
use crate::name;
use crate::policy::{self, Policy};
use crate::state::BrokerState;

/// Receiver of last wills that must not be delivered: no client can have this client ID. `rmqtt`'s hook can change a
/// message but not drop it.
const NO_RECEIVER: &str = "$nobody";

/// Adds the deadline to an incoming message. Also queues a last will for the topic rules, because `rmqtt` calls no
/// other hook for last wills. Their content was checked at CONNECT.
pub(super) fn accept(state: &BrokerState, session: &Session, from: &From, publish: &Publish) -> Publish {
    let mut publish = publish.clone();
    if matches!(from.typ(), FromType::LastWill) && !will_goes_out(state, session, &publish) {
        publish.target_clientid = Some(ClientId::from_static(NO_RECEIVER));
    }
    state.expiry.stamp(&mut publish, state.now_ms());
    publish
}

fn will_goes_out(state: &BrokerState, session: &Session, publish: &Publish) -> bool {
    let Some(connection) = state.registry.connection(&session.id) else {
        return false;
    };
    if !connection.claim_will() {
        return false;
    }
    state.enqueue_for_rules(&connection, publish);
    true
}

/// Reason for the refusal of a message.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishRefusal {
    #[error("the policy does not allow {0}")]
    Policy(&'static str),
    #[error("{0}")]
    Limit(&'static str),
}

/// Applies the checks of a published message to the last will of a CONNECT. AWS IoT Core refuses a connection whose
/// last will it would refuse as a message.
pub(super) fn check_will(
    state: &BrokerState,
    policy: &Policy,
    will: LastWill<'_>,
) -> Result<(), PublishRefusal> {
    let will = Publish::try_from(will).map_err(|_| PublishRefusal::Limit("the last will cannot be read"))?;
    check(state, policy, &will)
}

fn check(state: &BrokerState, policy: &Policy, publish: &Publish) -> Result<(), PublishRefusal> {
    let limits = &state.config.limits;
    name::check_topic(&publish.topic, limits).map_err(PublishRefusal::Limit)?;
    if publish.payload.len() > limits.payload_bytes {
        return Err(PublishRefusal::Limit("the payload is too large"));
    }
    if publish.qos == QoS::ExactlyOnce {
        return Err(PublishRefusal::Limit("QoS 2 is not supported"));
    }
    let resource = state.arns.topic(&publish.topic);
    if !policy.allows(policy::PUBLISH, &resource) {
        return Err(PublishRefusal::Policy(policy::PUBLISH));
    }
    if publish.retain && !policy.allows(policy::RETAIN_PUBLISH, &resource) {
        return Err(PublishRefusal::Policy(policy::RETAIN_PUBLISH));
    }
    Ok(())
}

/// Queues an allowed message for the topic rules. A refused message ends the connection.
pub(super) fn check_publish(state: &BrokerState, session: &Session, publish: &Publish) -> PublishAclResult {
    let Some(connection) = state.registry.connection(&session.id) else {
        return PublishAclResult::rejected(true, None);
    };
    match check(state, &connection.policy, publish) {
        Ok(()) => {
            state.enqueue_for_rules(&connection, publish);
            PublishAclResult::allow()
        }
        Err(refusal) => {
            tracing::info!(
                client_id = connection.client_id,
                topic = %publish.topic,
                %refusal,
                "publish refused; the connection is closed"
            );
            let cause = match refusal {
                PublishRefusal::Policy(_) => DisconnectReason::AuthError,
                PublishRefusal::Limit(_) => DisconnectReason::ClientError,
            };
            // Fails if an earlier cause is recorded; the first cause counts.
            let _ = connection.cause.set(cause);
            PublishAclResult::rejected(true, None)
        }
    }
}

/// Checks one topic filter of a SUBSCRIBE. `None` allows the subscription.
pub(super) fn check_subscribe(
    state: &BrokerState,
    session: &Session,
    subscribe: &Subscribe,
) -> Option<SubscribeAclResult> {
    let filter = &subscribe.topic_filter;
    let allowed = state.registry.connection(&session.id).is_some_and(|connection| {
        connection.policy.allows(policy::SUBSCRIBE, &state.arns.topic_filter(filter))
    });
    let reason = match name::check_filter(filter, &state.config.limits) {
        Ok(()) if allowed => return None,
        Ok(()) => "the policy does not allow iot:Subscribe",
        Err(reason) => reason,
    };
    tracing::info!(client_id = %session.id.client_id, %filter, reason, "subscription refused");
    Some(SubscribeAclResult::new_failure(SubscribeAckReason::NotAuthorized))
}

/// Returns `true` if a message may be sent on a connection now.
pub(super) fn may_deliver(state: &BrokerState, session: &Session, from: &From, publish: &Publish) -> bool {
    if state.expiry.expired(publish, state.now_ms()) {
        return false;
    }
    if publish.qos != QoS::AtMostOnce
        && direct_messages::is_direct(from)
        && !state.direct_messages.is_awaited(from)
    {
        // The data plane has reported a timeout to the sender, who may have sent the message by other means.
        return false;
    }
    state.registry.connection(&session.id).is_some_and(|connection| {
        connection.policy.allows(policy::RECEIVE, &state.arns.topic(&publish.topic))
    })
}
