//! Ids of invocations and messages. The cloud makes them up, so the stack does, too; nothing that the functions decide
//! depends on them.

/// A new id that nothing else has.
pub(crate) fn random_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
