//! Terminals that are programs: commands on standard input, reports on standard output, one JSON object a line.

use crate::stack::workspace;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// A Python program of the tests, connected by pipes.
pub fn program(path: &str) -> Command {
    let mut command = Command::new(python());
    command.arg(workspace().join(path)).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

/// A Python with the MQTT client: the project's environment, or else the system's.
fn python() -> PathBuf {
    let own = workspace().join(".venv/bin/python");
    if own.is_file() {
        return own;
    }
    let systems = PathBuf::from("python3");
    let has_client = std::process::Command::new(&systems)
        .args(["-c", "import paho.mqtt.client"])
        .output()
        .is_ok_and(|output| output.status.success());
    assert!(has_client, "neither {} nor a python3 with paho-mqtt was found: run `make test`", own.display());
    systems
}

/// The terminal on paho-mqtt.
pub fn paho() -> Command {
    program("tests/foreign/paho_terminal.py")
}

/// The terminal on mqtt.js.
pub fn mqttjs() -> Command {
    let folder = workspace().join("tests/foreign");
    assert!(folder.join("node_modules/mqtt").is_dir(), "mqtt.js is not installed: run `make test`");
    let mut command = Command::new("node");
    command.arg(folder.join("mqttjs_terminal.js"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a program until it ends. Dropping the future kills it, so that its connection breaks.
pub async fn run(
    mut program: Command,
    mut commands: UnboundedReceiver<Value>,
    reports: UnboundedSender<Value>,
) {
    let mut process = program.spawn().expect("the program can be run");
    let mut input = process.stdin.take().expect("piped");
    let mut output = BufReader::new(process.stdout.take().expect("piped")).lines();
    loop {
        tokio::select! {
            line = output.next_line() => match line.expect("the output is text") {
                Some(line) => {
                    let report = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not a report: {line}"));
                    // It fails if the test has ended.
                    drop(reports.send(report));
                }
                None => return,
            },
            Some(command) = commands.recv() => {
                // It fails if the program has just ended.
                drop(input.write_all(format!("{command}\n").as_bytes()).await);
            }
        }
    }
}
