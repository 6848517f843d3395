//! Evaluates template values to plain JSON, with parameters, pseudo parameters and references resolved.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Map, Value as Json};
use serde_norway::Value as Yaml;

use super::yaml::{Place, Source, TemplateError, intrinsic_call};
use crate::aws::{ACCOUNT_ID, REGION, STACK_NAME};

/// Identity of a stack in AWS, for pseudo parameters, ARNs and queue URLs.
#[derive(Debug, Clone)]
pub struct StackIdentity {
    /// Account, twelve digits.
    pub account_id: String,
    /// Region, as `us-east-1`.
    pub region: String,
    /// Name of the stack, which generated names begin with.
    pub stack_name: String,
    /// Beginning of queue URLs.
    pub sqs_url: String,
    /// Last part of the stack's id, which no other stack has.
    pub unique_id: String,
}

impl StackIdentity {
    /// Identity of a laptop stack with the default name; `http` is the URL of its HTTP server, as
    /// `http://127.0.0.1:8080`.
    #[must_use]
    pub fn laptop(http: &str) -> Self {
        Self {
            account_id: ACCOUNT_ID.to_owned(),
            region: REGION.to_owned(),
            stack_name: STACK_NAME.to_owned(),
            sqs_url: format!("{http}/sqs"),
            unique_id: format!("{}-0000-0000-0000-000000000000", machine()),
        }
    }
}

/// Eight hexadecimal digits that stay the same for this machine and this program, and differ on others.
fn machine() -> String {
    let mut hasher = DefaultHasher::new();
    std::fs::read("/etc/hostname").unwrap_or_default().hash(&mut hasher);
    std::env::current_exe().ok().hash(&mut hasher);
    format!("{:08x}", hasher.finish() >> 32)
}

/// Evaluates the values of one template.
pub(super) struct Evaluator<'a> {
    pub(super) source: &'a Source,
    pub(super) identity: &'a StackIdentity,
    parameters: BTreeMap<String, Json>,
}

/// Evaluated value; `None` if the template leaves it out with `AWS::NoValue`.
pub(super) type Evaluated = Result<Option<Json>, TemplateError>;

impl<'a> Evaluator<'a> {
    /// Reads the parameters of the template. A parameter without a default must be in `given`.
    pub(super) fn new(
        source: &'a Source,
        identity: &'a StackIdentity,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let mut parameters = BTreeMap::new();
        let declared = Place::of(&["Parameters"]);
        for (name, parameter) in source.entries(&declared) {
            let value = match (given.get(name), parameter.get("Default")) {
                (Some(value), _) => Json::from(value.as_str()),
                (None, Some(default)) => scalar(default).ok_or_else(|| {
                    source.error(&declared.key(name).key("Default"), "must be a plain value")
                })?,
                (None, None) => {
                    let place = declared.key(name);
                    return Err(source.error(&place, "has no default and no value; set it with --parameter"));
                }
            };
            parameters.insert(name.to_owned(), value);
        }
        Ok(Self { source, identity, parameters })
    }

    /// Value of a parameter or pseudo parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<Json> {
        let here = self.identity;
        let pseudo = match name {
            "AWS::AccountId" => &here.account_id,
            "AWS::Region" => &here.region,
            "AWS::StackName" => &here.stack_name,
            "AWS::StackId" => {
                let name = format!("stack/{}/{}", here.stack_name, here.unique_id);
                return Some(Json::from(self.arn("cloudformation", &name)));
            }
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            _ => return self.parameters.get(name).cloned(),
        };
        Some(Json::from(pseudo))
    }

    /// Evaluates a value.
    pub(super) fn value(&self, yaml: &Yaml, place: &Place) -> Evaluated {
        if let Some((function, argument)) = intrinsic_call(yaml) {
            return self.intrinsic(function, argument, place);
        }
        match yaml {
            Yaml::Sequence(elements) => {
                let mut values = Vec::with_capacity(elements.len());
                for (index, element) in elements.iter().enumerate() {
                    values.extend(self.value(element, &place.index(index))?);
                }
                Ok(Some(Json::Array(values)))
            }
            Yaml::Mapping(entries) => {
                let mut values = Map::new();
                for (key, entry) in entries {
                    let key = scalar(key)
                        .ok_or_else(|| self.error(place, "has a key that is not a plain value"))?;
                    let key = text(&key);
                    if let Some(value) = self.value(entry, &place.key(key.as_str()))? {
                        values.insert(key, value);
                    }
                }
                Ok(Some(Json::Object(values)))
            }
            Yaml::Tagged(tagged) => {
                Err(self.error(place, format!("the laptop stack does not support `{}`", tagged.tag)))
            }
            plain => scalar(plain)
                .map(Some)
                .ok_or_else(|| self.error(place, "is a value that JSON cannot represent")),
        }
    }

    /// Value at a place; `None` if it is missing.
    pub(super) fn at(&self, place: &Place) -> Evaluated {
        match self.source.get(place) {
            Some(yaml) => self.value(yaml, place),
            None => Ok(None),
        }
    }

    /// Text at a place; `None` if it is missing.
    pub(super) fn text_at(&self, place: &Place) -> Result<Option<String>, TemplateError> {
        match self.at(place)? {
            None => Ok(None),
            Some(Json::Array(_) | Json::Object(_) | Json::Null) => Err(self.error(place, "must be a text")),
            Some(value) => Ok(Some(text(&value))),
        }
    }

    /// Text at a place; an error if it is missing.
    pub(super) fn required_text(&self, place: &Place) -> Result<String, TemplateError> {
        self.text_at(place)?.ok_or_else(|| self.error(place, "is missing"))
    }

    /// Whole number at a place; `None` if it is missing. A text may contain the number, since parameters are texts.
    pub(super) fn number_at(&self, place: &Place) -> Result<Option<u64>, TemplateError> {
        self.text_at(place)?
            .map(|text| text.parse().map_err(|_| self.error(place, "must be a whole number")))
            .transpose()
    }

    /// Makes an error at a place.
    pub(super) fn error(&self, place: &Place, problem: impl Into<String>) -> TemplateError {
        self.source.error(place, problem)
    }
}

/// Converts a plain YAML value to JSON.
fn scalar(yaml: &Yaml) -> Option<Json> {
    match yaml {
        Yaml::Null => Some(Json::Null),
        Yaml::Bool(value) => Some(Json::from(*value)),
        Yaml::String(value) => Some(Json::from(value.as_str())),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Some(Json::from(integer)),
            (None, Some(fraction)) => Some(Json::from(fraction)),
            (None, None) => None,
        },
        Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => None,
    }
}

/// Converts a plain value to the text that CloudFormation makes of it.
pub(super) fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
