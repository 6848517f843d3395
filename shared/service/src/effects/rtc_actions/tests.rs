//! Tests of the time limit of calls to the RTC service, and of `enforced` in the downlinks after them.

use super::*;
use async_trait::async_trait;
use std::time::Duration;
use switchboard_core::Cause;
use switchboard_core::{DeliveryClass, Outgoing};
use switchboard_protocol::id::IdKey;
use switchboard_protocol::object::SpeechMode;
use switchboard_rtc::Rights;
use switchboard_rtc::management::{
    ChannelSpec, ManagementCapabilities, OpenChannel, RequestContext, RtcManagement,
};

/// Answers calls for ids that begin with `a`, and never answers the others.
struct Choosy;

impl Choosy {
    async fn answers(media_id: &str) -> Result<(), RtcError> {
        if media_id.starts_with('a') { Ok(()) } else { std::future::pending().await }
    }
}

#[async_trait]
impl RtcManagement for Choosy {
    fn capabilities(&self) -> ManagementCapabilities {
        ManagementCapabilities::default()
    }

    async fn register(&self, _: ChannelSpec<'_>, _: RequestContext) -> Result<(), RtcError> {
        Err(RtcError::Unsupported)
    }

    async fn close(&self, _: &str, _: RequestContext) -> Result<(), RtcError> {
        Err(RtcError::Unsupported)
    }

    async fn remove(&self, _: &str, media_id: &str, _: RequestContext) -> Result<(), RtcError> {
        Self::answers(media_id).await
    }

    async fn restrict(&self, _: &str, media_id: &str, _: Rights, _: RequestContext) -> Result<(), RtcError> {
        Self::answers(media_id).await
    }

    async fn members(&self, _: &str, _: RequestContext) -> Result<Vec<String>, RtcError> {
        Err(RtcError::Unsupported)
    }

    async fn channels(&self, _: &str, _: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        Err(RtcError::Unsupported)
    }
}

fn user(name: &str) -> UserId {
    name.parse().expect("an account")
}

#[tokio::test]
async fn however_much_is_to_be_done_what_is_not_done_in_time_is_given_up() {
    let key = IdKey::new("an id key for tests only".into());
    let time_limit = Duration::from_millis(100);
    let mut rtc = RtcClient::new(Box::new(Choosy), key, "tests".to_owned());
    rtc.time_limit = time_limit;
    let restrict =
        |name: &str| RtcAction::Restrict { user: user(name), number: 1, rights: Rights::default() };
    let mut actions: Vec<RtcAction> =
        (0..10 * IN_FLIGHT).map(|number| restrict(&format!("b{number}"))).collect();
    actions.extend([restrict("alice"), RtcAction::Remove { user: user("bob"), number: 2 }, RtcAction::Close]);

    let meeting = "m1".parse().expect("an id");
    let now = Now { ms: 1 };
    let applied = run_actions(&rtc, &meeting, "sb-m1", &actions, |user, _| user.to_string(), now);
    // Without the time limit, this call would never return.
    let result = tokio::time::timeout(Duration::from_secs(30), applied).await.expect("it is given up");
    assert_eq!(result.enforced, BTreeSet::from([user("alice")]));
    assert_eq!(result.unenforced.len(), 10 * IN_FLIGHT);
    assert_eq!(result.failed.iter().filter(|what| **what == "restrict").count(), 10 * IN_FLIGHT);
    assert_eq!(result.failed.iter().filter(|what| **what == "remove").count(), 1);
}

/// Returns `enforced` and the subject of a `speech_changed` about `target`. The subject is part of the id.
fn told(result: &RtcActionsResult, target: UserOrAll, again: bool) -> (bool, String) {
    let body = Body::SpeechChanged {
        user_id: target,
        mode: SpeechMode::Hard,
        until_in_ms: None,
        by: user("alice"),
        enforced: true,
    };
    let outgoing = Outgoing {
        to: "GID@@@carol.phone".parse().expect("a device"),
        cause: Cause::Deadline { meeting_id: "m1".parse().expect("an id"), rev: 7 },
        subject: "bob".to_owned(),
        is_answer: false,
        prev_rev: None,
        keep_ms: 0,
        class: DeliveryClass::BestEffort,
        body,
        grant: None,
    };
    let mut decision = Decision { notices: vec![outgoing], ..Decision::default() };
    result.correct(&mut decision, again);
    let Outgoing { subject, body: Body::SpeechChanged { enforced, .. }, .. } = decision.notices.remove(0)
    else {
        panic!("it is what it was")
    };
    (enforced, subject)
}

#[test]
fn a_block_that_holds_only_now_is_told_under_another_id_and_one_that_does_not_is_never_said_to() {
    let (bob, carol) = (|| UserOrAll::User(user("bob")), || UserOrAll::User(user("carol")));
    let same = |enforced| (enforced, "bob".to_owned());
    let enforced_users = BTreeSet::from([user("bob")]);
    let result = RtcActionsResult {
        enforced: enforced_users.clone(),
        unenforced: BTreeSet::from([user("carol")]),
        failed: Vec::new(),
    };
    assert_eq!(told(&result, bob(), false), same(true));
    assert_eq!(told(&result, carol(), false), same(false));
    assert_eq!(told(&result, UserOrAll::All, false), same(false));
    assert_eq!(told(&result, carol(), true), same(false), "as published before");
    assert_eq!(told(&result, UserOrAll::All, true), same(false), "not of everybody");

    let (enforced, subject) = told(&result, bob(), true);
    assert!(enforced && subject != "bob", "{subject}");
    let result = RtcActionsResult { enforced: enforced_users, ..RtcActionsResult::default() };
    assert_ne!(told(&result, UserOrAll::All, true), same(true));
    // Without a call for the user, nothing changes.
    assert_eq!(told(&result, carol(), true), same(true));
}
