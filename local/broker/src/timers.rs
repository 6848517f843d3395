//! Timers: end connections and sessions by the broker's clock.

use std::sync::Arc;
use std::time::Duration;

use rmqtt::types::{Message, Reason};

use crate::connection::DisconnectReason;
use crate::state::BrokerState;

/// Interval between two checks of the clock, in real time. A test that sets the clock waits no longer than this.
const PERIOD: Duration = Duration::from_millis(50);

/// Ends overdue connections and sessions in each period, until the task is aborted.
pub(crate) async fn run(state: Arc<BrokerState>) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        period.tick().await;
        let overdue = state.registry.take_overdue(state.now_ms());
        for connection in overdue.connections {
            state.disconnect(&connection, DisconnectReason::CustomauthTtlExpiration, true).await;
        }
        for client_id in overdue.sessions {
            state.delete_session(&client_id).await;
        }
        close_after_disconnect(&state).await;
    }
}

/// Closes the connections of clients that sent DISCONNECT. `rmqtt` would wait for the client to close them.
async fn close_after_disconnect(state: &BrokerState) {
    for connection in state.registry.live_connections() {
        let entry = state.session(&connection.client_id).await;
        let Some(session) = entry.session() else { continue };
        if session.id == connection.id
            && !session.connected().await.unwrap_or(true)
            && let Some(sender) = entry.tx()
        {
            // Fails only if the connection has just ended.
            let _ = sender.unbounded_send(Message::Closed(Reason::ConnectRemoteClose));
        }
    }
}
