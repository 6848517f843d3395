//! Decides when a device starts and stops ringing. Requests `sync` when needed: for an offer from the queue,
//! after a gap, and after a reconnect. Pure, without a network or a clock, like a
//! [`session`](crate::session).

mod offers;

use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::requests::{Ringing, SyncState};

use crate::received::ReceivedDownlink;
use crate::uplink::{Uplink, UplinkError};
use offers::{OfferState, Offers};

/// A step that the owner of a ringer has to carry out.
#[derive(Debug, PartialEq)]
pub enum RingerStep {
    /// Start to ring.
    Ring {
        /// The meeting.
        meeting_id: String,
        /// The invitation.
        invite_id: String,
        /// The invitation as it arrived, or as an entry of a `state`.
        offer: Value,
    },
    /// Stop ringing.
    Stop {
        /// The invitation.
        invite_id: String,
        /// A reason or code of the wire, or `accepted`, `rejected`, `silenced`, `expired`, `merged`, `gone`
        /// or `meeting_ended`.
        reason: String,
    },
    /// Send this request. Pass its answer to [`receive`](Ringer::receive), or call
    /// [`request_failed`](Ringer::request_failed).
    Request(Uplink),
    /// Send this request once. The service never answers it.
    Send(Uplink),
}

/// The user has already answered this invitation, so the request must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this invitation was already answered; wait for the answer of the first request")]
pub struct AlreadyAnswered;

/// The invitations that a device knows, and the rings for them.
#[derive(Debug, Default)]
pub struct Ringer {
    offers: Offers,
    /// `sync` requests that wait for an answer, by id.
    syncs: HashMap<String, PendingSync>,
    steps: VecDeque<RingerStep>,
    missed_since_ms: Option<i64>,
}

#[derive(Debug)]
struct PendingSync {
    /// The meeting, if the request names one.
    meeting_id: Option<String>,
    /// True if the ringer sent the request, and not the user.
    from_ringer: bool,
    /// Number of offers known when the request was sent. Later offers may be missing from its `state`.
    known_offers: u64,
}

impl Ringer {
    /// Records a request that the user is about to send.
    ///
    /// # Errors
    /// [`AlreadyAnswered`] for an `accept` or `reject` of an invitation if an answer was sent before and has
    /// not failed.
    pub fn user_requests(&mut self, uplink: &Uplink) -> Result<(), AlreadyAnswered> {
        let invite_id = uplink.text("invite_id").unwrap_or_default();
        match uplink.kind() {
            kind @ ("accept" | "reject") => {
                if self.offers.is_being_answered(invite_id) {
                    return Err(AlreadyAnswered);
                }
                self.stop_ringing(invite_id, if kind == "accept" { "accepted" } else { "rejected" });
                self.offers.set(invite_id, OfferState::Answering { request: uplink.id().to_owned() });
            }
            "silence" => {
                self.stop_ringing(invite_id, "silenced");
                self.offers.set(invite_id, OfferState::Silent);
            }
            "sync" => self.record_sync(uplink, false),
            _ => {}
        }
        Ok(())
    }

    /// Makes every `sync` of the ringer list the calls that the user missed since `since_ms`, a time by the
    /// service's clock. Use the value that [`missed_since_ms`](Self::missed_since_ms) returned when the
    /// device was last used, or 0 for a new device. The list may contain a call that `missed_call` has
    /// announced: both have the same `meeting_id` and `at_ms`.
    pub fn list_missed_since(&mut self, since_ms: i64) {
        self.missed_since_ms = Some(since_ms);
    }

    /// Returns the time up to which the owner knows the missed calls: that of the last `state` that listed
    /// them. `None` unless [`list_missed_since`](Self::list_missed_since) was called.
    #[must_use]
    pub fn missed_since_ms(&self) -> Option<i64> {
        self.missed_since_ms
    }

