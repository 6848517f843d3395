//! `call answer`: answers an invitation by its id, from another shell than the one in which it rings.

use clap::{Args, Subcommand};
use switchboard_protocol::downlink::MeetingOffer;
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{self, RejectReason};

use crate::error::CommandError;
use crate::one_shot::{SHELL_INSTANCE, within_timeout};
use crate::options::CommonOptions;
use crate::options::values::reject_reason;
use crate::outcome::CommandOutcome;
use crate::phone::{Client, Phone};
use crate::ringing::accept;

const EXAMPLES: &str = "\
Examples:
  call answer accept --as bob                        accepts the only open invitation, and stays in the call
  call answer accept INVITE --as bob --detach        only sends the request
  call answer reject INVITE --as bob --reason busy
  call answer silence INVITE --as bob.tablet         stops the ring on bob's tablet; his phone rings on";

/// Answer an invitation by its id.
///
/// Without an id, the only open invitation is answered. `listen`, `watch` and `sync` show the ids.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct AnswerArgs {
    #[command(subcommand)]
    pub action: AnswerAction,
}

#[derive(Debug, Subcommand)]
pub enum AnswerAction {
    /// Accept the call on this device and stay until it ends
    Accept {
        #[command(flatten)]
        invitation: InvitationArgs,
        /// Audio only [default: the media of the invitation]
        #[arg(long, conflicts_with = "video")]
        audio: bool,
        /// With video
        #[arg(long)]
        video: bool,
        /// Only send the request; the service soon treats the device as lost
        #[arg(long)]
        detach: bool,
    },
    /// Reject the call for all devices of the user
    Reject {
        #[command(flatten)]
        invitation: InvitationArgs,
        /// The reason
        #[arg(long, value_parser = reject_reason(), default_value = "declined")]
        reason: RejectReason,
        /// A few words for the caller, at most 200 characters
        #[arg(long)]
        text: Option<String>,
    },
    /// Stop the ring on this device only
    Silence {
        #[command(flatten)]
        invitation: InvitationArgs,
    },
}

#[derive(Debug, Args)]
pub struct InvitationArgs {
    /// The invitation [default: the only open one]
    #[arg(value_name = "INVITE")]
    pub invite_id: Option<InviteId>,

    /// Its meeting [default: the one that the service names]
    #[arg(long, value_name = "MEETING", requires = "invite_id")]
    pub meeting: Option<MeetingId>,
}

struct FoundInvitation {
    meeting_id: MeetingId,
    invite_id: InviteId,
    /// Media of the invitation; `None` if the command did not read the invitation from the service.
    media: Option<Media>,
}

pub async fn run(args: &AnswerArgs, common: &CommonOptions) -> Result<CommandOutcome, CommandError> {
    let mut phone = Phone::connect(common, Some(SHELL_INSTANCE), None).await?;
    let answered = match &args.action {
        // `--timeout` does not apply, since the command runs for the whole call.
        AnswerAction::Accept { invitation, audio, video, detach: false } => {
            match find(invitation, &phone.client).await {
                Ok(found) => accept_call(&mut phone, found, *audio, *video).await,
                Err(error) => Err(error),
            }
        }
        action => within_timeout(common, send(action, &phone.client)).await,
    };
    phone.client.terminal.disconnect().await;
    answered
}

async fn accept_call(
    phone: &mut Phone,
    found: FoundInvitation,
    audio: bool,
    video: bool,
) -> Result<CommandOutcome, CommandError> {
    let media = media(&found, audio, video);
    accept(phone, found.meeting_id, found.invite_id, media).await
}

async fn send(action: &AnswerAction, client: &Client) -> Result<CommandOutcome, CommandError> {
    match action {
        AnswerAction::Accept { invitation, audio, video, .. } => {
            let found = find(invitation, client).await?;
            let media = media(&found, *audio, *video);
            let FoundInvitation { meeting_id, invite_id, .. } = found;
            client.request(&requests::Accept { meeting_id, invite_id, media }).await?;
        }
        AnswerAction::Reject { invitation, reason, text } => {
            let FoundInvitation { meeting_id, invite_id, .. } = find(invitation, client).await?;
            let (reason, text) = (*reason, text.clone());
            client.request(&requests::Reject { meeting_id, invite_id, reason, text }).await?;
        }
        AnswerAction::Silence { invitation } => {
            let FoundInvitation { meeting_id, invite_id, .. } = find(invitation, client).await?;
            client.request(&requests::Silence { meeting_id, invite_id }).await?;
        }
    }
    Ok(CommandOutcome::Done)
}

fn media(found: &FoundInvitation, audio: bool, video: bool) -> Media {
    match (audio, video) {
        (true, _) => Media::Audio,
        (_, true) => Media::Video,
        (false, false) => found.media.unwrap_or(Media::Audio),
    }
}

/// Returns the invitation that the arguments name. Reads the open invitations from the service, unless the
/// arguments name both invitation and meeting.
async fn find(args: &InvitationArgs, client: &Client) -> Result<FoundInvitation, CommandError> {
    if let (Some(invite_id), Some(meeting_id)) = (&args.invite_id, &args.meeting) {
        return Ok(FoundInvitation {
            meeting_id: meeting_id.clone(),
            invite_id: invite_id.clone(),
            media: None,
        });
    }
    choose(client.open_offers().await?, args.invite_id.as_ref())
}

fn choose(mut offers: Vec<MeetingOffer>, named: Option<&InviteId>) -> Result<FoundInvitation, CommandError> {
    if let Some(named) = named {
        offers.retain(|offer| offer.offer.invite_id == *named);
    }
    match (<[_; 1]>::try_from(offers), named) {
        (Ok([MeetingOffer { meeting_id, offer }]), _) => {
            Ok(FoundInvitation { meeting_id, invite_id: offer.invite_id, media: Some(offer.media) })
        }
        (Err(_), Some(named)) => Err(CommandError::new(format!(
            "no open invitation has the id {named}; `call sync` lists them (--meeting sends the answer without this check)"
        ))),
        (Err(offers), None) if offers.is_empty() => {
            Err(CommandError::new("no invitation is open; `call listen` waits for one"))
        }
        (Err(_), None) => Err(CommandError::new("more than one invitation is open; name one by its id")),
    }
}
