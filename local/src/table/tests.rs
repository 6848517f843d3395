//! The tables of the template in the embedded store.

use serde_json::json;

use super::*;

fn tables() -> Vec<template::Table> {
    let create = json!({
        "TableName": "table",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    });
    let specification = json!({"AttributeName": "expires_at", "Enabled": true});
    let time_to_live = json!({"TableName": "table", "TimeToLiveSpecification": specification});
    vec![template::Table { name: "table".to_owned(), create, time_to_live: Some(time_to_live) }]
}

async fn start(store: &Store) -> Result<Tables, TableError> {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    Tables::start(store, &tables(), client, "us-east-1").await
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart_with_the_same_directory() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let store = Store::Directory(directory.path().join("made/on/demand"));
    let item = json!({"pk": {"S": "meeting#1"}, "n": {"N": "1"}});

    let first = start(&store).await.expect("the store starts");
    first
        .call("PutItem", &json!({"TableName": "table", "Item": item}), "us-east-1")
        .await
        .expect("it is written");
    first.shutdown().await;

    let second = start(&store).await.expect("the store starts again");
    let request = json!({"TableName": "table", "Key": {"pk": {"S": "meeting#1"}}});
    let answer = second.call("GetItem", &request, "us-east-1").await.expect("it is read");
    assert_eq!(answer["Item"], item);
    let expiry = second
        .call("DescribeTimeToLive", &json!({"TableName": "table"}), "us-east-1")
        .await
        .expect("it is known");
    assert_eq!(expiry["TimeToLiveDescription"]["AttributeName"], "expires_at");
    second.shutdown().await;
}

#[tokio::test]
async fn a_directory_that_is_a_file_is_refused_by_name() {
    let file = tempfile::NamedTempFile::new().expect("a scratch file");
    let Err(error) = start(&Store::Directory(file.path().to_owned())).await else {
        panic!("a store was opened in a file");
    };
    assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_named() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let Err(error) = start(&Store::External(url.clone())).await else { panic!("there is no store") };
    assert!(error.to_string().contains(&url), "{error}");
}
