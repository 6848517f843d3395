//! Scenarios across functions: the real binaries behind a real broker, rules, table and data plane, driven over MQTT
//! as phones do it. Most tests share one stack and keep apart by accounts of their own; those that move the clock or
//! break something have a stack of their own.

mod access;
mod bad_fields;
mod bad_input;
mod busy;
mod call_command;
mod calls;
mod cancelling;
mod controls;
mod deadlines;
mod declining;
mod dependencies;
mod destroying;
mod device;
mod direct_call;
mod documents;
mod dropping;
mod dying;
mod foreign;
mod hanging_up;
mod history;
mod inviting;
mod journal;
mod meeting_ids;
mod offline;
mod presence;
mod races;
mod raw;
mod repeating;
mod round_trips;
mod round_trips_in_calls;
mod rule_events;
mod silencing;
mod stack;
mod strangers;
mod tokens;
mod two_devices;
mod user;
mod wakes;
