//! Tests of the number and the size of the downlinks that one input makes, in the largest meetings that valid
//! requests make.

use crate::effects::downlinks::DownlinkContext;
use crate::fake::largest::{Crowd, HOST, START_MS, account, device, longest_text};
use crate::fake::{FakeMinter, service};
use futures::FutureExt;
use switchboard_core::{
    Action, ChannelPresence, Decision, Input, MAX_PEOPLE, Meeting, Now, Outgoing, SettingsChange,
};
use switchboard_protocol::MAX_DOWNLINK_BYTES;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{Media, UserOrAll};
use switchboard_protocol::requests::MuteMode;
use switchboard_rtc::{Credential, MintError, MintRequest, Minter, Provider, UnsupportedIdError};

/// Largest number of downlinks of one input, as the documents state it.
const MAX_DOWNLINKS: usize = 1_000;
/// Length of a join token that is longer than the tokens of all RTC services, with the addresses of many TURN
/// servers.
const TOKEN_CHARS: usize = 6_000;

/// A minter of long join tokens.
struct LongTokens;

impl Minter for LongTokens {
    fn provider(&self) -> Provider {
        FakeMinter.provider()
    }

    fn url(&self) -> &'static str {
        FakeMinter.url()
    }

    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
        FakeMinter.check_ids(channel_id, user_id)
    }

    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError> {
        Ok(Credential { token: "t".repeat(TOKEN_CHARS).into(), ..FakeMinter.mint(request)? })
    }
}

/// Publishes the downlinks of a decision on `meeting`. Returns their number and the size of the largest one.
fn check(what: &str, decision: &Decision, meeting: &Meeting) -> (usize, usize) {
    let mut service = service();
    service.publisher.minter = Box::new(LongTokens);
    let all: Vec<Outgoing> = decision.notices.iter().chain(&decision.answer).cloned().collect();
    let count = all.len();
    let context = DownlinkContext::of(meeting, Now { ms: START_MS });
    service.publisher.publish_all(all, &context).now_or_never().expect("the fakes are ready at once");
    let sent = service.publisher.broker.take();
    let sizes = sent.iter().map(|sent| serde_json::to_vec(&sent.downlink).expect("serialises").len());
    let largest = sizes.max().unwrap_or(0);
    println!("{what}: {count} downlinks, the largest with {largest} bytes");
    assert!(count <= MAX_DOWNLINKS, "{what}: {count} downlinks");
    assert!(largest <= MAX_DOWNLINK_BYTES, "{what}: {largest} bytes");
    (count, largest)
}

#[test]
fn the_downlinks_of_one_input_are_bounded_in_number_and_size() {
    let crowd = Crowd::full();
    let host = device(HOST, 0);
    let mut counts = Vec::new();
    let mut of = |what: &str, input: &dyn Fn(&mut Crowd) -> Decision| {
        let mut crowd = crowd.clone();
        let decision = input(&mut crowd);
        counts.push(check(what, &decision, &crowd.meeting));
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
    let decision = ringing.invite(&guests);
    counts.push(check("invite of 49", &decision, &ringing.meeting));
    let mut ended = ringing.clone();
    let decision = ringing.act(&host, Action::CancelInvite { invitees: None });
    counts.push(check("cancel of 49", &decision, &ringing.meeting));
    let decision = ended.act(&host, Action::Destroy { text: Some(longest_text()) });
    counts.push(check("end of 49 rings", &decision, &ended.meeting));
    let most = counts.iter().map(|(count, _)| *count).max().expect("some");
    assert!(most > MAX_DOWNLINKS / 2, "the bound is near: {most}");
}

/// An input in a meeting.
type Step = fn(&mut Crowd) -> Decision;

#[test]
fn every_downlink_of_the_largest_meeting_fits_with_the_longest_join_token() {
    let mut full = Crowd::full();
    full.fill_lobby();
    let decisions: [(&str, Step); 3] = [
        ("rejoin", |crowd| crowd.act(&device(7, 22), Action::Rejoin)),
        ("title", |crowd| {
            let change = SettingsChange { title: Some(longest_text()), ..SettingsChange::default() };
            crowd.act(&device(HOST, 0), Action::UpdateMeeting(change))
        }),
        ("admission", |crowd| {
            crowd.act(&device(8, 22), Action::Leave);
            crowd.act(&device(HOST, 0), Action::Admit { users: Some(vec![account(150)]) })
        }),
    ];
    for (what, input) in decisions {
        let mut crowd = full.clone();
        let decision = input(&mut crowd);
        assert_eq!(decision.refused, None, "{what}");
        let has_meeting = |downlink: &Outgoing| match &downlink.body {
            Body::Joined { meeting }
            | Body::MeetingUpdated { meeting }
            | Body::LobbyResult { meeting: Some(meeting), .. } => {
                meeting.participants.len() >= MAX_PEOPLE - 1
            }
            _ => false,
        };
        assert!(decision.notices.iter().chain(&decision.answer).any(has_meeting), "{what} has the meeting");
        check(what, &decision, &crowd.meeting);
    }

    let guests: Vec<usize> = (1..=49).collect();
    let (mut created, decision) = Crowd::created(&guests);
    check("create", &decision, &created.meeting);
    let accept = Action::Accept {
        invite_id: created.invite_id(1),
        media: Media::Video,
        name: None,
        is_in_other_call: false,
    };
    let decision = created.act(&device(1, 0), accept);
    check("accept", &decision, &created.meeting);

    // The answer shows every named user, also those who declined before.
    let mut declined = created;
    for number in 2..49 {
        declined.decline(number);
    }
    let invitees = Some((2..=49).map(account).collect());
    let decision = declined.act(&device(HOST, 0), Action::CancelInvite { invitees });
    assert_eq!(decision.refused, None);
    check("cancel after 47 declined", &decision, &declined.meeting);
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
