//! The intrinsic functions of CloudFormation.

use serde_json::Value as Json;
use serde_norway::Value as Yaml;

use super::evaluate::{Evaluated, Evaluator, text};
use super::yaml::{Place, TemplateError};

impl Evaluator<'_> {
    /// Calls an intrinsic function.
    pub(super) fn intrinsic(&self, function: &str, argument: &Yaml, place: &Place) -> Evaluated {
        match function {
            "Ref" => {
                let name = self.plain(argument, place)?;
                if name == "AWS::NoValue" { Ok(None) } else { self.reference(&name, place).map(Some) }
            }
            "GetAtt" => {
                let name = match self.value(argument, place)? {
                    Some(Json::Array(parts)) => parts.iter().map(text).collect::<Vec<_>>().join("."),
                    Some(Json::String(name)) => name,
                    _ => return Err(self.error(place, "`GetAtt` needs `Resource.Attribute`")),
                };
                self.attribute(&name, place).map(Some)
            }
            "Sub" => self.substitute(argument, place),
            "Join" => self.join(argument, place),
            "Split" => self.split(argument, place),
            "Select" => self.select(argument, place),
            "If" => {
                let [condition, then, otherwise] = self.list::<3>("If", argument, place)?;
                let condition = self.plain(condition, place)?;
                self.value(if self.condition(&condition, place)? { then } else { otherwise }, place)
            }
            "Condition" => {
                let name = self.plain(argument, place)?;
                Ok(Some(Json::from(self.condition(&name, place)?)))
            }
            "Equals" => {
                let [left, right] = self.list::<2>("Equals", argument, place)?;
                let (left, right) = (self.value(left, place)?, self.value(right, place)?);
                Ok(Some(Json::from(left.as_ref().map(text) == right.as_ref().map(text))))
            }
            "Not" => {
                let [inner] = self.list::<1>("Not", argument, place)?;
                Ok(Some(Json::from(!self.truth(inner, place)?)))
            }
            "And" | "Or" => {
                let inner =
                    argument.as_sequence().ok_or_else(|| self.error(place, "needs a list of conditions"))?;
                let mut truths = Vec::with_capacity(inner.len());
                for condition in inner {
                    truths.push(self.truth(condition, place)?);
                }
                let result = if function == "And" {
                    truths.iter().all(|truth| *truth)
                } else {
                    truths.contains(&true)
                };
                Ok(Some(Json::from(result)))
            }
            _ => Err(self.error(place, format!("the laptop stack does not support `{function}`"))),
        }
    }

    /// Evaluates a condition of the template.
    pub(super) fn condition(&self, name: &str, place: &Place) -> Result<bool, TemplateError> {
        let declared = Place::of(&["Conditions", name]);
        let yaml = self
            .source
            .get(&declared)
            .ok_or_else(|| self.error(place, format!("unknown condition `{name}`")))?;
        self.truth(yaml, &declared)
    }

    /// Evaluates a condition.
    pub(super) fn truth(&self, yaml: &Yaml, place: &Place) -> Result<bool, TemplateError> {
        match self.value(yaml, place)? {
            Some(Json::Bool(truth)) => Ok(truth),
            _ => Err(self.error(place, "is not a condition")),
        }
    }

    /// Value of a `Ref`.
    fn reference(&self, name: &str, place: &Place) -> Result<Json, TemplateError> {
        match self.parameter(name) {
            Some(value) => Ok(value),
            None => self.resource_reference(name, place).map(Json::from),
        }
    }

    fn substitute(&self, argument: &Yaml, place: &Place) -> Evaluated {
        let (template, own) = match argument {
            Yaml::Sequence(elements) => match elements.as_slice() {
                [template, own] => (template, Some(own)),
                _ => return Err(self.error(place, "`Sub` needs a text, or a text and its variables")),
            },
            template => (template, None),
        };
        let template = self.plain(template, place)?;

        let mut result = String::with_capacity(template.len());
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            let (name, after) =
                after.split_once('}').ok_or_else(|| self.error(place, "`${` has no closing brace"))?;
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str("${");
                result.push_str(literal);
                result.push('}');
            } else if let Some(variable) = own.and_then(|own| own.get(name)) {
                let value = self.value(variable, place)?.ok_or_else(|| self.error(place, "has no value"))?;
                result.push_str(&text(&value));
            } else if self.parameter(name).is_none() && name.contains('.') {
                result.push_str(&text(&self.attribute(name, place)?));
            } else {
                result.push_str(&text(&self.reference(name, place)?));
            }
        }
        result.push_str(rest);
        Ok(Some(Json::from(result)))
    }

    fn join(&self, argument: &Yaml, place: &Place) -> Evaluated {
        let [separator, list] = self.list::<2>("Join", argument, place)?;
        let separator = self.plain(separator, place)?;
        match self.value(list, place)? {
            Some(Json::Array(parts)) => {
                let parts: Vec<String> = parts.iter().map(text).collect();
                Ok(Some(Json::from(parts.join(&separator))))
            }
            _ => Err(self.error(place, "`Join` needs a separator and a list")),
        }
    }

    fn select(&self, argument: &Yaml, place: &Place) -> Evaluated {
        let [index, list] = self.list::<2>("Select", argument, place)?;
        let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
        let index = index.ok_or_else(|| self.error(place, "`Select` needs the number of an element"))?;
        match self.value(list, place)? {
            Some(Json::Array(mut parts)) if index < parts.len() => Ok(Some(parts.swap_remove(index))),
            _ => Err(self.error(place, "`Select` needs a list with this element")),
        }
    }

    fn split(&self, argument: &Yaml, place: &Place) -> Evaluated {
        let [separator, whole] = self.list::<2>("Split", argument, place)?;
        let separator = self.plain(separator, place)?;
        let whole = self.value(whole, place)?.ok_or_else(|| self.error(place, "has no value"))?;
        Ok(Some(text(&whole).split(separator.as_str()).map(Json::from).collect()))
    }

    /// Requires a plain text as argument.
    fn plain(&self, yaml: &Yaml, place: &Place) -> Result<String, TemplateError> {
        yaml.as_str().map(str::to_owned).ok_or_else(|| self.error(place, "needs a plain text"))
    }

    /// Requires a list of `N` elements as argument.
    fn list<'y, const N: usize>(
        &self,
        function: &str,
        yaml: &'y Yaml,
        place: &Place,
    ) -> Result<[&'y Yaml; N], TemplateError> {
        yaml.as_sequence()
            .and_then(|elements| <[&Yaml; N]>::try_from(elements.iter().collect::<Vec<_>>()).ok())
            .ok_or_else(|| self.error(place, format!("`{function}` needs a list of {N}")))
    }
}
