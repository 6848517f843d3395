//! What the roles of the deployed template allow: no more than the functions need, and never to call themselves.

use super::*;
use crate::access::Wish;

/// Patterns that may stand for many resources, since which devices there are nobody knows beforehand; with the only
/// actions that may be allowed on them.
const OPEN: [(&str, &[&str]); 3] = [
    (":topic/call-dn/p2p/*", &["iot:Publish"]),
    (":topic/bulk-dn/p2p/*", &["iot:Publish"]),
    (":client/*", &["iot:GetConnection", "iot:SendDirectMessage"]),
];

fn has_wildcard(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

#[test]
fn no_role_has_a_wildcard_where_there_is_a_resource() {
    for function in service().functions {
        assert!(!function.role.is_empty(), "{} has no role of its own", function.name);
        for statement in &function.role {
            let name = &function.name;
            assert!(!statement.actions.iter().any(|action| has_wildcard(action)), "{name}: {statement:?}");
            for resource in statement.resources.iter().filter(|resource| has_wildcard(resource)) {
                let open = OPEN.iter().find(|(end, _)| resource.ends_with(end));
                let (_, actions) = open.unwrap_or_else(|| panic!("{name} may use anything like {resource}"));
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
fn a_direct_message_is_a_downlink() {
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
fn the_rules_may_keep_failed_events_and_nothing_else() {
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
            // A deployment that gives them the same value is refused before anything is made.
            let pair = format!("!Equals [!Ref {up}, !Ref {down}]");
            let rules = TEMPLATE.split("\nRules:\n").nth(1).expect("rules for parameters");
            assert!(rules.contains(&pair), "no rule for {up} and {down}");
        }
    }
}

#[test]
fn no_function_may_publish_a_request_or_what_a_rule_listens_to() {
    let service = service();
    let topics: Vec<String> = service
        .rules
        .iter()
        .map(|rule| rule.statement.from().as_str().replace('+', "x"))
        .chain(["call-up/x", "bulk-up/x", "call-up", "$aws/rules/x/y"].map(str::to_owned))
        .collect();
    for function in &service.functions {
        for topic in &topics {
            let arn = format!("arn:aws:iot:us-east-1:000000000000:topic/{topic}");
            for action in ["iot:Publish", "iot:RetainPublish"] {
                let wish = Wish::new(action, arn.clone());
                assert!(!wish.is_granted(&function.role), "{} may publish to {topic}", function.name);
            }
            let mut direct =
                Wish::new("iot:SendDirectMessage", "arn:aws:iot:us-east-1:000000000000:client/G@@@a");
            direct.context = vec![("iot:Topic", topic.clone())];
            assert!(!direct.is_granted(&function.role), "{} may send to {topic}", function.name);
        }
    }
}
