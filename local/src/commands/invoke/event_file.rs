//! Finds and reads the file of an event.

use std::error::Error;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use local::samples;
use serde_json::Value;

/// File of an event, with the function that it is for.
pub struct EventFile {
    /// Name of the function.
    pub function: String,
    /// Path of the file.
    pub path: PathBuf,
    /// Content of the file.
    pub value: Value,
    folder: PathBuf,
}

impl EventFile {
    /// Reads the event at `path`, or the sample for `name` in the folder of samples.
    pub fn find(name: &str, path: Option<&Path>, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => find_sample(name, folder)?,
        };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read the event {}: {error}", path.display()))?;
        let value = serde_json::from_str(&text)
            .map_err(|error| format!("the event {} is not JSON: {error}", path.display()))?;
        Ok(Self { function: samples::function_of(name).to_owned(), path, value, folder: folder.to_owned() })
    }

    /// Name of the sample; empty if the file is not a sample.
    pub fn sample(&self) -> &str {
        let name = self.path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if self.path.starts_with(&self.folder) { name } else { "" }
    }

    /// Folder of the samples.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Decoded message of the terminal; `None` if the event does not come from a rule.
    pub fn message(&self) -> Option<Value> {
        let payload = BASE64.decode(self.value.get("payload")?.as_str()?).ok()?;
        let as_text = || Value::from(String::from_utf8_lossy(&payload));
        Some(serde_json::from_slice(&payload).unwrap_or_else(|_| as_text()))
    }

    /// The event as it is sent now: `now_ms` replaces the time of a sample, which is in the far future.
    pub fn received_at(&self, now_ms: i64) -> Value {
        let mut value = self.value.clone();
        if value.get("received_ms").and_then(Value::as_i64) == Some(samples::RECEIVED_MS) {
            value["received_ms"] = Value::from(now_ms);
        }
        value
    }
}

/// Finds `NAME.json`, or else the first of `NAME.*.json`.
fn find_sample(name: &str, folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
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
            Err(format!("unknown sample `{name}`; the samples are {}", stems.join(", ")).into())
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
                .expect("the file can be written");
        }
        folder
    }

    #[test]
    fn a_sample_is_found_by_its_own_name_or_by_its_function() {
        let folder =
            folder(&["answer.accept.json", "answer.ringing.json", "create-meeting.json", "create.json"]);
        let found = |name: &str| {
            let event = EventFile::find(name, None, folder.path()).expect("an event");
            (event.function.clone(), event.sample().to_owned())
        };
        assert_eq!(found("answer"), ("answer".to_owned(), "answer.accept".to_owned()));
        assert_eq!(found("answer.ringing"), ("answer".to_owned(), "answer.ringing".to_owned()));
        assert_eq!(found("create-meeting"), ("create-meeting".to_owned(), "create-meeting".to_owned()));
        let error =
            EventFile::find("dance", None, folder.path()).err().expect("an unknown sample").to_string();
        assert!(error.contains("`dance`") && error.contains("answer.ringing"), "{error}");
    }

    #[test]
    fn a_file_outside_of_the_samples_keeps_its_time() {
        let (samples, other) = (folder(&["answer.json"]), folder(&["mine.json"]));
        let path = other.path().join("mine.json");
        std::fs::write(&path, r#"{"payload":"SGk=","received_ms":5}"#).expect("the file can be written");
        let event = EventFile::find("answer", Some(&path), samples.path()).expect("an event");
        assert_eq!((event.function.as_str(), event.sample()), ("answer", ""));
        assert_eq!(event.message(), Some(json!("Hi")));
        assert_eq!(event.received_at(7)["received_ms"], 5);
        let sample = EventFile::find("answer", None, samples.path()).expect("an event");
        assert_eq!((sample.message(), &sample.received_at(7)["received_ms"]), (Some(json!({})), &json!(7)));
    }
}
