//! Tables of the template, with the requests that create them.

use serde_json::{Map, Value as Json};

use super::evaluate::Evaluator;
use super::resource::TABLE;
use super::yaml::TemplateError;

/// Resource of type `AWS::DynamoDB::Table`.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name of the table.
    pub name: String,
    /// Body of the `CreateTable` request.
    pub create: Json,
    /// Body of the `UpdateTimeToLive` request, if items expire.
    pub time_to_live: Option<Json>,
}

/// Properties that CloudFormation and `CreateTable` share. The other properties matter only in AWS.
const CREATE_PROPERTIES: [&str; 6] = [
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "BillingMode",
    "StreamSpecification",
];

pub(super) fn tables(evaluator: &Evaluator<'_>) -> Result<Vec<Table>, TemplateError> {
    let mut tables = Vec::new();
    for id in evaluator.resources(TABLE)? {
        let properties = Evaluator::properties(&id);
        let name = evaluator.name(&id, &properties)?;

        let mut create = Map::new();
        create.insert("TableName".to_owned(), Json::from(name.as_str()));
        for property in CREATE_PROPERTIES {
            if let Some(value) = evaluator.at(&properties.key(property))? {
                create.insert(property.to_owned(), value);
            }
        }
        let time_to_live = evaluator.at(&properties.key("TimeToLiveSpecification"))?.map(|specification| {
            let mut request = Map::new();
            request.insert("TableName".to_owned(), Json::from(name.as_str()));
            request.insert("TimeToLiveSpecification".to_owned(), specification);
            Json::Object(request)
        });
        tables.push(Table { name, create: Json::Object(create), time_to_live });
    }
    Ok(tables)
}
