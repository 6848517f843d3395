//! The waits between attempts to connect, and the events about repeated failures. Pure: no I/O.

use rumqttc::ConnectReturnCode;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use uuid::Uuid;

use crate::config::Retry;
use crate::error::ConnectError;
use crate::event::TerminalEvent;
use crate::shared::LoginToken;

/// Shortest duration of a connection after which the waits start from the beginning.
const STABLE: Duration = Duration::from_secs(5);
/// Number of refusals of one token after which the terminal waits for another token.
const MAX_REFUSED_LOGINS: u32 = 6;
/// Number of successive connections that end early after which the owner is notified.
const SUSPICIOUS_ENDS: u32 = 4;

/// The waits between attempts to connect.
#[derive(Debug)]
pub(crate) struct Pace {
    retry: Retry,
    /// The next wait and the one before it, without jitter.
    wait: Duration,
    waited: Duration,
    up_since: Option<Instant>,
    /// Number of refusals of the present token since the last connection.
    refused: u32,
    /// Number of renewals up to the present token.
    renewals: u32,
    /// True if the attempt with the present token was made without a wait.
    was_hurried: bool,
    /// Number of successive connections that ended early.
    ended_early: u32,
}

/// The wait before the next attempt.
#[derive(Debug)]
pub(crate) struct NextAttempt {
    /// The wait; `None` if the attempt has to wait for a new token.
    wait: Option<Duration>,
    /// True if a new token ends the wait.
    is_ended_by_token: bool,
    /// The event for the owner.
    pub event: Option<TerminalEvent>,
}

impl Pace {
    pub const fn new(retry: Retry) -> Self {
        let wait = retry.reconnect_after;
        Self {
            retry,
            wait,
            waited: Duration::ZERO,
            up_since: None,
            refused: 0,
            renewals: 0,
            was_hurried: false,
            ended_early: 0,
        }
    }

    /// Records a connection.
    pub const fn connected(&mut self, now: Instant) {
        self.up_since = Some(now);
        self.refused = 0;
        self.was_hurried = false;
    }

    /// Records a failed attempt or a lost connection.
    pub fn failed(&mut self, error: &ConnectError, now: Instant) -> NextAttempt {
        let mut event = None;
        if let Some(up_since) = self.up_since.take() {
            // Two terminals with one client ID close each other's connections, so each connection lasts as
            // long as the other terminal waits. Both wait for similar times, so a connection that lasts for
            // twice the own wait has another cause.
            if now.duration_since(up_since) >= STABLE.max(self.waited * 2) {
                self.wait = self.retry.reconnect_after;
                self.ended_early = 0;
            } else {
                self.ended_early += 1;
                if self.ended_early == SUSPICIOUS_ENDS {
                    event = Some(TerminalEvent::UsedElsewhere { times: self.ended_early });
                }
            }
        }
        let is_refused = is_login_refused(error);
        if is_refused {
            self.refused += 1;
        }
        let tries_again = self.refused < MAX_REFUSED_LOGINS;
        if is_refused {
            let renewals = self.renewals;
            event = Some(TerminalEvent::LoginRefused { reason: error.to_string(), tries_again, renewals });
        }
        let wait = tries_again.then(|| jittered(self.wait));
        self.waited = self.wait;
        self.wait = (self.wait * 2).min(self.retry.reconnect_at_most);
        NextAttempt { wait, is_ended_by_token: is_refused && !self.was_hurried, event }
    }

    /// Records the next attempt, with a token that was renewed `renewals` times. `hurried` means that a new
    /// token ended the wait.
    pub const fn attempts(&mut self, hurried: bool, renewals: u32) {
        // If the broker refuses new tokens, too, owner and terminal must not loop without a pause, so the
        // next attempt waits.
        self.was_hurried = hurried;
        if renewals != self.renewals {
            self.renewals = renewals;
            self.refused = 0;
        }
    }
}

