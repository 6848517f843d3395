//! Kicking rules: which of them hold somebody to his rights, and what has to change for others. Pure.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::Rights;

/// Being in the channel.
pub(super) const JOIN_CHANNEL: &str = "join_channel";
const PUBLISH_AUDIO: &str = "publish_audio";
const PUBLISH_VIDEO: &str = "publish_video";

/// Agora's list of the rules of a project.
#[derive(Deserialize)]
pub(super) struct KickingRules {
    #[serde(default)]
    pub rules: Vec<KickingRule>,
}

/// One rule that is in force.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct KickingRule {
    id: u64,
    #[serde(default)]
    cname: Option<String>,
    #[serde(default, deserialize_with = "number")]
    uid: Option<u64>,
    #[serde(default)]
    privileges: Vec<String>,
}

impl KickingRule {
    /// Whether it takes rights to publish from just this participant.
    pub fn silences(&self, channel_id: &str, uid: u32) -> bool {
        self.cname.as_deref() == Some(channel_id)
            && self.uid == Some(u64::from(uid))
            && self.privileges.iter().any(|privilege| privilege != JOIN_CHANNEL)
    }
}

/// What turns the rules that are into those that shall be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RuleChange {
    /// Privileges to take with a new rule.
    pub make: Vec<&'static str>,
    /// Ids of rules that take too much.
    pub lift: Vec<u64>,
}

/// The change for a participant with these rules who shall have these rights. Camera and screen are one to Agora.
pub(super) fn change(rules: &[KickingRule], rights: Rights) -> RuleChange {
    let taken = [(PUBLISH_AUDIO, !rights.microphone), (PUBLISH_VIDEO, !rights.camera && !rights.screen)];
    let taken: Vec<_> = taken.into_iter().filter(|(_, taken)| *taken).map(|(name, _)| name).collect();
    let fits = |rule: &&KickingRule| rule.privileges.iter().all(|name| taken.contains(&name.as_str()));
    let (kept, too_much): (Vec<_>, Vec<_>) = rules.iter().partition(fits);
    let held = |name: &str| kept.iter().any(|rule| rule.privileges.iter().any(|held| held == name));
    RuleChange {
        make: taken.iter().copied().filter(|name| !held(name)).collect(),
        lift: too_much.into_iter().map(|rule| rule.id).collect(),
    }
}

/// Agora's documents show uids as numbers and as text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(id: u64, privileges: &[&str]) -> KickingRule {
        KickingRule {
            id,
            cname: Some("c".into()),
            uid: Some(7),
            privileges: privileges.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    const MUTED: Rights = Rights::ALL.without_microphone();

    #[test]
    fn a_right_is_taken_once_and_given_back_wholly() {
        let audio = rule(1, &[PUBLISH_AUDIO]);
        let both = rule(2, &[PUBLISH_AUDIO, PUBLISH_VIDEO]);
        let watching = Rights { camera: false, screen: false, ..MUTED };
        let change_of =
            |make: &[&'static str], lift: &[u64]| RuleChange { make: make.into(), lift: lift.into() };
        assert_eq!(change(&[], MUTED), change_of(&[PUBLISH_AUDIO], &[]));
        assert_eq!(change(std::slice::from_ref(&audio), MUTED), change_of(&[], &[]));
        assert_eq!(change(&[audio.clone(), both.clone()], Rights::ALL), change_of(&[], &[1, 2]));
        // A rule that takes too much is replaced by one that takes what shall be taken.
        assert_eq!(change(std::slice::from_ref(&both), MUTED), change_of(&[PUBLISH_AUDIO], &[2]));
        assert_eq!(change(&[audio], watching), change_of(&[PUBLISH_VIDEO], &[]));
        assert_eq!(change(&[both], watching), change_of(&[], &[]));
        assert_eq!(change(&[], Rights { camera: false, ..Rights::ALL }), change_of(&[], &[]));
    }

    #[test]
    fn only_rules_about_just_this_participant_are_ours() {
        let read = |value| serde_json::from_value::<KickingRule>(value).expect("a rule");
        let one = json!({ "id": 1, "cname": "c", "uid": 7, "privileges": ["publish_audio"] });
        let with = |name: &str, value: Value| {
            let mut changed = one.clone();
            changed[name] = value;
            read(changed).silences("c", 7)
        };
        assert!(read(one.clone()).silences("c", 7));
        assert!(with("uid", json!("7")), "as text");
        assert!(!with("uid", json!(8)));
        assert!(!with("uid", json!(null)), "everybody in the channel");
        assert!(!with("cname", json!("d")));
        assert!(!with("cname", json!(null)), "every channel");
        assert!(!with("privileges", json!(["join_channel"])), "a removal");
    }
}
