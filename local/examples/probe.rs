//! A function that follows the order in its event, including orders to fail, crash or hang. The tests of the stack run it
//! in place of the service's functions.

use std::error::Error as StdError;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lambda_runtime::{Context, Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(|event: LambdaEvent<Value>| async move {
        let order = read_order(&event.payload);
        let act = order.get("do").and_then(Value::as_str).unwrap_or("echo").to_owned();
        perform(&act, &order, event.payload, &event.context).await
    }))
    .await
}

/// Reads the order: the event itself, or the payload or message that a rule or a queue wrapped into the event.
fn read_order(event: &Value) -> Value {
    let wrapped = if let Some(payload) = event.get("payload").and_then(Value::as_str) {
        BASE64.decode(payload).unwrap_or_default()
    } else if let Some(body) = event.pointer("/Records/0/body").and_then(Value::as_str) {
        body.as_bytes().to_vec()
    } else {
        return event.clone();
    };
    serde_json::from_slice(&wrapped).unwrap_or_default()
}

async fn perform(act: &str, order: &Value, event: Value, context: &Context) -> Result<Value, Error> {
    match act {
        "fail" => Err("as ordered".into()),
        "panic" => panic!("as ordered"),
        "exit" => std::process::exit(3),
        "hang" => std::future::pending().await,
        "pid" => Ok(json!(std::process::id())),
        "write" => {
            // Two writes, so that a test can check whether the function was killed between them.
            for part in ["first", "second"] {
                let item = json!({"pk": {"S": order["key"]}, "sk": {"S": part}});
                let table = variable("TABLE_NAME")?;
                let request = json!({"TableName": table, "Item": item});
                call("AWS_ENDPOINT_URL_DYNAMODB", "DynamoDB_20120810.PutItem", &request).await?;
            }
            Ok(Value::Null)
        }
        "transact" => {
            let put = |sk: &str| {
                json!({"Put": {"TableName": variable("TABLE_NAME").unwrap_or_default(),
                    "Item": {"pk": {"S": order["key"]}, "sk": {"S": sk}}}})
            };
            let request = json!({"TransactItems": [put("a"), put("b")]});
            call("AWS_ENDPOINT_URL_DYNAMODB", "DynamoDB_20120810.TransactWriteItems", &request).await?;
            Ok(Value::Null)
        }
        "delete" => {
            let key = json!({"pk": {"S": order["key"]}, "sk": {"S": "first"}});
            let request = json!({"TableName": variable("TABLE_NAME")?, "Key": key});
            call("AWS_ENDPOINT_URL_DYNAMODB", "DynamoDB_20120810.DeleteItem", &request).await
        }
        "rtc" => call("RTC_API_URL", "none", &json!({"of": "the probe"})).await,
        "remind" => {
            let queue = variable("QUEUE_URL")?;
            let request = json!({"QueueUrl": queue, "MessageBody": "{}", "DelaySeconds": 45});
            call("AWS_ENDPOINT_URL_SQS", "AmazonSQS.SendMessage", &request).await
        }
        _ => {
            let offset =
                context.client_context.as_ref().and_then(|context| context.custom.get("clock_offset_ms"));
            let variables: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
            Ok(json!({"event": event, "clock_offset_ms": offset, "variables": variables}))
        }
    }
}

fn variable(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| format!("{name} is missing").into())
}

/// Calls an AWS service in the JSON protocol. The signature is not a valid one, since the stack does not check it.
async fn call(endpoint: &str, target: &str, request: &Value) -> Result<Value, Error> {
    let boxed = |error: reqwest::Error| -> Box<dyn StdError + Send + Sync> { error.into() };
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()
        .map_err(boxed)?
        .post(variable(endpoint)?)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", target)
        .header("x-amz-date", "20260101T000000Z")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s/aws4_request, SignedHeaders=host, Signature=00",
        )
        .body(request.to_string())
        .send()
        .await
        .map_err(boxed)?;
    let status = response.status();
    let body = response.text().await.map_err(boxed)?;
    if status.is_success() { Ok(serde_json::from_str(&body)?) } else { Err(body.into()) }
}
