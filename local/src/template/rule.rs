//! Topic rules and the authorizer of the template.

use super::evaluate::Evaluator;
use super::function::Function;
use super::resource::{AUTHORIZER, PERMISSION, RULE};
use super::yaml::{Place, TemplateError};
use crate::sql::Statement;

/// Resource of type `AWS::IoT::TopicRule`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Name of the rule.
    pub name: String,
    /// SQL statement of the rule.
    pub statement: Statement,
    /// Names of the functions that the rule invokes.
    pub functions: Vec<String>,
    /// Name of the queue for messages whose function could not be invoked.
    pub error_queue: Option<String>,
}

pub(super) fn rules(evaluator: &Evaluator<'_>, functions: &[Function]) -> Result<Vec<Rule>, TemplateError> {
    let mut rules = Vec::new();
    for id in evaluator.resources(RULE)? {
        let payload = Evaluator::properties(&id).key("TopicRulePayload");
        if evaluator.text_at(&payload.key("RuleDisabled"))?.is_some_and(|disabled| disabled == "true") {
            continue;
        }
        let version = payload.key("AwsIotSqlVersion");
        // CloudFormation's own default is an older version, in which `encode` does not exist.
        if evaluator.required_text(&version)? != "2016-03-23" {
            return Err(evaluator.error(&version, "the laptop stack supports version '2016-03-23' only"));
        }
        let sql = payload.key("Sql");
        let statement = evaluator
            .required_text(&sql)?
            .parse()
            .map_err(|error| evaluator.error(&sql, format!("{error}")))?;

        rules.push(Rule {
            name: evaluator.name(&id, &payload)?,
            statement,
            functions: actions(evaluator, &payload.key("Actions"), functions)?,
            error_queue: error_queue(evaluator, &payload.key("ErrorAction"))?,
        });
    }
    Ok(rules)
}

/// Finds the name of the authorizer function, if the template has an authorizer.
pub(super) fn authorizer(
    evaluator: &Evaluator<'_>,
    functions: &[Function],
) -> Result<Option<String>, TemplateError> {
    let authorizers = evaluator.resources(AUTHORIZER)?;
    match authorizers.as_slice() {
        [] => Ok(None),
        [id] => {
            let place = Evaluator::properties(id).key("AuthorizerFunctionArn");
            let function = function_of_arn(evaluator, &place, functions)?;
            require_permission(evaluator, function, &place)?;
            Ok(Some(function.name.clone()))
        }
        [_, second, ..] => {
            let place = Place::of(&["Resources", second]);
            Err(evaluator.error(&place, "is a second authorizer; the laptop stack supports only one"))
        }
    }
}

fn actions(
    evaluator: &Evaluator<'_>,
    place: &Place,
    functions: &[Function],
) -> Result<Vec<String>, TemplateError> {
    let actions = evaluator.at(place)?;
    let actions = actions
        .as_ref()
        .and_then(|actions| actions.as_array())
        .ok_or_else(|| evaluator.error(place, "must be a list"))?;
    let mut names = Vec::new();
    for (index, action) in actions.iter().enumerate() {
        let place = place.index(index);
        let arn = match action.as_object().filter(|action| action.len() == 1).and_then(|a| a.get("Lambda")) {
            Some(lambda) => lambda.get("FunctionArn").and_then(|arn| arn.as_str()),
            None => return Err(evaluator.error(&place, "the laptop stack supports the action `Lambda` only")),
        };
        let function = find_function(evaluator, &place, functions, arn.unwrap_or_default())?;
        require_permission(evaluator, function, &place)?;
        names.push(function.name.clone());
    }
    Ok(names)
}

fn error_queue(evaluator: &Evaluator<'_>, place: &Place) -> Result<Option<String>, TemplateError> {
    match evaluator.at(place)? {
        None => Ok(None),
        Some(action) => {
            let url = action.pointer("/Sqs/QueueUrl").and_then(|url| url.as_str());
            let name = url.and_then(|url| url.rsplit('/').next());
            name.map(|name| Some(name.to_owned())).ok_or_else(|| {
                evaluator.error(place, "the laptop stack supports the error action `Sqs` only")
            })
        }
    }
}

fn function_of_arn<'f>(
    evaluator: &Evaluator<'_>,
    place: &Place,
    functions: &'f [Function],
) -> Result<&'f Function, TemplateError> {
    let arn = evaluator.required_text(place)?;
    find_function(evaluator, place, functions, &arn)
}

fn find_function<'f>(
    evaluator: &Evaluator<'_>,
    place: &Place,
    functions: &'f [Function],
    arn: &str,
) -> Result<&'f Function, TemplateError> {
    functions
        .iter()
        .find(|function| function.arn == arn)
        .ok_or_else(|| evaluator.error(place, "is not the ARN of a function of this template"))
}

/// Checks that the broker has the permission to invoke a function, so that a missing one shows before a deployment.
fn require_permission(
    evaluator: &Evaluator<'_>,
    function: &Function,
    place: &Place,
) -> Result<(), TemplateError> {
    for id in evaluator.resources(PERMISSION)? {
        let properties = Evaluator::properties(&id);
        let named = evaluator.required_text(&properties.key("FunctionName"))?;
        let principal = evaluator.required_text(&properties.key("Principal"))?;
        if principal == "iot.amazonaws.com" && (named == function.deployed_name || named == function.arn) {
            return Ok(());
        }
    }
    let problem = format!(
        "no AWS::Lambda::Permission allows iot.amazonaws.com to invoke `{}`; add one",
        function.deployed_name
    );
    Err(evaluator.error(place, problem))
}
