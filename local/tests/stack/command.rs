//! Tests of `local up`: its output, its clean-up, and its errors at the start.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use local::StackAddresses;
use serde_json::json;

use crate::support::{binaries, post, template};

fn up(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(["up", "--no-build", "--template"]).arg(template()).arg("--binaries").arg(binaries());
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running stack, which is killed when the test ends or fails.
struct Running(Child);

impl Running {
    /// Starts a stack on free ports and reads its addresses.
    fn start(arguments: &[&str]) -> (Self, StackAddresses) {
        let mut child = up(arguments)
            .args(["--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0"])
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("standard output is piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let addresses = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        (Self(child), addresses)
    }

    fn signal(&self, signal: &str) {
        // The `kill` of the shell, since the program `kill` is not on every machine.
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

/// Returns `true` if a process runs, from proc(5) of Linux. A zombie does not run.
fn runs(pid: u64) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // Format: `42 (the name) S …`. The name may contain parentheses, too.
    let state = stat.rsplit_once(") ").expect("a name in parentheses").1;
    !state.starts_with('Z')
}

/// Waits until a process has ended; returns `false` after a time limit.
async fn ended(pid: u64) -> bool {
    let deadline = Instant::now() + Duration::from_secs(30);
    while runs(pid) && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    !runs(pid)
}

async fn pid(addresses: &StackAddresses) -> u64 {
    let url = format!("{}/2015-03-31/functions/probe/invocations", addresses.lambda);
    let answer = post(&url, &json!({"do": "pid"})).await.1;
    let pid = answer.as_u64().unwrap_or_else(|| panic!("no process id: {answer}"));
    assert!(runs(pid), "the process waits for the next invocation");
    pid
}

#[tokio::test]
async fn it_announces_its_addresses_and_cleans_up_when_it_is_stopped() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let file = scratch.path().join("ready.json");
    let (mut running, addresses) = Running::start(&["--ready-file", file.to_str().expect("UTF-8")]);

    let written = std::fs::read_to_string(&file).expect("the ready file");
    assert_eq!(serde_json::from_str::<StackAddresses>(&written).expect("JSON"), addresses);
    assert_eq!(addresses.table, "switchboard-Table");
    let function = pid(&addresses).await;

    running.signal("-TERM");
    assert_eq!(running.0.wait().expect("the program ends").code(), Some(0));
    assert!(!file.exists());
    assert!(ended(function).await, "the process {function} of the function still runs");
    let http = addresses.http.strip_prefix("http://").expect("an address");
    for address in [http, &addresses.mqtt] {
        TcpListener::bind(address).expect("the port is free again");
    }
}

#[tokio::test]
async fn functions_end_with_a_killed_stack() {
    let (running, addresses) = Running::start(&[]);
    let function = pid(&addresses).await;
    running.signal("-KILL");
    assert!(ended(function).await, "the process {function} of the function still runs");
}

fn fails(arguments: &[&str]) -> String {
    let mut child = up(arguments).spawn().expect("the program starts");
    let mut errors = String::new();
    child.stderr.take().expect("standard error is piped").read_to_string(&mut errors).expect("text");
    assert_eq!(child.wait().expect("the program ends").code(), Some(1), "{errors}");
    errors
}

#[test]
fn the_error_for_a_taken_port_names_the_option_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let errors = fails(&["--http", &address, "--mqtt", "127.0.0.1:0"]);
    assert!(errors.contains(&address) && errors.contains("--http"), "{errors}");
    let errors = fails(&["--mqtt", &address, "--http", "127.0.0.1:0"]);
    assert!(errors.contains(&address) && errors.contains("--mqtt"), "{errors}");
}

#[test]
fn addresses_that_other_machines_can_reach_are_refused() {
    let errors = fails(&["--http", "0.0.0.0:0", "--mqtt", "127.0.0.1:0"]);
    assert!(errors.contains("loopback"), "{errors}");
}

#[test]
fn the_error_for_a_missing_binary_names_the_command_that_builds_it() {
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
