//! Decides when a device rings and when it stops, and what must be asked for that: after an offer that waited in a queue,
//! after a gap, and after a lost connection. Pure, like the [`session`](crate::session) beneath it.

mod offers;

use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::requests::{AnswerRequest, Ringing, SyncRequest, SyncState};

use crate::received::ReceivedDownlink;
use crate::uplink::{Uplink, UplinkError};
use offers::{OfferState, Offers};

/// What a ringer wants done.
#[derive(Debug, PartialEq)]
pub enum RingerStep {
    /// Begin to ring.
    Ring {
        /// The meeting.
        meeting_id: String,
        /// The invitation.
        invite_id: String,
        /// It as it came, or as a `state` had it.
        offer: Value,
    },
    /// Stop ringing.
    Stop {
        /// The invitation.
        invite_id: String,
        /// Why: the reason or code on the wire, or a word of this module's.
        reason: String,
    },
    /// Ask this; the ringer wants to hear how it ends.
    Request(Uplink),
    /// Say this, once.
    Send(Uplink),
}

/// Why a request of the user shall not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this invitation is being answered already")]
pub struct AlreadyAnswered;

/// What a device knows of the invitations that it got.
#[derive(Debug, Default)]
pub struct Ringer {
    offers: Offers,
    /// `sync` requests that have no answer yet.
    syncs: HashMap<String, PendingSync>,
    steps: VecDeque<RingerStep>,
}

/// A `sync` request.
#[derive(Debug)]
struct PendingSync {
    /// Only this meeting.
    meeting_id: Option<String>,
    /// Whether the ringer wanted it, and not the user.
    own: bool,
    /// The offers that were known by then.
    after: u64,
}

impl Ringer {
    /// The user wants this request to be made.
    ///
    /// # Errors
    /// [`AlreadyAnswered`]: it answers an invitation that is being answered, or was.
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

    /// Takes in news, or an answer; whether it is of interest to anybody else.
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

    /// A request was given up, or apply_refusal without its error having been heard here; whether that is of interest to anybody
    /// else.
    pub fn request_failed(&mut self, request: &str) -> bool {
        self.offers.reopen_after_failed_answer(request);
        self.syncs.remove(request).is_none_or(|sync| !sync.own)
    }

    /// Members of this meeting were told something that never came here.
    pub fn gap(&mut self, meeting_id: &str) {
        self.request_sync(meeting_id.parse().ok());
    }

    /// The connection is back.
    pub fn reconnected(&mut self) {
        self.request_sync(None);
    }

    /// When [`tick`](Self::tick) has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.offers.next_deadline()
    }

    /// Stops what has rung for long enough.
    pub fn tick(&mut self, now: Instant) {
        for invite_id in self.offers.expired(now) {
            self.stop_ringing(&invite_id, "expired");
            self.offers.set(&invite_id, OfferState::Closed);
        }
    }

    /// What is to be done next.
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
        // It may have been taken back while it waited, so the service is asked first.
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

    /// Takes in the present state; whether nobody else asked for it.
    fn apply_state(&mut self, state: &ReceivedDownlink, now: Instant) -> bool {
        let asked = state.answers().and_then(|request| self.syncs.remove(request));
        let listed = state.body.get("invitations").and_then(Value::as_array);
        let mut open = Vec::new();
        for offer in listed.into_iter().flatten().filter_map(Value::as_object) {
            let text = |name: &str| offer.get(name).and_then(Value::as_str);
            if let (Some(meeting_id), Some(invite_id)) = (text("meeting_id"), text("invite_id")) {
                open.push(invite_id);
                self.add_offer(meeting_id, invite_id, offer, false, now);
            }
        }
        let Some(asked) = asked else { return false };
        for gone in self.offers.missing_from(&open, asked.meeting_id.as_deref(), asked.after) {
            self.stop_ringing(&gone, "gone");
            self.offers.set(&gone, OfferState::Closed);
        }
        asked.own
    }

    /// Takes in a refusal; whether it is of interest to anybody else.
    fn apply_refusal(&mut self, error: &ReceivedDownlink, code: &str) -> bool {
        if code == "meeting_ended"
            && let Some(meeting_id) = error.meeting_id.as_deref()
            // What stops a ring by its own refusal has that code as its reason, not the meeting's end.
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

    /// Nothing of this meeting rings any more.
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
        if let Ok(uplink) = Uplink::new(&SyncRequest::from(SyncState { meeting_id })) {
            self.record_sync(&uplink, true);
            self.steps.push_back(RingerStep::Request(uplink));
        }
    }

    fn record_sync(&mut self, uplink: &Uplink, own: bool) {
        let meeting_id = uplink.text("meeting_id").map(str::to_owned);
        self.syncs
            .insert(uplink.id().to_owned(), PendingSync { meeting_id, own, after: self.offers.count() });
    }
}

fn ringing(meeting_id: &str, invite_id: &str) -> Option<Uplink> {
    let (meeting_id, invite_id): (MeetingId, InviteId) = (meeting_id.parse().ok()?, invite_id.parse().ok()?);
    let uplink: Result<_, UplinkError> = Uplink::new(&AnswerRequest::from(Ringing { meeting_id, invite_id }));
    uplink.ok()
}
