//! Tests of policy evaluation, one rule each.

use serde_json::{Value, json};

use super::{Arns, CONNECT, PUBLISH, Pattern, Policy, PolicyError, RECEIVE, SUBSCRIBE};

fn policy(document: Value) -> Policy {
    Policy::parse(&[document]).expect("a valid policy document")
}

fn allow(action: &str, resource: &str) -> Policy {
    policy(json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": action, "Resource": resource},
    ]}))
}

#[test]
fn nothing_is_allowed_without_a_statement() {
    assert!(!Policy::default().allows(PUBLISH, "anything"));
    assert!(!policy(json!({"Statement": []})).allows(PUBLISH, "anything"));
}

#[test]
fn an_allow_covers_its_action_on_its_resource_only() {
    let policy = allow("iot:Publish", "arn:aws:iot:r:1:topic/up");
    assert!(policy.allows(PUBLISH, "arn:aws:iot:r:1:topic/up"));
    assert!(!policy.allows(PUBLISH, "arn:aws:iot:r:1:topic/up/more"));
    assert!(!policy.allows(PUBLISH, "arn:aws:iot:r:1:topic/u"));
    assert!(!policy.allows(RECEIVE, "arn:aws:iot:r:1:topic/up"));
}

#[test]
fn an_explicit_deny_overrides_in_any_order_and_across_documents() {
    let allow = json!({"Statement": {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}});
    let deny = json!({"Statement": {"Effect": "Deny", "Action": "iot:Publish", "Resource": "topic/secret*"}});
    for documents in [[allow.clone(), deny.clone()], [deny, allow]] {
        let policy = Policy::parse(&documents).expect("valid");
        assert!(!policy.allows(PUBLISH, "topic/secret/1"));
        assert!(policy.allows(PUBLISH, "topic/open"));
        assert!(policy.allows(RECEIVE, "topic/secret/1"));
    }
}

#[test]
fn action_and_resource_may_be_lists() {
    let policy = policy(json!({"Statement": [
        {"Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"], "Resource": ["a", "b"]},
    ]}));
    for action in [PUBLISH, RECEIVE] {
        for resource in ["a", "b"] {
            assert!(policy.allows(action, resource), "{action} {resource}");
        }
    }
    assert!(!policy.allows(SUBSCRIBE, "a"));
    assert!(!policy.allows(PUBLISH, "c"));
}

#[test]
fn action_and_resource_must_match_in_the_same_statement() {
    let policy = policy(json!({"Statement": [
        {"Effect": "Allow", "Action": "iot:Publish", "Resource": "a"},
        {"Effect": "Allow", "Action": "iot:Receive", "Resource": "b"},
    ]}));
    assert!(!policy.allows(PUBLISH, "b"));
    assert!(!policy.allows(RECEIVE, "a"));
}

#[test]
fn a_document_may_be_a_string_of_json() {
    let text = r#"{"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Allow","Action":"iot:Publish","Resource":"a"}]}"#;
    assert!(policy(json!(text)).allows(PUBLISH, "a"));
}

#[test]
fn a_star_matches_several_levels_and_the_empty_string() {
    let policy = allow("iot:Publish", "topic/up/*");
    assert!(policy.allows(PUBLISH, "topic/up/"));
    assert!(policy.allows(PUBLISH, "topic/up/a/b/c"));
    assert!(!policy.allows(PUBLISH, "topic/up"));

    let inner = allow("iot:Publish", "topic/*/end");
    assert!(inner.allows(PUBLISH, "topic/a/end/b/end"));
    assert!(!inner.allows(PUBLISH, "topic/a/end/b"));
}

#[test]
fn a_question_mark_matches_exactly_one_character() {
    let policy = allow("iot:Publish", "topic/?");
    assert!(policy.allows(PUBLISH, "topic/a"));
    assert!(policy.allows(PUBLISH, "topic/ü"));
    assert!(!policy.allows(PUBLISH, "topic/"));
    assert!(!policy.allows(PUBLISH, "topic/ab"));
}

#[test]
fn mqtt_wildcards_are_ordinary_characters() {
    let policy = allow("iot:Subscribe", "topicfilter/a/+");
    assert!(policy.allows(SUBSCRIBE, "topicfilter/a/+"));
    assert!(!policy.allows(SUBSCRIBE, "topicfilter/a/b"));
    assert!(!allow("iot:Subscribe", "topicfilter/a/b").allows(SUBSCRIBE, "topicfilter/#"));
    assert!(allow("iot:Subscribe", "topicfilter/a/*").allows(SUBSCRIBE, "topicfilter/a/#"));
}

