//! Reading what a create needs: the meeting of this very request, and caller and invitees with their slots, in one
//! round trip.

use super::meeting::meeting_key;
use super::user::{devices_key, slot_key};
use super::{Item, Loaded, StoreError, Table, UserRecord, stored_text};
use aws_sdk_dynamodb::types::KeysAndAttributes;
use std::collections::{BTreeMap, HashMap};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;

/// Keys that one `BatchGetItem` may name.
pub(super) const BATCH_MAX: usize = 100;
/// How often keys that the table left out are asked again.
const BATCH_ATTEMPTS: u32 = 4;

/// What the table knows before a meeting is made.
#[derive(Debug, Clone, PartialEq)]
pub struct OpeningView {
    /// The meeting that this request made before, if it did.
    pub meeting: Option<Loaded>,
    /// Caller and invitees; who was never seen is there with nothing known.
    pub users: BTreeMap<UserId, UserRecord>,
}

impl Table {
    /// Reads the meeting `id` and everything about `users`.
    pub async fn opening(
        &self,
        id: &MeetingId,
        users: &[UserId],
        now_ms: i64,
    ) -> Result<OpeningView, StoreError> {
        // A create may name its own caller, which is refused later; the table refuses a key that is named twice.
        let users: BTreeMap<UserId, UserRecord> =
            users.iter().map(|user| (user.clone(), UserRecord::default())).collect();
        let mut keys: Vec<Item> = users.keys().flat_map(|user| [devices_key(user), slot_key(user)]).collect();
        let (items, beside) = if keys.len() < BATCH_MAX {
            keys.push(meeting_key(id));
            (self.batch(keys).await?, None)
        } else {
            // The largest request fills the batch; its meeting is read beside it, not after it.
            futures::try_join!(self.batch(keys), self.meeting(id))?
        };
        let mut view = OpeningView { meeting: beside, users };
        for item in items {
            view.read(item, now_ms)?;
        }
        Ok(view)
    }

    pub(super) async fn batch(&self, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut keys = Some(keys);
        for attempt in 1..=BATCH_ATTEMPTS {
            let wanted =
                KeysAndAttributes::builder().set_keys(keys.take()).consistent_read(true).build().map_err(
                    |error| StoreError::Unavailable { operation: "BatchGetItem", why: error.to_string() },
                )?;
            let output = self.client.batch_get_item().request_items(&self.name, wanted).send().await;
            let output = output.map_err(StoreError::unavailable("BatchGetItem"))?;
            let found: HashMap<String, Vec<Item>> = output.responses.unwrap_or_default();
            items.extend(found.into_values().flatten());
            keys = output.unprocessed_keys.and_then(|mut left| left.remove(&self.name)).map(|left| left.keys);
            if keys.as_ref().is_none_or(Vec::is_empty) {
                return Ok(items);
            }
            tokio::time::sleep(std::time::Duration::from_millis(20 << attempt)).await;
        }
        Err(StoreError::Unavailable {
            operation: "BatchGetItem",
            why: "keys were left unprocessed".to_owned(),
        })
    }
}

impl OpeningView {
    fn read(&mut self, item: Item, now_ms: i64) -> Result<(), StoreError> {
        let pk = stored_text(&item, "pk").cloned().unwrap_or_default();
        if pk.starts_with("meeting#") {
            self.meeting = Some(Loaded::from_item(item)?);
            return Ok(());
        }
        let user = pk.strip_prefix("user#").and_then(|user| user.parse::<UserId>().ok());
        match user.and_then(|user| self.users.get_mut(&user)) {
            Some(record) => record.read(&item, now_ms),
            None => Ok(()),
        }
    }
}
