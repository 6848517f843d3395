//! The `call` command: two processes call each other, and their exit codes report the result.

use crate::controls::until;
use crate::device::DEADLINE;
use crate::journal;
use crate::stack::{Stack, binaries};
use crate::user::{JWT_SECRET, User, now_seconds};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use terminal::development_jwt;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A running `call`, which prints one JSON object a line.
struct Shell {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    printed: Vec<Value>,
}

/// The exit code and the output of a `call` that has ended.
struct Ended {
    exit_code: i32,
    printed: Vec<Value>,
    errors: String,
}

impl Shell {
    /// Starts `call` with these arguments, as that device of the user.
    fn run(user: &User, instance: &str, arguments: &[&str]) -> Self {
        let device = user.client_id(instance).to_string();
        let (host, port) = &user.stack.mqtt;
        let broker = format!("{host}:{port}");
        Self::start(&[arguments, &["--as", &device, "--name", &user.name, "--broker", &broker]].concat())
    }

    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).spawn().expect("`make build` builds it");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, lines, printed: Vec::new() }
    }

    /// Waits until `call` prints an event of this name.
    async fn prints(&mut self, event: &str) -> Value {
        self.prints_that(event, |_| true).await
    }

    /// Waits until `call` prints an event of this name for which `claim` is true.
    async fn prints_that(&mut self, event: &str, claim: impl Fn(&Value) -> bool) -> Value {
        while let Some(line) = self.next().await {
            if line["event"] == event && claim(&line) {
                return line;
            }
        }
        panic!("`call` never printed `{event}`, but {:#?}", self.printed)
    }

    /// Waits until `call` receives a message of this type.
    async fn receives(&mut self, kind: &str) -> Value {
        self.prints_that("heard", |line| line["message"]["type"] == kind).await["message"].clone()
    }

    /// Sends SIGINT, as Ctrl-C does.
    async fn interrupts(&self) {
        let id = self.child.id().expect("`call` runs").to_string();
        let status = Command::new("sh").args(["-c", "kill -INT \"$0\"", &id]).status().await;
        assert!(status.expect("sh can be run").success());
    }

    /// Waits until the process ends.
    async fn ends(mut self) -> Ended {
        while self.next().await.is_some() {}
        let mut errors = String::new();
        let mut error_output = self.child.stderr.take().expect("piped");
        error_output.read_to_string(&mut errors).await.expect("text");
        let status = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        let status = status.expect("`call` ends").expect("a child process");
        Ended { exit_code: status.code().expect("`call` was not killed"), printed: self.printed, errors }
    }

    async fn next(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(DEADLINE, self.lines.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("no further line after {:#?}", self.printed));
        let line = line.expect("text")?;
        let object: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        // Every token of the laptop stack is a JWT, which begins with these letters.
        assert!(!line.contains("eyJ"), "a token is printed: {line}");
        self.printed.push(object.clone());
        Some(object)
    }
}

impl Ended {
    /// Returns the types of the messages that `call` sent and received.
    fn message_types(&self) -> Vec<&str> {
        self.printed.iter().filter_map(|line| line["message"]["type"].as_str()).collect()
    }

    #[track_caller]
    fn is(&self, exit_code: i32, outcome: &str) {
        assert_eq!(self.exit_code, exit_code, "{:#?}{}", self.printed, self.errors);
        let result = self.printed.last().expect("`call` prints a result");
        assert_eq!((&result["event"], &result["outcome"]), (&"result".into(), &outcome.into()), "{result}");
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binaries().join("call"));
    command.args(arguments).arg("--json");
    for setting in [
        "CALL_AS",
        "CALL_GROUP",
        "CALL_TOKEN",
        "CALL_STACK",
        "CALL_BROKER",
        "CALL_AUTHORIZER",
        "CALL_PARENTS",
    ] {
        command.env_remove(setting);
    }
    command.env_remove("SWITCHBOARD_JWT_SECRET");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Starts `call listen` and waits until the service knows the device.
async fn listens(user: &User, arguments: &[&str]) -> Shell {
    let client_id = user.client_id("phone");
    let before = user.stack.presence_events("connected", client_id.as_str()).await;
    let mut shell = Shell::run(user, "phone", &[&["listen"], arguments].concat());
    shell.prints("listening").await;
    user.stack.until_presence_event("connected", client_id.as_str(), before).await;
    shell
}

/// Starts `call create` as Alice's phone, with `others` as invitees.
fn calls(alice: &User, others: &[&User], arguments: &[&str]) -> Shell {
    let accounts: Vec<_> = others.iter().map(|user| user.id.as_str()).collect();
    Shell::run(alice, "phone", &[&["create"], accounts.as_slice(), arguments].concat())
}

#[tokio::test]
async fn a_call_that_is_answered_and_hung_up_is_done_for_both() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let listening = listens(&bob, &["--accept", "--once"]).await;
    let created = calls(&alice, &[&bob], &["--hang-up-after", "0"]).ends().await;
    created.is(0, "done");
    assert_eq!(created.printed[1]["message"]["type"], "create_meeting");
    let listened = listening.ends().await;
    listened.is(0, "done");
    let types = listened.message_types();
    for kind in ["invitation", "ringing", "accept", "invitation_accepted", "report_media", "meeting_ended"] {
        assert!(types.contains(&kind), "{kind}: {types:?}");
    }
}

