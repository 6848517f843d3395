//! A whole direct call, message by message, as at the end of the protocol page.

use crate::calls::rings;
use crate::device::json_of;
use crate::user::User;
use insta::{Settings, assert_json_snapshot};
use serde_json::Value;

/// The message with accounts and ids of this call replaced by fixed names.
fn plain(message: &Value, users: &[&User], ids: &[(&str, &str)]) -> Value {
    let mut text = message.to_string();
    for user in users {
        text = text.replace(user.id.as_str(), &user.name.to_ascii_lowercase());
    }
    for (id, what) in ids {
        text = text.replace(id, what);
    }
    serde_json::from_str(&text).expect("names and ids need no escapes")
}

/// Fields that differ from run to run.
fn redactions() -> Settings {
    let mut settings = Settings::clone_current();
    for id in [".id", ".re"] {
        settings.add_redaction(id, "[id]");
    }
    for time in ["server_ms", "expires_in_ms", "deadline_in_ms", "duration_ms"] {
        settings.add_redaction(&format!(".{time}"), "[ms]");
    }
    for time in [".meeting.created_ms", ".meeting.ends_in_ms", ".join.token_expires_in_ms"] {
        settings.add_redaction(time, "[ms]");
    }
    settings.add_redaction(".join.token", "[token]");
    settings.add_redaction(".join.url", "[url]");
    settings
}

