//! Tests of the number and the size of the downlinks that one input makes, in the largest meetings that valid
//! requests make.

use crate::fake::largest::{Crowd, HOST, account, device, longest_text};
use switchboard_core::{Action, ChannelPresence, Decision, Input, SettingsChange};
use switchboard_protocol::MAX_DOWNLINK_BYTES;
use switchboard_protocol::object::UserOrAll;
use switchboard_protocol::requests::MuteMode;

/// The broker's limit for one message, in bytes.
const MAX_BROKER_BYTES: usize = 128 * 1_024;
/// Largest size of a downlink without its body: envelope and join token, in bytes.
const ENVELOPE_BYTES: usize = 4_096;
/// Largest number of downlinks of one input, as the documents state it.
const MAX_DOWNLINKS: usize = 1_000;
/// Largest size of one body in bytes, as the documents state it.
const MAX_BODY_BYTES: usize = 80 * 1_024;

/// Checks the downlinks of a decision. Returns their number and the size of the largest one.
fn check(what: &str, decision: &Decision) -> (usize, usize) {
    let all = || decision.notices.iter().chain(&decision.answer);
    let largest = all().map(|it| serde_json::to_vec(&it.body).expect("serialises").len()).max().unwrap_or(0);
    let count = all().count();
    println!("{what}: {count} downlinks, the largest with {largest} bytes");
    assert!(count <= MAX_DOWNLINKS, "{what}: {count} downlinks");
    assert!(
        largest <= MAX_BODY_BYTES && MAX_BODY_BYTES + ENVELOPE_BYTES < MAX_BROKER_BYTES,
        "{what}: {largest}"
    );
    (count, largest)
}

#[test]
fn the_downlinks_of_one_input_are_bounded_in_number_and_size() {
    let crowd = Crowd::full();
    let host = device(HOST, 0);
    let mut counts = Vec::new();
    let mut of = |what: &str, input: &dyn Fn(&mut Crowd) -> Decision| {
        let mut crowd = crowd.clone();
        counts.push(check(what, &input(&mut crowd)));
    };
    let all = || UserOrAll::All;
    of("soft mute of all, most of them blocked", &|crowd| {
        for number in 1..40 {
            crowd.act(&host, Action::AllowSpeech { target: UserOrAll::User(account(number)) });
        }
        crowd.act(&host, Action::Mute { target: all(), mode: MuteMode::Soft, for_seconds: None })
    });
    of("allow all", &|crowd| crowd.act(&host, Action::AllowSpeech { target: all() }));
    of("title", &|crowd| {
        let change = SettingsChange { title: Some("t".repeat(200)), ..SettingsChange::default() };
        crowd.act(&host, Action::UpdateMeeting(change))
    });
    of("leave of the host", &|crowd| crowd.act(&host, Action::Leave));
    of("channel closed", &|crowd| crowd.take(&Input::Presence(ChannelPresence::Closed)));
    of("end", &|crowd| crowd.act(&host, Action::Destroy { text: Some(longest_text()) }));

    let mut ringing = Crowd::new();
    let guests: Vec<usize> = (1..=49).collect();
    counts.push(check("invite of 49", &ringing.invite(&guests)));
    let mut ended = ringing.clone();
    counts.push(check("cancel of 49", &ringing.act(&host, Action::CancelInvite { invitees: None })));
    counts.push(check("end of 49 rings", &ended.act(&host, Action::Destroy { text: None })));
    let most = counts.iter().map(|(count, _)| *count).max().expect("some");
    assert!(most > MAX_DOWNLINKS / 2, "the bound is near: {most}");
}

#[test]
fn a_meeting_of_usual_names_fits_into_one_downlink_however_many_have_gone() {
    let mut crowd = Crowd::new();
    for group in (1..180).collect::<Vec<usize>>().chunks(45) {
        crowd.invite(group);
        for number in group {
            crowd.decline(*number);
        }
    }
    let whole = serde_json::to_vec(&crowd.meeting.view(crowd.now.ms)).expect("serialises").len();
    assert!(whole > 3 * MAX_DOWNLINK_BYTES, "{whole} bytes");
    let brief = crowd.meeting.brief_view(crowd.now.ms);
    assert_eq!(brief.participants.len(), 1, "those who have gone are left out");
}
