//! The broker's decisions, called by rmqtt at each step of a connection or message.

mod connect;
mod message;

use std::sync::Arc;

use async_trait::async_trait;
use rmqtt::hook::{Handler, HookResult, Parameter, ReturnType, Type};
use rmqtt::types::Reason;

use crate::core::Core;

struct Hooks {
    core: Arc<Core>,
}

/// Puts the broker's decisions into rmqtt.
pub(crate) async fn install(core: &Arc<Core>) {
    let register = core.engine.extends.hook_mgr().register();
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
        register.add(step, Box::new(Hooks { core: Arc::clone(core) })).await;
    }
    register.start().await;
}

#[async_trait]
impl Handler for Hooks {
    async fn hook(&self, step: &Parameter, before: Option<HookResult>) -> ReturnType {
        let core = &self.core;
        let decision = match step {
            Parameter::ClientAuthenticate(connect) => {
                Some(HookResult::AuthResult(connect::authenticate(core, connect).await))
            }
            Parameter::ClientConnected(session) => {
                connect::connected(core, session).await;
                before
            }
            Parameter::ClientDisconnected(session, reason) => {
                connect::disconnected(core, session, reason).await;
                before
            }
            Parameter::ClientSubscribeCheckAcl(session, subscribe) => {
                message::check_subscribe(core, session, subscribe).map(HookResult::SubscribeAclResult)
            }
            Parameter::MessagePublish(Some(session), from, publish) => {
                Some(HookResult::Publish(message::accept(core, session, from, publish)))
            }
            Parameter::MessagePublishCheckAcl(session, publish) => {
                Some(HookResult::PublishAclResult(message::check_publish(core, session, publish)))
            }
            Parameter::MessageExpiryCheck(session, from, publish) => {
                if message::may_deliver(core, session, from, publish) {
                    before
                } else {
                    Some(HookResult::MessageExpiry)
                }
            }
            Parameter::MessageAcked(_, from, _) => {
                core.directs.acknowledged(from);
                before
            }
            Parameter::MessageDropped(receiver, _, publish, reason) => {
                // What is refused or past its time is dropped on purpose.
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
