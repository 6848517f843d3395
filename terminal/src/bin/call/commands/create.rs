//! `call create`: calls people, and stays on the line.

use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::RequestId;
use switchboard_protocol::object::{Media, Mode, Policy};
use switchboard_protocol::requests;
use terminal::{ReceivedDownlink, Uplink};
use tokio::time::Instant;

use crate::cli::Common;
use crate::cli::values::{json, mode, seconds};
use crate::conversation::{Conversation, at};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::phone::Phone;

const EXAMPLES: &str = "\
Examples:
  call create bob --as alice.phone                        a direct audio call; Ctrl-C hangs up
  call create bob carol --video --as alice.phone          a group video call
  call create bob --as alice.phone --hang-up-after 5      for scripts: talks for 5 s
  call create bob --as alice.phone --timeout 10 && echo answered

The exit code says how it went: 0 answered, 10 refused, 11 declined, 12 busy, 13 no answer, 14 unreachable, 15 cancelled \
by Ctrl-C, 16 nobody answered within --timeout. Of several people, one who answers is enough.";

/// Call somebody, show how it goes, and stay until the call is over.
///
/// Ctrl-C hangs up; before an answer, it cancels the call. A group call is left when nobody else is in it any more.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Create {
    /// Whom to call
    #[arg(required = true, value_name = "ACCOUNT")]
    pub invitees: Vec<UserId>,

    /// A video call
    #[arg(long)]
    pub video: bool,

    /// One to one, or a group [default: direct for one account, else group]
    #[arg(long, value_name = "MODE", value_parser = mode())]
    pub mode: Option<Mode>,

    /// Title of the meeting
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// How long it rings, 10 to 180 [default: the service's, 45]
    #[arg(long, value_name = "SECONDS")]
    pub ring_seconds: Option<u32>,

    /// How many may be in the meeting, 2 to 100 [default: the service's, 50]
    #[arg(long, value_name = "NUMBER")]
    pub max_participants: Option<u32>,

    /// How long the meeting may last, 1 to 1440 [default: the service's, 240]
    #[arg(long, value_name = "MINUTES")]
    pub max_minutes: Option<u32>,

    /// Rules of the meeting, for example '{"invite":"any"}'
    #[arg(long, value_name = "JSON", value_parser = json::<Policy>)]
    pub policy: Option<Policy>,

    /// Anything to pass on to who is called, a JSON object
    #[arg(long, value_name = "JSON", value_parser = json::<Map<String, Value>>)]
    pub ext: Option<Map<String, Value>>,

    /// Hang up so long after the answer
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub hang_up_after: Option<Duration>,
}

impl Create {
    /// The request that this command line asks for.
    pub fn request(&self) -> requests::CreateMeeting {
        let few = if self.invitees.len() == 1 { Mode::Direct } else { Mode::Group };
        requests::CreateMeeting {
            mode: self.mode.unwrap_or(few),
            media: if self.video { Media::Video } else { Media::Audio },
            invitees: self.invitees.clone(),
            title: self.title.clone(),
            policy: self.policy,
            ring_seconds: self.ring_seconds,
            max_participants: self.max_participants,
            max_minutes: self.max_minutes,
            ext: self.ext.clone(),
        }
    }
}

/// Calls, and stays until the call is over.
pub async fn run(create: &Create, common: &Common) -> Result<Outcome, Failure> {
    let give_up_at = common.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut phone = Phone::connect(common, None, None).await?;
    let called = call(create, &mut phone, give_up_at).await;
    phone.line.terminal.disconnect().await;
    called
}

async fn call(create: &Create, phone: &mut Phone, give_up_at: Option<Instant>) -> Result<Outcome, Failure> {
    let uplink = Uplink::new(&requests::CreateRequest::from(create.request()))
        .map_err(|error| Failure::new(error.to_string()))?;
    let created: ReceivedDownlink = tokio::select! {
        created = phone.line.ask(&uplink) => created?,
        () = phone.stop.requested() => return take_back(phone, &uplink, Outcome::Cancelled).await,
        () = at(give_up_at) => return take_back(phone, &uplink, Outcome::TimedOut).await,
    };
    let conversation = Conversation::of(phone, &created)
        .ok_or_else(|| Failure::new("the service's answer names no meeting"))?;
    conversation.hang_up_after(create.hang_up_after).give_up_at(give_up_at).run().await
}

/// The answer has not come, but the service may have the request: it is ended by its id.
async fn take_back(phone: &mut Phone, uplink: &Uplink, outcome: Outcome) -> Result<Outcome, Failure> {
    let create_id: RequestId = uplink.id().parse().map_err(|_| Failure::new("the request has no id"))?;
    let destroy = requests::DestroyMeeting { meeting_id: None, create_id: Some(create_id), reason: None };
    let destroy = requests::DestroyRequest::from(destroy);
    tokio::select! {
        ended = phone.line.request(&destroy) => ended.map(|_| outcome).map_err(Failure::from),
        () = phone.stop.requested() => Ok(outcome),
    }
}
