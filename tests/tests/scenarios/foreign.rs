//! A call with an independent terminal: `tests/foreign/terminal.py` on a stock MQTT client, written from the protocol
//! page alone.

use crate::calls::{Call, direct};
use crate::device::DEADLINE;
use crate::inviting::receives_state;
pub use crate::makes::process::program;
use crate::stack::Stack;
use crate::user::{JWT_SECRET, User};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

/// The running terminal, and its output so far.
struct Foreign {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    said: Vec<Value>,
}

impl Foreign {
    /// Starts the terminal as a device of that user.
    fn start(user: &User, role: &str, peer: Option<&User>) -> Self {
        let (host, port) = &Stack::shared().mqtt;
        let mut process = program("tests/foreign/terminal.py")
            .args([role, &format!("{host}:{port}"), user.client_id("python").as_str()])
            .args(peer.map(|peer| peer.id.as_str()))
            .env("JWT_SECRET", JWT_SECRET)
            .spawn()
            .expect("Python can be run");
        let output = process.stdout.take().expect("piped");
        Self { process, output: BufReader::new(output).lines(), said: Vec::new() }
    }

    /// Waits until the terminal reports this step; returns the report.
    async fn did(&mut self, what: &str) -> Value {
        loop {
            let line = tokio::time::timeout(DEADLINE, self.output.next_line()).await;
            let Ok(Ok(Some(line))) = line else {
                panic!("the terminal did not report `{what}`, but {:#?}", self.said);
            };
            let line: Value = serde_json::from_str(&line).expect("the terminal prints JSON");
            self.said.push(line.clone());
            if line["did"] == what {
                return line;
            }
        }
    }

    /// Makes the terminal's user answer the call.
    async fn picks_up(&mut self) {
        let input = self.process.stdin.as_mut().expect("piped");
        input.write_all(b"\n").await.expect("the terminal reads its input");
    }

    /// Waits until the process ends, which must succeed.
    async fn ends(&mut self) {
        let status = tokio::time::timeout(DEADLINE, self.process.wait()).await;
        let status = status.expect("the terminal ends").expect("a child process");
        assert!(status.success(), "{status}: {:#?}", self.said);
    }

    /// Returns the messages of this type that the terminal received, without duplicates.
    fn received<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        let news = self.said.iter().filter(|line| line["news"] == true);
        news.map(|line| &line["heard"]).filter(move |message| message["type"] == kind)
    }

    /// Returns the errors that the terminal received: code, path, and `true` if the error names a request.
    fn refusals(&self) -> Vec<(&str, Option<&str>, bool)> {
        let names_request = |error: &'_ Value| error["re"].is_string();
        self.received("error")
            .map(|error| (error["code"].as_str().unwrap_or(""), error["path"].as_str(), names_request(error)))
            .collect()
    }
}

/// A message that is not JSON and an `accept` without its invitation, each answered once.
fn both_mistakes_were_answered(foreign: &Foreign) {
    assert_eq!(
        foreign.refusals(),
        [("bad_request", None, false), ("bad_request", Some("invite_id"), true)],
        "{:#?}",
        foreign.said
    );
}

// Proves: foreign-terminals
#[tokio::test]
async fn a_terminal_of_another_make_is_called_and_talks() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let mut phone = alice.on("phone").await;
    let mut foreign = Foreign::start(&bob, "callee", None);
    let first = foreign.did("connect").await;
    assert_eq!(foreign.did("subscribe").await["refused"], json!([]));
    let second = foreign.did("connect").await;
    assert_eq!(
        [&first["session_present"], &second["session_present"]],
        [&json!(false), &json!(true)],
        "the session outlives the connection"
    );

    foreign.did("wait for a call").await;
    let call = Call::of(&phone.requests("create-meeting", direct(&bob)).await);
    let rings = phone.receives("invitation_updated").await;
    assert_eq!((&rings.body["state"], &rings.body["reach"]), (&json!("ringing"), &json!("delivered")));
    foreign.did("ring").await;
    foreign.picks_up().await;
    let accepted = foreign.did("accept").await;
    assert_eq!(accepted["same_answer"], true, "the repeated request has the same answer");
    assert_eq!(accepted["join"]["user_id"], bob.id.as_str());
    receives_state(&mut phone, &bob, "accepted").await;
    phone.sends_once("attend", call.joined()).await;
    receives_state(&mut phone, &bob, "joined").await;
    foreign.did("talk").await;
    phone.requests("attend", call.request("leave")).await;
    assert_eq!(foreign.did("end").await["reason"], "completed");
    foreign.ends().await;

    let invitations: Vec<&Value> = foreign.received("invitation").collect();
    assert_eq!(invitations.len(), 1, "{invitations:#?}");
    assert_eq!(invitations[0]["from"], json!({"user_id": alice.id, "name": "Alice"}));
    assert_eq!(
        (&invitations[0]["delivery"], &invitations[0]["invite_id"]),
        (&json!("live"), &json!(call.invite_id))
    );
    both_mistakes_were_answered(&foreign);
}

// Proves: foreign-terminals
#[tokio::test]
async fn a_terminal_of_another_make_calls_and_hangs_up() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let mut phone = bob.on("phone").await;
    let mut foreign = Foreign::start(&alice, "caller", Some(&bob));
    let invitation = phone.receives("invitation").await;
    assert_eq!(invitation.body["from"], json!({"user_id": alice.id, "name": "Alice"}));
    let called = foreign.did("call").await;
    assert_eq!(called["same_answer"], true, "the repeated request has the same answer");
    assert_eq!(called["join"]["user_id"], alice.id.as_str());
    let call = Call {
        meeting_id: invitation.meeting_id.clone().expect("the notice is about a meeting"),
        invite_id: invitation.body["invite_id"].as_str().expect("an id").to_owned(),
        created: Value::Null,
    };
    phone.sends_once("answer", call.about_invitation("ringing")).await;
    phone.requests("answer", call.about_invitation("accept")).await;
    phone.sends_once("attend", call.joined()).await;
    receives_state(&mut phone, &alice, "joined").await;
    foreign.did("talk").await;
    assert_eq!(foreign.did("leave").await["answer"], "ok");
    foreign.ends().await;
    assert_eq!(phone.receives("meeting_ended").await.body["reason"], "completed");
    both_mistakes_were_answered(&foreign);
    let also = phone.remaining_notices(&[]).await;
    assert!(!also.contains(&"invitation".to_owned()), "the repeated create rang once: {also:?}");
}
