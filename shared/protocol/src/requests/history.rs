//! `history`: get past calls.

use super::{Function, Request, RequestInfo, Sample, check, sample};
use crate::id::MeetingId;
use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Number of calls that a request may ask for in one page.
pub const PAGE_CALLS: RangeInclusive<u32> = 1..=50;
/// Largest number of calls in a page if the request has no `limit`.
pub const DEFAULT_PAGE_CALLS: u32 = 20;

/// Requests the user's past calls, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// Beginning of the page: the `cursor` of the page before; the first page if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Largest number of calls in the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(
        range(min = *PAGE_CALLS.start(), max = *PAGE_CALLS.end()),
        extend("default" = DEFAULT_PAGE_CALLS)
    ))]
    pub limit: Option<u32>,
}

impl Request for History {
    const INFO: RequestInfo = RequestInfo {
        kind: "history",
        function: Function::Sync,
        answered_by: &["history"],
        refusals: &[],
        note: "The answer is published to the bulk topic, an error to the control topic.",
        out_of_turn: false,
        sample: Sample {
            about: "Alice requests her past calls",
            sender: sample::ALICE,
            after: Some("destroy"),
            answer: Some("history"),
            message: r#"{"v":1,"type":"history","id":"sample-history","limit":10}"#,
        },
        more_examples: &[],
    };

    fn check(&self) -> Result<(), Invalid> {
        check::range("limit", self.limit, &PAGE_CALLS)
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        None
    }
}
