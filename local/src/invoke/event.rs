//! Finds an event and reads what is in it.

use std::error::Error;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use local::samples;
use serde_json::Value;

/// An event, and the function that it is for.
pub struct Event {
    /// The function.
    pub function: String,
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub value: Value,
    folder: PathBuf,
}

impl Event {
    /// Reads the event at `path`, or the sample for `name` in the folder of samples.
    pub fn find(name: &str, path: Option<&Path>, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => sample(name, folder)?,
        };
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let value =
            serde_json::from_str(&text).map_err(|error| format!("{}: no JSON: {error}", path.display()))?;
        Ok(Self { function: samples::function_of(name).to_owned(), path, value, folder: folder.to_owned() })
    }

    /// The name that the event has if it is a sample.
    pub fn sample(&self) -> &str {
        let name = self.path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if self.path.starts_with(&self.folder) { name } else { "" }
    }

    /// The folder of samples.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The terminal's message, decoded; `None` if the event is none of a rule.
    pub fn message(&self) -> Option<Value> {
        let payload = BASE64.decode(self.value.get("payload")?.as_str()?).ok()?;
        let as_text = || Value::from(String::from_utf8_lossy(&payload));
        Some(serde_json::from_slice(&payload).unwrap_or_else(|_| as_text()))
    }

    /// The event as it is handed over now: a sample's time, which never comes, is the present.
    pub fn at(&self, now_ms: i64) -> Value {
        let mut value = self.value.clone();
        if value.get("received_ms").and_then(Value::as_i64) == Some(samples::RECEIVED_MS) {
            value["received_ms"] = Value::from(now_ms);
        }
        value
    }
}

/// `NAME.json`, or else the first of `NAME.*.json`.
fn sample(name: &str, folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let own = folder.join(format!("{name}.json"));
    if own.is_file() {
        return Ok(own);
    }
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|file| file.strip_suffix(".json").is_some())
        .collect();
    names.sort();
    let prefix = format!("{name}.");
    match names.iter().find(|file| file.starts_with(&prefix)) {
        Some(first) => Ok(folder.join(first)),
        None => {
            let stems: Vec<&str> = names.iter().filter_map(|file| file.strip_suffix(".json")).collect();
            Err(format!("there is no sample `{name}`; there are {}", stems.join(", ")).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a scratch directory");
        for file in files {
            std::fs::write(folder.path().join(file), r#"{"payload":"e30=","received_ms":4102444800000}"#)
                .expect("it is ours");
        }
        folder
    }

    #[test]
    fn a_sample_is_found_by_its_own_name_or_by_its_function() {
        let folder =
            folder(&["answer.accept.json", "answer.ringing.json", "create-meeting.json", "create.json"]);
        let found = |name: &str| {
            let event = Event::find(name, None, folder.path()).expect("it is there");
            (event.function.clone(), event.sample().to_owned())
        };
        assert_eq!(found("answer"), ("answer".to_owned(), "answer.accept".to_owned()));
        assert_eq!(found("answer.ringing"), ("answer".to_owned(), "answer.ringing".to_owned()));
        assert_eq!(found("create-meeting"), ("create-meeting".to_owned(), "create-meeting".to_owned()));
        let error = Event::find("dance", None, folder.path()).err().expect("it is not there").to_string();
        assert!(error.contains("`dance`") && error.contains("answer.ringing"), "{error}");
    }

    #[test]
    fn an_event_of_ones_own_is_no_sample_and_keeps_its_time() {
        let (samples, other) = (folder(&["answer.json"]), folder(&["mine.json"]));
        let path = other.path().join("mine.json");
        std::fs::write(&path, r#"{"payload":"SGk=","received_ms":5}"#).expect("it is ours");
        let event = Event::find("answer", Some(&path), samples.path()).expect("it is there");
        assert_eq!((event.function.as_str(), event.sample()), ("answer", ""));
        assert_eq!(event.message(), Some(json!("Hi")));
        assert_eq!(event.at(7)["received_ms"], 5);
        let sample = Event::find("answer", None, samples.path()).expect("it is there");
        assert_eq!((sample.message(), &sample.at(7)["received_ms"]), (Some(json!({})), &json!(7)));
    }
}
