//! `call create`: calls users, and stays until the call ends.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::RequestId;
use switchboard_protocol::object::{Media, Mode, Policy};
use switchboard_protocol::requests::{self, JoinMeeting};
use terminal::{ReceivedDownlink, RequestError, Uplink};
use tokio::time::Instant;

use crate::clock::sleep_until;
use crate::conversation::Conversation;
use crate::error::CommandError;
use crate::held::{self, Part};
use crate::options::CommonOptions;
use crate::options::values::{self, mode, seconds};
use crate::outcome::CommandOutcome;
use crate::phone::{Client, Phone};

const EXAMPLES: &str = "\
Examples:
  call create bob --as alice.phone                        a direct audio call; Ctrl-C hangs up
  call create bob carol --video --as alice.phone          a group video call
  call create bob --as alice.phone --hang-up-after 5      for scripts: hangs up 5 s after the answer
  call create bob --as alice.phone --timeout 10 && echo answered

Exit codes: 0 answered, 10 refused, 11 declined, 12 busy, 13 no answer, 14 unreachable, 15 cancelled by Ctrl-C, 16 no \
answer within --timeout. A call to several users counts as answered if one of them answers.";

/// Call one or more users, show what happens, and stay until the call ends.
///
/// Ctrl-C hangs up; before an answer, it cancels the call. The command leaves a group when all others have left.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CreateArgs {
    /// The accounts to call
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

    /// Ring for this long, 10 to 180 [default: the service's, 45]
    #[arg(long, value_name = "SECONDS")]
    pub ring_seconds: Option<u32>,

    /// Limit of participants, 2 to 100 [default: the service's, 50]
    #[arg(long, value_name = "NUMBER")]
    pub max_participants: Option<u32>,

    /// Limit of the meeting's duration, 1 to 1440 [default: the service's, 240]
    #[arg(long, value_name = "MINUTES")]
    pub max_minutes: Option<u32>,

    /// End the meeting this long after its beginning if no user joins, 30 to 3600 [default: the service's,
    /// 300]
    #[arg(long, value_name = "SECONDS")]
    pub unused_seconds: Option<u32>,

    /// End a group this long after all users have left, 0 to 3600 [default: the service's, 30]
    #[arg(long, value_name = "SECONDS")]
    pub empty_seconds: Option<u32>,

    /// Make this account cohost from the beginning; may be given several times
    #[arg(long = "cohost", value_name = "ACCOUNT")]
    pub cohosts: Vec<UserId>,

    /// Make this account host when the host leaves; may be given several times, in the order of succession
    #[arg(long = "successor", value_name = "ACCOUNT")]
    pub succession: Vec<UserId>,

    /// Rules of the meeting, for example '{"invite":"any"}'
    #[arg(long, value_name = "JSON", value_parser = values::json::<Policy>)]
    pub policy: Option<Policy>,

    /// A JSON object for the callees' apps, which the service passes on
    #[arg(long, value_name = "JSON", value_parser = values::json::<Map<String, Value>>)]
    pub ext: Option<Map<String, Value>>,

    /// Handling of another call that this user is in
    #[arg(long, value_enum, default_value_t)]
    pub if_busy: IfBusy,

    /// Hang up this long after the answer
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub hang_up_after: Option<Duration>,
}

/// Ways to handle another call of this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum IfBusy {
    /// Do not call, and print the id of the other call
    #[default]
    Refuse,
    /// Leave the other call, or decline it if it still rings, then call
    Leave,
    /// Return to the other call; a call that still rings is not answered
    Return,
}

