//! The terminal under test without a network: its session and its ringer, and a list of what they send and
//! show.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use switchboard_protocol::downlink::DownlinkInfo;
use terminal::ringer::{Ringer, RingerStep};
use terminal::session::{Session, SessionOutput};
use terminal::{RawMessage, ReceivedDownlink, Retry, Uplink, UplinkParents};

pub struct Subject {
    session: Session,
    ringer: Ringer,
    now: Instant,
    /// Requests of the user by id.
    user_uplinks: HashMap<String, Uplink>,
    sends: Vec<Value>,
    shows: Vec<Value>,
}

impl Subject {
    pub fn connected() -> Self {
        let mut subject = Self {
            session: Session::new(Retry::default()),
            ringer: Ringer::default(),
            now: Instant::now(),
            user_uplinks: HashMap::new(),
            sends: Vec::new(),
            shows: Vec::new(),
        };
        subject.session.connected(subject.now);
        subject
    }

    pub fn receives(&mut self, message: &Value) {
        let payload = message.to_string().into_bytes();
        let raw = RawMessage { topic: "call-dn/p2p/G@@@a".to_owned(), payload, received_at: self.now };
        if let Ok(message) = ReceivedDownlink::read(&raw) {
            self.session.receive(message, self.now);
            self.process_outputs();
        }
    }

    pub fn user_requests(&mut self, request: &Value) {
        let fields = request.as_object().expect("a request").clone();
        let function = function(fields["type"].as_str().expect("a type"));
        let uplink = Uplink::from_fields(function, fields);
        let uplink = if function == "sync" { uplink.bulk() } else { uplink };
        if self.ringer.user_requests(&uplink).is_err() {
            return;
        }
        self.user_uplinks.insert(uplink.id().to_owned(), uplink.clone());
        if uplink.is_answered() {
            self.session.request(uplink, self.now).expect("a new id");
        } else {
            self.record_send(&uplink);
        }
        self.process_outputs();
    }

    pub fn user_repeats(&mut self, request: &str) {
        let uplink = self.user_uplinks[request].clone();
        if self.ringer.user_requests(&uplink).is_ok() {
            self.session.request(uplink, self.now).expect("the first request has ended");
            self.process_outputs();
        }
    }

    pub fn waits(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        loop {
            let due = [self.session.next_deadline(), self.ringer.next_deadline()].into_iter().flatten().min();
            self.now = due.unwrap_or(end).clamp(self.now, end);
            self.session.tick(self.now);
            self.ringer.tick(self.now);
            self.process_outputs();
            if due.is_none_or(|due| due > end) {
                return;
            }
        }
    }

    pub fn disconnects(&mut self) {
        self.session.disconnected();
        self.process_outputs();
    }

    pub fn reconnects(&mut self) {
        self.session.connected(self.now);
        self.ringer.reconnected();
        self.process_outputs();
    }

    /// Returns the messages sent and shown since the last call.
    pub fn take_results(&mut self) -> (Vec<Value>, Vec<Value>) {
        (std::mem::take(&mut self.sends), std::mem::take(&mut self.shows))
    }

    fn process_outputs(&mut self) {
        loop {
            self.process_ringer_steps();
            match self.session.poll() {
                Some(output) => self.process_output(output),
                None => return,
            }
        }
    }

    fn process_ringer_steps(&mut self) {
        while let Some(step) = self.ringer.poll() {
            match step {
                RingerStep::Ring { meeting_id, invite_id, mut offer } => {
                    offer["meeting_id"] = json!(meeting_id);
                    offer["invite_id"] = json!(invite_id);
                    self.shows.push(json!({"rings": offer}));
                }
                RingerStep::Stop { invite_id, reason } => {
                    self.shows.push(json!({"stops": {"invite_id": invite_id, "reason": reason}}));
                }
                RingerStep::Request(uplink) => self.session.request(uplink, self.now).expect("a new id"),
                RingerStep::Send(uplink) => self.record_send(&uplink),
            }
        }
    }

    fn process_output(&mut self, output: SessionOutput) {
        match output {
            SessionOutput::Send(uplink) => self.record_send(&uplink),
            SessionOutput::Answer(message) | SessionOutput::Notice(message) => {
                let is_shown = self.ringer.receive(&message, self.now);
                self.process_ringer_steps();
                if is_shown {
                    self.show(&message);
                }
            }
            SessionOutput::Unanswered { request, .. } => {
                if self.ringer.request_failed(&request) {
                    self.shows.push(json!({"unanswered": {"re": request}}));
                }
            }
            SessionOutput::Gap { meeting_id } => self.ringer.gap(&meeting_id),
        }
    }

    fn show(&mut self, message: &ReceivedDownlink) {
        let is_answer = message.answers().is_some_and(|request| self.user_uplinks.contains_key(request));
        let what = match (is_answer, message.kind.as_str()) {
            (true, "error") => "refused",
            (true, _) => "answered",
            (false, kind) if DownlinkInfo::find(kind).is_some() => "news",
            (false, _) => return,
        };
        self.shows.push(json!({what: message.body}));
    }

    fn record_send(&mut self, uplink: &Uplink) {
        let message: Value = serde_json::from_slice(&uplink.payload()).expect("JSON");
        self.sends.push(json!({"topic": uplink.topic(&UplinkParents::default()), "message": message}));
    }
}

/// Returns the function that serves a request type.
fn function(kind: &str) -> &'static str {
    match kind {
        "create_meeting" => "create-meeting",
        "invite" | "cancel_invite" => "invite",
        "ringing" | "accept" | "reject" | "silence" => "answer",
        "mute" | "allow_speech" | "remove" | "admit" | "deny" | "transfer_host" | "set_role"
        | "update_meeting" => "moderate",
        "destroy_meeting" => "destroy",
        "sync" | "history" => "sync",
        _ => "attend",
    }
}
