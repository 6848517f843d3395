//! Checks the values of parameters as CloudFormation does before a deployment: allowed values, patterns and lengths of each
//! parameter, and the template's rules.

use regex::Regex;
use serde_norway::Value as Yaml;

use super::evaluate::{Evaluator, text};
use super::yaml::{Place, TemplateError};
use crate::parameters::DEVELOPMENT_JWT_SECRET;

/// Checks all parameters and rules. An error contains the name of the parameter or rule, and never a value, which may
/// be secret.
pub(super) fn check(evaluator: &Evaluator<'_>) -> Result<(), TemplateError> {
    let declared = Place::of(&["Parameters"]);
    for (name, parameter) in evaluator.source.entries(&declared) {
        let value = evaluator.parameter(name).map(|value| text(&value)).unwrap_or_default();
        check_parameter(evaluator, &declared.key(name), parameter, &value)?;
    }
    let rules = Place::of(&["Rules"]);
    for (name, rule) in evaluator.source.entries(&rules) {
        if let Some(condition) = rule.get("RuleCondition")
            && !evaluator.truth(condition, &rules.key(name).key("RuleCondition"))?
        {
            continue;
        }
        let assertions = rule.get("Assertions").and_then(Yaml::as_sequence).into_iter().flatten();
        for (index, assertion) in assertions.enumerate() {
            let place = rules.key(name).key("Assertions").index(index);
            let Some(condition) = assertion.get("Assert") else {
                return Err(evaluator.error(&place, "has no `Assert`"));
            };
            if !evaluator.truth(condition, &place)? {
                let why = assertion
                    .get("AssertDescription")
                    .and_then(Yaml::as_str)
                    .unwrap_or("its assertion is false");
                return Err(
                    evaluator.error(&place, format!("the rule {name} refuses these parameters: {why}"))
                );
            }
        }
    }
    Ok(())
}

fn check_parameter(
    evaluator: &Evaluator<'_>,
    place: &Place,
    parameter: &Yaml,
    value: &str,
) -> Result<(), TemplateError> {
    if let Some(allowed) = parameter.get("AllowedValues").and_then(Yaml::as_sequence) {
        let allowed: Vec<String> = allowed.iter().filter_map(plain).collect();
        if !allowed.iter().any(|allowed| allowed == value) {
            return Err(evaluator.error(place, format!("must be one of {}", allowed.join(", "))));
        }
    }
    if parameter.get("Type").and_then(Yaml::as_str) == Some("Number") {
        let bound = |name: &str| parameter.get(name).and_then(Yaml::as_f64);
        let is_within = |number: f64| {
            bound("MinValue").is_none_or(|least| number >= least)
                && bound("MaxValue").is_none_or(|most| number <= most)
        };
        if !value.parse().is_ok_and(is_within) {
            return Err(evaluator.error(place, "must be a number within the limits of the parameter"));
        }
    }
    // The public secret of laptops is shorter than the pattern of a deployment allows.
    if value == DEVELOPMENT_JWT_SECRET {
        return Ok(());
    }
    if let Some(pattern) = parameter.get("AllowedPattern").and_then(Yaml::as_str) {
        // CloudFormation compares the whole value.
        let whole = Regex::new(&format!("^(?:{pattern})$"))
            .map_err(|error| evaluator.error(place, format!("has an unreadable pattern: {error}")))?;
        if !whole.is_match(value) {
            let described = parameter.get("ConstraintDescription").and_then(Yaml::as_str);
            let why = described.map_or_else(|| format!("must match the pattern {pattern}"), str::to_owned);
            return Err(evaluator.error(place, why));
        }
    }
    let limit = |name: &str| parameter.get(name).and_then(Yaml::as_u64);
    let length = u64::try_from(value.chars().count()).unwrap_or(u64::MAX);
    match (limit("MinLength"), limit("MaxLength")) {
        (Some(least), _) if length < least => {
            Err(evaluator.error(place, format!("must have at least {least} characters")))
        }
        (_, Some(most)) if length > most => {
            Err(evaluator.error(place, format!("must have at most {most} characters")))
        }
        _ => Ok(()),
    }
}

fn plain(yaml: &Yaml) -> Option<String> {
    match yaml {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Number(number) => Some(number.to_string()),
        Yaml::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
