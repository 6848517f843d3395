//! The stack's journal of the functions: invocations by their sender, and the calls of each invocation.

use crate::device::DEADLINE;
use crate::stack::Stack;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::Mutex;

/// One invocation of a function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The function's name.
    pub function: String,
    /// The journal's entries of this invocation, in order.
    pub entries: Vec<Value>,
}

impl Invocation {
    /// The topic of the message for which the function was invoked, if there was a message.
    pub fn topic(&self) -> Option<&str> {
        self.entries[0]["detail"]["topic"].as_str()
    }

    /// The entries of this kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.entries.iter().filter(move |entry| entry["kind"] == kind)
    }

    /// The result: `returned`, or the kind of failure; `None` while it runs.
    pub fn status(&self) -> Option<&str> {
        self.of_kind("result").next()?["detail"]["status"].as_str()
    }

    /// The table operations, in order.
    pub fn table_operations(&self) -> Vec<&str> {
        self.of_kind("table").filter_map(|entry| entry["detail"]["operation"].as_str()).collect()
    }

    /// The table operations that write.
    pub fn writes(&self) -> Vec<&str> {
        let is_read = |operation: &&str| ["GetItem", "BatchGetItem", "Query"].contains(operation);
        self.table_operations().into_iter().filter(|operation| !is_read(operation)).collect()
    }

    /// Number of round trips to the table before the first message to `client_id`, or of all round trips without such a
    /// message.
    pub fn round_trips_before_the_answer_to(&self, client_id: &str) -> usize {
        self.table_calls_before_the_answer_to(client_id).count()
    }

    /// Number of these round trips that were commits lost to another commit, each of which requires another round.
    pub fn commits_lost_before_the_answer_to(&self, client_id: &str) -> usize {
        let calls = self.table_calls_before_the_answer_to(client_id);
        calls.filter(|call| call["detail"]["status"] == 400).count()
    }

    fn table_calls_before_the_answer_to(&self, client_id: &str) -> impl Iterator<Item = &Value> {
        let answered =
            move |entry: &&Value| entry["kind"] == "publish" && entry["detail"]["client_id"] == client_id;
        let before = self.entries.iter().take_while(move |entry| !answered(entry));
        before.filter(|entry| entry["kind"] == "table")
    }
}

/// The part of a stack's journal read so far, by invocation.
#[derive(Debug, Default)]
pub struct Journal {
    last: u64,
    invocations: Vec<Invocation>,
    of_request: HashMap<String, usize>,
    /// Invocations for messages, by sender.
    of_client: HashMap<String, Vec<usize>>,
}

impl Journal {
    /// Reads the entries after the last one read.
    async fn read_new_entries(&mut self, stack: &Stack) {
        let Value::Array(entries) = stack.get(&format!("/local/journal?after={}", self.last)).await else {
            panic!("the journal is a list")
        };
        for entry in entries {
            self.last = entry["seq"].as_u64().expect("entries are numbered");
            self.add(entry);
        }
    }

    fn add(&mut self, entry: Value) {
        let Some(request) = entry["request_id"].as_str().map(str::to_owned) else {
            return;
        };
        if entry["kind"] == "invoke" {
            let at = self.invocations.len();
            let function = entry["function"].as_str().unwrap_or_default().to_owned();
            // `authorize` runs for the connection, not for a message.
            if function != "authorize"
                && let Some(client_id) = entry["detail"]["client_id"].as_str()
            {
                self.of_client.entry(client_id.to_owned()).or_default().push(at);
            }
            self.of_request.insert(request, at);
            self.invocations.push(Invocation { function, entries: vec![entry] });
        } else if let Some(at) = self.of_request.get(&request) {
            self.invocations[*at].entries.push(entry);
        }
    }
}

/// The journals of all stacks, by their number.
static JOURNALS: LazyLock<Mutex<HashMap<usize, Journal>>> = LazyLock::new(Mutex::default);

/// Evaluates `at` over every invocation so far, oldest first.
pub async fn inspect<T>(stack: &Stack, at: impl FnOnce(&[Invocation]) -> T) -> T {
    let mut journals = JOURNALS.lock().await;
    let journal = journals.entry(stack.number).or_default();
    journal.read_new_entries(stack).await;
    at(&journal.invocations)
}

/// The invocations for messages of this client so far, oldest first.
pub async fn of(stack: &Stack, client_id: &str) -> Vec<Invocation> {
    let mut journals = JOURNALS.lock().await;
    let journal = journals.entry(stack.number).or_default();
    journal.read_new_entries(stack).await;
    let places = journal.of_client.get(client_id).into_iter().flatten();
    places.map(|at| journal.invocations[*at].clone()).collect()
}

/// Waits until every request of this client is handled and `claim` is true for the invocations.
pub async fn until(client_id: &str, claim: impl Fn(&[Invocation]) -> bool) -> Vec<Invocation> {
    until_at(Stack::shared(), client_id, claim).await
}

/// Like [`until`], on that stack.
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
        assert!(tokio::time::Instant::now() < deadline, "never handled: {invocations:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
