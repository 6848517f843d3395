//! Formats errors together with their sources, for logs and for the queue of failed events.

use std::error::Error;
use std::fmt;

/// Displays an error and its sources, separated by colons.
pub struct ErrorChain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(inner) = source {
            write!(f, ": {inner}")?;
            source = inner.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::StoreError;

    #[test]
    fn an_error_is_shown_with_its_sources() {
        let source = StoreError::Unreadable { key: "meeting#m1".to_owned(), source: "no schema".into() };
        let error = StoreError::Unavailable { operation: "GetItem", source: Box::new(source) };
        assert_eq!(
            ErrorChain(&error).to_string(),
            "DynamoDB GetItem failed: stored record meeting#m1 is unreadable: no schema"
        );
    }
}
