//! The read of a create request: the meeting of this request, and the caller and invitees with their slots
//! and settings, in one round trip.

use super::availability::settings_key;
use super::meeting::{meeting_key, stored};
use super::rings::{RINGS, rings, rings_key};
use super::user::{devices_key, read_user_item, slot_key};
use super::{Item, Table, stored_text};
use crate::ports::{OpeningView, StoreError, StoredRings, UserRecord};
use aws_sdk_dynamodb::types::KeysAndAttributes;
use std::collections::{BTreeMap, HashMap};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;

/// Largest number of keys in one `BatchGetItem` call.
pub(super) const MAX_BATCH_KEYS: usize = 100;
/// Largest number of calls for keys that DynamoDB leaves unprocessed.
const BATCH_ATTEMPTS: u32 = 4;

impl Table {
    /// Reads the meeting `id` and the records of `users`. With `caller`, also reads the settings of all other
    /// users and the caller's invitations.
    pub async fn opening(
        &self,
        id: &MeetingId,
        users: &[UserId],
        caller: Option<&UserId>,
        now_ms: i64,
    ) -> Result<OpeningView, StoreError> {
        // A create request may name its own caller and is then refused later. DynamoDB refuses duplicate
        // keys.
        let users: BTreeMap<UserId, UserRecord> =
            users.iter().map(|user| (user.clone(), UserRecord::default())).collect();
        let mut keys: Vec<Item> = users.keys().flat_map(|user| [devices_key(user), slot_key(user)]).collect();
        if let Some(caller) = caller {
            keys.extend(users.keys().filter(|user| *user != caller).map(settings_key));
            keys.push(rings_key(caller));
        }
        keys.push(meeting_key(id));
        // A request with many invitees needs a second batch, which is read at the same time as the first.
        let batches = keys.chunks(MAX_BATCH_KEYS).map(|keys| self.batch(keys.to_vec()));
        let items = futures::future::try_join_all(batches).await?;
        let mut view = OpeningView { meeting: None, users, rings: StoredRings::default() };
        for item in items.into_iter().flatten() {
            read_item(&mut view, item, now_ms)?;
        }
        Ok(view)
    }

    pub(super) async fn batch(&self, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut keys = Some(keys);
        for attempt in 1..=BATCH_ATTEMPTS {
            let wanted = KeysAndAttributes::builder().set_keys(keys.take()).consistent_read(true).build();
            let wanted = wanted.map_err(StoreError::invalid("BatchGetItem"))?;
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
            source: format!("keys left unprocessed after {BATCH_ATTEMPTS} calls").into(),
        })
    }
}

fn read_item(view: &mut OpeningView, item: Item, now_ms: i64) -> Result<(), StoreError> {
    let pk = stored_text(&item, "pk").cloned().unwrap_or_default();
    if pk.starts_with("meeting#") {
        view.meeting = Some(stored(item)?);
        return Ok(());
    }
    // Only the caller's invitations are read. In an `invite`, the caller is not in `users`.
    if stored_text(&item, "sk").is_some_and(|sk| sk == RINGS) {
        view.rings = rings(&item)?;
        return Ok(());
    }
    let user = pk.strip_prefix("user#").and_then(|user| user.parse::<UserId>().ok());
    match user.and_then(|user| view.users.get_mut(&user)) {
        Some(record) => read_user_item(record, &item, now_ms),
        None => Ok(()),
    }
}