// Proves: T1, one-answer
#[tokio::test]
async fn a_calls_b_who_has_two_devices_and_each_message_is_as_the_protocol_has_it() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut phone, mut bobs_phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);

    let call = rings(&mut phone, &bob, &mut bobs_phone).await;
    let ids = [(call.meeting_id.as_str(), "m"), (call.invite_id.as_str(), "i")];
    let _redactions = redactions().bind_to_scope();
    let plain = |message: &Value| plain(message, &[&alice, &bob], &ids);
    assert_json_snapshot!(plain(&call.created), @r#"
    {
      "id": "[id]",
      "invitations": [
        {
          "invite_id": "i",
          "reach": "unknown",
          "state": "invited",
          "user_id": "bob"
        }
      ],
      "join": {
        "channel_id": "switchboard-m",
        "params": {},
        "provider": "livekit",
        "rights": {
          "camera": false,
          "data": true,
          "microphone": true,
          "screen": false,
          "subscribe": true
        },
        "rights_enforced": true,
        "token": "[token]",
        "token_expires_in_ms": "[ms]",
        "url": "[url]",
        "user_id": "alice"
      },
      "meeting": {
        "created_ms": "[ms]",
        "empty_seconds": 30,
        "ends_in_ms": "[ms]",
        "host": "alice",
        "locked": false,
        "media": "audio",
        "meeting_id": "m",
        "mode": "direct",
        "participants": [
          {
            "hand": false,
            "media": {
              "audio": true,
              "screen": false,
              "video": false
            },
            "name": "Alice",
            "role": "host",
            "speech": {
              "mode": "free"
            },
            "state": "accepted",
            "user_id": "alice"
          },
          {
            "hand": false,
            "invite_id": "i",
            "media": {
              "audio": false,
              "screen": false,
              "video": false
            },
            "name": "Bob",
            "role": "member",
            "speech": {
              "mode": "free"
            },
            "state": "invited",
            "user_id": "bob"
          }
        ],
        "policy": {
          "busy": "reject",
          "entry_muted": false,
          "host_leave": "transfer",
          "invite": "host",
          "join": "invited"
        },
        "rev": 1,
        "state": "ringing",
        "unused_seconds": 300
      },
      "meeting_id": "m",
      "re": "[id]",
      "rev": 1,
      "server_ms": "[ms]",
      "type": "meeting_created",
      "v": 1
    }
    "#);
    let invitation = tablet.receives("invitation").await;
    assert_json_snapshot!(plain(&json_of(&invitation)), @r#"
    {
      "deadline_in_ms": "[ms]",
      "delivery": "live",
      "expires_in_ms": "[ms]",
      "from": {
        "name": "Alice",
        "user_id": "alice"
      },
      "group": [],
      "id": "[id]",
      "invite_id": "i",
      "media": "audio",
      "meeting_id": "m",
      "mode": "direct",
      "rev": 1,
      "server_ms": "[ms]",
      "type": "invitation",
      "v": 1
    }
    "#);

    bobs_phone.sends_once("answer", call.about_invitation("ringing")).await;
    let rings = phone.receives("invitation_updated").await;
    assert_json_snapshot!(plain(&json_of(&rings)), @r#"
    {
      "id": "[id]",
      "invite_id": "i",
      "meeting_id": "m",
      "reach": "delivered",
      "rev": 2,
      "server_ms": "[ms]",
      "state": "ringing",
      "type": "invitation_updated",
      "user_id": "bob",
      "v": 1
    }
    "#);

    let accepted = bobs_phone.requests("answer", call.about_invitation("accept")).await;
    assert_json_snapshot!(plain(&json_of(&accepted)), @r#"
    {
      "id": "[id]",
      "join": {
        "channel_id": "switchboard-m",
        "params": {},
        "provider": "livekit",
        "rights": {
          "camera": false,
          "data": true,
          "microphone": true,
          "screen": false,
          "subscribe": true
        },
        "rights_enforced": true,
        "token": "[token]",
        "token_expires_in_ms": "[ms]",
        "url": "[url]",
        "user_id": "bob"
      },
      "meeting": {
        "created_ms": "[ms]",
        "empty_seconds": 30,
        "ends_in_ms": "[ms]",
        "host": "alice",
        "locked": false,
        "media": "audio",
        "meeting_id": "m",
        "mode": "direct",
        "participants": [
          {
            "hand": false,
            "media": {
              "audio": true,
              "screen": false,
              "video": false
            },
            "name": "Alice",
            "role": "host",
            "speech": {
              "mode": "free"
            },
            "state": "accepted",
            "user_id": "alice"
          },
          {
            "hand": false,
            "media": {
              "audio": true,
              "screen": false,
              "video": false
            },
            "name": "Bob",
            "role": "member",
            "speech": {
              "mode": "free"
            },
            "state": "accepted",
            "user_id": "bob"
          }
        ],
        "policy": {
          "busy": "reject",
          "entry_muted": false,
          "host_leave": "transfer",
          "invite": "host",
          "join": "invited"
        },
        "rev": 3,
        "state": "ringing",
        "unused_seconds": 300
      },
      "meeting_id": "m",
      "re": "[id]",
      "rev": 3,
      "server_ms": "[ms]",
      "type": "invitation_accepted",
      "v": 1
    }
    "#);
    let closed = tablet.receives("invitation_closed").await;
    assert_json_snapshot!(plain(&json_of(&closed)), @r#"
    {
      "id": "[id]",
      "invite_id": "i",
      "meeting_id": "m",
      "reason": "answered_elsewhere",
      "rev": 3,
      "server_ms": "[ms]",
      "type": "invitation_closed",
      "v": 1
    }
    "#);
    let updated = phone.receives("participant_updated").await;
    assert_json_snapshot!(plain(&json_of(&updated)), @r#"
    {
      "id": "[id]",
      "meeting_id": "m",
      "participant": {
        "hand": false,
        "media": {
          "audio": true,
          "screen": false,
          "video": false
        },
        "name": "Bob",
        "role": "member",
        "speech": {
          "mode": "free"
        },
        "state": "accepted",
        "user_id": "bob"
      },
      "prev_rev": 1,
      "rev": 3,
      "server_ms": "[ms]",
      "type": "participant_updated",
      "v": 1
    }
    "#);

    for speaker in [&phone, &bobs_phone] {
        speaker.sends_once("attend", call.joined()).await;
    }
    for listener in [&mut phone, &mut bobs_phone] {
        for user in [&alice, &bob] {
            listener
                .receives_that("participant_updated", |news| {
                    let participant = &news.body["participant"];
                    participant["user_id"] == user.id.as_str() && participant["state"] == "joined"
                })
                .await;
        }
    }

    let left = phone.requests("attend", call.request("leave")).await;
    assert_eq!(left.kind, "ok");
    let ended = bobs_phone.receives("meeting_ended").await;
    assert_json_snapshot!(plain(&json_of(&ended)), @r#"
    {
      "duration_ms": "[ms]",
      "id": "[id]",
      "meeting_id": "m",
      "reason": "completed",
      "rev": 6,
      "server_ms": "[ms]",
      "sip": 200,
      "type": "meeting_ended",
      "v": 1
    }
    "#);

    let everybody = [phone.client_id().to_owned(), bobs_phone.client_id().to_owned()];
    let causes = everybody.each_ref().map(String::as_str);
    assert_eq!(
        phone.remaining_notices(&causes).await,
        Vec::<String>::new(),
        "the caller left and gets no notice of the end"
    );
    assert_eq!(bobs_phone.remaining_notices(&causes).await, Vec::<String>::new());
    assert_eq!(
        tablet.remaining_notices(&causes).await,
        Vec::<String>::new(),
        "the tablet has no part in the call"
    );
}
