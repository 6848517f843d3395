//! Tests of client IDs: an accepted client ID fits into a topic, names no other user, and is the text that was read.

use bolero::check;
use switchboard_protocol::address::ClientId;

use super::mutation::{Edit, ITERATIONS, edited};

#[test]
fn an_accepted_client_id_is_one_level_of_a_topic_and_names_its_user() {
    check!().with_iterations(ITERATIONS).with_type::<Vec<Edit>>().for_each(|edits| {
        let text = String::from_utf8_lossy(&edited(b"GID_ios@@@alice.phone", edits)).into_owned();
        let Ok(client) = ClientId::try_from(text.clone()) else { return };
        assert_eq!(client.as_str(), text);
        assert!(
            !text.contains(['/', '+', '#', '$', '*', '?', '\0']),
            "{text:?} is no single level of a topic"
        );
        let (group, rest) = text.split_once("@@@").expect("an address has a group");
        assert_eq!(client.group(), group);
        let user = client.user();
        assert!(
            rest == user.as_str() || rest.starts_with(&format!("{}.", user.as_str())),
            "{text:?} is not {user}"
        );
        assert!(!user.as_str().is_empty() && !user.as_str().contains(['.', '@']));
    });
}