#[test]
fn wildcards_in_the_request_are_ordinary_characters() {
    assert!(!allow("iot:Publish", "topic/a").allows(PUBLISH, "topic/*"));
    assert!(!allow("iot:Publish", "topic/a").allows(PUBLISH, "*"));
    assert!(!allow("iot:Publish", "topic/a").allows(PUBLISH, "topic/?"));
}

#[test]
fn reserved_topics_need_permission_like_others() {
    assert!(!allow("iot:Subscribe", "topicfilter/call/*").allows(SUBSCRIBE, "topicfilter/$aws/events/#"));
    assert!(
        allow("iot:Subscribe", "topicfilter/$aws/events/*").allows(SUBSCRIBE, "topicfilter/$aws/events/#")
    );
}

#[test]
fn many_stars_do_not_take_exponential_time() {
    let policy = allow("iot:Publish", &"a*".repeat(200));
    assert!(!policy.allows(PUBLISH, &"a".repeat(199)));
    assert!(policy.allows(PUBLISH, &"ab".repeat(200)));
}

#[test]
fn unsupported_documents_are_refused() {
    for statement in [
        json!({"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Condition": {}}),
        json!({"Effect": "Allow", "NotAction": "iot:Publish", "Resource": "*"}),
        json!({"Effect": "allow", "Action": "iot:Publish", "Resource": "*"}),
        json!({"Effect": "Allow", "Action": "iot:Publish"}),
    ] {
        let result = Policy::parse(&[json!({"Statement": [statement.clone()]})]);
        assert!(matches!(result, Err(PolicyError::Document { index: 0, .. })), "{statement}");
    }
    for document in [json!("no json"), json!(5), json!({}), json!(null)] {
        assert!(Policy::parse(&[document]).is_err());
    }
    let variable =
        json!({"Statement": {"Effect": "Allow", "Action": "iot:*", "Resource": "t/${iot:ClientId}"}});
    assert!(matches!(Policy::parse(&[variable]), Err(PolicyError::Variable { .. })));
}

#[test]
fn arns_have_the_form_of_aws_iot_core() {
    let arns = Arns::new("eu-west-1", "123456789012");
    assert_eq!(arns.client("GID@@@a"), "arn:aws:iot:eu-west-1:123456789012:client/GID@@@a");
    assert_eq!(arns.topic("a/b"), "arn:aws:iot:eu-west-1:123456789012:topic/a/b");
    assert_eq!(arns.topic_filter("a/+"), "arn:aws:iot:eu-west-1:123456789012:topicfilter/a/+");
}

/// A wildcard pattern and a text that may match it: a few letters, so that they often do.
#[derive(Debug, Clone, bolero::TypeGenerator)]
enum Letter {
    A,
    Slash,
    Question,
    Star,
}

fn text_of(letters: &[Letter]) -> String {
    letters
        .iter()
        .map(|letter| match letter {
            Letter::A => 'a',
            Letter::Slash => '/',
            Letter::Question => '?',
            Letter::Star => '*',
        })
        .collect()
}

#[test]
fn a_wildcard_matches_what_the_regular_expression_of_its_meaning_matches() {
    bolero::check!().with_iterations(3_000).with_type::<(Vec<Letter>, Vec<Letter>)>().for_each(
        |(pattern, text)| {
            let (pattern, text) = (text_of(pattern), text_of(text));
            let meaning = regex::escape(&pattern).replace(r"\*", "(?s:.*)").replace(r"\?", "(?s:.)");
            let expected =
                regex::Regex::new(&format!("^{meaning}$")).expect("a regular expression").is_match(&text);
            assert_eq!(Pattern::new(&pattern).matches(&text), expected, "{pattern:?} on {text:?}");
        },
    );
}

#[test]
fn documents_of_any_text_are_refused_or_evaluated() {
    let valid = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iot:Connect"], "Resource": "arn:aws:iot:us-east-1:1:client/a*"},
        {"Effect": "Deny", "Action": "iot:*", "Resource": ["*"]},
    ]});
    let valid = valid.to_string();
    bolero::check!().with_iterations(3_000).with_type::<Vec<(u16, u8)>>().for_each(|edits| {
        let mut text = valid.clone().into_bytes();
        for (at, byte) in edits {
            let at = usize::from(*at) % text.len();
            text[at] = *byte;
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        if let Ok(policy) = Policy::parse(&[Value::String(text)]) {
            policy.allows(CONNECT, "arn:aws:iot:us-east-1:1:client/alice");
        }
    });
}
