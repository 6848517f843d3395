//! The cloud around the broker: an authorizer that says what it is told to, and rules that remember.

use std::collections::HashMap;
use std::sync::Mutex;

use broker::{Cloud, Published};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::within;

/// Allows everything to everybody unless a test says otherwise.
#[derive(Default)]
pub struct TestCloud {
    answers: Mutex<HashMap<String, Result<Value, String>>>,
    events: Mutex<Vec<Value>>,
    published: watch::Sender<Vec<Published>>,
    /// The rules take nothing while it is held.
    pub rules: tokio::sync::Mutex<()>,
}

/// A statement that allows.
pub fn allow(action: &str, resource: &str) -> Value {
    let resource = match resource {
        "*" => resource.to_owned(),
        resource => format!("arn:aws:iot:us-east-1:000000000000:{resource}"),
    };
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

/// An authorizer's answer with these statements; connecting is allowed besides.
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
    /// What the authorizer says of this client from now on.
    pub fn answer(&self, client_id: &str, answer: Result<Value, String>) {
        self.answers.lock().expect("not poisoned").insert(client_id.to_owned(), answer);
    }

    /// The events that the authorizer got.
    pub fn events(&self) -> Vec<Value> {
        self.events.lock().expect("not poisoned").clone()
    }

    /// What the topic rules have seen so far.
    pub fn published(&self) -> Vec<Published> {
        self.published.borrow().clone()
    }

    pub async fn ruled(&self, mut such: impl FnMut(&Published) -> bool) -> Published {
        let mut published = self.published.subscribe();
        let seen = within(published.wait_for(|all| all.iter().any(&mut such)))
            .await
            .expect("the cloud lives")
            .clone();
        seen.into_iter().find(such).expect("was just there")
    }
}

#[async_trait::async_trait]
impl Cloud for TestCloud {
    async fn authorize(&self, event: Value) -> Result<Value, String> {
        let client_id = event["protocolData"]["mqtt"]["clientId"].as_str().unwrap_or_default().to_owned();
        self.events.lock().expect("not poisoned").push(event);
        let answers = self.answers.lock().expect("not poisoned");
        answers.get(&client_id).cloned().unwrap_or_else(|| Ok(grant(&[allow("iot:*", "*")])))
    }

    async fn published(&self, message: Published) {
        let _open = self.rules.lock().await;
        self.published.send_modify(|all| all.push(message));
    }
}
