//! The decisions about messages: what may be published, subscribed to and delivered.

use rmqtt::codec::v5::SubscribeAckReason;
use rmqtt::session::Session;
use rmqtt::types::{ClientId, From, FromType, Publish, PublishAclResult, QoS, Subscribe, SubscribeAclResult};

use crate::connection::{Connection, DisconnectReason};
use crate::core::Core;
use crate::direct;
use crate::name;
use crate::policy;

/// Receiver of what must not be published: rmqtt's hook can change a message, but not stop it.
const NOBODY: &str = "$nobody";

/// Stamps a message that came in with its deadline. A last will is also decided here, as rmqtt asks nothing else
/// about it.
pub(super) fn accept(core: &Core, session: &Session, from: &From, publish: &Publish) -> Publish {
    let mut publish = publish.clone();
    if matches!(from.typ(), FromType::LastWill) && !will_goes_out(core, session, &publish) {
        publish.target_clientid = Some(ClientId::from_static(NOBODY));
    }
    core.expiry.stamp(&mut publish, core.now_ms());
    publish
}

fn will_goes_out(core: &Core, session: &Session, publish: &Publish) -> bool {
    let Some(connection) = core.registry.connection(&session.id) else {
        return false;
    };
    if !connection.settle_will() {
        return false;
    }
    if let Err(refusal) = check(core, &connection, publish) {
        tracing::info!(client_id = connection.client_id, topic = %publish.topic, %refusal, "last will refused");
        return false;
    }
    core.to_rules(&connection, publish);
    true
}

/// Why a message is refused.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the policy does not allow {0}")]
    Policy(&'static str),
    #[error("{0}")]
    Limit(&'static str),
}

fn check(core: &Core, connection: &Connection, publish: &Publish) -> Result<(), Refusal> {
    let limits = &core.config.limits;
    name::check_topic(&publish.topic, limits).map_err(Refusal::Limit)?;
    if publish.payload.len() > limits.payload_bytes {
        return Err(Refusal::Limit("the payload is too large"));
    }
    if publish.qos == QoS::ExactlyOnce {
        return Err(Refusal::Limit("QoS 2 is not supported"));
    }
    let resource = core.arns.topic(&publish.topic);
    if !connection.policy.allows(policy::PUBLISH, &resource) {
        return Err(Refusal::Policy(policy::PUBLISH));
    }
    if publish.retain && !connection.policy.allows(policy::RETAIN_PUBLISH, &resource) {
        return Err(Refusal::Policy(policy::RETAIN_PUBLISH));
    }
    Ok(())
}

/// Hands an allowed message to the topic rules; ends the connection over one that is not allowed.
pub(super) fn check_publish(core: &Core, session: &Session, publish: &Publish) -> PublishAclResult {
    let Some(connection) = core.registry.connection(&session.id) else {
        return PublishAclResult::rejected(true, None);
    };
    match check(core, &connection, publish) {
        Ok(()) => {
            core.to_rules(&connection, publish);
            PublishAclResult::allow()
        }
        Err(refusal) => {
            tracing::info!(client_id = connection.client_id, topic = %publish.topic, %refusal, "publish refused");
            let cause = match refusal {
                Refusal::Policy(_) => DisconnectReason::AuthError,
                Refusal::Limit(_) => DisconnectReason::ClientError,
            };
            // A cause that is there already was the first one.
            let _ = connection.cause.set(cause);
            PublishAclResult::rejected(true, None)
        }
    }
}

/// Decides about one filter of a SUBSCRIBE; `None` allows it.
pub(super) fn check_subscribe(
    core: &Core,
    session: &Session,
    subscribe: &Subscribe,
) -> Option<SubscribeAclResult> {
    let filter = &subscribe.topic_filter;
    let allowed = core.registry.connection(&session.id).is_some_and(|connection| {
        connection.policy.allows(policy::SUBSCRIBE, &core.arns.topic_filter(filter))
    });
    if allowed && filter.len() <= core.config.limits.topic_bytes {
        return None;
    }
    tracing::info!(client_id = %session.id.client_id, %filter, "subscription refused");
    Some(SubscribeAclResult::new_failure(SubscribeAckReason::NotAuthorized))
}

/// Whether a message may go out on a connection now.
pub(super) fn may_deliver(core: &Core, session: &Session, from: &From, publish: &Publish) -> bool {
    if core.expiry.expired(publish, core.now_ms()) {
        return false;
    }
    if publish.qos != QoS::AtMostOnce && direct::is_direct(from) && !core.directs.awaited(from) {
        // The sender was told that it was not confirmed, and may have sent it by other means.
        return false;
    }
    core.registry
        .connection(&session.id)
        .is_some_and(|connection| connection.policy.allows(policy::RECEIVE, &core.arns.topic(&publish.topic)))
}
