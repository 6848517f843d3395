//! Errors of the demo, with the step of the script that failed.

use std::fmt;

/// Failure of a step of the demo.
#[derive(Debug)]
pub struct DemoError {
    step: String,
    reason: String,
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the demo failed at step \"{}\": {}", self.step, self.reason)
    }
}

impl std::error::Error for DemoError {}

/// Adds the step of the script to an error.
pub trait Step<T> {
    fn step(self, step: &str) -> Result<T, DemoError>;
}

impl<T, E: fmt::Display> Step<T> for Result<T, E> {
    fn step(self, step: &str) -> Result<T, DemoError> {
        self.map_err(|error| DemoError { step: step.to_owned(), reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_its_step() {
        let failed = Err::<(), _>("no answer within 9000 ms")
            .step("Bob's phone accepts")
            .expect_err("the step failed");
        assert_eq!(
            failed.to_string(),
            "the demo failed at step \"Bob's phone accepts\": no answer within 9000 ms"
        );
    }
}
