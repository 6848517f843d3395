//! The contents of the stack's table, read by the adapter that the functions use.

use crate::stack::Stack;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use std::collections::BTreeMap;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_service::dynamodb::Table;
use switchboard_service::ports::{Loaded, Stored};

/// The table of a stack.
pub struct StackTable {
    client: Client,
    table: Table,
    name: String,
}

impl StackTable {
    pub fn of(stack: &Stack) -> Self {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "chaos"))
            .endpoint_url(format!("{}/dynamodb", stack.http))
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        let client = Client::from_conf(config.build());
        let name = stack.table.clone();
        Self { table: Table::new(client.clone(), name.clone()), client, name }
    }

    /// All meetings in which a user of the run has a part.
    pub async fn meetings(&self, prefix: &str) -> BTreeMap<MeetingId, Loaded> {
        let scan =
            self.client.scan().table_name(&self.name).consistent_read(true).projection_expression("pk, sk");
        let mut pages = scan.into_paginator().items().send();
        let mut ids = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.expect("the table answers");
            let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
            let id =
                text("pk").and_then(|pk| pk.strip_prefix("meeting#")).filter(|_| text("sk") == Some("state"));
            ids.extend(id.and_then(|id| id.parse::<MeetingId>().ok()));
        }
        let mut meetings = BTreeMap::new();
        for id in ids {
            let stored = self.table.meeting(&id).await.expect("the table answers");
            let loaded = stored.and_then(Stored::into_meeting);
            let is_own = |loaded: &Loaded| {
                loaded.meeting.participants.keys().any(|user| user.as_str().starts_with(prefix))
            };
            meetings.extend(loaded.filter(is_own).map(|loaded| (id, loaded)));
        }
        meetings
    }

    /// The meeting in a user's call slot.
    pub async fn slot(&self, user: &UserId) -> Option<MeetingId> {
        self.table.slot(user).await.expect("the table answers").map(|slot| slot.meeting_id)
    }
}