impl NextAttempt {
    /// Returns when the next attempt is due. The result is `true` if a new token is the reason.
    pub async fn pass(&self, tokens: &mut watch::Receiver<LoginToken>) -> bool {
        let waited = async {
            match self.wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        let renewed = async {
            if self.is_ended_by_token || self.wait.is_none() {
                // An error means that the terminal was dropped; then this task is aborted.
                if tokens.changed().await.is_ok() {
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = waited => false,
            () = renewed => true,
        }
    }
}

/// Returns `true` if the broker refused the login, `false` if the connection failed for another reason.
const fn is_login_refused(error: &ConnectError) -> bool {
    matches!(
        error,
        ConnectError::Refused(ConnectReturnCode::NotAuthorized | ConnectReturnCode::BadUserNamePassword)
    )
}

/// Returns a random time between half of `wait` and `wait`, so that terminals do not reconnect at the same
/// time after an outage.
fn jittered(wait: Duration) -> Duration {
    let random = u32::from(Uuid::new_v4().as_bytes()[0]);
    wait / 2 + wait / 2 * random / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: ConnectError = ConnectError::Unreachable(String::new());
    const REFUSED: ConnectError = ConnectError::Refused(ConnectReturnCode::NotAuthorized);

    fn seconds(count: f64) -> Duration {
        Duration::from_secs_f64(count)
    }

    #[test]
    fn two_terminals_with_one_client_id_connect_at_most_20_times_in_20_seconds_and_ever_more_rarely() {
        let start = Instant::now();
        let mut paces = [Pace::new(Retry::default()), Pace::new(Retry::default())];
        let mut told = [0, 0];
        // The first terminal is connected, and the second one connects now: each connect closes the
        // connection of the other terminal.
        paces[0].connected(start);
        let (mut now, mut connects, mut turn) = (start, vec![start], 1);
        while now < start + seconds(300.0) {
            paces[turn].connected(now);
            connects.push(now);
            let other = 1 - turn;
            let next = paces[other].failed(&LOST, now);
            told[other] += u32::from(matches!(next.event, Some(TerminalEvent::UsedElsewhere { .. })));
            now += next.wait.expect("it tries again");
            turn = other;
        }
        let between = |from, to| {
            connects.iter().filter(|at| **at >= start + seconds(from) && **at < start + seconds(to)).count()
        };
        assert!(between(0.0, 20.0) <= 20, "{connects:?}");
        assert!(between(60.0, 300.0) <= 17, "the wait must not start anew: {connects:?}");
        assert_eq!(told, [1, 1], "each owner is told once");
    }

    #[test]
    fn a_stable_connection_starts_the_waits_anew() {
        let mut pace = Pace::new(Retry::default());
        let mut now = Instant::now();
        for _ in 0..6 {
            pace.failed(&LOST, now);
        }
        assert_eq!(pace.wait, seconds(12.8));
        pace.connected(now);
        now += seconds(12.7);
        pace.failed(&LOST, now);
        assert_eq!(pace.wait, seconds(25.6), "6.4 s was waited, so 12.8 s would be stable");
        pace.connected(now);
        now += seconds(25.6);
        pace.failed(&LOST, now);
        assert_eq!(pace.wait, seconds(0.4));
    }

    #[test]
    fn a_refused_token_is_tried_six_times_and_a_new_one_again() {
        let mut pace = Pace::new(Retry::default());
        let now = Instant::now();
        pace.connected(now);
        assert!(pace.failed(&LOST, now + seconds(60.0)).event.is_none());
        for attempt in 1..=MAX_REFUSED_LOGINS {
            pace.attempts(false, 0);
            let next = pace.failed(&REFUSED, now);
            let expected = attempt < MAX_REFUSED_LOGINS;
            assert!(
                matches!(next.event, Some(TerminalEvent::LoginRefused { tries_again, renewals: 0, .. }) if tries_again == expected),
                "{attempt}: {next:?}"
            );
            assert_eq!(next.wait.is_some(), expected, "{attempt}");
        }
        pace.attempts(true, 1);
        let next = pace.failed(&REFUSED, now);
        assert!(next.wait.is_some() && !next.is_ended_by_token, "a second new token waits: {next:?}");
        assert!(matches!(next.event, Some(TerminalEvent::LoginRefused { renewals: 1, .. })), "{next:?}");
        pace.attempts(false, 2);
        assert!(pace.failed(&REFUSED, now).is_ended_by_token);
    }

    #[tokio::test]
    async fn a_new_token_ends_the_wait_of_a_refused_one() {
        let login = |renewals, token: &str| LoginToken { token: token.into(), renewals };
        let sender = watch::Sender::new(login(0, "old"));
        let mut tokens = sender.subscribe();
        let wait_for_it = NextAttempt { wait: None, is_ended_by_token: true, event: None };
        let (hurried, ()) = tokio::join!(wait_for_it.pass(&mut tokens), async {
            sender.send_replace(login(1, "new"));
        });
        assert!(hurried);
        let lost = NextAttempt { wait: Some(seconds(0.01)), is_ended_by_token: false, event: None };
        sender.send_replace(login(2, "newer"));
        assert!(!lost.pass(&mut tokens).await, "the network does not come back with a new token");
    }
}