#[tokio::test]
async fn a_call_that_is_declined_ends_with_11_and_is_done_for_who_declined() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let listening = listens(&bob, &["--reject", "--once"]).await;
    calls(&alice, &[&bob], &[]).ends().await.is(11, "declined");
    listening.ends().await.is(0, "done");
}

#[tokio::test]
async fn a_call_to_who_talks_ends_with_12() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let mut listening = listens(&bob, &["--accept"]).await;
    let mut talk = calls(&alice, &[&bob], &[]);
    talk.prints("in_call").await;
    listening.prints("in_call").await;
    calls(&carol, &[&bob], &[]).ends().await.is(12, "busy");
    listening.interrupts().await;
    talk.ends().await.is(0, "done");
}

#[tokio::test]
async fn a_call_to_an_account_without_devices_ends_with_14() {
    let stack = Stack::own();
    let (alice, nobody) = (User::at(&stack, "Alice"), User::at(&stack, "Nobody"));
    let mut calling = calls(&alice, &[&nobody], &["--ring-seconds", "10"]);
    calling.receives("meeting_created").await;
    stack.advance_clock_when_idle(Duration::from_secs(15)).await;
    calling.ends().await.is(14, "unreachable");
}

#[tokio::test]
async fn ctrl_c_takes_back_what_nobody_has_answered() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let mut listening = listens(&bob, &["--once"]).await;
    for others in [vec![&bob], vec![&bob, &alice]] {
        let caller = User::new("Carol");
        let mut calling = calls(&caller, &others, &[]);
        calling.receives("invitation_updated").await;
        listening.prints("rings").await;
        calling.interrupts().await;
        calling.ends().await.is(15, "cancelled");
        listening.ends().await.is(15, "cancelled");
        listening = listens(&bob, &["--once"]).await;
    }
}

#[tokio::test]
async fn a_second_call_waits_until_the_first_is_over_and_rings_then() {
    let (alice, bob, carol, dave) =
        (User::new("Alice"), User::new("Bob"), User::new("Carol"), User::new("Dave"));
    let mut listening = listens(&bob, &[]).await;
    // An invitation to a group does not make its invitee busy.
    let mut first = calls(&alice, &[&bob, &dave], &[]);
    first.receives("meeting_created").await;
    let rings = listening.prints("rings").await;
    let mut second = calls(&carol, &[&bob, &dave], &[]);
    let waits = listening.prints("waits").await;
    assert_ne!(waits["invite_id"], rings["invite_id"]);
    // The device that waits with the second call reports `ringing` for it too.
    second.prints_that("heard", |line| line["message"]["state"] == "ringing").await;
    first.interrupts().await;
    let stops = listening.prints("stops").await;
    assert_eq!((&stops["invite_id"], &stops["reason"]), (&rings["invite_id"], &"meeting_ended".into()));
    assert_eq!(listening.prints("rings").await["invite_id"], waits["invite_id"]);
    second.interrupts().await;
    second.ends().await.is(15, "cancelled");
    let stops = listening.prints("stops").await;
    assert_eq!(stops["invite_id"], waits["invite_id"]);
    drop(first);
}

#[tokio::test]
async fn what_came_while_nobody_listened_rings_later() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    bob.on("phone").await.disconnects().await;
    let mut calling = calls(&alice, &[&bob], &["--hang-up-after", "0"]);
    calling.receives("meeting_created").await;
    let listening = Shell::run(&bob, "phone", &["listen", "--accept", "--once"]);
    calling.ends().await.is(0, "done");
    listening.ends().await.is(0, "done");
}

#[tokio::test]
async fn a_group_is_left_when_nobody_else_is_in_it() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let rejecting = listens(&bob, &["--reject"]).await;
    let mut accepting = listens(&carol, &["--accept", "--once"]).await;
    let mut calling = calls(&alice, &[&bob, &carol], &["--video"]);
    let is_bobs_no = |line: &Value| line["message"]["state"] == "declined";
    calling.prints_that("heard", is_bobs_no).await;
    accepting.prints("in_call").await;
    accepting.interrupts().await;
    accepting.ends().await.is(0, "done");
    calling.ends().await.is(0, "done");
    drop(rejecting);
}

#[tokio::test]
async fn a_call_is_answered_and_left_from_another_shell() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let mut listening = listens(&bob, &["--once"]).await;
    let mut calling = calls(&alice, &[&bob], &[]);
    let invitation = listening.receives("invitation").await;
    let invite_id = invitation["invite_id"].as_str().expect("an id");
    let mut answering = Shell::run(&bob, "shell", &["answer", "accept", invite_id]);
    answering.prints("in_call").await;
    // The phone stops ringing, which is not a failure.
    listening.ends().await.is(0, "done");
    calling.prints("in_call").await;
    Shell::run(&alice, "other", &["leave"]).ends().await.is(0, "done");
    answering.ends().await.is(0, "done");
    // The other device took over the seat, so this one ends with the call answered.
    calling.ends().await.is(0, "done");
}

