//! The command line: what it prints, what it leaves behind, and what it says when it cannot start.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use local::Ready;
use serde_json::json;

use crate::support::{binaries, post, template};

fn up(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(["up", "--no-build", "--template"]).arg(template()).arg("--binaries").arg(binaries());
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running stack that is killed when the test ends, however it ends.
struct Running(Child);

impl Running {
    /// Starts a stack on free ports and reads where it is.
    fn start(arguments: &[&str]) -> (Self, Ready) {
        let mut child = up(arguments)
            .args(["--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0"])
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        (Self(child), ready)
    }

    fn signal(&self, signal: &str) {
        // The shell's own `kill`: the program is in a package that not every machine has.
        let id = self.0.id().to_string();
        let status = Command::new("sh").args(["-c", "kill \"$0\" \"$1\"", signal, &id]).status();
        assert!(status.expect("sh runs").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a process runs, as Linux tells it (proc(5)). A dead one that nobody waited for does not.
fn runs(pid: u64) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // `42 (the name) S …`: a name may have parentheses, too.
    let state = stat.rsplit_once(") ").expect("a name in parentheses").1;
    !state.starts_with('Z')
}

/// Waits until a process runs no more.
async fn gone(pid: u64) -> bool {
    let deadline = Instant::now() + Duration::from_secs(30);
    while runs(pid) && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    !runs(pid)
}

async fn pid(ready: &Ready) -> u64 {
    let url = format!("{}/2015-03-31/functions/probe/invocations", ready.lambda);
    let answer = post(&url, &json!({"do": "pid"})).await.1;
    let pid = answer.as_u64().unwrap_or_else(|| panic!("no process id: {answer}"));
    assert!(runs(pid), "it waits for the next invocation");
    pid
}

#[tokio::test]
async fn it_says_where_it_is_and_leaves_nothing_behind_when_it_is_stopped() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let file = scratch.path().join("ready.json");
    let (mut running, ready) = Running::start(&["--ready-file", file.to_str().expect("UTF-8")]);

    let written = std::fs::read_to_string(&file).expect("the ready file");
    assert_eq!(serde_json::from_str::<Ready>(&written).expect("JSON"), ready);
    assert_eq!(ready.table, "switchboard-Table");
    let function = pid(&ready).await;

    running.signal("-TERM");
    assert_eq!(running.0.wait().expect("it ends").code(), Some(0));
    assert!(!file.exists());
    assert!(gone(function).await, "the function's process {function} is left");
    let http = ready.http.strip_prefix("http://").expect("an address");
    for address in [http, &ready.mqtt] {
        TcpListener::bind(address).expect("the port is free again");
    }
}

#[tokio::test]
async fn functions_do_not_outlive_a_stack_that_is_killed() {
    let (running, ready) = Running::start(&[]);
    let function = pid(&ready).await;
    running.signal("-KILL");
    assert!(gone(function).await, "the function's process {function} is left");
}

fn fails(arguments: &[&str]) -> String {
    let mut child = up(arguments).spawn().expect("the program starts");
    let mut errors = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut errors).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{errors}");
    errors
}

#[test]
fn a_taken_port_is_named_with_the_option_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let errors = fails(&["--http", &address, "--mqtt", "127.0.0.1:0"]);
    assert!(errors.contains(&address) && errors.contains("--http"), "{errors}");
    let errors = fails(&["--mqtt", &address, "--http", "127.0.0.1:0"]);
    assert!(errors.contains(&address) && errors.contains("--mqtt"), "{errors}");
}

#[test]
fn addresses_that_others_can_reach_are_refused() {
    let errors = fails(&["--http", "0.0.0.0:0", "--mqtt", "127.0.0.1:0"]);
    assert!(errors.contains("loopback"), "{errors}");
}

#[test]
fn a_missing_binary_is_named_with_what_builds_it() {
    let empty = tempfile::tempdir().expect("a scratch directory");
    let binaries: &Path = empty.path();
    let output = Command::new(env!("CARGO_BIN_EXE_local"))
        .args(["up", "--no-build", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--template"])
        .arg(template())
        .arg("--binaries")
        .arg(binaries)
        .output()
        .expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(errors.contains("`probe`") && errors.contains("cargo build"), "{errors}");
}
