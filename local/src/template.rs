//! Reads `template.yaml`, the only place where rules and functions are declared, as far as the laptop stack needs it.
//! What it needs but cannot evaluate is refused with the place in the file, before anything has started.

mod evaluate;
mod function;
mod intrinsic;
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

pub use evaluate::Surroundings;
pub use function::{AsyncInvoke, Function, QueueSource, Schedule};
pub use policy::Statement;
pub use queue::{Queue, Redrive};
pub use rule::Rule;
pub use table::Table;
pub use yaml::TemplateError;

use evaluate::Evaluator;
use yaml::Source;

/// Everything that a template declares and the stack runs.
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
    /// Name of the function that decides who may connect.
    pub authorizer: Option<String>,
}

impl Deployment {
    /// Reads a template.
    ///
    /// `parameters` are values for the template's parameters; those that it does not declare are ignored, so that one
    /// set serves several versions of a template.
    ///
    /// # Errors
    /// The file cannot be read, is no YAML, or holds something that is needed and cannot be evaluated here.
    pub fn read(
        path: &Path,
        surroundings: &Surroundings,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| TemplateError {
            file: name.clone(),
            line: None,
            place: String::new(),
            problem: format!("cannot be read: {error}"),
        })?;
        Self::parse(&name, &text, surroundings, parameters)
    }

    /// Reads a template from its text; `name` is what errors call it.
    ///
    /// # Errors
    /// As for [`Deployment::read`].
    pub fn parse(
        name: &str,
        text: &str,
        surroundings: &Surroundings,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let source = Source::parse(name, text)?;
        let evaluator = Evaluator::new(&source, surroundings, parameters)?;

        let tables = table::tables(&evaluator)?;
        let queues = queue::queues(&evaluator)?;
        let functions = function::functions(&evaluator)?;
        let rules = rule::rules(&evaluator, &functions)?;
        let authorizer = rule::authorizer(&evaluator, &functions)?;
        Ok(Self { functions, rules, tables, queues, buses: evaluator.buses()?, authorizer })
    }
}
