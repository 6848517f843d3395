//! Runs the vectors of `tests/conformance` (its README describes them) with this terminal, without a network
//! and with a virtual clock.

mod matching;
mod subject;

use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

use matching::Names;
use subject::Subject;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    about: String,
    #[serde(rename = "as")]
    client_id: String,
    steps: Vec<Step>,
}

/// One input, and everything that the terminal sends and shows because of that input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    receive: Option<Value>,
    /// Number of copies of `receive`, each with its own id.
    times: Option<u32>,
    user: Option<Value>,
    again: Option<String>,
    wait_ms: Option<u64>,
    connection: Option<String>,
    #[serde(default)]
    sends: Vec<Value>,
    #[serde(default)]
    shows: Vec<Value>,
}

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder of the workspace").join(path)
}

fn vectors() -> Vec<(String, Vector)> {
    let entries = std::fs::read_dir(folder("tests/conformance")).expect("the vectors are there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("text");
        (name.clone(), serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    paths.into_iter().map(read).collect()
}

/// Runs a vector. The error describes the first difference.
fn run_vector(vector: &Vector) -> Result<(), String> {
    vector.client_id.parse::<switchboard_protocol::address::ClientId>().map_err(|error| error.to_string())?;
    let (mut subject, mut names) = (Subject::connected(), Names::default());
    for (number, step) in vector.steps.iter().enumerate() {
        match (&step.receive, &step.user, &step.again, step.wait_ms, step.connection.as_deref()) {
            (Some(message), None, None, None, None) => {
                for message in copies(&names.filled(message), step.times) {
                    subject.receives(&message);
                }
            }
            (None, Some(request), None, None, None) => subject.user_requests(&names.filled(request)),
            (None, None, Some(request), None, None) => subject.user_repeats(&names.value(request)),
            (None, None, None, Some(ms), None) => subject.waits(ms),
            (None, None, None, None, Some("lost")) => subject.disconnects(),
            (None, None, None, None, Some("back")) => subject.reconnects(),
            _ => return Err(format!("step {number}: exactly one input is needed")),
        }
        let (sends, shows) = subject.take_results();
        names.match_all(&step.sends, &sends).map_err(|problem| format!("step {number} sends: {problem}"))?;
        names.match_all(&step.shows, &shows).map_err(|problem| format!("step {number} shows: {problem}"))?;
    }
    Ok(())
}

/// Returns the message, or `times` copies with different ids.
fn copies(message: &Value, times: Option<u32>) -> Vec<Value> {
    let Some(times) = times else { return vec![message.clone()] };
    let id = message["id"].as_str().expect("a text");
    let copy = |number| {
        let mut copy = message.clone();
        copy["id"] = format!("{id}-{number}").into();
        copy
    };
    (1..=times).map(copy).collect()
}

#[test]
fn this_terminal_passes_every_vector() {
    let vectors = vectors();
    assert!(vectors.len() >= 20, "only {} vectors were found", vectors.len());
    let failures: Vec<String> = vectors
        .iter()
        .filter_map(|(name, vector)| {
            Some(format!("{name} ({}): {}", vector.about, run_vector(vector).err()?))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn a_vector_fails_without_its_last_expectation() {
    for (name, mut vector) in vectors() {
        let last =
            vector.steps.iter_mut().rev().find(|step| !(step.sends.is_empty() && step.shows.is_empty()));
        let last = last.unwrap_or_else(|| panic!("{name} expects nothing"));
        if last.shows.pop().is_none() {
            last.sends.pop();
        }
        assert!(run_vector(&vector).is_err(), "{name} also passes when the terminal does less");
    }
}

/// Checks that the downlinks of a vector are valid, except in vectors about unknown downlinks.
#[test]
fn the_downlinks_of_the_vectors_are_valid() {
    for (name, vector) in vectors().into_iter().filter(|(name, _)| !name.starts_with("unknown")) {
        for message in vector.steps.into_iter().filter_map(|step| step.receive) {
            // The names in a vector are not valid ids because of their `$`.
            let text = message.to_string().replace('$', "");
            let read: Result<switchboard_protocol::downlink::Downlink, _> = serde_json::from_str(&text);
            assert!(read.is_ok(), "{name}: {:?} in {text}", read.err());
        }
    }
}
