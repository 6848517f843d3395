//! The functions on another IoT data plane and another SQS. `tests/second-table.sh` names a server in
//! `SWITCHBOARD_TEST_SERVICES`; without it, the same steps run on the broker and the queue of the laptop stack.

use crate::calls::{Call, direct};
use crate::controls::nudges;
use crate::device::{DEADLINE, request};
use crate::makes::{AnyEvents, AnyTerminal, Make, WebSocket};
use crate::stack::{Stack, client};
use crate::user::{User, now_ms};
use base64::prelude::{BASE64_STANDARD, Engine};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;
use terminal::{Config, ReceivedDownlink, TerminalEvent};
use uuid::Uuid;

/// Name by which the server knows its broker.
const BROKER: &str = "iot.us-east-1.localhost";
/// Name of the queue for timers.
const WAKE_QUEUE: &str = "switchboard-WakeQueue";
/// The shortest ring, in seconds, and the time after which it is over by all graces.
const RING_SECONDS: u64 = 10;
const RING_IS_OVER: Duration = Duration::from_secs(RING_SECONDS + 4);

/// Where the functions publish and set timers.
enum Services {
    /// The laptop stack.
    Own(Stack),
    /// A stack whose functions use this server.
    Other { stack: Stack, url: String },
}

impl Services {
    async fn of_this_run() -> Self {
        let named = std::env::var("SWITCHBOARD_TEST_SERVICES").ok().filter(|url| !url.is_empty());
        let Some(url) = named else { return Self::Own(Stack::own()) };
        let stack = Stack::own_with_options(&["--iot-data", &url, "--sqs", &url]);
        let services = Self::Other { stack, url };
        services.sqs("CreateQueue", json!({"QueueName": WAKE_QUEUE})).await;
        services
    }

    fn stack(&self) -> &Stack {
        let (Self::Own(stack) | Self::Other { stack, .. }) = self;
        stack
    }

    /// Connects a device to the broker. Another broker has no authorizer, so that the test calls it.
    async fn connects(&self, user: &User) -> (AnyTerminal, AnyEvents) {
        let client_id = user.client_id("phone");
        let config = user.config("phone");
        match self {
            Self::Own(stack) => AnyTerminal::connect(config, stack).await.expect("admitted"),
            Self::Other { stack, url } => {
                let token = BASE64_STANDARD.encode(user.token().expose_secret());
                let mqtt = json!({"username": "switchboard", "password": token, "clientId": client_id});
                let event = json!({"protocolData": {"mqtt": mqtt}, "protocols": ["mqtt"],
                    "signatureVerified": false, "connectionMetadata": {"id": "id"}});
                assert_eq!(stack.invoke("authorize", &event).await["isAuthenticated"], true);
                let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
                let web_socket =
                    WebSocket { url: url.clone(), virtual_host: Some(format!("{BROKER}:{port}")) };
                let config = Config { host: "127.0.0.1".to_owned(), port, ..config };
                AnyTerminal::connect_make(Make::Paho, config, web_socket).await.expect("it connects")
            }
        }
    }

    /// Hands a request to its function, and returns the answer that the device gets from the broker. Another broker has no
    /// rules, so that the test invokes the function.
    async fn requests(
        &self,
        device: &mut (AnyTerminal, AnyEvents),
        function: &str,
        fields: Value,
    ) -> ReceivedDownlink {
        let uplink = request(function, fields);
        let event = json!({
            "payload": BASE64_STANDARD.encode(uplink.payload()),
            "client_id": device.0.client_id().as_str(),
            "topic": format!("call-up/{function}"),
            "received_ms": now_ms(),
            "trace_id": Uuid::new_v4().to_string(),
        });
        self.stack().invoke(function, &event).await;
        hears(&mut device.1, |message| message.answers() == Some(uplink.id())).await
    }