    /// Processes a downlink. Returns whether the owner should show the downlink; `false` for invitations, for
    /// their closing, and for answers to requests of the ringer.
    pub fn receive(&mut self, message: &ReceivedDownlink, now: Instant) -> bool {
        let text = |name: &str| message.body.get(name).and_then(Value::as_str);
        let meeting_id = message.meeting_id.as_deref();
        match message.kind.as_str() {
            "invitation" => {
                if let (Some(meeting_id), Some(invite_id)) = (meeting_id, text("invite_id")) {
                    self.add_offer(
                        meeting_id,
                        invite_id,
                        &message.body,
                        text("delivery") == Some("queued"),
                        now,
                    );
                }
                return false;
            }
            "invitation_closed" => {
                if let Some(invite_id) = text("invite_id") {
                    self.stop_ringing(invite_id, text("reason").unwrap_or_default());
                    self.offers.set(invite_id, OfferState::Closed);
                }
                return false;
            }
            "meeting_ended" => self.end_meeting(meeting_id.unwrap_or_default()),
            "meeting_merged" => self.close_offers(meeting_id.unwrap_or_default(), "merged"),
            "state" => return !self.apply_state(message, now),
            "error" => return self.apply_refusal(message, text("code").unwrap_or_default()),
            _ => {}
        }
        true
    }

    /// Records a request that timed out, or whose refusal was not passed to [`receive`](Self::receive).
    /// Returns whether the owner should show the failure; `false` for requests of the ringer.
    pub fn request_failed(&mut self, request: &str) -> bool {
        self.offers.reopen_after_failed_answer(request);
        self.syncs.remove(request).is_none_or(|sync| !sync.from_ringer)
    }

    /// Records that a notice about this meeting was lost.
    pub fn gap(&mut self, meeting_id: &str) {
        self.request_sync(meeting_id.parse().ok());
    }

    /// Records a reconnect.
    pub fn reconnected(&mut self) {
        self.request_sync(None);
    }

    /// Returns the time at which the owner has to call [`tick`](Self::tick); `None` while no invitation
    /// rings.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.offers.next_deadline()
    }

    /// Stops the rings that have expired at `now`.
    pub fn tick(&mut self, now: Instant) {
        for invite_id in self.offers.expired(now) {
            self.stop_ringing(&invite_id, "expired");
            self.offers.set(&invite_id, OfferState::Closed);
        }
    }

    /// Returns the next step to carry out.
    pub fn poll(&mut self) -> Option<RingerStep> {
        self.steps.pop_front()
    }

    fn add_offer(
        &mut self,
        meeting_id: &str,
        invite_id: &str,
        offer: &serde_json::Map<String, Value>,
        is_queued: bool,
        now: Instant,
    ) {
        if !self.offers.may_ring(meeting_id, invite_id) {
            return;
        }
        // A queued offer may have been cancelled in the meantime, so the ringer first requests the state.
        if is_queued {
            self.offers.add(meeting_id, invite_id, OfferState::Unconfirmed);
            return self.request_sync(None);
        }
        let left = offer.get("deadline_in_ms").and_then(Value::as_i64).unwrap_or_default();
        let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
        let Some(until) = now.checked_add(left).filter(|_| !left.is_zero()) else { return };
        let ringing = ringing(meeting_id, invite_id);
        let request = ringing.as_ref().map_or_else(String::new, |ringing| ringing.id().to_owned());
        self.offers.add(meeting_id, invite_id, OfferState::Ringing { until, request });
        self.steps.push_back(RingerStep::Ring {
            meeting_id: meeting_id.to_owned(),
            invite_id: invite_id.to_owned(),
            offer: Value::Object(offer.clone()),
        });
        self.steps.extend(ringing.map(RingerStep::Send));
    }

    /// Starts to ring for the invitations of a `state`, and stops rings whose invitations are missing from
    /// it. Returns whether the ringer requested the `state`.
    fn apply_state(&mut self, state: &ReceivedDownlink, now: Instant) -> bool {
        let sync = state.answers().and_then(|request| self.syncs.remove(request));
        if self.missed_since_ms.is_some() && state.body.contains_key("missed") {
            let server_ms = state.body.get("server_ms").and_then(Value::as_i64);
            self.missed_since_ms = self.missed_since_ms.max(server_ms);
        }
        let listed = state.body.get("invitations").and_then(Value::as_array);
        let mut open = Vec::new();
        for offer in listed.into_iter().flatten().filter_map(Value::as_object) {
            let text = |name: &str| offer.get(name).and_then(Value::as_str);
            if let (Some(meeting_id), Some(invite_id)) = (text("meeting_id"), text("invite_id")) {
                open.push(invite_id);
                self.add_offer(meeting_id, invite_id, offer, false, now);
            }
        }
        let Some(sync) = sync else { return false };
        for gone in self.offers.missing_from(&open, sync.meeting_id.as_deref(), sync.known_offers) {
            self.stop_ringing(&gone, "gone");
            self.offers.set(&gone, OfferState::Closed);
        }
        sync.from_ringer
    }

    /// Processes a refusal. Returns whether the owner should show the refusal.
    fn apply_refusal(&mut self, error: &ReceivedDownlink, code: &str) -> bool {
        if code == "meeting_ended"
            && let Some(meeting_id) = error.meeting_id.as_deref()
            // If `ringing` was refused, the ring stops below, with this code as its reason.
            && error.answers().is_none_or(|request| self.offers.ringing_announced_by(request).is_none())
        {
            self.end_meeting(meeting_id);
        }
        let Some(request) = error.answers() else { return true };
        if let Some(invite_id) = self.offers.ringing_announced_by(request) {
            self.stop_ringing(&invite_id, code);
            self.offers.set(&invite_id, OfferState::Closed);
            return false;
        }
        self.request_failed(request)
    }

    fn end_meeting(&mut self, meeting_id: &str) {
        self.offers.mark_meeting_ended(meeting_id);
        self.close_offers(meeting_id, "meeting_ended");
    }

    /// Stops all rings of this meeting and closes its invitations.
    fn close_offers(&mut self, meeting_id: &str, reason: &str) {
        for invite_id in self.offers.open_in_meeting(meeting_id) {
            self.stop_ringing(&invite_id, reason);
            self.offers.set(&invite_id, OfferState::Closed);
        }
    }

    fn stop_ringing(&mut self, invite_id: &str, reason: &str) {
        if self.offers.is_ringing(invite_id) {
            self.steps
                .push_back(RingerStep::Stop { invite_id: invite_id.to_owned(), reason: reason.to_owned() });
        }
    }

    fn request_sync(&mut self, meeting_id: Option<MeetingId>) {
        let missed_since_ms = self.missed_since_ms.filter(|_| meeting_id.is_none());
        if let Ok(uplink) = Uplink::new(&SyncState { meeting_id, missed_since_ms }) {
            self.record_sync(&uplink, true);
            self.steps.push_back(RingerStep::Request(uplink));
        }
    }

    fn record_sync(&mut self, uplink: &Uplink, from_ringer: bool) {
        let meeting_id = uplink.text("meeting_id").map(str::to_owned);
        self.syncs.insert(
            uplink.id().to_owned(),
            PendingSync { meeting_id, from_ringer, known_offers: self.offers.count() },
        );
    }
}