impl CreateArgs {
    pub fn request(&self) -> requests::CreateMeeting {
        let default_mode = if self.invitees.len() == 1 { Mode::Direct } else { Mode::Group };
        requests::CreateMeeting {
            mode: self.mode.unwrap_or(default_mode),
            media: if self.video { Media::Video } else { Media::Audio },
            invitees: self.invitees.clone(),
            title: self.title.clone(),
            policy: self.policy,
            ring_seconds: self.ring_seconds,
            max_participants: self.max_participants,
            max_minutes: self.max_minutes,
            unused_seconds: self.unused_seconds,
            empty_seconds: self.empty_seconds,
            roles: (!self.cohosts.is_empty()).then(|| {
                self.cohosts.iter().map(|user| (user.clone(), requests::FirstRole::Cohost)).collect()
            }),
            succession: (!self.succession.is_empty()).then(|| self.succession.clone()),
            ext: self.ext.clone(),
        }
    }
}

pub async fn run(args: &CreateArgs, common: &CommonOptions) -> Result<CommandOutcome, CommandError> {
    let give_up_at = common.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut phone = Phone::connect(common, None, None).await?;
    let called = call(args, &mut phone, give_up_at).await;
    phone.client.terminal.disconnect().await;
    called
}

async fn call(
    args: &CreateArgs,
    phone: &mut Phone,
    give_up_at: Option<Instant>,
) -> Result<CommandOutcome, CommandError> {
    let uplink = Uplink::new(&args.request()).map_err(|error| CommandError::new(error.to_string()))?;
    let created: ReceivedDownlink = tokio::select! {
        created = create_or_return(args, &phone.client, &uplink) => created?,
        () = phone.stop.requested() => return destroy_created(phone, &uplink, CommandOutcome::Cancelled).await,
        () = sleep_until(give_up_at) => return destroy_created(phone, &uplink, CommandOutcome::TimedOut).await,
    };
    let conversation = Conversation::new(phone, &created)
        .ok_or_else(|| CommandError::new("the service's answer has no meeting_id"))?;
    conversation.hang_up_after(args.hang_up_after).give_up_at(give_up_at).run().await
}

/// Sends the create request. If the user is in another call, follows `--if-busy`.
async fn create_or_return(
    args: &CreateArgs,
    client: &Client,
    uplink: &Uplink,
) -> Result<ReceivedDownlink, RequestError> {
    let created = client.request_uplink(uplink).await;
    let held_by = match &created {
        Err(RequestError::Refused(refused)) => refused.held_by(),
        _ => None,
    };
    let Some(meeting_id) = held_by else { return created };
    match args.if_busy {
        IfBusy::Refuse => {
            let words = format!(
                "the call {meeting_id} holds you; --if-busy leave hangs up there or declines it, --if-busy return goes back to \
                 it"
            );
            client.printer.note("held", &words, json!({"meeting_id": meeting_id}));
            created
        }
        IfBusy::Return => match held::part_in(client, &meeting_id).await? {
            Part::Rings(invite_id) => {
                let words = format!("that call rings for you: `call answer accept {invite_id}` answers it");
                client.printer.note(
                    "held",
                    &words,
                    json!({"meeting_id": meeting_id, "invite_id": invite_id}),
                );
                created
            }
            Part::Seat(_) | Part::Other => {
                let media = args.request().media;
                client.request(&JoinMeeting { meeting_id, media, takeover: Some(true) }).await
            }
        },
        IfBusy::Leave => {
            match held::give_up(client, &meeting_id).await {
                // It ended by itself meanwhile.
                Err(error) if !held::is_over(&error) => return Err(error),
                _ => {}
            }
            let again = Uplink::new(&args.request())?;
            client.request_uplink(&again).await
        }
    }
}

/// Ends the meeting by the id of its create request, since the service may have received the request although
/// its answer has not arrived.
async fn destroy_created(
    phone: &mut Phone,
    uplink: &Uplink,
    outcome: CommandOutcome,
) -> Result<CommandOutcome, CommandError> {
    let create_id: RequestId =
        uplink.id().parse().map_err(|_| CommandError::new("the create request has no valid id"))?;
    let destroy = requests::DestroyMeeting { meeting_id: None, create_id: Some(create_id), reason: None };
    tokio::select! {
        ended = phone.client.request(&destroy) => ended.map(|_| outcome).map_err(CommandError::from),
        () = phone.stop.requested() => Ok(outcome),
    }
}
