//! Tests of the roles of the deployed template: functions have no more permissions than they need, and none to send
//! requests.

use super::*;
use crate::endpoints::access::Permission;

/// Resource patterns that may have a wildcard, since the template cannot list devices, with the only actions that roles
/// may allow on them.
const OPEN: [(&str, &[&str]); 3] = [
    (":topic/call-dn/p2p/*", &["iot:Publish"]),
    (":topic/bulk-dn/p2p/*", &["iot:Publish"]),
    (":client/*", &["iot:GetConnection", "iot:SendDirectMessage"]),
];

fn has_wildcard(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

#[test]
fn no_role_has_a_wildcard_except_for_devices() {
    for function in service().functions {
        assert!(!function.role.is_empty(), "{} has no role of its own", function.name);
        for statement in &function.role {
            let name = &function.name;
            assert!(!statement.actions.iter().any(|action| has_wildcard(action)), "{name}: {statement:?}");
            for resource in statement.resources.iter().filter(|resource| has_wildcard(resource)) {
                let open = OPEN.iter().find(|(end, _)| resource.ends_with(end));
                let (_, actions) =
                    open.unwrap_or_else(|| panic!("{name} has a wildcard resource: {resource}"));
                assert!(!has_wildcard(resource.trim_end_matches('*')), "{name}: {resource}");
                assert!(
                    statement.actions.iter().all(|action| actions.contains(&action.as_str())),
                    "{name}: {statement:?}"
                );
            }
        }
    }
}

#[test]
fn direct_messages_are_limited_to_downlink_topics() {
    for function in service().functions {
        for statement in
            function.role.iter().filter(|s| s.actions.iter().any(|a| a == "iot:SendDirectMessage"))
        {
            let topics = ("iot:Topic".to_owned(), vec!["call-dn/p2p/*".to_owned()]);
            assert_eq!(statement.conditions, [topics], "{}", function.name);
        }
    }
}

#[test]
fn the_role_of_rules_may_only_keep_failed_events() {
    let policies = value(&["Resources", "RuleErrorRole", "Properties", "Policies"]).expect("policies");
    let statements = policies.pointer("/0/PolicyDocument/Statement").expect("statements");
    let allowed = serde_json::json!([{
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:us-east-1:000000000000:switchboard-FailedEventsQueue",
    }]);
    assert_eq!((policies.as_array().map(Vec::len), statements), (Some(1), &allowed));
}

#[test]
fn uplinks_and_downlinks_have_different_parents() {
    let parent = |name: &str| value(&["Parameters", name, "Default"]).expect("a default");
    for up in ["CallUpParent", "BulkUpParent"] {
        for down in ["CallDownParent", "BulkDownParent"] {
            assert_ne!(parent(up), parent(down));
            // CloudFormation refuses a deployment with equal values before it creates a resource.
            let pair = format!("!Equals [!Ref {up}, !Ref {down}]");
            let rules = TEMPLATE.split("\nRules:\n").nth(1).expect("rules for parameters");
            assert!(rules.contains(&pair), "no rule for {up} and {down}");
        }
    }
}

#[test]
fn no_function_may_publish_to_the_topic_of_a_request_or_rule() {
    let service = service();
    let topics: Vec<String> = service
        .rules
        .iter()
        .map(|rule| rule.statement.topic_filter().as_str().replace('+', "x"))
        .chain(["call-up/x", "bulk-up/x", "call-up", "$aws/rules/x/y"].map(str::to_owned))
        .collect();
    for function in &service.functions {
        for topic in &topics {
            let arn = format!("arn:aws:iot:us-east-1:000000000000:topic/{topic}");
            for action in ["iot:Publish", "iot:RetainPublish"] {
                let publish = Permission::new(action, arn.clone());
                assert!(!publish.is_granted(&function.role), "{} may publish to {topic}", function.name);
            }
            let mut direct =
                Permission::new("iot:SendDirectMessage", "arn:aws:iot:us-east-1:000000000000:client/G@@@a");
            direct.context = vec![("iot:Topic", topic.clone())];
            assert!(!direct.is_granted(&function.role), "{} may send to {topic}", function.name);
        }
    }
}
