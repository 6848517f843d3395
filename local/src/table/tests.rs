//! Tests of the embedded store.

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

async fn start(store: &TableStore) -> Result<Tables, TableError> {
    start_with(store, &Arc::default()).await
}

async fn start_with(store: &TableStore, instruments: &Arc<Instruments>) -> Result<Tables, TableError> {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    Tables::start(store, &tables(), client, "us-east-1", instruments).await
}

#[tokio::test]
async fn items_survive_a_restart_with_the_same_directory() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let store = TableStore::Directory(directory.path().join("made/on/demand"));
    let item = json!({"pk": {"S": "meeting#1"}, "n": {"N": "1"}});

    let first = start(&store).await.expect("the store starts");
    first
        .client()
        .call("PutItem", &json!({"TableName": "table", "Item": item}), "us-east-1")
        .await
        .expect("the item is written");
    first.shutdown().await;

    let second = start(&store).await.expect("the store starts again");
    let request = json!({"TableName": "table", "Key": {"pk": {"S": "meeting#1"}}});
    let answer = second.client().call("GetItem", &request, "us-east-1").await.expect("the item is read");
    assert_eq!(answer["Item"], item);
    let expiry = second
        .client()
        .call("DescribeTimeToLive", &json!({"TableName": "table"}), "us-east-1")
        .await
        .expect("the expiry is known");
    assert_eq!(expiry["TimeToLiveDescription"]["AttributeName"], "expires_at");
    second.shutdown().await;
}

#[tokio::test]
async fn expired_items_in_memory_are_deleted_days_later_by_the_clock_of_the_stack() {
    let instruments: Arc<Instruments> = Arc::default();
    let store = start_with(&TableStore::Memory, &instruments).await.expect("the store starts");
    let now_ms = instruments.clock.now_ms();
    for (key, days) in [("soon", 7), ("later", 90)] {
        let expires = (now_ms / 1_000 + days * 24 * 3_600).to_string();
        let item = json!({"pk": {"S": key}, "expires_at": {"N": expires}});
        let request = json!({"TableName": "table", "Item": item});
        store.client().call("PutItem", &request, "us-east-1").await.expect("the item is written");
    }
    let keys = async || {
        let scan = store.client().call("Scan", &json!({"TableName": "table"}), "us-east-1").await;
        let items = scan.expect("the table is read")["Items"].as_array().expect("a list").clone();
        items.iter().map(|item| item["pk"]["S"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let day_ms = 24 * 3_600 * 1_000;
    for days in [8, 2] {
        assert_eq!(keys().await.len(), 2, "before another {days} days");
        instruments.clock.advance(days * day_ms);
    }
    let soon_is_deleted = async {
        while keys().await != ["later"] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), soon_is_deleted).await.expect("it expires");
    store.shutdown().await;
}

#[tokio::test]
async fn a_state_directory_that_is_a_file_is_refused_and_named() {
    let file = tempfile::NamedTempFile::new().expect("a scratch file");
    let Err(error) = start(&TableStore::Directory(file.path().to_owned())).await else {
        panic!("a store was opened in a file");
    };
    assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
}

#[tokio::test]
async fn an_external_store_that_does_not_answer_is_named() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let Err(error) = start(&TableStore::External(url.clone())).await else {
        panic!("no store listens there")
    };
    assert!(error.to_string().contains(&url), "{error}");
}
