//! Tests that a callback is read correctly in every JSON form of its numbers and texts.

use super::*;

/// Writes every integer of a callback with a fraction of zero, and puts half of an emoji into a member that is ignored.
fn written_otherwise(body: &Value) -> String {
    let mut text = String::from("\u{feff}");
    let mut rest = body.to_string();
    rest.insert_str(1, r#""display":"A\ud83d","#);
    let mut in_text = false;
    let mut characters = rest.chars().peekable();
    while let Some(character) = characters.next() {
        in_text ^= character == '"';
        text.push(character);
        let ends = !characters.peek().is_some_and(char::is_ascii_digit);
        if !in_text && character.is_ascii_digit() && ends {
            text.push_str(".0");
        }
    }
    text
}

// Cases: whole-numbers, half-an-emoji, bytes-around
#[test]
fn whole_numbers_and_half_an_emoji_in_a_callback_are_read() {
    let livekit = json!({"event": "participant_joined", "created_at": 1_767_225_599, "room": {"name": "c"},
        "participant": {"identity": "bob", "sid": "PA_2", "joined_at": 1_767_225_500}});
    let agora = json!({"noticeId": "n", "productId": 1, "eventType": 104, "payload":
        {"channelName": "c", "ts": 1_560_396_834, "uid": 7, "clientSeq": 1_625_051_030_746_i64, "reason": 1}});
    let janus = janus_event(&json!({"event": "joined", "room": 1234, "id": 42}));
    for (name, events, body) in [
        ("livekit", livekit_events as fn(&String) -> _, livekit),
        ("agora", agora_events, agora),
        ("janus", janus_events, janus),
    ] {
        let expected: Result<Vec<MediaEvent>, CallbackError> = events(&body.to_string());
        assert_eq!(expected.as_ref().map(Vec::len), Ok(1), "{name}");
        let otherwise = written_otherwise(&body);
        assert!(otherwise.contains(".0") && otherwise.contains("ud83d"), "{otherwise}");
        assert_eq!(events(&otherwise), expected, "{otherwise}");
    }
}
