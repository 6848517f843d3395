//! The script: Alice calls, two devices of Bob ring, one answers, both users talk, Alice hangs up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use local::Stack;
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::{Media, Mode};
use switchboard_protocol::requests::{CreateMeeting, MediaReport};
use switchboard_rtc::livekit::ApiKey;
use terminal::ReceivedDownlink;

use super::claims;
use super::device::{Device, Login};
use super::error::{DemoError, Step as _};
use super::timeline::{Line, Timeline};

/// Duration of the talk in the call that is shown.
const TALK: Duration = Duration::from_millis(400);

/// The connected devices of the script.
pub struct Cast<'s> {
    alice: Device,
    bob_phone: Device,
    bob_tablet: Device,
    key: ApiKey,
    stack: &'s Stack,
}

/// The current call, with the timeline if the call is shown.
struct Scene<'a> {
    timeline: Option<&'a Timeline>,
    began: Instant,
    meeting: MeetingId,
    invite: InviteId,
}

impl Scene<'_> {
    fn show(&self, lines: Vec<Line>) {
        if let Some(timeline) = self.timeline {
            timeline.step(self.began, lines);
        }
    }

    fn detail(&self, texts: &[String]) {
        for text in texts {
            if let Some(timeline) = self.timeline {
                timeline.detail(text);
            }
        }
    }
}

impl<'s> Cast<'s> {
    /// Connects Alice's phone, Bob's phone and Bob's tablet.
    pub async fn connect(stack: &'s Stack, parameters: &BTreeMap<String, String>) -> Result<Self, DemoError> {
        let secret = parameters
            .get("JwtHs256Secret")
            .ok_or("the parameter JwtHs256Secret is missing")
            .step("sign the logins")?;
        let login =
            Login { mqtt: &stack.addresses().mqtt, secret, now_ms: stack.instruments().clock.now_ms() };
        Ok(Self {
            alice: Device::connect(&login, "Alice phone", "Alice", "phone").await?,
            bob_phone: Device::connect(&login, "Bob phone", "Bob", "phone").await?,
            bob_tablet: Device::connect(&login, "Bob tablet", "Bob", "tablet").await?,
            key: claims::service_key(parameters),
            stack,
        })
    }

    /// Plays one call and shows it on the timeline, if one is given. Returns the time from Alice's publish to the
    /// invitation on Bob's phone.
    pub async fn call(&mut self, timeline: Option<&Timeline>) -> Result<Duration, DemoError> {
        let (scene, rang_after) = self.ring(timeline).await?;
        self.answer(&scene).await?;
        self.talk(&scene).await?;
        self.hang_up(&scene).await?;
        Ok(rang_after)
    }