#[tokio::test]
async fn any_request_can_be_played_and_a_refusal_ends_with_10() {
    let alice = User::new("Alice");
    let synced = Shell::run(&alice, "shell", &["request", "sync", r#"{"type":"sync"}"#]).ends().await;
    synced.is(0, "done");
    assert!(synced.message_types().contains(&"state"), "{:?}", synced.printed);

    let refused = Shell::run(&alice, "shell", &["request", "answer", r#"{"type":"ringing"}"#]).ends().await;
    refused.is(10, "refused");
    let malformed = Shell::run(&alice, "shell", &["request", "answer", "no JSON", "--raw"]).ends().await;
    malformed.is(10, "refused");
    let unknown = Shell::run(&alice, "shell", &["destroy", "nosuchmeeting"]).ends().await;
    unknown.is(10, "refused");
    assert_eq!(unknown.printed.last().expect("a result")["code"], "meeting_not_found");
}

#[tokio::test]
async fn who_is_not_let_in_hears_why() {
    let alice = User::new("Alice");
    let refused = Shell::run(&alice, "phone", &["sync", "--secret", "another secret"]).ends().await;
    refused.is(1, "failed");
    let error = refused.printed.last().expect("a result")["error"].to_string();
    assert!(error.contains("--secret") && !error.contains("another secret"), "{error}");
}

#[tokio::test]
async fn without_a_stack_or_a_name_it_is_said_what_to_do() {
    let missing = Shell::start(&["sync", "--as", "alice", "--stack", "nosuchfile.json"]).ends().await;
    missing.is(1, "failed");
    assert!(missing.printed[0]["error"].to_string().contains("make run"), "{:?}", missing.printed);

    let nobody = Shell::start(&["sync", "--stack", "nosuchfile.json"]).ends().await;
    assert_eq!(nobody.exit_code, 2);
    assert!(nobody.errors.contains("--as alice.phone"), "{}", nobody.errors);
}

/// A file that is removed when this is dropped.
fn token_file(token: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), token).expect("written");
    file
}

#[tokio::test]
async fn a_login_that_ends_is_read_again_from_its_file_or_ends_the_command() {
    let stack = Stack::own();
    let bob = User::at(&stack, "Bob");
    let short = development_jwt(JWT_SECRET, bob.id.as_str(), None, now_seconds() + 240);
    let file = token_file(short.expose_secret());
    let path = file.path().to_str().expect("UTF-8");
    let mut reads_again = Shell::run(&bob, "phone", &["listen", "--token-file", path]);
    let mut given_once = Shell::run(&bob, "tablet", &["watch", "--token", short.expose_secret()]);
    reads_again.prints("listening").await;
    given_once.prints("watching").await;
    // Past the end of the connections, and of the login with its leeway.
    stack.advance_clock_when_idle(Duration::from_secs(305)).await;
    reads_again.prints("login_refused").await;
    std::fs::write(file.path(), bob.token().expose_secret()).expect("written");
    reads_again.prints("login_renewed").await;
    reads_again.prints("reconnected").await;
    reads_again.interrupts().await;
    assert_eq!(reads_again.ends().await.exit_code, 0);
    given_once.prints("login_refused").await;
    let ended = given_once.ends().await;
    assert_eq!(ended.exit_code, 1);
    let told = ended.printed.last().expect("`call` prints a result").to_string() + &ended.errors;
    assert!(told.contains("the login is not accepted any more"), "{told}");
}

#[tokio::test]
async fn a_call_survives_a_login_that_is_renewed_while_it_is_cut_off() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let short = development_jwt(JWT_SECRET, bob.id.as_str(), None, now_seconds() + 240);
    let file = token_file(short.expose_secret());
    let path = file.path().to_str().expect("UTF-8");
    let mut listening = listens(&bob, &["--accept", "--once", "--token-file", path]).await;
    let mut calling = calls(&alice, &[&bob], &[]);
    calling.prints("in_call").await;
    listening.prints("in_call").await;

    stack.until_idle().await;
    let before = logins(&stack).await;
    stack.advance_clock(Duration::from_secs(305)).await;
    // The terminal tries the old token six times, so the command has the new one in time.
    until("the old token is refused", async || logins(&stack).await >= before + 2).await;
    std::fs::write(file.path(), bob.token().expose_secret()).expect("written");
    listening.prints("login_renewed").await;
    listening.prints("reconnected").await;
    calling.interrupts().await;
    calling.ends().await.is(0, "done");
    listening.ends().await.is(0, "done");
}

/// Returns the number of logins that the authorizer has decided.
async fn logins(stack: &Stack) -> usize {
    let is_login = |one: &&journal::Invocation| one.function == "authorize" && one.status().is_some();
    journal::inspect(stack, |invocations| invocations.iter().filter(is_login).count()).await
}