    /// Calls an operation of the queue service.
    async fn sqs(&self, operation: &str, body: Value) -> Value {
        let url = match self {
            Self::Own(stack) => format!("{}/sqs", stack.http),
            Self::Other { url, .. } => format!("{url}/"),
        };
        let credential = "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/sqs/aws4_request, \
                          SignedHeaders=host, Signature=0";
        let response = client()
            .post(url)
            .header("authorization", credential)
            .header("x-amz-target", format!("AmazonSQS.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .body(body.to_string())
            .send()
            .await
            .expect("the queue service answers");
        assert!(response.status().is_success(), "{operation}: {response:?}");
        response.json().await.expect("JSON")
    }

    /// Hands each timer that is due to `wake`, for ever. The queue of the laptop stack does that itself, by its clock.
    async fn pass_timers_on(&self) {
        if let Self::Own(stack) = self {
            stack.advance_clock_when_idle(RING_IS_OVER).await;
            return std::future::pending().await;
        }
        let answer = self.sqs("GetQueueUrl", json!({"QueueName": WAKE_QUEUE})).await;
        let receive =
            json!({"QueueUrl": answer["QueueUrl"], "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1});
        loop {
            let received = self.sqs("ReceiveMessage", receive.clone()).await;
            let messages = received["Messages"].as_array().cloned().unwrap_or_default();
            let bodies: Vec<String> =
                messages.iter().filter_map(|message| message["Body"].as_str().map(str::to_owned)).collect();
            if !bodies.is_empty() {
                self.stack().invoke("wake", &nudges(&bodies)).await;
            }
        }
    }
}

/// Waits for a message.
async fn hears(events: &mut AnyEvents, is_it: impl Fn(&ReceivedDownlink) -> bool) -> ReceivedDownlink {
    let heard = async {
        loop {
            match events.next().await.expect("the terminal goes on") {
                TerminalEvent::Message(message) if is_it(&message) => return *message,
                _ => {}
            }
        }
    };
    tokio::time::timeout(DEADLINE, heard).await.expect("the message comes")
}

/// The invitation of this call.
async fn is_offered(device: &mut (AnyTerminal, AnyEvents), call: &Call) -> ReceivedDownlink {
    hears(&mut device.1, |message| {
        message.kind == "invitation" && message.body["invite_id"] == json!(call.invite_id)
    })
    .await
}

// Proves: queue-fallback
#[tokio::test]
async fn the_functions_serve_a_call_and_a_ring_that_nobody_answers_on_any_data_plane_and_queue() {
    let services = Services::of_this_run().await;
    let (alice, bob) = (User::at(services.stack(), "Alice"), User::at(services.stack(), "Bob"));
    let mut caller = services.connects(&alice).await;
    let mut phone = services.connects(&bob).await;

    let created = services.requests(&mut caller, "create-meeting", direct(&bob)).await;
    assert_eq!(created.kind, "meeting_created", "{created:?}");
    let call = Call::of(&created);
    let offer = is_offered(&mut phone, &call).await;
    // A data plane without direct messages refuses them, after which the offer goes through the queue.
    let delivery = if matches!(services, Services::Own(_)) { "live" } else { "queued" };
    assert_eq!(offer.body["delivery"], delivery);
    let accepted = services.requests(&mut phone, "answer", call.about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted", "{accepted:?}");
    hears(&mut caller.1, |message| message.body["participant"]["state"] == "accepted").await;
    let left = services.requests(&mut caller, "attend", call.request("leave")).await;
    assert_eq!(left.kind, "ok", "{left:?}");
    hears(&mut phone.1, |message| message.kind == "meeting_ended").await;

    let mut fields = direct(&bob);
    fields["ring_seconds"] = json!(RING_SECONDS);
    let call = Call::of(&services.requests(&mut caller, "create-meeting", fields).await);
    is_offered(&mut phone, &call).await;
    let ends = hears(&mut caller.1, |message| {
        message.kind == "meeting_ended" && message.meeting_id.as_ref() == Some(&call.meeting_id)
    });
    let ended = tokio::select! {
        ended = ends => ended,
        () = services.pass_timers_on() => unreachable!("it goes on for ever"),
    };
    assert!(
        ["no_answer", "unreachable"].contains(&ended.body["reason"].as_str().unwrap_or_default()),
        "{ended:?}"
    );
}
