//! Times of participants whose records were written before records had times.

use switchboard_core::{Former, Standing, Times};

/// Returns the times that follow from the standing, for a participant whose record has no times.
pub(super) fn times_of(standing: &Standing) -> Times {
    let (invitation, seat) = match standing {
        Standing::Invited(pending) => (Some(&pending.invitation), None),
        Standing::Seated(seat) => (seat.invitation.as_ref(), Some(&**seat)),
        Standing::Out(exit) => match &exit.from {
            Former::Invitation(invitation) => (Some(invitation), None),
            Former::Seat(seat) => (seat.invitation.as_ref(), Some(&**seat)),
            Former::Lobby(_) => (None, None),
        },
        Standing::Lobby { .. } => (None, None),
    };
    let joined_ms = seat.and_then(|seat| seat.joined_ms);
    let stays = matches!(standing, Standing::Seated(_));
    Times {
        invited_ms: invitation.map(|invitation| invitation.deadline_ms - invitation.rings_ms),
        joined_ms,
        stays_since_ms: joined_ms.filter(|_| stays),
        ..Times::default()
    }
}
