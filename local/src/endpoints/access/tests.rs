//! Tests of patterns, of statements, and of the permissions that table calls need.

use serde_json::json;

use super::*;

fn statement(allows: bool, action: &str, resource: &str) -> PolicyStatement {
    PolicyStatement {
        allows,
        actions: vec![action.to_owned()],
        resources: vec![resource.to_owned()],
        conditions: Vec::new(),
    }
}

#[test]
fn stars_and_question_marks_stand_for_characters() {
    for (pattern, text) in [
        ("*", ""),
        ("a*", "a"),
        ("a*c", "abc"),
        ("*b*", "abc"),
        ("a?c", "abc"),
        ("a*b*c", "axbxbxc"),
        ("a**", "a"),
    ] {
        assert!(matches(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in
        [("a", ""), ("a", "ab"), ("a*c", "ab"), ("?", ""), ("a?", "a"), ("*b", "abc"), ("", "a")]
    {
        assert!(!matches(pattern, text), "{pattern} {text}");
    }
}

#[test]
fn an_action_needs_a_statement_that_allows_it_and_a_denial_overrides() {
    let publish = Permission::new("iot:Publish", "arn:topic/call-dn/p2p/GID@@@bob");
    let allow = statement(true, "iot:Publish", "arn:topic/call-dn/p2p/*");
    assert!(publish.is_granted(std::slice::from_ref(&allow)));
    assert!(!publish.is_granted(&[]));
    assert!(!publish.is_granted(&[statement(true, "iot:Publish", "arn:topic/bulk-dn/*")]));
    assert!(!publish.is_granted(&[statement(true, "iot:Receive", "*")]));
    assert!(!publish.is_granted(&[allow, statement(false, "iot:*", "*")]));
}

#[test]
fn a_condition_must_match_and_fails_without_its_key() {
    let mut only = statement(true, "iot:SendDirectMessage", "arn:client/*");
    only.conditions = vec![("iot:Topic".to_owned(), vec!["call-dn/p2p/*".to_owned()])];
    let mut direct = Permission::new("iot:SendDirectMessage", "arn:client/GID@@@bob");
    assert!(!direct.is_granted(std::slice::from_ref(&only)));
    direct.context = vec![("iot:Topic", "call-dn/p2p/GID@@@bob".to_owned())];
    assert!(direct.is_granted(std::slice::from_ref(&only)));
    direct.context = vec![("iot:Topic", "call-up/answer".to_owned())];
    assert!(!direct.is_granted(&[only]));
}

#[test]
fn table_calls_need_the_permissions_of_all_their_parts() {
    let needed = |operation: &str, request: Value| {
        let needed = table_permissions(operation, &request, |table| format!("arn/{table}"));
        needed.into_iter().map(|needed| format!("{} {}", needed.action, needed.resource)).collect::<Vec<_>>()
    };
    assert_eq!(needed("GetItem", json!({"TableName": "t"})), ["dynamodb:GetItem arn/t"]);
    let query = json!({"TableName": "t", "IndexName": "due"});
    assert_eq!(needed("Query", query), ["dynamodb:Query arn/t/index/due"]);
    let batch = json!({"RequestItems": {"t": {"Keys": []}}});
    assert_eq!(needed("BatchGetItem", batch), ["dynamodb:BatchGetItem arn/t"]);
    let transaction = json!({"TransactItems": [
        {"Put": {"TableName": "t"}}, {"ConditionCheck": {"TableName": "u"}},
    ]});
    assert_eq!(
        needed("TransactWriteItems", transaction),
        ["dynamodb:PutItem arn/t", "dynamodb:ConditionCheckItem arn/u"]
    );
}
