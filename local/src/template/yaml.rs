//! The template as YAML. Values have places, so that an error names the property and its line.

use std::fmt;

use serde_norway::Value;

/// Error in a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TemplateError {
    /// File name of the template.
    pub file: String,
    /// Line in the file, counted from 1, if known.
    pub line: Option<usize>,
    /// Path of the property, as `Resources.AnswerRule.Properties.TopicRulePayload.Sql`.
    pub place: String,
    /// Description of the problem.
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

/// Path of a value in the template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place(Vec<String>);

impl Place {
    /// Makes a path of keys.
    pub(super) fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| (*key).to_owned()).collect())
    }

    /// Path of the value under a key.
    pub(super) fn key(&self, key: impl Into<String>) -> Self {
        let mut keys = self.0.clone();
        keys.push(key.into());
        Self(keys)
    }

    /// Path of an element of a list.
    pub(super) fn index(&self, index: usize) -> Self {
        self.key(format!("[{index}]"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.join("."))
    }
}

/// Text of a template and its parsed form.
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
            problem: format!("is not valid YAML: {error}"),
        })?;
        Ok(Self { name: name.to_owned(), text: text.to_owned(), root })
    }

    /// Value at a place.
    pub(super) fn get(&self, place: &Place) -> Option<&Value> {
        place.0.iter().try_fold(&self.root, |value, key| value.get(key.as_str()))
    }

    /// Entries of the mapping at a place; empty if the place has no mapping.
    pub(super) fn entries(&self, place: &Place) -> impl Iterator<Item = (&str, &Value)> {
        self.get(place)
            .and_then(Value::as_mapping)
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str()?, value)))
    }

    /// Makes an error at a place.
    pub(super) fn error(&self, place: &Place, problem: impl Into<String>) -> TemplateError {
        TemplateError {
            file: self.name.clone(),
            line: self.line(place),
            place: place.to_string(),
            problem: problem.into(),
        }
    }

    /// Line of the deepest key of a path that has a line of its own. The YAML library does not keep positions, so the
    /// search follows the indentation of the block style.
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

/// Recognises a call of an intrinsic function, in the short form (`!Sub`) or the long one (`Fn::Sub`): its name and
/// argument.
pub(super) fn intrinsic_call(yaml: &Value) -> Option<(&'static str, &Value)> {
    const FUNCTIONS: [(&str, &str); 12] = [
        ("Ref", "Ref"),
        ("Fn::GetAtt", "GetAtt"),
        ("Fn::Sub", "Sub"),
        ("Fn::Join", "Join"),
        ("Fn::Split", "Split"),
        ("Fn::Select", "Select"),
        ("Fn::If", "If"),
        ("Fn::Equals", "Equals"),
        ("Fn::Not", "Not"),
        ("Fn::And", "And"),
        ("Fn::Or", "Or"),
        ("Condition", "Condition"),
    ];
    match yaml {
        Value::Tagged(tagged) => {
            let (_, short) = FUNCTIONS.into_iter().find(|(_, short)| tagged.tag == *short)?;
            Some((short, &tagged.value))
        }
        Value::Mapping(entries) if entries.len() == 1 => {
            let (key, argument) = entries.iter().next()?;
            // `Condition` is also a key of policies, where its value is a mapping.
            let (long, short) = FUNCTIONS.into_iter().find(|(long, _)| key.as_str() == Some(long))?;
            (long != "Condition" || argument.is_string()).then_some((short, argument))
        }
        _ => None,
    }
}
