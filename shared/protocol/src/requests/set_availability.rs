//! `set_availability`: set who may call, and for how long calls do not ring.

use super::{Function, Request, RequestInfo, Sample, check, sample};
use crate::address::UserId;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use crate::limits::{DO_NOT_DISTURB_SECONDS, MAX_ALLOWED};
use crate::object::WhoMayCall;
use serde::{Deserialize, Serialize};

/// Sets who may call the sender, and for how long calls do not ring. A field that is left out keeps its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetAvailability {
    /// Users whose calls reach the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<WhoMayCall>,
    /// Users who may call while `who` is `allowed`. The list replaces the previous list and has no
    /// duplicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_ALLOWED), extend("uniqueItems" = true)))]
    pub allow: Option<Vec<UserId>>,
    /// Seconds from now for which calls do not ring, at most seven days; 0 ends do-not-disturb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(
        range(min = *DO_NOT_DISTURB_SECONDS.start(), max = *DO_NOT_DISTURB_SECONDS.end())
    ))]
    pub do_not_disturb_seconds: Option<u32>,
}

impl Request for SetAvailability {
    const INFO: RequestInfo = RequestInfo {
        kind: "set_availability",
        function: Function::Settings,
        answered_by: &["settings"],
        refusals: &[],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Bob's phone does not ring for an hour",
            sender: sample::BOB,
            after: None,
            answer: Some("settings"),
            message: r#"{"v":1,"type":"set_availability","id":"sample-availability","do_not_disturb_seconds":3600}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"set_availability","id":"t2","who":"allowed","allow":["alice","carol"]}"#,
        ],
    };

    fn check(&self) -> Result<(), Invalid> {
        if let Some(allow) = &self.allow {
            if allow.len() > MAX_ALLOWED {
                return Err(Invalid::new("allow", format!("name at most {MAX_ALLOWED} users")));
            }
            check::distinct("allow", allow)?;
        }
        check::range("do_not_disturb_seconds", self.do_not_disturb_seconds, &DO_NOT_DISTURB_SECONDS)
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        None
    }
}
