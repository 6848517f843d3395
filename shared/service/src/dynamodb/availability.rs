//! The settings of a user about calls of others: one item for each user, which never expires.
//!
//! Blocked users are a set, so that two devices can block users at the same time without a read or a
//! condition.

use super::{Item, Table, if_met, key, number, stored_number, stored_text, text};
use crate::ports::StoreError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use std::collections::BTreeSet;
use switchboard_core::{Availability, AvailabilityChange};
use switchboard_protocol::address::UserId;
use switchboard_protocol::limits::MAX_BLOCKED;
use switchboard_protocol::object::WhoMayCall;

/// Sort key of the item.
pub(super) const SETTINGS: &str = "settings";

pub(super) fn settings_key(user: &UserId) -> Item {
    key(format!("user#{user}"), SETTINGS)
}

/// Reads the item. A user without an item has the default settings.
pub(super) fn availability(item: &Item) -> Result<Availability, StoreError> {
    let key = stored_text(item, "pk").map_or("", String::as_str);
    let who = match stored_text(item, "who").map(String::as_str) {
        None => WhoMayCall::default(),
        // An unknown value must not allow all callers.
        Some(name) => who_of(name).ok_or_else(|| StoreError::unreadable(key, "who is of an unknown kind"))?,
    };
    Ok(Availability {
        blocked: users(item, "blocked"),
        who,
        allowed: users(item, "allowed"),
        do_not_disturb_until_ms: stored_number(item, "do_not_disturb_until_ms"),
    })
}

fn users(item: &Item, name: &str) -> BTreeSet<UserId> {
    let names = item.get(name).and_then(|value| value.as_ss().ok());
    names.into_iter().flatten().filter_map(|user| user.parse().ok()).collect()
}

const NAMES: [(WhoMayCall, &str); 3] =
    [(WhoMayCall::Everyone, "everyone"), (WhoMayCall::Allowed, "allowed"), (WhoMayCall::Nobody, "nobody")];

fn who_of(name: &str) -> Option<WhoMayCall> {
    NAMES.iter().find(|(_, stored)| *stored == name).map(|(who, _)| *who)
}

fn name_of(who: WhoMayCall) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == who).map_or("nobody", |(_, name)| name)
}

impl Table {
    /// Reads the settings of `user`.
    pub async fn availability(&self, user: &UserId) -> Result<Availability, StoreError> {
        let read = self.client.get_item().table_name(&self.name).consistent_read(true);
        let output = read.set_key(Some(settings_key(user))).send().await;
        let output = output.map_err(StoreError::unavailable("GetItem"))?;
        output.item.as_ref().map_or_else(|| Ok(Availability::default()), availability)
    }

    /// Adds `other` to the users that `user` blocks. Returns the settings afterwards, or `None` if the list is full.
    pub async fn block_user(
        &self,
        user: &UserId,
        other: &UserId,
    ) -> Result<Option<Availability>, StoreError> {
        let update = self
            .settings_update(user)
            .update_expression("ADD blocked :one")
            .condition_expression(
                "attribute_not_exists(blocked) OR size(blocked) < :most OR contains(blocked, :other)",
            )
            .expression_attribute_values(":one", AttributeValue::Ss(vec![other.to_string()]))
            .expression_attribute_values(":other", text(other.as_str()))
            .expression_attribute_values(":most", number(MAX_BLOCKED));
        let written = if_met(update.send().await)?;
        written.map(|output| availability(&output.attributes.unwrap_or_default())).transpose()
    }

    /// Removes `other` from the users that `user` blocks. Returns the settings afterwards.
    pub async fn unblock_user(&self, user: &UserId, other: &UserId) -> Result<Availability, StoreError> {
        let update = self
            .settings_update(user)
            .update_expression("DELETE blocked :one")
            .expression_attribute_values(":one", AttributeValue::Ss(vec![other.to_string()]));
        updated(update).await
    }

    /// Applies `change` to the settings of `user`. Returns the settings afterwards.
    pub async fn set_availability(
        &self,
        user: &UserId,
        change: &AvailabilityChange,
    ) -> Result<Availability, StoreError> {
        let (mut sets, mut removed) = (Vec::new(), Vec::new());
        let mut update = self.settings_update(user);
        if let Some(who) = change.who {
            sets.push("who = :who");
            update = update.expression_attribute_values(":who", text(name_of(who)));
        }
        match &change.allowed {
            // DynamoDB does not store empty sets.
            Some(allowed) if allowed.is_empty() => removed.push("allowed"),
            Some(allowed) => {
                sets.push("allowed = :allowed");
                let allowed = allowed.iter().map(UserId::to_string).collect();
                update = update.expression_attribute_values(":allowed", AttributeValue::Ss(allowed));
            }
            None => {}
        }
        match change.do_not_disturb_until_ms {
            Some(Some(until_ms)) => {
                sets.push("do_not_disturb_until_ms = :until");
                update = update.expression_attribute_values(":until", number(until_ms));
            }
            Some(None) => removed.push("do_not_disturb_until_ms"),
            None => {}
        }
        let clause =
            |verb: &str, parts: &[&str]| (!parts.is_empty()).then(|| format!("{verb} {}", parts.join(", ")));
        let clauses: Vec<String> =
            clause("SET", &sets).into_iter().chain(clause("REMOVE", &removed)).collect();
        if clauses.is_empty() {
            return self.availability(user).await;
        }
        updated(update.update_expression(clauses.join(" "))).await
    }

    fn settings_update(&self, user: &UserId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(settings_key(user)))
            .return_values(ReturnValue::AllNew)
    }
}

/// Writes without a condition. Returns the settings afterwards.
async fn updated(update: UpdateItemFluentBuilder) -> Result<Availability, StoreError> {
    let output = update.send().await.map_err(StoreError::unavailable("UpdateItem"))?;
    availability(&output.attributes.unwrap_or_default())
}