fn ringing(meeting_id: &str, invite_id: &str) -> Option<Uplink> {
    let (meeting_id, invite_id): (MeetingId, InviteId) = (meeting_id.parse().ok()?, invite_id.parse().ok()?);
    let uplink: Result<_, UplinkError> = Uplink::new(&Ringing { meeting_id, invite_id });
    uplink.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::received::RawMessage;
    use serde_json::json;

    /// Returns the `missed_since_ms` of the `sync` after a reconnect.
    fn since(ringer: &mut Ringer) -> Value {
        ringer.reconnected();
        let Some(RingerStep::Request(sync)) = ringer.poll() else { panic!("a reconnect leads to `sync`") };
        let sent: Value = serde_json::from_slice(&sync.payload()).expect("JSON");
        sent["missed_since_ms"].clone()
    }

    #[test]
    fn each_sync_lists_the_calls_missed_since_the_last_one_that_listed_them() {
        let mut ringer = Ringer::default();
        assert_eq!(since(&mut ringer), Value::Null, "only if the owner wants them");
        ringer.list_missed_since(500);
        assert_eq!(since(&mut ringer), 500);
        let mut state = json!({"v": 1, "type": "state", "id": "d1", "re": "s1", "server_ms": 7_000, "meetings": [],
            "invitations": []});
        for (listed, expected) in [(false, 500), (true, 7_000)] {
            if listed {
                state["missed"] = json!([]);
            }
            let payload = state.to_string().into_bytes();
            let raw =
                RawMessage { topic: "bulk-dn/p2p/G@@@a".to_owned(), payload, received_at: Instant::now() };
            ringer.receive(&ReceivedDownlink::read(&raw).expect("an envelope"), Instant::now());
            assert_eq!(since(&mut ringer), expected);
        }
        ringer.gap("m1");
        let Some(RingerStep::Request(sync)) = ringer.poll() else { panic!("a gap leads to `sync`") };
        assert!(!String::from_utf8_lossy(&sync.payload()).contains("missed"), "not of one meeting");
    }
}
