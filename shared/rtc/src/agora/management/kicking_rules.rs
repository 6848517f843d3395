//! Kicking rules: selects the rules about one participant, and finds the changes that apply new rights. Pure.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::Rights;

/// The privilege to be in the channel. Withholding it removes the participant.
pub(super) const JOIN_CHANNEL: &str = "join_channel";
const PUBLISH_AUDIO: &str = "publish_audio";
const PUBLISH_VIDEO: &str = "publish_video";

/// Agora's list of the rules in force in a project.
#[derive(Deserialize)]
pub(super) struct KickingRules {
    #[serde(default)]
    pub rules: Vec<KickingRule>,
}

/// One rule in force.
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
    /// Returns whether the rule withholds publishing from exactly this participant.
    pub fn withholds_publishing(&self, channel_id: &str, uid: u32) -> bool {
        self.cname.as_deref() == Some(channel_id)
            && self.uid == Some(u64::from(uid))
            && self.privileges.iter().any(|privilege| privilege != JOIN_CHANNEL)
    }
}

/// Difference between the rules in force and the rules for new rights.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RuleChange {
    /// Privileges to withhold with a new rule.
    pub create: Vec<&'static str>,
    /// Ids of rules that withhold more than the new rights.
    pub delete: Vec<u64>,
}

/// Returns the changes that turn the `rules` of a participant into rules for `rights`. Agora has one
/// privilege for camera and screen.
pub(super) fn change(rules: &[KickingRule], rights: Rights) -> RuleChange {
    let withheld = [(PUBLISH_AUDIO, !rights.microphone), (PUBLISH_VIDEO, !rights.camera && !rights.screen)];
    let withheld: Vec<_> =
        withheld.into_iter().filter(|(_, withheld)| *withheld).map(|(name, _)| name).collect();
    let fits = |rule: &&KickingRule| rule.privileges.iter().all(|name| withheld.contains(&name.as_str()));
    let (kept, excessive): (Vec<_>, Vec<_>) = rules.iter().partition(fits);
    let in_force = |name: &str| kept.iter().any(|rule| rule.privileges.iter().any(|kept| kept == name));
    RuleChange {
        create: withheld.iter().copied().filter(|name| !in_force(name)).collect(),
        delete: excessive.into_iter().map(|rule| rule.id).collect(),
    }
}

/// Deserialises a uid. Agora's documentation shows uids both as numbers and as text.
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
    fn rules_change_only_where_rights_change() {
        let audio = rule(1, &[PUBLISH_AUDIO]);
        let both = rule(2, &[PUBLISH_AUDIO, PUBLISH_VIDEO]);
        let watching = Rights { camera: false, screen: false, ..MUTED };
        let change_of = |create: &[&'static str], delete: &[u64]| RuleChange {
            create: create.into(),
            delete: delete.into(),
        };
        assert_eq!(change(&[], MUTED), change_of(&[PUBLISH_AUDIO], &[]));
        assert_eq!(change(std::slice::from_ref(&audio), MUTED), change_of(&[], &[]));
        assert_eq!(change(&[audio.clone(), both.clone()], Rights::ALL), change_of(&[], &[1, 2]));
        // A rule that withholds too much is replaced.
        assert_eq!(change(std::slice::from_ref(&both), MUTED), change_of(&[PUBLISH_AUDIO], &[2]));
        assert_eq!(change(&[audio], watching), change_of(&[PUBLISH_VIDEO], &[]));
        assert_eq!(change(&[both], watching), change_of(&[], &[]));
        assert_eq!(change(&[], Rights { camera: false, ..Rights::ALL }), change_of(&[], &[]));
    }

    #[test]
    fn only_rules_about_exactly_this_participant_count() {
        let read = |value| serde_json::from_value::<KickingRule>(value).expect("a rule");
        let one = json!({ "id": 1, "cname": "c", "uid": 7, "privileges": ["publish_audio"] });
        let with = |name: &str, value: Value| {
            let mut changed = one.clone();
            changed[name] = value;
            read(changed).withholds_publishing("c", 7)
        };
        assert!(read(one.clone()).withholds_publishing("c", 7));
        assert!(with("uid", json!("7")), "as text");
        assert!(!with("uid", json!(8)));
        assert!(!with("uid", json!(null)), "every user of the channel");
        assert!(!with("cname", json!("d")));
        assert!(!with("cname", json!(null)), "every channel");
        assert!(!with("privileges", json!(["join_channel"])), "a removal");
    }
}
