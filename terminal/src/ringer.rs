//! Decides when a device rings and when it stops, and what must be asked for that: after an offer that waited in a queue,
//! after a gap, and after a lost connection. Pure, like the [`session`](crate::session) beneath it.

mod offers;

use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::uplink::{Answer, Ringing, Sync, SyncState};

use crate::received::Received;
use crate::uplink::{Uplink, UplinkError};
use offers::{Offers, Stand};

/// What a ringer wants done.
#[derive(Debug, PartialEq)]
pub enum Step {
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
    Ask(Uplink),
    /// Say this, once.
    Tell(Uplink),
}

/// Why a request of the user shall not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this invitation is being answered already")]
pub struct AnsweredAlready;

/// What a device knows of the invitations that it got.
#[derive(Debug, Default)]
pub struct Ringer {
    offers: Offers,
    /// `sync` requests that have no answer yet.
    syncs: HashMap<String, Asked>,
    steps: VecDeque<Step>,
}

/// A `sync` request.
#[derive(Debug)]
struct Asked {
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
    /// [`AnsweredAlready`]: it answers an invitation that is being answered, or was.
    pub fn user_asks(&mut self, uplink: &Uplink) -> Result<(), AnsweredAlready> {
        let invite_id = uplink.text("invite_id").unwrap_or_default();
        match uplink.kind() {
            kind @ ("accept" | "reject") => {
                if self.offers.is_being_answered(invite_id) {
                    return Err(AnsweredAlready);
                }
                self.stop(invite_id, if kind == "accept" { "accepted" } else { "rejected" });
                self.offers.set(invite_id, Stand::Answering { request: uplink.id().to_owned() });
            }
            "silence" => {
                self.stop(invite_id, "silenced");
                self.offers.set(invite_id, Stand::Quiet);
            }
            "sync" => self.asks_sync(uplink, false),
            _ => {}
        }
        Ok(())
    }

    /// Takes in news, or an answer; whether it is of interest to anybody else.
    pub fn hear(&mut self, message: &Received, now: Instant) -> bool {
        let text = |name: &str| message.body.get(name).and_then(Value::as_str);
        let meeting_id = message.meeting_id.as_deref();
        match message.kind.as_str() {
            "invitation" => {
                if let (Some(meeting_id), Some(invite_id)) = (meeting_id, text("invite_id")) {
                    self.offered(
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
                    self.stop(invite_id, text("reason").unwrap_or_default());
                    self.offers.set(invite_id, Stand::Over);
                }
                return false;
            }
            "meeting_ended" => self.ended(meeting_id.unwrap_or_default()),
            "meeting_merged" => self.over(meeting_id.unwrap_or_default(), "merged"),
            "state" => return !self.synced(message, now),
            "error" => return self.refused(message, text("code").unwrap_or_default()),
            _ => {}
        }
        true
    }

    /// A request was given up, or refused without its error having been heard here; whether that is of interest to anybody
    /// else.
    pub fn unanswered(&mut self, request: &str) -> bool {
        self.offers.may_be_answered_again(request);
        self.syncs.remove(request).is_none_or(|sync| !sync.own)
    }

    /// Members of this meeting were told something that never came here.
    pub fn missed(&mut self, meeting_id: &str) {
        self.sync(meeting_id.parse().ok());
    }

    /// The connection is back.
    pub fn reconnected(&mut self) {
        self.sync(None);
    }

    /// When [`tick`](Self::tick) has something to do.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.offers.due()
    }

