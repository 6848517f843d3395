//! The template as YAML, with the place of everything in it, so that an error can say where to look.

use std::fmt;

use serde_norway::Value;

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TemplateError {
    /// The template's name.
    pub file: String,
    /// Line in the file, counted from 1, if it is known.
    pub line: Option<usize>,
    /// Path of the property, as `Resources.AnswerRule.Properties.TopicRulePayload.Sql`.
    pub place: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": ")?;
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{}", self.problem)
    }
}

/// The path of a value in the template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place(Vec<String>);

impl Place {
    /// The path that consists of these keys.
    pub(super) fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| (*key).to_owned()).collect())
    }

    /// The path one key deeper.
    pub(super) fn key(&self, key: impl Into<String>) -> Self {
        let mut keys = self.0.clone();
        keys.push(key.into());
        Self(keys)
    }

    /// The path of an element of a list.
    pub(super) fn index(&self, index: usize) -> Self {
        self.key(format!("[{index}]"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.join("."))
    }
}

/// A template's text and what was read from it.
pub(super) struct Source {
    name: String,
    text: String,
    root: Value,
}

impl Source {
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, TemplateError> {
        let root = serde_norway::from_str(text).map_err(|error| TemplateError {
            file: name.to_owned(),
            line: error.location().map(|location| location.line()),
            place: String::new(),
            problem: format!("is no valid YAML: {error}"),
        })?;
        Ok(Self { name: name.to_owned(), text: text.to_owned(), root })
    }

    /// The value at a path of keys.
    pub(super) fn get(&self, place: &Place) -> Option<&Value> {
        place.0.iter().try_fold(&self.root, |value, key| value.get(key.as_str()))
    }

    /// The entries of the mapping at a path; none if there is no mapping.
    pub(super) fn entries(&self, place: &Place) -> impl Iterator<Item = (&str, &Value)> {
        self.get(place)
            .and_then(Value::as_mapping)
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str()?, value)))
    }

    /// An error at a place.
    pub(super) fn error(&self, place: &Place, problem: impl Into<String>) -> TemplateError {
        TemplateError {
            file: self.name.clone(),
            line: self.line(place),
            place: place.to_string(),
            problem: problem.into(),
        }
    }

    /// The line of the deepest key of a path that stands on a line of its own. The YAML library keeps no places, so
    /// they are found by indentation, which block style, the style of templates, always has.
    fn line(&self, place: &Place) -> Option<usize> {
        let mut found = None;
        let mut indentation = None;
        let mut lines = self.text.lines().enumerate();
        'keys: for key in &place.0 {
            for (index, line) in lines.by_ref() {
                let content = line.trim_start();
                if content.is_empty() || content.starts_with('#') {
                    continue;
                }
                let indent = line.len() - content.len();
                if indentation.is_some_and(|outer| indent <= outer) {
                    break 'keys;
                }
                if content.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with(':')) {
                    found = Some(index + 1);
                    indentation = Some(indent);
                    continue 'keys;
                }
            }
            break;
        }
        found
    }
}
