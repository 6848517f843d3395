//! Ids in `LiveKit`'s form.

/// Returns a new id such as `PA_…`. It is unguessable, because the address of a session contains one.
pub(crate) fn new_sid(prefix: &str) -> String {
    format!("{prefix}_{}", uuid::Uuid::new_v4().simple())
}
