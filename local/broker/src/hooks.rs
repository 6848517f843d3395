//! Hooks: the broker's decisions, called by `rmqtt` at each step of a connection or message.

mod connect;
mod message;

use std::sync::Arc;

use async_trait::async_trait;
use rmqtt::hook::{Handler, HookResult, Parameter, ReturnType, Type};
use rmqtt::types::Reason;

use crate::state::BrokerState;

struct Hooks {
    state: Arc<BrokerState>,
}

/// Registers the hooks with `rmqtt`.
pub(crate) async fn install(state: &Arc<BrokerState>) {
    let register = state.engine.extends.hook_mgr().register();
    for step in [
        Type::ClientAuthenticate,
        Type::ClientConnected,
        Type::ClientDisconnected,
        Type::ClientSubscribeCheckAcl,
        Type::MessagePublish,
        Type::MessagePublishCheckAcl,
        Type::MessageExpiryCheck,
        Type::MessageAcked,
        Type::MessageDropped,
    ] {
        register.add(step, Box::new(Hooks { state: Arc::clone(state) })).await;
    }
    register.start().await;
}

#[async_trait]
impl Handler for Hooks {
    async fn hook(&self, step: &Parameter, before: Option<HookResult>) -> ReturnType {
        let state = &self.state;
        let decision = match step {
            Parameter::ClientAuthenticate(connect) => {
                Some(HookResult::AuthResult(connect::authenticate(state, connect).await))
            }
            Parameter::ClientConnected(session) => {
                connect::connected(state, session).await;
                before
            }
            Parameter::ClientDisconnected(session, reason) => {
                connect::disconnected(state, session, reason).await;
                before
            }
            Parameter::ClientSubscribeCheckAcl(session, subscribe) => {
                message::check_subscribe(state, session, subscribe).map(HookResult::SubscribeAclResult)
            }
            Parameter::MessagePublish(Some(session), from, publish) => {
                Some(HookResult::Publish(message::accept(state, session, from, publish)))
            }
            Parameter::MessagePublishCheckAcl(session, publish) => {
                Some(HookResult::PublishAclResult(message::check_publish(state, session, publish)))
            }
            Parameter::MessageExpiryCheck(session, from, publish) => {
                if message::may_deliver(state, session, from, publish) {
                    before
                } else {
                    Some(HookResult::MessageExpiry)
                }
            }
            Parameter::MessageAcked(_, from, _) => {
                state.direct_messages.acknowledged(from);
                before
            }
            Parameter::MessageDropped(receiver, _, publish, reason) => {
                // Refused and expired messages are dropped on purpose.
                if !matches!(reason, Reason::PublishResult(_) | Reason::MessageExpiration) {
                    tracing::debug!(?receiver, topic = %publish.topic, %reason, "message dropped");
                }
                before
            }
            _ => before,
        };
        (true, decision)
    }
}
