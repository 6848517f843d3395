//! Tests of publishing to subscribers and topic rules.

use broker::Published;

use crate::support::{Client, Client5, START_MS, TestBroker};

#[tokio::test]
async fn rules_receive_a_message_with_its_sender() {
    let broker = TestBroker::start().await;
    let mut client = Client::connect(&broker, "GID@@@a").await;
    broker.advance_seconds(3);
    client.publish("call-up/invite", "hello").await;
    let message = broker.wait_until_rules_receive(|message| message.topic == "call-up/invite").await;
    assert!(message.trace_id.is_some());
    assert_eq!(
        message,
        Published {
            topic: "call-up/invite".to_owned(),
            payload: "hello".into(),
            client_id: Some("GID@@@a".to_owned()),
            principal: Some("principal1".to_owned()),
            source_ip: Some("127.0.0.1".to_owned()),
            trace_id: message.trace_id.clone(),
            received_ms: START_MS + 3000,
        }
    );
}

#[tokio::test]
async fn rules_receive_messages_in_the_order_of_arrival() {
    let broker = TestBroker::start().await;
    let client = Client::connect(&broker, "a").await;
    for number in 0..200 {
        client.send("t", number.to_string()).await;
    }
    broker.wait_until_rules_receive(|message| message.payload == "199").await;
    let all = broker.cloud.published();
    let seen: Vec<_> = all.iter().filter(|message| message.topic == "t").collect();
    assert_eq!(seen.len(), 200);
    for (number, message) in seen.iter().enumerate() {
        assert_eq!(message.payload, number.to_string());
    }
}

#[tokio::test]
async fn slow_rules_delay_neither_senders_nor_receivers() {
    let broker = TestBroker::start().await;
    let closed = broker.cloud.rules.lock().await;
    let mut client = Client::connect(&broker, "a").await;
    client.subscribe("t").await;
    client.send("t", "first").await;
    broker.publish("t", "", "second").await;
    let mut received = [client.receive_text().await, client.receive_text().await];
    received.sort();
    assert_eq!(received, ["first", "second"]);
    assert_eq!(broker.cloud.published(), []);
    drop(closed);
    broker.wait_until_rules_receive(|message| message.payload == "first").await;
    broker.wait_until_rules_receive(|message| message.payload == "second").await;
}

#[tokio::test]
async fn a_data_plane_publish_reaches_subscribers_and_rules() {
    let broker = TestBroker::start().await;
    let mut client = Client::connect(&broker, "GID@@@a").await;
    client.subscribe("call-dn/p2p/GID@@@a").await;
    let answer = broker.call("POST", "/topics/call-dn%2Fp2p%2FGID%40%40%40a?qos=1", "ring").await;
    assert_eq!((answer.status, &answer.body["message"]), (200, &"OK".into()));
    let message = client.receive().await;
    assert_eq!((message.topic.as_str(), message.payload.as_ref()), ("call-dn/p2p/GID@@@a", &b"ring"[..]));
    let ruled = broker.wait_until_rules_receive(|message| message.topic == "call-dn/p2p/GID@@@a").await;
    assert_eq!((ruled.client_id, ruled.trace_id, ruled.principal), (None, None, None));
}

#[tokio::test]
async fn mqtt5_properties_reach_the_subscriber() {
    let broker = TestBroker::start().await;
    let mut client = Client5::connect(&broker, "a", 0).await;
    client.subscribe("t").await;
    let path = "/topics/t?qos=1&contentType=application%2Fjson&responseTopic=answers%2F1";
    let url = format!("http://{}{path}", broker.http);
    let response = crate::support::client()
        .post(url)
        // [{"name":"alpha"}]
        .header("x-amz-mqtt5-user-properties", "W3sibmFtZSI6ImFscGhhIn1d")
        .header("x-amz-mqtt5-correlation-data", "AQID")
        .header("x-amz-mqtt5-payload-format-indicator", "UTF8_DATA")
        .body("x")
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let properties = client.receive().await.properties.expect("properties");
    assert_eq!(properties.content_type.as_deref(), Some("application/json"));
    assert_eq!(properties.response_topic.as_deref(), Some("answers/1"));
    assert_eq!(properties.user_properties, [("name".to_owned(), "alpha".to_owned())]);
    assert_eq!(properties.correlation_data.as_deref(), Some(&[1, 2, 3][..]));
    assert_eq!(properties.payload_format_indicator, Some(1));
}
