//! The kinds of faults.

use serde::{Deserialize, Serialize};

/// Kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// An asynchronous event is delivered a second time, after the first delivery is finished.
    DuplicateInvoke,
    /// An asynchronous event is delivered twice at the same time.
    RaceInvoke,
    /// An asynchronous event is lost.
    DropInvoke,
    /// An asynchronous event is delivered `delay_ms` later.
    DelayInvoke,
    /// An asynchronous event is delivered after the next event of its function is finished; with `delay_ms`, at most so
    /// much later.
    ReorderInvoke,
    /// The process is killed when it requests a table write; the write does not happen.
    KillBeforeCommit,
    /// The process is killed after a table write has succeeded, before it gets the answer.
    KillAfterCommit,
    /// The process is killed when it calls the table, the data plane, a queue, an event bus or the RTC service; the call does
    /// not happen.
    KillBeforeCall,
    /// The process is killed after such a call has happened, before it gets the answer.
    KillAfterCall,
    /// A table call is refused with `ProvisionedThroughputExceededException`.
    ThrottleTable,
    /// A table call fails with `InternalServerError`, HTTP 500.
    FailTable,
    /// A table call happens `delay_ms` later.
    SlowTable,
    /// A table write succeeds, and its answer gets lost: the function sees HTTP 500 or, with `delay_ms`, the true answer so
    /// much later that the SDK has given up waiting.
    LoseTableAnswer,
    /// A table write is refused with `TransactionConflictException`; in a transaction, as its cancellation reason.
    ConflictTable,
    /// A table write is refused as if its condition had failed; the answer does not contain the old item.
    ConditionTable,
    /// A direct message fails with `status` (500).
    FailDirect,
    /// A direct message is sent `delay_ms` later; if the caller does not wait so long, the message hangs.
    SlowDirect,
    /// A direct message is delivered, and its confirmation comes too late: HTTP 504, after `delay_ms`.
    LoseDirectAnswer,
    /// A look-up of a connection fails with `status` (500).
    FailConnection,
    /// A look-up of a connection is answered `delay_ms` later.
    SlowConnection,
    /// A publish fails with `status` (500).
    FailPublish,
    /// A publish happens `delay_ms` later; if the caller does not wait so long, the publish hangs.
    SlowPublish,
    /// A publish happens, and its answer gets lost: HTTP 500, after `delay_ms`.
    LosePublishAnswer,
    /// A publish is accepted, and its message is lost.
    DropPublish,
    /// A publish is accepted, and its message is delivered twice.
    DuplicatePublish,
    /// A publish is accepted, and its message is delivered `delay_ms` later, past later ones.
    DelayPublish,
    /// A queue call fails with `status` (503).
    FailQueue,
    /// A message is accepted by the queue and lost.
    DropMessage,
    /// A message of a queue is delivered twice.
    DuplicateMessage,
    /// A message of a queue is delivered `delay_ms` late.
    DelayMessage,
    /// A management call to the RTC service fails with `status` (503).
    FailRtc,
    /// A management call to the RTC service happens `delay_ms` later; if the caller does not wait so long, it hangs.
    SlowRtc,
    /// A management call to the RTC service is answered with HTTP 200 and a page in place of its result; it does not happen.
    GarbleRtc,
    /// A management call to the RTC service happens, and its answer gets lost: HTTP 500, after `delay_ms`.
    LoseRtcAnswer,
    /// A request to the URL of a function, as a callback of the RTC service, is answered with HTTP 200 and lost.
    DropCallback,
    /// A request to the URL of a function is delivered twice, one after the other.
    DuplicateCallback,
    /// A request to the URL of a function is answered with HTTP 200 and delivered `delay_ms` later, past later ones.
    DelayCallback,
}