    /// Stops what has rung for long enough.
    pub fn tick(&mut self, now: Instant) {
        for invite_id in self.offers.expired(now) {
            self.stop(&invite_id, "expired");
            self.offers.set(&invite_id, Stand::Over);
        }
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    fn offered(
        &mut self,
        meeting_id: &str,
        invite_id: &str,
        offer: &serde_json::Map<String, Value>,
        is_queued: bool,
        now: Instant,
    ) {
        if !self.offers.is_open(meeting_id, invite_id) {
            return;
        }
        // It may have been taken back while it waited, so the service is asked first.
        if is_queued {
            self.offers.add(meeting_id, invite_id, Stand::Unsure);
            return self.sync(None);
        }
        let left = offer.get("deadline_in_ms").and_then(Value::as_i64).unwrap_or_default();
        let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
        let Some(until) = now.checked_add(left).filter(|_| !left.is_zero()) else { return };
        let ringing = ringing(meeting_id, invite_id);
        let request = ringing.as_ref().map_or_else(String::new, |ringing| ringing.id().to_owned());
        self.offers.add(meeting_id, invite_id, Stand::Rings { until, request });
        self.steps.push_back(Step::Ring {
            meeting_id: meeting_id.to_owned(),
            invite_id: invite_id.to_owned(),
            offer: Value::Object(offer.clone()),
        });
        self.steps.extend(ringing.map(Step::Tell));
    }

    /// Takes in the present state; whether nobody else asked for it.
    fn synced(&mut self, state: &Received, now: Instant) -> bool {
        let asked = state.answers().and_then(|request| self.syncs.remove(request));
        let listed = state.body.get("invitations").and_then(Value::as_array);
        let mut open = Vec::new();
        for offer in listed.into_iter().flatten().filter_map(Value::as_object) {
            let text = |name: &str| offer.get(name).and_then(Value::as_str);
            if let (Some(meeting_id), Some(invite_id)) = (text("meeting_id"), text("invite_id")) {
                open.push(invite_id);
                self.offered(meeting_id, invite_id, offer, false, now);
            }
        }
        let Some(asked) = asked else { return false };
        for gone in self.offers.not_among(&open, asked.meeting_id.as_deref(), asked.after) {
            self.stop(&gone, "gone");
            self.offers.set(&gone, Stand::Over);
        }
        asked.own
    }

    /// Takes in a refusal; whether it is of interest to anybody else.
    fn refused(&mut self, error: &Received, code: &str) -> bool {
        if code == "meeting_ended"
            && let Some(meeting_id) = error.meeting_id.as_deref()
            // What stops a ring by its own refusal has that code as its reason, not the meeting's end.
            && error.answers().is_none_or(|request| self.offers.rung_by(request).is_none())
        {
            self.ended(meeting_id);
        }
        let Some(request) = error.answers() else { return true };
        if let Some(invite_id) = self.offers.rung_by(request) {
            self.stop(&invite_id, code);
            self.offers.set(&invite_id, Stand::Over);
            return false;
        }
        self.unanswered(request)
    }

    fn ended(&mut self, meeting_id: &str) {
        self.offers.end(meeting_id);
        self.over(meeting_id, "meeting_ended");
    }

    /// Nothing of this meeting rings any more.
    fn over(&mut self, meeting_id: &str, reason: &str) {
        for invite_id in self.offers.of(meeting_id) {
            self.stop(&invite_id, reason);
            self.offers.set(&invite_id, Stand::Over);
        }
    }

    fn stop(&mut self, invite_id: &str, reason: &str) {
        if self.offers.rings(invite_id) {
            self.steps.push_back(Step::Stop { invite_id: invite_id.to_owned(), reason: reason.to_owned() });
        }
    }

    fn sync(&mut self, meeting_id: Option<MeetingId>) {
        if let Ok(uplink) = Uplink::new(&Sync::from(SyncState { meeting_id })) {
            self.asks_sync(&uplink, true);
            self.steps.push_back(Step::Ask(uplink));
        }
    }

    fn asks_sync(&mut self, uplink: &Uplink, own: bool) {
        let meeting_id = uplink.text("meeting_id").map(str::to_owned);
        self.syncs.insert(uplink.id().to_owned(), Asked { meeting_id, own, after: self.offers.known() });
    }
}

fn ringing(meeting_id: &str, invite_id: &str) -> Option<Uplink> {
    let (meeting_id, invite_id): (MeetingId, InviteId) = (meeting_id.parse().ok()?, invite_id.parse().ok()?);
    let uplink: Result<_, UplinkError> = Uplink::new(&Answer::from(Ringing { meeting_id, invite_id }));
    uplink.ok()
}
