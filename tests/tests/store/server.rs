//! The table under test, and the raw items in it.

use crate::fault::LostAnswers;
use crate::stack::{Stack, other_table};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
use std::collections::HashMap;
use std::time::Duration;
use switchboard_service::dynamodb::Table;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// An item with the table's attributes.
pub type Item = HashMap<String, AttributeValue>;

/// The address of the table.
struct TableLocation {
    url: String,
    table: String,
}

/// The table under test.
pub struct Server {
    /// The adapter that the functions use.
    pub table: Table,
    client: Client,
    name: String,
}

impl Server {
    /// Connects to the shared table with a client in the runtime of the test.
    pub async fn shared() -> Self {
        let location = location().await;
        Self::with(client(&location.url), location)
    }

    /// The same table, with a client that loses answers on request of the test.
    pub async fn losing_answers() -> (Self, LostAnswers) {
        let location = location().await;
        let lost = LostAnswers::default();
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let config = config(&location.url).interceptor(lost.clone()).retry_config(retries);
        (Self::with(Client::from_conf(config.build()), location), lost)
    }

    fn with(client: Client, location: &TableLocation) -> Self {
        let table = Table::new(client.clone(), location.table.clone());
        Self { table, client, name: location.table.clone() }
    }

    /// Reads the item with this key.
    pub async fn item(&self, pk: &str, sk: &str) -> Option<Item> {
        let get = self.client.get_item().table_name(&self.name).consistent_read(true);
        let output = get.set_key(Some(key(pk, sk))).send().await.expect("the table answers");
        output.item
    }

    /// Writes attributes into the item with this key without any condition.
    pub async fn overwrite(&self, pk: &str, sk: &str, attributes: Item) -> Item {
        let mut item = self.item(pk, sk).await.unwrap_or_else(|| key(pk, sk));
        item.extend(attributes);
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item.clone()));
        put.send().await.expect("the table answers");
        item
    }
}

fn key(pk: &str, sk: &str) -> Item {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

/// The location that all tests share.
async fn location() -> &'static TableLocation {
    static LOCATION: OnceCell<TableLocation> = OnceCell::const_new();
    LOCATION.get_or_init(table_location).await
}

async fn table_location() -> TableLocation {
    let Some(url) = other_table() else {
        let stack = Stack::shared();
        return TableLocation { url: format!("{}/dynamodb", stack.http), table: stack.table.clone() };
    };
    let table = format!("contract-{}", Uuid::new_v4().simple());
    create(&client(&url), &table).await;
    TableLocation { url, table }
}

/// A client like that of the functions, without TLS: the server is on this machine.
fn client(url: &str) -> Client {
    Client::from_conf(config(url).build())
}

fn config(url: &str) -> Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
        .endpoint_url(url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
}

/// Creates the table with the keys and indexes of the template.
async fn create(client: &Client, name: &str) {
    let attribute = |name: &str, kind: ScalarAttributeType| {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build();
        attribute.expect("all required fields are set")
    };
    let part = |name: &str, kind: KeyType| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .expect("all required fields are set")
    };
    let due = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(part("due_shard", KeyType::Hash))
        .key_schema(part("due_at", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build());
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("sk", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_shard", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
        .key_schema(part("pk", KeyType::Hash))
        .key_schema(part("sk", KeyType::Range))
        .global_secondary_indexes(due.build().expect("all required fields are set"))
        .send()
        .await
        .unwrap_or_else(|error| panic!("the server did not create the table: {error:?}"));
}
