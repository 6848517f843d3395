//! Reads the device registry from the table, for the contact list of the browser terminal. The functions use
//! `switchboard_service` for it; this reader only needs the names.

use serde_json::{Value, json};

use super::{TableClient, TableError};

/// Prefix of a device attribute, as `switchboard_service` writes it.
const DEVICE_PREFIX: &str = "device:";

/// Reads the device items of one table.
pub(crate) struct Registry {
    client: TableClient,
    table: String,
    region: String,
}

/// A user who has connected at least once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RegisteredUser {
    /// Account of the user.
    pub(crate) user_id: String,
    /// Display name in the latest JWT.
    pub(crate) name: Option<String>,
    /// Client IDs of the user's devices.
    pub(crate) client_ids: Vec<String>,
}

impl Registry {
    /// Makes a reader of the registry in this table.
    pub(crate) fn new(client: TableClient, table: &str, region: &str) -> Self {
        Self { client, table: table.to_owned(), region: region.to_owned() }
    }

    /// Lists all users. It scans the whole table page by page, since the table of a laptop is small.
    pub(crate) async fn users(&self) -> Result<Vec<RegisteredUser>, TableError> {
        let mut scan = json!({
            "TableName": self.table, "FilterExpression": "sk = :sk",
            "ExpressionAttributeValues": {":sk": {"S": "devices"}},
        });
        let mut users = Vec::new();
        loop {
            let mut page = self.client.call("Scan", &scan, &self.region).await?;
            let items = page["Items"].as_array().into_iter().flatten();
            users.extend(items.filter_map(user));
            match page["LastEvaluatedKey"].take() {
                Value::Null => return Ok(users),
                last => scan["ExclusiveStartKey"] = last,
            }
        }
    }
}

fn user(item: &Value) -> Option<RegisteredUser> {
    let user_id = item["pk"]["S"].as_str()?.strip_prefix("user#")?.to_owned();
    let devices = item.as_object()?.keys().filter_map(|name| name.strip_prefix(DEVICE_PREFIX));
    Some(RegisteredUser {
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
        let expected = RegisteredUser {
            user_id: "alice".to_owned(),
            name: Some("Alice".to_owned()),
            client_ids: vec!["GID_web@@@alice.tab".to_owned()],
        };
        assert_eq!(user(&item), Some(expected));
        assert_eq!(user(&json!({"pk": {"S": "meeting#m"}})), None);
    }
}
