//! The record of a meeting: the state that `rev` guards, and the attributes that are written without changing
//! `rev`.

use super::record::{self, SCHEMA};
use super::{Item, Table, key, number, stored_number, stored_text, text, ttl};
use crate::ports::{Loaded, Pending, Reached, StoreError, Stored};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::{BTreeMap, HashMap};
use switchboard_core::{CreateMark, ENDED_MEETING_KEPT_MS, Meeting};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::Reach;

/// Sort key of every meeting.
pub(super) const SORT: &str = "state";
/// Number of partitions of the index of deadlines. With several, no single partition takes all writes.
pub const DUE_SHARDS: usize = 4;

impl Table {
    /// Reads the record of a meeting's id; `None` for an unknown id.
    pub async fn meeting(&self, id: &MeetingId) -> Result<Option<Stored>, StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .consistent_read(true)
            .set_key(Some(meeting_key(id)));
        let output = request.send().await.map_err(StoreError::unavailable("GetItem"))?;
        output.item.map(stored).transpose()
    }
}

pub(super) fn meeting_key(id: &MeetingId) -> Item {
    key(format!("meeting#{id}"), SORT)
}

/// Reads the record from an item.
pub(super) fn stored(mut item: Item) -> Result<Stored, StoreError> {
    let key = stored_text(&item, "pk").cloned().unwrap_or_default();
    let unreadable = |why: String| StoreError::unreadable(&key, why);
    let schema = stored_number(&item, "schema");
    let due_at_ms = stored_number(&item, "due_at");
    let id = key.strip_prefix("meeting#").and_then(|id| id.parse::<MeetingId>().ok());
    let id = id.ok_or_else(|| unreadable("the key is not that of a meeting".to_owned()))?;
    let take = |item: &mut Item, name: &str| {
        item.remove(name).ok_or_else(|| unreadable(format!("attribute {name} is missing")))
    };
    let value = take(&mut item, "meeting")?;
    let reached = reached(&take(&mut item, "reach")?);
    let pending = take(&mut item, "pending")?;
    let record =
        record::read(&id, schema, value, reached).map_err(|error| StoreError::unreadable(&key, error))?;
    let meeting = match record {
        Stored::Mark(mark) => return Ok(Stored::Mark(mark)),
        Stored::Meeting(meeting) => meeting,
    };
    let pending: HashMap<String, Pending> = serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(pending)
        .map_err(|error| unreadable(error.to_string()))?;
    let pending =
        pending.into_iter().filter_map(|(rev, pending)| Some((rev.parse().ok()?, pending))).collect();
    Ok(Stored::Meeting(Loaded { meeting, pending, due_at_ms }))
}

/// Returns the attributes that a commit writes, except `pending`.
pub(super) fn attributes(meeting: &Meeting, due_at_ms: Option<i64>) -> Result<Item, StoreError> {
    let state = record::of_meeting(meeting).map_err(StoreError::invalid("UpdateItem"))?;
    let ended_ms = meeting.end().map_or(meeting.settings.ends_at_ms, |end| end.at_ms);
    let mut attributes = HashMap::from([
        ("schema".to_owned(), number(SCHEMA)),
        ("rev".to_owned(), number(meeting.rev)),
        ("meeting".to_owned(), state),
        ("expires_at".to_owned(), ttl(ended_ms + ENDED_MEETING_KEPT_MS)),
    ]);
    if let Some(due_at_ms) = due_at_ms {
        attributes.insert("due_shard".to_owned(), text(due_shard(&meeting.id)));
        attributes.insert("due_at".to_owned(), number(due_at_ms));
    }
    Ok(attributes)
}

/// Returns the item of a create request that made no meeting.
pub(super) fn mark_item(mark: &CreateMark) -> Result<Item, StoreError> {
    let mut item = meeting_key(&mark.meeting_id);
    item.insert("schema".to_owned(), number(SCHEMA));
    item.insert("rev".to_owned(), number(CreateMark::REV));
    item.insert("meeting".to_owned(), record::of_mark(mark).map_err(StoreError::invalid("PutItem"))?);
    item.insert("expires_at".to_owned(), ttl(mark.at_ms + ENDED_MEETING_KEPT_MS));
    item.insert("pending".to_owned(), AttributeValue::M(HashMap::new()));
    item.insert("reach".to_owned(), AttributeValue::M(HashMap::new()));
    Ok(item)
}

/// Returns the partition of a meeting in the index of deadlines.
pub(super) fn due_shard(id: &MeetingId) -> String {
    let first = id.as_str().bytes().next().unwrap_or_default();
    format!("due#{}", usize::from(first) % DUE_SHARDS)
}

pub(super) fn pending_value(pending: &Pending) -> Result<AttributeValue, StoreError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(pending).map_err(StoreError::invalid("UpdateItem"))
}

/// Returns the key of one device in `reach`. The map is flat, so that a write needs no parent map.
pub(super) fn reach_key(invite: &InviteId, device: &ClientId) -> String {
    format!("{invite}/{device}")
}

/// Returns the attribute `reach`.
pub(super) fn reach_value(reached: &Reached) -> AttributeValue {
    let entries = reached.iter().flat_map(|(invite, devices)| {
        devices.iter().map(|(device, reach)| (reach_key(invite, device), text(reach_name(*reach))))
    });
    AttributeValue::M(entries.collect())
}

/// Returns the text that stands for a reach in the table.
pub(super) fn reach_name(reach: Reach) -> String {
    let value = serde_json::to_value(reach).ok();
    value.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn reached(value: &AttributeValue) -> BTreeMap<InviteId, BTreeMap<ClientId, Reach>> {
    let mut reached: BTreeMap<InviteId, BTreeMap<ClientId, Reach>> = BTreeMap::new();
    let entries = value.as_m().into_iter().flatten();
    // An unreadable entry counts as unknown: a device that rings reports so itself.
    for (key, reach) in entries.filter_map(|(key, reach)| Some((key, reach.as_s().ok()?))) {
        let parsed = key.split_once('/').and_then(|(invite, device)| {
            let reach = serde_json::from_value(serde_json::Value::String(reach.clone())).ok()?;
            Some((invite.parse().ok()?, device.parse().ok()?, reach))
        });
        if let Some((invite, device, reach)) = parsed {
            reached.entry(invite).or_default().insert(device, reach);
        }
    }
    reached
}
