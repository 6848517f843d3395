//! What the stack saw of the functions: invocations by who caused them, and the calls that each made.

use crate::device::DEADLINE;
use crate::stack::Stack;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// One invocation of a function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The function.
    pub function: String,
    /// Everything that the journal has about it, in order.
    pub entries: Vec<Value>,
}

impl Invocation {
    /// The journal's entries of this kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.entries.iter().filter(move |entry| entry["kind"] == kind)
    }

    /// How it ended: `returned`, or something bad.
    pub fn status(&self) -> Option<&str> {
        self.of_kind("result").next()?["detail"]["status"].as_str()
    }

    /// The operations that it asked the table for, in order.
    pub fn table_operations(&self) -> Vec<&str> {
        self.of_kind("table")
            .filter_map(|entry| entry["detail"]["operation"].as_str())
            .collect()
    }

    /// Operations that change the table.
    pub fn writes(&self) -> Vec<&str> {
        let is_read = |operation: &&str| ["GetItem", "BatchGetItem", "Query"].contains(operation);
        self.table_operations()
            .into_iter()
            .filter(|operation| !is_read(operation))
            .collect()
    }

    /// Round trips to the table before the first message to `client_id`; all of them if there is none.
    pub fn round_trips_before_the_answer_to(&self, client_id: &str) -> usize {
        let answered =
            |entry: &Value| entry["kind"] == "publish" && entry["detail"]["client_id"] == client_id;
        self.entries
            .iter()
            .take_while(|entry| !answered(entry))
            .filter(|entry| entry["kind"] == "table")
            .count()
    }
}

/// The invocations that messages of this client caused so far, oldest first.
pub async fn of(stack: &Stack, client_id: &str) -> Vec<Invocation> {
    let Value::Array(entries) = stack.get("/local/journal").await else {
        panic!("the journal is a list")
    };
    let mut invocations: BTreeMap<u64, Invocation> = BTreeMap::new();
    let mut of_request: BTreeMap<String, u64> = BTreeMap::new();
    for entry in entries {
        let Some(request) = entry["request_id"].as_str().map(str::to_owned) else {
            continue;
        };
        // `authorize` runs for the connection, not for a message.
        if entry["kind"] == "invoke"
            && entry["detail"]["client_id"] == client_id
            && entry["function"] != "authorize"
        {
            let seq = entry["seq"].as_u64().expect("entries are numbered");
            let function = entry["function"].as_str().unwrap_or_default().to_owned();
            of_request.insert(request, seq);
            invocations.insert(
                seq,
                Invocation {
                    function,
                    entries: vec![entry],
                },
            );
        } else if let Some(invocation) = of_request.get(&request).and_then(|seq| invocations.get_mut(seq)) {
            invocation.entries.push(entry);
        }
    }
    invocations.into_values().collect()
}

/// Waits until everything that this client asked for is handled, and `claim` is true of it.
pub async fn until(client_id: &str, claim: impl Fn(&[Invocation]) -> bool) -> Vec<Invocation> {
    until_at(Stack::shared(), client_id, claim).await
}

/// The same on that stack.
pub async fn until_at(
    stack: &Stack,
    client_id: &str,
    claim: impl Fn(&[Invocation]) -> bool,
) -> Vec<Invocation> {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    loop {
        let invocations = of(stack, client_id).await;
        if invocations.iter().all(|invocation| invocation.status().is_some()) && claim(&invocations) {
            return invocations;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "never handled: {invocations:#?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
