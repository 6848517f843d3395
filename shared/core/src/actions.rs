//! The transitions of commands: one file per action, with the transition and the answer to a repeat.

pub(crate) mod accept;
pub(crate) mod admit;
pub(crate) mod allow_speech;
pub(crate) mod cancel_invite;
pub(crate) mod create;
pub(crate) mod deny;
pub(crate) mod destroy;
pub(crate) mod hand;
pub(crate) mod invite;
pub(crate) mod join;
pub(crate) mod leave;
pub(crate) mod merge;
pub(crate) mod mute;
pub(crate) mod refresh_token;
pub(crate) mod reject;
pub(crate) mod rejoin;
pub(crate) mod remove;
pub(crate) mod report_media;
pub(crate) mod ringing;
pub(crate) mod set_role;
pub(crate) mod silence;
pub(crate) mod transfer_host;
pub(crate) mod unmute_self;
pub(crate) mod update_meeting;
