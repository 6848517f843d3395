//! The SQL of topic rules: the part of the AWS IoT SQL language, version 2016-03-23, that `template.yaml` uses. The
//! stack refuses a statement with unsupported parts at its start, so a rule never behaves differently from its text.

mod evaluate;
mod parse;
mod statement;
#[cfg(test)]
mod tests;
mod token;
mod topic_filter;

pub use evaluate::{PublishedMessage, RuleEvent};
pub use statement::{SqlError, Statement};
pub use topic_filter::TopicFilter;
