//! Tests of the sample events: the real functions of this workspace give each sample its documented answer.

use std::path::{Path, PathBuf};
use std::process::Command;

use local::invocation::{Invocation, InvocationResult, Invoker as _};
use local::samples::{self, Answer, Sample};
use local::{Stack, StackOptions};
use serde_json::{Value, json};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is a folder of the workspace")
}

/// Directory of the functions: that of the program, if the whole workspace was built.
fn binaries() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_local")).parent().expect("a directory").to_owned();
    assert!(folder.join("create-meeting").is_file(), "the functions are not built: run `make build` first");
    folder
}

async fn start() -> Stack {
    let options = StackOptions::on_free_ports(workspace().join("template.yaml"), binaries());
    Stack::start(options).await.expect("the stack starts")
}

/// Runs a sample without changes; returns the result and the delivered messages of the function.
async fn play(stack: &Stack, name: &str) -> (Value, Vec<Value>) {
    let path = workspace().join(format!("events/{name}.json"));
    let event = std::fs::read_to_string(&path).expect("the sample can be read");
    let invocation = Invocation::new("test", event);
    let result = stack.functions().invoke(samples::function_of(name), &invocation).await;
    let Some(InvocationResult::Returned(result)) = result else { panic!("{name}: {result:?}") };
    let sent = stack.instruments().downlinks.of_invocation(Some(&invocation.request_id));
    let delivered = sent.into_iter().filter(|downlink| downlink.status == 200).map(|downlink| downlink.body);
    (serde_json::from_slice(&result).expect("a result is JSON"), delivered.collect())
}

/// Runs a sample and checks the answer to its sender.
async fn check_answer(stack: &Stack, sample: &Sample) {
    let (result, sent) = play(stack, &sample.name).await;
    let answers: Vec<&Value> = sent.iter().filter(|body| body.get("re").is_some()).collect();
    let name = &*sample.name;
    match sample.answer {
        Answer::Nothing => assert_eq!(answers, Vec::<&Value>::new(), "{name}"),
        Answer::Downlink(kind) => {
            assert_eq!(
                answers.iter().map(|answer| &answer["type"]).collect::<Vec<_>>(),
                [kind],
                "{name}: {result}"
            );
            assert_eq!(result.get("refused"), None, "{name}");
        }
        Answer::Refusal(code, path) => {
            let [error] = answers.as_slice() else { panic!("{name}: {answers:?}") };
            assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!(code)), "{name}: {error}");
            assert_eq!(error["path"], json!(path), "{name}: {error}");
            assert_eq!(result["refused"], code, "{name}");
        }
    }
    if samples::function_of(name) == "authorize" {
        assert_eq!(result["isAuthenticated"], name == "authorize", "{name}");
    }
    if samples::function_of(name) == "rtc-webhook" {
        let status = match name {
            "rtc-webhook.wrong-signature" => 401,
            "rtc-webhook.wrong-method" => 405,
            _ => 200,
        };
        assert_eq!(result["statusCode"], status, "{name}");
    }
}

#[tokio::test]
async fn samples_without_a_predecessor_have_their_answers() {
    let stack = start().await;
    for sample in samples::all().iter().filter(|sample| sample.after.is_none()) {
        check_answer(&stack, sample).await;
    }
    stack.shutdown().await;
}

/// Checks each sample on a stack of its own, after the samples that must come before.
async fn check_answers(samples: impl Iterator<Item = Sample>) {
    for sample in samples {
        let stack = start().await;
        for name in samples::before(&sample.name) {
            play(&stack, name).await;
        }
        check_answer(&stack, &sample).await;
        stack.shutdown().await;
    }
}

#[tokio::test]
async fn samples_of_a_ringing_call_have_their_answers() {
    let samples = samples::all().into_iter();
    check_answers(samples.filter(|sample| sample.after == Some("create-meeting"))).await;
}

#[tokio::test]
async fn samples_of_an_answered_call_have_their_answers() {
    let samples = samples::all().into_iter();
    check_answers(samples.filter(|sample| sample.after.is_some() && sample.after != Some("create-meeting")))
        .await;
}

/// Runs `local invoke` and reads its report.
fn invoke(arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    let output =
        command.args(["invoke", "--no-build", "--json"]).args(arguments).output().expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
}

fn kinds(shown: &Value) -> Vec<&str> {
    let downlinks = shown["downlinks"].as_array().expect("a list");
    downlinks.iter().filter_map(|downlink| downlink["body"]["type"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_plays_events_on_a_running_stack() {
    let stack = start().await;
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let file = scratch.path().join("ready.json");
    stack.addresses().write(&file).expect("the file can be written");
    let file = file.to_str().expect("UTF-8");

    let refused = invoke(&["answer", "--stack", file]);
    assert_eq!(refused["result"]["refused"], "meeting_not_found", "no sample was played before: {refused}");
    for name in ["authorize", "presence.connected"] {
        assert_eq!(invoke(&[name, "--stack", file])["before"], json!([]));
    }
    let created = invoke(&["create-meeting", "--stack", file]);
    assert_eq!(created["message"]["type"], "create_meeting");
    assert!(kinds(&created).contains(&"invitation"), "{created}");
    let accepted = invoke(&["answer.accept", "--stack", file]);
    assert!(kinds(&accepted).contains(&"invitation_accepted"), "{accepted}");
    let mut downlinks = accepted["downlinks"].as_array().expect("a list").iter();
    let token = downlinks.find_map(|downlink| downlink["body"]["join"]["token"].as_str());
    assert!(token.is_some_and(|token| token.contains('…')), "join tokens are shortened: {token:?}");
    stack.shutdown().await;
}

#[test]
fn the_command_starts_a_stack_and_plays_the_samples_before() {
    let shown = invoke(&["attend.leave", "--fresh"]);
    assert_eq!(
        shown["before"],
        json!(["authorize", "presence.connected", "create-meeting", "answer.accept"])
    );
    assert_eq!(kinds(&shown).iter().filter(|kind| **kind == "ok").count(), 1, "{shown}");
    assert!(kinds(&shown).contains(&"meeting_ended"), "{shown}");
}

#[test]
fn a_function_that_fails_is_shown_and_the_command_fails() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let path = scratch.path().join("broken.json");
    std::fs::write(&path, r#"{"payload":"%"}"#).expect("the file can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(["invoke", "answer", "--no-build", "--fresh", "--event"]).arg(&path);
    let output = command.output().expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("MalformedEvent"), "{text}");
}
