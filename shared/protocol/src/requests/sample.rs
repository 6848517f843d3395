//! Samples of requests, taken from a call of Alice to Bob that Dave joins.

/// Client ID of the caller's phone.
pub const ALICE: &str = "GID_ios@@@alice.phone";
/// Client ID of the callee's phone.
pub const BOB: &str = "GID_android@@@bob.phone";
/// Client ID of a user who is not invited.
pub const DAVE: &str = "GID_web@@@dave.laptop";

/// A message that is replayed as a sample event. `$MEETING` and `$INVITE` in its text stand for the ids of
/// the samples' meeting and of Bob's invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Description in a few words.
    pub about: &'static str,
    /// Client ID of the sender.
    pub sender: &'static str,
    /// Name of the sample that is replayed before this one: `<function>.<type>`, or `<function>` if the
    /// function has one type.
    pub after: Option<&'static str>,
    /// Type of the answer at this point of the call; `None` if there is no answer.
    pub answer: Option<&'static str>,
    /// The message as JSON.
    pub message: &'static str,
}
