//! Function `settings`: stores the settings of users about calls of others: blocked users, users who may
//! call, do-not-disturb. They apply to calls and invitations that are made afterwards.

mod pages;

use pages::paged;
use switchboard_core::{Availability, AvailabilityChange, Refusal};
use switchboard_protocol::address::UserId;
use switchboard_protocol::code::Code;
use switchboard_protocol::limits::MAX_BLOCKED;
use switchboard_protocol::requests::{SetAvailability, SettingsRequest};
use switchboard_service::effects::downlinks::DownlinkContext;
use switchboard_service::ports::{Ports, Users};
use switchboard_service::{InvocationReport, ReceivedRequest, ServeError, Service};

/// Serves every [`SettingsRequest`] with one read or one write. The answer has all settings of the sender.
pub async fn settings<P: Ports>(
    request: ReceivedRequest<SettingsRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let user = request.by.user();
    let availability = match &request.envelope.request {
        SettingsRequest::BlockUser(block) => block_user(&user, &block.user_id, service).await?,
        SettingsRequest::UnblockUser(unblock) => service.table.unblock_user(&user, &unblock.user_id).await?,
        SettingsRequest::SetAvailability(set) => {
            let change = change_of(set.clone(), request.now.ms);
            service.table.set_availability(&user, &change).await?
        }
        SettingsRequest::ReadSettings(_) => service.table.availability(&user).await?,
    };
    let pages = paged(&availability, &request.by, &request.cause(), request.now.ms);
    let context = DownlinkContext { meeting_id: None, rev: None, now_ms: request.now.ms };
    let published = service.publisher.publish_all(pages, &context).await;
    Ok(InvocationReport::default().with_published(&published))
}

async fn block_user<P: Ports>(
    user: &UserId,
    other: &UserId,
    service: &Service<P>,
) -> Result<Availability, ServeError> {
    if user == other {
        return Err(Refusal::bad_field("user_id", "you cannot block yourself; name another user").into());
    }
    let full = || {
        let message = format!("you block {MAX_BLOCKED} users already; unblock one of them first");
        Refusal::new(Code::TooMany, message)
    };
    Ok(service.table.block_user(user, other).await?.ok_or_else(full)?)
}

fn change_of(set: SetAvailability, now_ms: i64) -> AvailabilityChange {
    let SetAvailability { who, allow, do_not_disturb_seconds } = set;
    let until_ms = |seconds: u32| (seconds > 0).then(|| now_ms + i64::from(seconds) * 1_000);
    AvailabilityChange {
        who,
        allowed: allow.map(|users| users.into_iter().collect()),
        do_not_disturb_until_ms: do_not_disturb_seconds.map(until_ms),
    }
}

#[cfg(test)]
mod tests;
