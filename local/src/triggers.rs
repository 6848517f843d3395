//! Triggers: the parts that invoke functions, apart from direct calls: broker and rules, queues, and schedules.

pub(crate) mod cloud;
#[cfg(test)]
mod fake;
pub(crate) mod queue_mapping;
pub(crate) mod rules;
pub(crate) mod schedule;
