//! The cloud around the broker: an authorizer with configurable results, and topic rules that record messages.

use std::collections::HashMap;
use std::sync::Mutex;

use broker::{Cloud, Published};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::within;

/// Test double of the cloud. Every client may do everything unless a test sets another result.
#[derive(Default)]
pub struct TestCloud {
    authorizer_results: Mutex<HashMap<String, Result<Value, String>>>,
    events: Mutex<Vec<Value>>,
    published: watch::Sender<Vec<Published>>,
    /// While a test holds this lock, the topic rules accept no message.
    pub rules: tokio::sync::Mutex<()>,
}

/// Builds a policy statement with effect `Allow`.
pub fn allow(action: &str, resource: &str) -> Value {
    let resource = match resource {
        "*" => resource.to_owned(),
        resource => format!("arn:aws:iot:us-east-1:000000000000:{resource}"),
    };
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

/// Builds a result of the authorizer with these statements and permission to connect.
pub fn grant(statements: &[Value]) -> Value {
    let mut statements = statements.to_vec();
    statements.push(allow("iot:Connect", "*"));
    json!({
        "isAuthenticated": true,
        "principalId": "principal1",
        "policyDocuments": [json!({"Version": "2012-10-17", "Statement": statements}).to_string()],
        "disconnectAfterInSeconds": 3600,
        "refreshAfterInSeconds": 3600,
    })
}

impl TestCloud {
    /// Sets the result of the authorizer for this client.
    pub fn set_authorizer_result(&self, client_id: &str, result: Result<Value, String>) {
        self.authorizer_results.lock().expect("not poisoned").insert(client_id.to_owned(), result);
    }

    /// Returns the events that the authorizer has received.
    pub fn events(&self) -> Vec<Value> {
        self.events.lock().expect("not poisoned").clone()
    }

    /// Returns the messages that the topic rules have received so far.
    pub fn published(&self) -> Vec<Published> {
        self.published.borrow().clone()
    }

    pub async fn wait_until_rules_receive(&self, mut matches: impl FnMut(&Published) -> bool) -> Published {
        let mut published = self.published.subscribe();
        let seen = within(published.wait_for(|all| all.iter().any(&mut matches)))
            .await
            .expect("the sender exists")
            .clone();
        seen.into_iter().find(matches).expect("the message was found above")
    }
}

#[async_trait::async_trait]
impl Cloud for TestCloud {
    async fn authorize(&self, event: Value) -> Result<Value, String> {
        let client_id = event["protocolData"]["mqtt"]["clientId"].as_str().unwrap_or_default().to_owned();
        self.events.lock().expect("not poisoned").push(event);
        let authorizer_results = self.authorizer_results.lock().expect("not poisoned");
        authorizer_results.get(&client_id).cloned().unwrap_or_else(|| Ok(grant(&[allow("iot:*", "*")])))
    }

    async fn published(&self, message: Published) {
        let _open = self.rules.lock().await;
        self.published.send_modify(|all| all.push(message));
    }
}
