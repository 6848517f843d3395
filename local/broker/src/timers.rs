//! What happens by time: connections and sessions end by the broker's clock.

use std::sync::Arc;
use std::time::Duration;

use rmqtt::types::{Message, Reason};

use crate::connection::DisconnectReason;
use crate::core::Core;

/// How often the clock is looked at. A clock that is set by a test is noticed as soon.
const PERIOD: Duration = Duration::from_millis(50);

/// Runs until it is aborted.
pub(crate) async fn run(core: Arc<Core>) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        period.tick().await;
        let due = core.registry.due(core.now_ms());
        for connection in due.connections {
            core.disconnect(&connection, DisconnectReason::CustomauthTtlExpiration, true).await;
        }
        for client_id in due.sessions {
            core.delete_session(&client_id).await;
        }
        close_after_disconnect(&core).await;
    }
}

/// Closes the connections of clients that sent DISCONNECT; rmqtt would wait for them to do so.
async fn close_after_disconnect(core: &Core) {
    for connection in core.registry.live() {
        let entry = core.session(&connection.client_id).await;
        let Some(session) = entry.session() else { continue };
        if session.id == connection.id
            && !session.connected().await.unwrap_or(true)
            && let Some(sender) = entry.tx()
        {
            // Fails only when the connection has just ended by itself.
            let _ = sender.unbounded_send(Message::Closed(Reason::ConnectRemoteClose));
        }
    }
}
