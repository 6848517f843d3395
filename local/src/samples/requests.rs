//! One sample of every request: a call of Alice to Bob, played in this order.

use super::{ALICE, BOB, DAVE, Sample};

/// The requests.
pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::message(
            "create-meeting",
            ALICE,
            r#"{"v":1,"type":"create_meeting","id":"sample-create","mode":"direct","media":"audio","invitees":["bob"],"ring_seconds":180}"#,
        )
        .about("Alice calls Bob")
        .after("presence.connected")
        .answered("meeting_created"),
        Sample::message(
            "answer.ringing",
            BOB,
            r#"{"v":1,"type":"ringing","id":"sample-ringing","meeting_id":"$MEETING","invite_id":"$INVITE"}"#,
        )
        .about("Bob's phone rings")
        .after("create-meeting"),
        Sample::message(
            "answer.accept",
            BOB,
            r#"{"v":1,"type":"accept","id":"sample-accept","meeting_id":"$MEETING","invite_id":"$INVITE","media":"audio"}"#,
        )
        .about("Bob takes the call")
        .after("create-meeting")
        .answered("invitation_accepted"),
        Sample::message(
            "answer.reject",
            BOB,
            r#"{"v":1,"type":"reject","id":"sample-reject","meeting_id":"$MEETING","invite_id":"$INVITE","reason":"declined","text":"In a meeting"}"#,
        )
        .about("Bob declines")
        .after("create-meeting")
        .answered("ok"),
        Sample::message(
            "answer.silence",
            BOB,
            r#"{"v":1,"type":"silence","id":"sample-silence","meeting_id":"$MEETING","invite_id":"$INVITE"}"#,
        )
        .about("Bob silences this phone; the others ring on")
        .after("create-meeting")
        .answered("ok"),
        Sample::message(
            "attend.report_media",
            ALICE,
            r#"{"v":1,"type":"report_media","id":"sample-media","meeting_id":"$MEETING","state":"joined","audio":true}"#,
        )
        .about("Alice's phone is in the media")
        .after("answer.accept"),
        Sample::message(
            "attend.refresh_token",
            ALICE,
            r#"{"v":1,"type":"refresh_token","id":"sample-token","meeting_id":"$MEETING"}"#,
        )
        .about("Alice's phone wants a fresh join token")
        .after("answer.accept")
        .answered("token"),
        Sample::message(
            "attend.rejoin",
            BOB,
            r#"{"v":1,"type":"rejoin","id":"sample-rejoin","meeting_id":"$MEETING"}"#,
        )
        .about("Bob's phone comes back to its seat")
        .after("answer.accept")
        .answered("joined"),
        Sample::message(
            "attend.join",
            DAVE,
            r#"{"v":1,"type":"join","id":"sample-join","meeting_id":"$MEETING","media":"audio"}"#,
        )
        .about("Dave, whom nobody invited, asks to come in, and waits in the lobby")
        .after("moderate.update_meeting")
        .answered("lobby_waiting"),
        Sample::message(
            "attend.raise_hand",
            BOB,
            r#"{"v":1,"type":"raise_hand","id":"sample-raise","meeting_id":"$MEETING"}"#,
        )
        .about("Bob raises a hand")
        .after("answer.accept")
        .answered("hand_changed"),
        Sample::message(
            "attend.lower_hand",
            BOB,
            r#"{"v":1,"type":"lower_hand","id":"sample-lower","meeting_id":"$MEETING"}"#,
        )
        .about("Bob lowers it")
        .after("attend.raise_hand")
        .answered("hand_changed"),
        Sample::message(
            "attend.unmute_self",
            BOB,
            r#"{"v":1,"type":"unmute_self","id":"sample-unmute","meeting_id":"$MEETING"}"#,
        )
        .about("Bob speaks again after a soft mute")
        .after("answer.accept")
        .answered("speech_changed"),
        Sample::message(
            "attend.leave",
            ALICE,
            r#"{"v":1,"type":"leave","id":"sample-leave","meeting_id":"$MEETING"}"#,
        )
        .about("Alice hangs up; a direct call ends with that")
        .after("answer.accept")
        .answered("ok"),
        Sample::message(
            "invite.invite",
            ALICE,
            r#"{"v":1,"type":"invite","id":"sample-invite","meeting_id":"$MEETING","invitees":["carol"]}"#,
        )
        .about("Alice adds Carol, who has no device, to the call")
        .after("answer.accept")
        .answered("invitation_result"),
        Sample::message(
            "invite.cancel_invite",
            ALICE,
            r#"{"v":1,"type":"cancel_invite","id":"sample-cancel","meeting_id":"$MEETING"}"#,
        )
        .about("Alice gives up before Bob answers")
        .after("create-meeting")
        .answered("invitation_result"),
        Sample::message(
            "moderate.mute",
            ALICE,
            r#"{"v":1,"type":"mute","id":"sample-mute","meeting_id":"$MEETING","user_id":"bob","mode":"hard","for_seconds":60}"#,
        )
        .about("Alice takes the right to speak from Bob for a minute")
        .after("answer.accept")
        .answered("speech_changed"),
        Sample::message(
            "moderate.allow_speech",
            ALICE,
            r#"{"v":1,"type":"allow_speech","id":"sample-allow","meeting_id":"$MEETING","user_id":"*"}"#,
        )
        .about("Alice lets everybody speak again")
        .after("moderate.mute")
        .answered("speech_changed"),
        Sample::message(
            "moderate.remove",
            ALICE,
            r#"{"v":1,"type":"remove","id":"sample-remove","meeting_id":"$MEETING","user_id":"bob","ban":true}"#,
        )
        .about("Alice puts Bob out for good")
        .after("answer.accept")
        .answered("participant_updated"),
        Sample::message(
            "moderate.update_meeting",
            ALICE,
            r#"{"v":1,"type":"update_meeting","id":"sample-update","meeting_id":"$MEETING","title":"Planning","policy":{"join":"lobby"},"extend_minutes":30}"#,
        )
        .about("Alice opens a lobby, names the meeting, and lets it go on for longer")
        .after("invite.invite")
        .answered("meeting_updated"),
        Sample::message(
            "moderate.admit",
            ALICE,
            r#"{"v":1,"type":"admit","id":"sample-admit","meeting_id":"$MEETING","users":["dave"]}"#,
        )
        .about("Alice lets Dave in")
        .after("attend.join")
        .answered("lobby_updated"),
        Sample::message(
            "moderate.deny",
            ALICE,
            r#"{"v":1,"type":"deny","id":"sample-deny","meeting_id":"$MEETING","users":"*"}"#,
        )
        .about("Alice turns away everybody who waits")
        .after("attend.join")
        .answered("lobby_updated"),
        Sample::message(
            "moderate.set_role",
            ALICE,
            r#"{"v":1,"type":"set_role","id":"sample-role","meeting_id":"$MEETING","user_id":"bob","role":"cohost"}"#,
        )
        .about("Alice makes Bob a cohost")
        .after("answer.accept")
        .answered("participant_updated"),
        Sample::message(
            "moderate.transfer_host",
            ALICE,
            r#"{"v":1,"type":"transfer_host","id":"sample-transfer","meeting_id":"$MEETING","user_id":"bob"}"#,
        )
        .about("Alice makes Bob host")
        .after("answer.accept")
        .answered("host_changed"),
        Sample::message(
            "destroy",
            ALICE,
            r#"{"v":1,"type":"destroy_meeting","id":"sample-destroy","meeting_id":"$MEETING","reason":"wrong number"}"#,
        )
        .about("Alice ends the meeting for everybody")
        .after("answer.accept")
        .answered("meeting_ended"),
        Sample::message(
            "sync.sync",
            BOB,
            r#"{"v":1,"type":"sync","id":"sample-sync"}"#,
        )
        .about("Bob's phone asks what goes on; the answer comes on the bulk topic")
        .after("create-meeting")
        .answered("state"),
        Sample::message(
            "sync.history",
            ALICE,
            r#"{"v":1,"type":"history","id":"sample-history","limit":10}"#,
        )
        .about("Alice's past calls")
        .after("destroy")
        .answered("history"),
    ]
}
