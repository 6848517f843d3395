//! `call answer`: answers an invitation by its id, from another shell than the one that rings.

use clap::{Args, Subcommand};
use switchboard_protocol::downlink::MeetingOffer;
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{self, RejectReason};

use super::{SHELL, in_time};
use crate::cli::Common;
use crate::cli::values::reject_reason;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::phone::{Line, Phone};
use crate::ringing::accept;

const EXAMPLES: &str = "\
Examples:
  call answer accept --as bob                        takes the only open invitation, and stays in the call
  call answer accept INVITE --as bob --detach        only sends the request
  call answer reject INVITE --as bob --reason busy
  call answer silence INVITE --as bob.tablet         bob's tablet stops ringing, his phone rings on";

/// Answer an invitation by its id.
///
/// Without an id, the only open invitation is meant. What the ids are, `listen`, `watch` and `sync` show.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Answer {
    /// What to answer.
    #[command(subcommand)]
    pub what: What,
}

/// What to answer.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Take the call on this device and stay until it is over
    Accept {
        /// Which invitation.
        #[command(flatten)]
        which: Which,
        /// Audio only [default: what the caller asks for]
        #[arg(long, conflicts_with = "video")]
        audio: bool,
        /// With video
        #[arg(long)]
        video: bool,
        /// Only send the request; the service soon takes the device for lost
        #[arg(long)]
        detach: bool,
    },
    /// Do not take the call, on any device
    Reject {
        /// Which invitation.
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long, value_parser = reject_reason(), default_value = "declined")]
        reason: RejectReason,
        /// A few words for the caller, at most 200 characters
        #[arg(long)]
        text: Option<String>,
    },
    /// Stop the ringing of this device alone
    Silence {
        /// Which invitation.
        #[command(flatten)]
        which: Which,
    },
}

/// Which invitation.
#[derive(Debug, Args)]
pub struct Which {
    /// The invitation [default: the only open one]
    #[arg(value_name = "INVITE")]
    pub invite_id: Option<InviteId>,

    /// Its meeting [default: the one that the service names]
    #[arg(long, value_name = "MEETING", requires = "invite_id")]
    pub meeting: Option<MeetingId>,
}

/// An invitation that was found.
struct Found {
    meeting_id: MeetingId,
    invite_id: InviteId,
    media: Option<Media>,
}

/// Answers.
pub async fn run(answer: &Answer, common: &Common) -> Result<Outcome, Failure> {
    let mut phone = Phone::connect(common, Some(SHELL), None).await?;
    let answered = match &answer.what {
        // A call lasts longer than an answer.
        What::Accept { which, audio, video, detach: false } => match find(which, &phone.line).await {
            Ok(found) => accept_call(&mut phone, found, *audio, *video).await,
            Err(failure) => Err(failure),
        },
        what => in_time(common, send(what, &phone.line)).await,
    };
    phone.line.terminal.disconnect().await;
    answered
}

async fn accept_call(phone: &mut Phone, found: Found, audio: bool, video: bool) -> Result<Outcome, Failure> {
    let media = media(&found, audio, video);
    accept(phone, found.meeting_id, found.invite_id, media).await
}

async fn send(what: &What, line: &Line) -> Result<Outcome, Failure> {
    let request = match what {
        What::Accept { which, audio, video, .. } => {
            let found = find(which, line).await?;
            let media = media(&found, *audio, *video);
            requests::Accept { meeting_id: found.meeting_id, invite_id: found.invite_id, media }.into()
        }
        What::Reject { which, reason, text } => {
            let Found { meeting_id, invite_id, .. } = find(which, line).await?;
            requests::Reject { meeting_id, invite_id, reason: *reason, text: text.clone() }.into()
        }
        What::Silence { which } => {
            let Found { meeting_id, invite_id, .. } = find(which, line).await?;
            requests::Silence { meeting_id, invite_id }.into()
        }
    };
    let request: requests::AnswerRequest = request;
    line.request(&request).await?;
    Ok(Outcome::Done)
}

fn media(found: &Found, audio: bool, video: bool) -> Media {
    match (audio, video) {
        (true, _) => Media::Audio,
        (_, true) => Media::Video,
        (false, false) => found.media.unwrap_or(Media::Audio),
    }
}

/// The invitation that is meant.
async fn find(which: &Which, line: &Line) -> Result<Found, Failure> {
    if let (Some(invite_id), Some(meeting_id)) = (&which.invite_id, &which.meeting) {
        return Ok(Found { meeting_id: meeting_id.clone(), invite_id: invite_id.clone(), media: None });
    }
    choose(line.open_offers().await?, which.invite_id.as_ref())
}

fn choose(mut offers: Vec<MeetingOffer>, named: Option<&InviteId>) -> Result<Found, Failure> {
    if let Some(named) = named {
        offers.retain(|offer| offer.offer.invite_id == *named);
    }
    match (<[_; 1]>::try_from(offers), named) {
        (Ok([MeetingOffer { meeting_id, offer }]), _) => {
            Ok(Found { meeting_id, invite_id: offer.invite_id, media: Some(offer.media) })
        }
        (Err(_), Some(named)) => Err(Failure::new(format!(
            "no open invitation has the id {named}; `call sync` shows them (with --meeting it is asked for all the same)"
        ))),
        (Err(offers), None) if offers.is_empty() => Err(Failure::new("no invitation is open")),
        (Err(_), None) => Err(Failure::new("more than one invitation is open; name one by its id")),
    }
}
