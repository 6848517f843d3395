//! `call block`, `unblock`, `availability` and `settings`: who may call the user, and whether calls ring.

use clap::{Args, ValueEnum};
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::WhoMayCall;
use switchboard_protocol::requests;

use crate::error::CommandError;
use crate::phone::Client;

/// Refuse all calls of an account, for which the device seems to be unreachable.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  call block mallory --as bob")]
pub struct BlockArgs {
    /// The account to block
    #[arg(value_name = "ACCOUNT")]
    pub user: UserId,
}

/// Take calls of a blocked account again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  call unblock mallory --as bob")]
pub struct UnblockArgs {
    /// The blocked account
    #[arg(value_name = "ACCOUNT")]
    pub user: UserId,
}

const AVAILABILITY_EXAMPLES: &str = "\
Examples:
  call availability --do-not-disturb 3600 --as bob          no call rings for an hour
  call availability --do-not-disturb 0 --as bob             calls ring again
  call availability --who allowed --allow alice --allow carol --as bob";

/// Choose who may call, and for how long calls do not ring. An option that is left out keeps its value.
#[derive(Debug, Args)]
#[command(after_help = AVAILABILITY_EXAMPLES)]
pub struct AvailabilityArgs {
    /// The accounts whose calls ring
    #[arg(long, value_enum)]
    pub who: Option<Who>,

    /// An account that may call while --who is `allowed`; may be given several times, and replaces the
    /// previous list
    #[arg(long, value_name = "ACCOUNT", conflicts_with = "allow_nobody")]
    pub allow: Vec<UserId>,

    /// Empty the list of accounts that may call
    #[arg(long)]
    pub allow_nobody: bool,

    /// Let no call ring for this long, at most 604800; 0 ends do-not-disturb
    #[arg(long, value_name = "SECONDS")]
    pub do_not_disturb: Option<u32>,
}

/// Accounts whose calls ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Who {
    /// All accounts
    Everyone,
    /// The accounts on the list
    Allowed,
    /// No account
    Nobody,
}

impl From<Who> for WhoMayCall {
    fn from(who: Who) -> Self {
        match who {
            Who::Everyone => Self::Everyone,
            Who::Allowed => Self::Allowed,
            Who::Nobody => Self::Nobody,
        }
    }
}

/// Show who may call, the blocked accounts, and whether calls ring.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  call settings --as bob")]
pub struct SettingsArgs {}

pub async fn block(args: &BlockArgs, client: &Client) -> Result<(), CommandError> {
    client.request(&requests::BlockUser { user_id: args.user.clone() }).await?;
    Ok(())
}

pub async fn unblock(args: &UnblockArgs, client: &Client) -> Result<(), CommandError> {
    client.request(&requests::UnblockUser { user_id: args.user.clone() }).await?;
    Ok(())
}

pub async fn availability(args: &AvailabilityArgs, client: &Client) -> Result<(), CommandError> {
    client.request(&args.request()).await?;
    Ok(())
}

pub async fn settings(_: &SettingsArgs, client: &Client) -> Result<(), CommandError> {
    client.request(&requests::ReadSettings {}).await?;
    Ok(())
}

impl AvailabilityArgs {
    pub fn request(&self) -> requests::SetAvailability {
        requests::SetAvailability {
            who: self.who.map(WhoMayCall::from),
            allow: (self.allow_nobody || !self.allow.is_empty()).then(|| self.allow.clone()),
            do_not_disturb_seconds: self.do_not_disturb,
        }
    }
}
