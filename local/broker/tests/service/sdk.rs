//! Tests of the data plane with the AWS SDK.

use aws_credential_types::Credentials;
use aws_sdk_iotdataplane::Client as Sdk;
use aws_sdk_iotdataplane::config::retry::RetryConfig;
use aws_sdk_iotdataplane::config::{BehaviorVersion, Config, Region};
use aws_sdk_iotdataplane::primitives::Blob;

use crate::support::{Client, Client5, START_MS, TestBroker, allow, grant};

const ID: &str = "GID_ios@@@alice.phone";
const TOPIC: &str = "call-dn/p2p/GID_ios@@@alice.phone";

fn sdk(broker: &TestBroker) -> Sdk {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{}", broker.http))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build();
    Sdk::from_conf(config)
}

#[tokio::test]
async fn the_sdk_publishes_with_properties() {
    let broker = TestBroker::start().await;
    let mut client = Client5::connect(&broker, ID, 0).await;
    client.subscribe(TOPIC).await;
    let publish = sdk(&broker).publish().topic(TOPIC).qos(1).message_expiry(45).payload(Blob::new("ring"));
    publish.user_properties(r#"[{"a":"1"},{"b":"2"}]"#).send().await.expect("the publish is accepted");
    let message = client.receive().await;
    assert_eq!((message.topic, message.payload), (TOPIC.into(), "ring".into()));
    let properties = message.properties.expect("properties");
    assert_eq!(properties.message_expiry_interval, Some(45));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(properties.user_properties, [pair("a", "1"), pair("b", "2")]);

    let error = sdk(&broker)
        .publish()
        .topic("a/#")
        .send()
        .await
        .expect_err("the topic is refused")
        .into_service_error();
    assert!(error.is_invalid_request_exception(), "{error:?}");
}

#[tokio::test]
async fn the_sdk_sends_direct_messages_and_reads_their_errors() {
    let broker = TestBroker::start().await;
    let sdk = sdk(&broker);
    let send = || sdk.send_direct_message().client_id(ID).topic(TOPIC).payload(Blob::new("ring"));

    let absent = send().send().await.expect_err("the device is absent").into_service_error();
    assert!(absent.is_resource_not_found_exception(), "{absent:?}");

    let mut client = Client::connect(&broker, ID).await;
    let confirmed =
        send().confirmation(true).timeout(3).send().await.expect("the device confirms the message");
    assert!(confirmed.trace_id().is_some());
    assert_eq!(client.receive_text().await, "ring");
    client.disconnect().await;
    broker.wait_until_disconnected(ID).await;
    let away = send().send().await.expect_err("the device is away").into_service_error();
    assert!(away.is_resource_not_found_exception(), "{away:?}");
    assert!(away.to_string().contains("active persistent session"), "{away}");

    let client = Client::of(&broker, ID).without_acks().connect().await;
    let late = send()
        .confirmation(true)
        .timeout(1)
        .send()
        .await
        .expect_err("the confirmation is late")
        .into_service_error();
    assert!(late.is_gateway_timeout_exception(), "{late:?}");
    client.disconnect().await;
    broker.wait_until_disconnected(ID).await;

    broker.cloud.set_authorizer_result(ID, Ok(grant(&[allow("iot:Subscribe", "*")])));
    let _client = Client::connect(&broker, ID).await;
    let forbidden = send().send().await.expect_err("the policy forbids the message").into_service_error();
    assert!(forbidden.is_forbidden_exception(), "{forbidden:?}");
    let large = send().payload(Blob::new(vec![0; 128 * 1024 + 1]));
    let large = large.send().await.expect_err("the message is too large").into_service_error();
    assert!(large.is_request_entity_too_large_exception(), "{large:?}");
}

#[tokio::test]
async fn the_sdk_reads_and_deletes_connections() {
    let broker = TestBroker::start().await;
    let sdk = sdk(&broker);
    let unknown = sdk
        .get_connection()
        .client_id(ID)
        .send()
        .await
        .expect_err("the client is unknown")
        .into_service_error();
    assert!(unknown.is_resource_not_found_exception(), "{unknown:?}");

    let client = Client::connect(&broker, ID).await;
    let connected = sdk.get_connection().client_id(ID).send().await.expect("the client is known");
    assert_eq!(connected.client_id(), Some(ID));
    assert_eq!((connected.connected(), connected.connected_since()), (true, START_MS));
    assert_eq!((connected.clean_session(), connected.session_expiry()), (false, 3600));

    sdk.delete_connection().client_id(ID).send().await.expect("the connection is ended");
    client.wait_closed().await;
    let ended = sdk.get_connection().client_id(ID).send().await.expect("the client is known");
    assert_eq!((ended.connected(), ended.disconnected_since()), (false, START_MS));
    assert_eq!(ended.disconnect_reason(), Some("API_INITIATED_DISCONNECT"));

    sdk.delete_connection().client_id(ID).clean_session(true).send().await.expect("the session is deleted");
    let gone = sdk
        .delete_connection()
        .client_id(ID)
        .send()
        .await
        .expect_err("the client is unknown")
        .into_service_error();
    assert!(gone.is_resource_not_found_exception(), "{gone:?}");
}
