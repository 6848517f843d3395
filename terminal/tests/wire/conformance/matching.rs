//! Compares the messages of a terminal with those that a vector expects.

use serde_json::Value;
use std::collections::BTreeMap;

/// The values of the names (`$…`) of a vector.
#[derive(Default)]
pub struct Names(BTreeMap<String, Value>);

impl Names {
    /// Returns the value of a name. Other texts are returned unchanged.
    pub fn value(&self, name: &str) -> String {
        let value = self.0.get(name).and_then(Value::as_str);
        assert!(value.is_some() || !name.starts_with('$'), "{name} has no value yet");
        value.unwrap_or(name).to_owned()
    }

    /// Returns a copy in which every name is replaced by its value.
    pub fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.value(text).into(),
            Value::Array(list) => list.iter().map(|value| self.filled(value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.filled(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// Checks that the lists match in length and order. The error describes the first difference.
    pub fn match_all(&mut self, expected: &[Value], done: &[Value]) -> Result<(), String> {
        let problem = if expected.len() == done.len() {
            expected.iter().zip(done).find_map(|(expected, done)| self.matches(expected, done).err())
        } else {
            Some(format!("{} expected, {} done", expected.len(), done.len()))
        };
        match problem {
            None => Ok(()),
            Some(problem) => Err(format!(
                "{problem}\n  expected {}\n  done     {}",
                Value::from(expected.to_vec()),
                Value::from(done.to_vec())
            )),
        }
    }

    fn matches(&mut self, expected: &Value, done: &Value) -> Result<(), String> {
        match (expected, done) {
            (Value::String(name), done) if name.starts_with('$') => self.bind(name, done),
            (Value::Object(expected), Value::Object(done)) => {
                expected.iter().try_for_each(|(field, expected)| match (expected, done.get(field)) {
                    (Value::Null, None | Some(Value::Null)) => Ok(()),
                    (Value::Null, Some(_)) => Err(format!("`{field}` must be absent")),
                    (_, None) => Err(format!("`{field}` is missing")),
                    (expected, Some(done)) => {
                        self.matches(expected, done).map_err(|problem| format!("{field}: {problem}"))
                    }
                })
            }
            (Value::Array(expected), Value::Array(done)) if expected.len() == done.len() => {
                expected.iter().zip(done).try_for_each(|(expected, done)| self.matches(expected, done))
            }
            (expected, done) if expected == done => Ok(()),
            (expected, done) => Err(format!("{expected} expected, not {done}")),
        }
    }

    fn bind(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match self.0.get(name) {
            Some(known) if known == value => Ok(()),
            Some(known) => Err(format!("{name} is {known}, not {value}")),
            None if self.0.values().any(|other| other == value) => {
                Err(format!("{name} has the value of another name"))
            }
            None => {
                self.0.insert(name.to_owned(), value.clone());
                Ok(())
            }
        }
    }
}
