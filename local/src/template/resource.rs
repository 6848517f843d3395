//! Resources of the template: their ids, names and ARNs, and the values of `Ref` and `GetAtt`.

use serde_json::Value as Json;

use super::evaluate::Evaluator;
use super::yaml::{Place, TemplateError};

pub(super) const FUNCTION: &str = "AWS::Serverless::Function";
pub(super) const TABLE: &str = "AWS::DynamoDB::Table";
pub(super) const QUEUE: &str = "AWS::SQS::Queue";
pub(super) const BUS: &str = "AWS::Events::EventBus";
pub(super) const RULE: &str = "AWS::IoT::TopicRule";
pub(super) const AUTHORIZER: &str = "AWS::IoT::Authorizer";
pub(super) const URL: &str = "AWS::Lambda::Url";
pub(super) const PERMISSION: &str = "AWS::Lambda::Permission";

impl Evaluator<'_> {
    /// Logical ids of the resources of a type, without those whose condition is false.
    pub(super) fn resources(&self, kind: &str) -> Result<Vec<String>, TemplateError> {
        let all = Place::of(&["Resources"]);
        let mut found = Vec::new();
        for (id, resource) in self.source.entries(&all) {
            if resource.get("Type").and_then(|kind| kind.as_str()) != Some(kind) {
                continue;
            }
            let place = all.key(id).key("Condition");
            let holds = match resource.get("Condition").map(|condition| condition.as_str()) {
                None => true,
                Some(Some(name)) => self.condition(name, &place)?,
                Some(None) => return Err(self.error(&place, "must name a condition")),
            };
            if holds {
                found.push(id.to_owned());
            }
        }
        Ok(found)
    }

    /// Place of the properties of a resource.
    pub(super) fn properties(id: &str) -> Place {
        Place::of(&["Resources", id, "Properties"])
    }

    fn kind(&self, id: &str, place: &Place) -> Result<&str, TemplateError> {
        self.source
            .get(&Place::of(&["Resources", id, "Type"]))
            .and_then(|kind| kind.as_str())
            .ok_or_else(|| self.error(place, format!("unknown parameter or resource `{id}`")))
    }

    /// Physical name of a resource: the declared one, or one made of the stack name and the logical id.
    pub(super) fn name(&self, id: &str, place: &Place) -> Result<String, TemplateError> {
        let property = match self.kind(id, place)? {
            FUNCTION => "FunctionName",
            TABLE => "TableName",
            QUEUE => "QueueName",
            RULE => "RuleName",
            AUTHORIZER => "AuthorizerName",
            "AWS::IAM::Role" => "RoleName",
            "AWS::Logs::LogGroup" => "LogGroupName",
            _ => "Name",
        };
        let generated = || format!("{}-{id}", self.identity.stack_name);
        Ok(self.text_at(&Self::properties(id).key(property))?.unwrap_or_else(generated))
    }

    /// Value of `Ref` for a resource: its name, or for a queue its URL.
    pub(super) fn resource_reference(&self, id: &str, place: &Place) -> Result<String, TemplateError> {
        let name = self.name(id, place)?;
        let here = self.identity;
        Ok(match self.kind(id, place)? {
            QUEUE => format!("{}/{}/{name}", here.sqs_url, here.account_id),
            _ => name,
        })
    }

    /// Value of `GetAtt` for `Resource.Attribute`.
    pub(super) fn attribute(&self, path: &str, place: &Place) -> Result<Json, TemplateError> {
        let (id, attribute) =
            path.split_once('.').ok_or_else(|| self.error(place, "`GetAtt` needs `Resource.Attribute`"))?;
        let kind = self.kind(id, place)?;
        let name = self.name(id, place)?;
        let value = match (kind, attribute) {
            (FUNCTION, "Arn") => self.arn("lambda", &format!("function:{name}")),
            (TABLE, "Arn") => self.arn("dynamodb", &format!("table/{name}")),
            (QUEUE, "Arn") => self.arn("sqs", &name),
            (QUEUE, "QueueName") => name,
            (QUEUE, "QueueUrl") => self.resource_reference(id, place)?,
            (BUS, "Arn") => self.arn("events", &format!("event-bus/{name}")),
            (RULE, "Arn") => self.arn("iot", &format!("rule/{name}")),
            (AUTHORIZER, "Arn") => self.arn("iot", &format!("authorizer/{name}")),
            ("AWS::IAM::Role", "Arn") => {
                format!("arn:aws:iam::{}:role/{name}", self.identity.account_id)
            }
            _ => {
                return Err(self
                    .error(place, format!("the laptop stack does not support `{attribute}` of a `{kind}`")));
            }
        };
        Ok(Json::from(value))
    }

    /// Makes an ARN in the account and region of the stack.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        let here = self.identity;
        format!("arn:aws:{service}:{}:{}:{resource}", here.region, here.account_id)
    }

    /// Names of the event buses.
    pub(super) fn buses(&self) -> Result<Vec<String>, TemplateError> {
        self.resources(BUS)?.iter().map(|id| self.name(id, &Self::properties(id))).collect()
    }

    /// ARN at a place, which must be the ARN of an event bus of this template.
    pub(super) fn bus_arn(&self, place: &Place) -> Result<String, TemplateError> {
        let arn = self.required_text(place)?;
        let known = self.buses()?.iter().any(|name| arn == self.arn("events", &format!("event-bus/{name}")));
        if known {
            Ok(arn)
        } else {
            Err(self.error(place, "is not the ARN of an event bus of this template"))
        }
    }

    /// Name of the queue whose ARN is at a place.
    pub(super) fn queue_of_arn(&self, place: &Place) -> Result<String, TemplateError> {
        let arn = self.required_text(place)?;
        for id in self.resources(QUEUE)? {
            let name = self.name(&id, place)?;
            if arn == self.arn("sqs", &name) {
                return Ok(name);
            }
        }
        Err(self.error(place, "is not the ARN of a queue of this template"))
    }
}
