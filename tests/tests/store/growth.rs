//! Records at the limit of the table, 400 KB: every one can be ended, and none can grow beyond.

use crate::fixture::{START_MS, commit, device, loaded, meeting, next, user, users, write};
use crate::server::Server;
use std::collections::BTreeMap;
use switchboard_core::{
    Action, AppliedRequest, Command, Decision, Input, MAX_REQUEST_DEVICES, MAX_REQUESTS_PER_DEVICE, Meeting,
    Now, RtcCapabilities, Stamped, decide,
};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::{BodyHash, InviteId};
use switchboard_protocol::object::{Mode, Reach};
use switchboard_service::dynamodb::Table;
use switchboard_service::ports::{Commit, CommitResult, StoreError};

/// The same meeting at its next revision, with this many remembered requests of client IDs of the host.
fn swollen(meeting: &Meeting, host: &UserId, devices: usize, title: usize) -> Meeting {
    let mut swollen = next(meeting, &"t".repeat(title));
    for at in 0..devices {
        let request = |n: usize| {
            let id = format!("{n:0>64}").parse().expect("an id");
            let rev = u64::try_from(at * 16 + n).expect("small") + 1;
            Stamped::new(AppliedRequest { id, hash: BodyHash::of(b"old") }, rev)
        };
        swollen.requests.insert(device(host, &at.to_string()), (0..16).map(request).collect());
    }
    swollen
}

/// Writes the meeting with as many bytes as the table takes. Returns it.
async fn fill(table: &Table, meeting: &Meeting, host: &UserId) -> Meeting {
    // The searched records have ids of their own.
    let probe = |devices: usize, title: usize| {
        let id = user("probe").as_str().parse().expect("an id");
        Meeting { id, rev: 1, ..swollen(meeting, host, devices, title) }
    };
    let devices = most(120, 240, async |devices| takes(table, &probe(devices, 0)).await).await;
    let title = most(0, 4_096, async |title| takes(table, &probe(devices, title)).await).await;
    assert!(devices > 120 && title < 4_095, "the record is full");
    // The title is twenty characters shorter than the search found, since the ids of the searched records are shorter.
    let full = swollen(meeting, host, devices, title.saturating_sub(20));
    write(table, &commit(&full)).await;
    full
}

/// Returns the largest number below `too_many` for which `fitting` returns `true`. It returns `true` for `fits`.
async fn most(mut fits: usize, mut too_many: usize, fitting: impl AsyncFn(usize) -> bool) -> usize {
    while too_many - fits > 1 {
        let middle = usize::midpoint(fits, too_many);
        if fitting(middle).await { fits = middle } else { too_many = middle }
    }
    fits
}

/// Returns `true` if the table accepts the record. The error for a record that is too large is not a retryable one.
async fn takes(table: &Table, meeting: &Meeting) -> bool {
    match table.commit(&commit(meeting)).await {
        Ok(CommitResult::Done) => true,
        Err(StoreError::Invalid { .. }) => false,
        other => panic!("{other:?}"),
    }
}

fn command(meeting: &Meeting, by: &UserId, action: Action) -> Decision {
    let request_id = format!("r{}", meeting.rev).parse().expect("an id");
    let by = device(by, "phone");
    let command =
        Command { by, request_id, hash: BodyHash::of(b"new"), action, other_calls: BTreeMap::new() };
    decide(meeting, &Input::Command(command), Now { ms: START_MS + 1_000 }, RtcCapabilities::default())
}

#[tokio::test]
async fn a_record_that_is_full_to_the_byte_can_be_left_and_ended() {
    let Server { table, .. } = Server::shared().await;
    let (host, guests) = (user("host"), users(3));
    let full = fill(&table, &meeting_of(&table, &host, &guests).await, &host).await;

    let bigger = next(&full, &"t".repeat(4_096));
    let refused = table.commit(&commit(&bigger)).await.expect_err("does not fit");
    assert!(matches!(refused, StoreError::Invalid { .. }), "{refused:?}");

    let left = command(&full, &host, Action::Leave).next.expect("leaves");
    write(&table, &commit(&left)).await;
    let ended =
        decide(&left, &Input::AdminEnd, Now { ms: START_MS + 2_000 }, RtcCapabilities::default()).next;
    write(&table, &commit(&ended.expect("ends"))).await;
    let stored = loaded(&table, &full.id).await.expect("the record is stored").meeting;
    assert!(stored.end().is_some());
    let kept = stored.requests.values().flatten().count();
    assert!(kept <= MAX_REQUEST_DEVICES * MAX_REQUESTS_PER_DEVICE + 1, "{kept} old requests are kept");
}

async fn meeting_of(table: &Table, host: &UserId, guests: &[UserId]) -> Meeting {
    let group = meeting(Mode::Group, host, guests);
    write(table, &commit(&group)).await;
    group
}

#[tokio::test]
async fn the_reach_of_offers_that_are_over_is_removed_however_many_they_are() {
    let Server { table, .. } = Server::shared().await;
    let (host, guests) = (user("host"), users(2));
    let mut group = meeting_of(&table, &host, &guests).await;
    for count in [3, 250] {
        let old = |at: usize| -> InviteId { format!("old-{count}-{at}").parse().expect("an id") };
        let reached = (0..count).map(|at| ((old(at), device(&host, "phone")), Reach::Delivered)).collect();
        table.mark_effects_done(&group.id, group.rev, &reached).await.expect("an answer");
        let kept = (crate::fixture::leg(&group, &guests[0]), Reach::Sent);
        table.mark_effects_done(&group.id, group.rev, &[kept.clone()].into()).await.expect("an answer");
        let before = loaded(&table, &group.id).await.expect("the record is stored");
        assert_eq!(before.meeting.reached.len(), count + 1);

        let hand = if count == 3 { Action::RaiseHand } else { Action::LowerHand };
        group = command(&before.meeting, &host, hand).next.expect("a change");
        let forgotten =
            before.meeting.reached.iter().filter(|(invite, _)| !group.reached.contains_key(*invite));
        let forgotten: Vec<_> = forgotten
            .flat_map(|(invite, devices)| devices.keys().map(|device| (invite.clone(), device.clone())))
            .collect();
        assert_eq!(forgotten.len(), count);
        write(&table, &Commit { forgotten, ..commit(&group) }).await;
        let after = loaded(&table, &group.id).await.expect("the record is stored").meeting;
        assert_eq!(after.reached.keys().collect::<Vec<_>>(), [&kept.0.0]);
    }
}
