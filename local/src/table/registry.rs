//! The device registry as the table has it, for people who look who is there. The functions' own view of it is
//! `switchboard_service::store`; this one only reads names.

use serde_json::{Value, json};

use super::{TableError, Tables};

/// The prefix of a device's attribute, as `switchboard_service::store` writes it.
const DEVICE: &str = "device:";

/// Reads the device items of one table.
pub(crate) struct Registry {
    tables: Tables,
    table: String,
    region: String,
}

/// A user that has connected before.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "`user_id` is the protocol's word")]
pub(crate) struct User {
    /// The account.
    pub(crate) user_id: String,
    /// The name in the last JWT.
    pub(crate) name: Option<String>,
    /// Client IDs of the devices.
    pub(crate) client_ids: Vec<String>,
}

impl Registry {
    /// The registry in this table.
    pub(crate) fn new(tables: &Tables, table: &str, region: &str) -> Self {
        Self { tables: tables.another(), table: table.to_owned(), region: region.to_owned() }
    }

    /// All users. It reads the whole table, page by page: a laptop's is small.
    pub(crate) async fn users(&self) -> Result<Vec<User>, TableError> {
        let mut scan = json!({
            "TableName": self.table, "FilterExpression": "sk = :sk",
            "ExpressionAttributeValues": {":sk": {"S": "devices"}},
        });
        let mut users = Vec::new();
        loop {
            let mut page = self.tables.call("Scan", &scan, &self.region).await?;
            let items = page["Items"].as_array().into_iter().flatten();
            users.extend(items.filter_map(user));
            match page["LastEvaluatedKey"].take() {
                Value::Null => return Ok(users),
                last => scan["ExclusiveStartKey"] = last,
            }
        }
    }
}

fn user(item: &Value) -> Option<User> {
    let user_id = item["pk"]["S"].as_str()?.strip_prefix("user#")?.to_owned();
    let devices = item.as_object()?.keys().filter_map(|name| name.strip_prefix(DEVICE));
    Some(User {
        user_id,
        name: item["name"]["S"].as_str().map(str::to_owned),
        client_ids: devices.map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_item_names_its_user_and_devices() {
        let item = json!({
            "pk": {"S": "user#alice"}, "sk": {"S": "devices"}, "name": {"S": "Alice"},
            "device:GID_web@@@alice.tab": {"M": {"seen_ms": {"N": "1"}}}, "expires_at": {"N": "9"},
        });
        let expected = User {
            user_id: "alice".to_owned(),
            name: Some("Alice".to_owned()),
            client_ids: vec!["GID_web@@@alice.tab".to_owned()],
        };
        assert_eq!(user(&item), Some(expected));
        assert_eq!(user(&json!({"pk": {"S": "meeting#m"}})), None);
    }
}
