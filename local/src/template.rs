//! Reads `template.yaml`, which declares functions, rules, tables and queues, as far as the laptop stack needs it. A
//! needed but unsupported part is refused with its place in the file before any part of the stack starts.

mod evaluate;
mod function;
mod intrinsic;
mod parameter;
mod policy;
mod queue;
mod resource;
mod rule;
mod table;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

pub use evaluate::StackIdentity;
pub use function::{AsyncInvokeConfig, Function, QueueSource, Schedule};
pub use policy::PolicyStatement;
pub use queue::{Queue, Redrive};
pub use rule::Rule;
pub use table::Table;
pub use yaml::TemplateError;

use evaluate::Evaluator;
use yaml::Source;

/// The resources of a template that the stack runs.
pub struct Deployment {
    /// Functions, in the order of the file.
    pub functions: Vec<Function>,
    /// Topic rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// Tables, in the order of the file.
    pub tables: Vec<Table>,
    /// Queues, in the order of the file.
    pub queues: Vec<Queue>,
    /// Names of the event buses.
    pub buses: Vec<String>,
    /// Name of the authorizer function.
    pub authorizer: Option<String>,
}

impl Deployment {
    /// Reads a template.
    ///
    /// `parameters` are the values of the template's parameters. Values that the template does not declare are ignored,
    /// so that one set serves several versions of a template.
    ///
    /// # Errors
    /// The file cannot be read, is not YAML, or contains a needed part that the stack does not support.
    pub fn read(
        path: &Path,
        identity: &StackIdentity,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| TemplateError {
            file: name.clone(),
            line: None,
            place: String::new(),
            problem: format!("cannot be read: {error}"),
        })?;
        Self::parse(&name, &text, identity, parameters)
    }

    /// Reads a template from its text; `name` is its name in errors.
    ///
    /// # Errors
    /// As for [`Deployment::read`].
    pub fn parse(
        name: &str,
        text: &str,
        identity: &StackIdentity,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let source = Source::parse(name, text)?;
        let evaluator = Evaluator::new(&source, identity, parameters)?;
        parameter::check(&evaluator)?;

        let tables = table::tables(&evaluator)?;
        let queues = queue::queues(&evaluator)?;
        let functions = function::functions(&evaluator)?;
        let rules = rule::rules(&evaluator, &functions)?;
        let authorizer = rule::authorizer(&evaluator, &functions)?;
        Ok(Self { functions, rules, tables, queues, buses: evaluator.buses()?, authorizer })
    }

    /// Name of the first table; empty if the template has no table.
    pub(crate) fn table_name(&self) -> &str {
        self.tables.first().map_or("", |table| table.name.as_str())
    }
}