    async fn ring<'t>(&mut self, timeline: Option<&'t Timeline>) -> Result<(Scene<'t>, Duration), DemoError> {
        let began = Instant::now();
        let created =
            self.alice.terminal.create_meeting(direct_call_to("bob")?).await.step("Alice calls Bob")?;
        let on_phone = self.bob_phone.expect_message("invitation").await?;
        let on_tablet = self.bob_tablet.expect_message("invitation").await?;
        let scene = Scene {
            timeline,
            began,
            meeting: id(&on_phone, "meeting_id")?,
            invite: id(&on_phone, "invite_id")?,
        };
        let rings = ring_note(&on_phone);
        scene.show(vec![
            self.alice.sent_line("create_meeting", began, "direct, audio, to bob"),
            self.bob_phone.received_line(&on_phone, began, &rings),
            self.bob_tablet.received_line(&on_tablet, began, &rings),
            self.alice.received_line(&created, began, "Alice may join while it rings"),
        ]);
        scene.detail(&claims::verified(&created, "alice", &self.key, self.now_ms())?);
        Ok((scene, on_phone.received_at.saturating_duration_since(began)))
    }

    async fn answer(&mut self, scene: &Scene<'_>) -> Result<(), DemoError> {
        let rings_at = Instant::now();
        let ringing = self.bob_phone.terminal.ringing(&scene.meeting, &scene.invite).await;
        ringing.step("Bob's phone reports that it rings")?;
        let updated = self.alice.expect_message("invitation_updated").await?;
        scene.show(vec![
            self.bob_phone.sent_line("ringing", rings_at, ""),
            self.alice.received_line(&updated, rings_at, "Bob's phone rings"),
        ]);

        let accepts_at = Instant::now();
        let accepted = self.bob_phone.terminal.accept(&scene.meeting, &scene.invite, Media::Audio).await;
        let accepted = accepted.step("Bob's phone accepts")?;
        let closed = self.bob_tablet.expect_message("invitation_closed").await?;
        let reason: String = closed.field("reason").unwrap_or_default();
        if reason != "answered_elsewhere" {
            return Err(format!("the reason is `{reason}`, not `answered_elsewhere`"))
                .step("Bob's tablet stops ringing");
        }
        let updated = self.alice.expect_message("participant_updated").await?;
        scene.show(vec![
            self.bob_phone.sent_line("accept", accepts_at, ""),
            self.bob_phone.received_line(&accepted, accepts_at, "Bob may join"),
            self.bob_tablet.received_line(
                &closed,
                accepts_at,
                "answered_elsewhere: the tablet stops ringing",
            ),
            self.alice.received_line(&updated, accepts_at, "Bob has accepted"),
        ]);
        scene.detail(&claims::verified(&accepted, "bob", &self.key, self.now_ms())?);
        Ok(())
    }

    async fn talk(&mut self, scene: &Scene<'_>) -> Result<(), DemoError> {
        for speaker in ["alice", "bob"] {
            let reported_at = Instant::now();
            let device = if speaker == "alice" { &self.alice } else { &self.bob_phone };
            let report = device.terminal.report_media(&scene.meeting, MediaReport::Joined).await;
            report.step(&format!("{} reports that it is in the media", device.label))?;
            let sent = device.sent_line("report_media", reported_at, "joined");
            let joined = |message: &ReceivedDownlink| {
                let participant = message.body.get("participant");
                participant.is_some_and(|p| p["user_id"] == speaker && p["state"] == "joined")
            };
            let at_alice = self.alice.expect_matching("participant_updated", joined).await?;
            let at_bob = self.bob_phone.expect_matching("participant_updated", joined).await?;
            let note = format!("{speaker} is in the call");
            scene.show(vec![
                sent,
                self.alice.received_line(&at_alice, reported_at, &note),
                self.bob_phone.received_line(&at_bob, reported_at, &note),
            ]);
        }
        if scene.timeline.is_some() {
            scene.detail(&["… they talk …".to_owned()]);
            tokio::time::sleep(TALK).await;
        }
        Ok(())
    }

    async fn hang_up(&mut self, scene: &Scene<'_>) -> Result<(), DemoError> {
        let left_at = Instant::now();
        let left = self.alice.terminal.leave(&scene.meeting).await.step("Alice hangs up")?;
        let ended = self.bob_phone.expect_message("meeting_ended").await?;
        let (reason, talked_ms) = (ended.field::<String>("reason"), ended.field::<u64>("duration_ms"));
        let note = format!("{} after {} ms", reason.unwrap_or_default(), talked_ms.unwrap_or_default());
        scene.show(vec![
            self.alice.sent_line("leave", left_at, ""),
            self.alice.received_line(&left, left_at, ""),
            self.bob_phone.received_line(&ended, left_at, &note),
        ]);
        Ok(())
    }

    fn now_ms(&self) -> i64 {
        self.stack.instruments().clock.now_ms()
    }

    /// Disconnects all devices.
    pub async fn disconnect(self) {
        for device in [self.alice, self.bob_phone, self.bob_tablet] {
            device.terminal.disconnect().await;
        }
    }
}

fn direct_call_to(account: &str) -> Result<CreateMeeting, DemoError> {
    Ok(CreateMeeting::new(Mode::Direct, Media::Audio, vec![account.parse().step("name the callee")?]))
}

fn id<T: serde::de::DeserializeOwned>(message: &ReceivedDownlink, field: &str) -> Result<T, DemoError> {
    message.field(field).ok_or("the field is missing").step(&format!("read {field} of {}", message.kind))
}

fn ring_note(invitation: &ReceivedDownlink) -> String {
    let delivery: String = invitation.field("delivery").unwrap_or_default();
    let deadline_ms: u64 = invitation.field("deadline_in_ms").unwrap_or_default();
    let caller =
        invitation.body.get("from").and_then(|from| from["name"].as_str()).unwrap_or("an unknown user");
    format!("{caller} calls; {delivery}, rings for {} s", deadline_ms / 1000)
}
