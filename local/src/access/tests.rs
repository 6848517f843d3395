//! Patterns, statements, and what table calls ask for.

use serde_json::json;

use super::*;

fn statement(allows: bool, action: &str, resource: &str) -> Statement {
    Statement {
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
fn what_no_statement_allows_is_denied_and_a_denial_cannot_be_undone() {
    let wish = Wish::new("iot:Publish", "arn:topic/call-dn/p2p/GID@@@bob");
    let allow = statement(true, "iot:Publish", "arn:topic/call-dn/p2p/*");
    assert!(wish.is_granted(std::slice::from_ref(&allow)));
    assert!(!wish.is_granted(&[]));
    assert!(!wish.is_granted(&[statement(true, "iot:Publish", "arn:topic/bulk-dn/*")]));
    assert!(!wish.is_granted(&[statement(true, "iot:Receive", "*")]));
    assert!(!wish.is_granted(&[allow, statement(false, "iot:*", "*")]));
}

#[test]
fn a_condition_must_hold_and_does_not_without_its_key() {
    let mut only = statement(true, "iot:SendDirectMessage", "arn:client/*");
    only.conditions = vec![("iot:Topic".to_owned(), vec!["call-dn/p2p/*".to_owned()])];
    let mut wish = Wish::new("iot:SendDirectMessage", "arn:client/GID@@@bob");
    assert!(!wish.is_granted(std::slice::from_ref(&only)));
    wish.context = vec![("iot:Topic", "call-dn/p2p/GID@@@bob".to_owned())];
    assert!(wish.is_granted(std::slice::from_ref(&only)));
    wish.context = vec![("iot:Topic", "call-up/answer".to_owned())];
    assert!(!wish.is_granted(&[only]));
}

#[test]
fn table_calls_need_the_rights_of_everything_in_them() {
    let wishes = |operation: &str, request: Value| {
        let wishes = table_wishes(operation, &request, |table| format!("arn/{table}"));
        wishes.into_iter().map(|wish| format!("{} {}", wish.action, wish.resource)).collect::<Vec<_>>()
    };
    assert_eq!(wishes("GetItem", json!({"TableName": "t"})), ["dynamodb:GetItem arn/t"]);
    let query = json!({"TableName": "t", "IndexName": "due"});
    assert_eq!(wishes("Query", query), ["dynamodb:Query arn/t/index/due"]);
    let batch = json!({"RequestItems": {"t": {"Keys": []}}});
    assert_eq!(wishes("BatchGetItem", batch), ["dynamodb:BatchGetItem arn/t"]);
    let transaction = json!({"TransactItems": [
        {"Put": {"TableName": "t"}}, {"ConditionCheck": {"TableName": "u"}},
    ]});
    assert_eq!(
        wishes("TransactWriteItems", transaction),
        ["dynamodb:PutItem arn/t", "dynamodb:ConditionCheckItem arn/u"]
    );
}
